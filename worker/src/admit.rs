//! Tokens for the calls of one batch: those that want one at the same time ask together.
//!
//! A token is asked for by a call that has its permit: it is spent when the call is made, not
//! before. Else calls that waited for permits would go out together, faster than their budget.

use std::convert::Infallible;
use std::mem::take;
use std::sync::{Mutex, PoisonError};

use protocol::budget::{Admission, Ask, Budget, BudgetError};
use tokio::sync::{Notify, oneshot};

use crate::reach::Reach;

/// Where the calls of one batch ask.
#[derive(Default)]
pub(crate) struct Till {
    waiting: Mutex<Waiting>,
    wanted: Notify,
}

#[derive(Default)]
struct Waiting {
    asks: Vec<Ask>,
    answers: Vec<oneshot::Sender<Answer>>,
}

/// The ask, handed back with what became of it.
type Answer = (Ask, Result<Admission, BudgetError>);

impl Till {
    /// Asks for a token; none when nobody serves any more.
    pub(crate) async fn ask(&self, ask: Ask) -> Option<Answer> {
        let (sender, answer) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.asks.push(ask);
            waiting.answers.push(sender);
        }
        self.wanted.notify_one();
        answer.await.ok()
    }

    /// Asks the budgets for all who wait, again and again.
    pub(crate) async fn serve(&self, budget: &dyn Budget, budgets: &Reach) -> Infallible {
        loop {
            self.wanted.notified().await;
            let Waiting { asks, answers } =
                take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            if asks.is_empty() {
                continue;
            }
            let admissions = budget.admit(&asks).await;
            match &admissions {
                Ok(_) => budgets.found(),
                Err(error) => {
                    budgets.lost(error);
                }
            }
            for (index, (ask, answer)) in asks.into_iter().zip(answers).enumerate() {
                let one = match &admissions {
                    Ok(admissions) => admissions
                        .get(index)
                        .copied()
                        .ok_or_else(|| BudgetError("the limiter gave too few answers".to_owned())),
                    Err(error) => Err(error.clone()),
                };
                // One that has gone meanwhile wants no answer.
                answer.send((ask, one)).ok();
            }
        }
    }
}
