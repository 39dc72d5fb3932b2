//! One batch: its pre-flight, or its tasks side by side.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use protocol::batch::{Batch, Work};
use protocol::budget::Admission;
use protocol::provider::{PageRequest, Place};
use protocol::queue::QueueError;
use protocol::result::Answer;
use protocol::task::Task;
use protocol::{Failure, FailureKind};

use crate::outbox::Outbox;
use crate::settle::{Decision, decide, dice};
use crate::wait::pause;
use crate::{SHORT_WAIT, Worker};

impl Worker {
    /// Works a batch off and publishes its answers.
    pub(crate) async fn work(&self, batch: &Batch) -> Result<(), QueueError> {
        let place = Place {
            scan: batch.scan.clone(),
            account: batch.account.clone(),
            connection: batch.connection.clone(),
            region: batch.region.clone(),
        };
        let queue = Arc::clone(&self.parts.queue);
        let group = batch.account.to_string();
        let outbox = Outbox::new(queue, batch.scan.clone(), batch.round, group);
        match &batch.work {
            Work::Preflight { attempt } => {
                let answer = self.preflight(&place, batch.dispatch, *attempt).await;
                outbox.add(answer).await?;
            }
            Work::Probes(tasks) => {
                self.probes(&place, batch.round, tasks, &outbox).await?;
                let account = batch.account.clone();
                let region = batch.region.clone();
                let dispatch = batch.dispatch;
                outbox.add(Answer::Settled { account, region, dispatch }).await?;
            }
        }
        outbox.flush().await
    }

    async fn preflight(&self, place: &Place, dispatch: u32, attempt: u32) -> Answer {
        let account = place.account.clone();
        let mut attempt = attempt;
        loop {
            let permit = self.permits.acquire().await;
            let outcome = self.parts.provider.preflight(place).await;
            drop(permit);
            let failure = match outcome {
                Ok(preflight) => {
                    return Answer::Preflight { account, dispatch, outcome: Ok(preflight) };
                }
                Err(failure) => failure,
            };
            let dice = dice(&[place.account.as_str(), "preflight"], attempt);
            // Throttled entries are counted as attempts: the provider has waited for its budget.
            let wait = match decide(&failure, attempt, attempt, self.settings.policy, dice) {
                Decision::Final => {
                    let outcome = Err(role_failed(failure));
                    return Answer::Preflight { account, dispatch, outcome };
                }
                Decision::Retry(wait) | Decision::Snooze(wait) => wait,
            };
            attempt += 1;
            if wait > SHORT_WAIT || !pause(wait, &self.drain).await {
                let until = self.later(wait);
                return Answer::PreflightHeld { account, dispatch, attempt, until, failure };
            }
        }
    }

    async fn probes(
        &self,
        place: &Place,
        round: u32,
        tasks: &[Task],
        outbox: &Outbox,
    ) -> Result<(), QueueError> {
        let admitted = self.admit_first_calls(place, tasks).await;
        let mut running: FuturesUnordered<_> = tasks
            .iter()
            .zip(admitted)
            .map(|(task, admitted)| self.execute(place, round, task, admitted, outbox))
            .collect();
        while let Some(done) = running.next().await {
            done?;
        }
        Ok(())
    }

    /// Asks for one token for each task's first call, in one question.
    async fn admit_first_calls(&self, place: &Place, tasks: &[Task]) -> Vec<bool> {
        let asks: Vec<_> = tasks
            .iter()
            .map(|task| {
                let request = PageRequest {
                    probe: &task.probe,
                    call: task.continuation.as_ref().map_or(0, |continuation| continuation.call),
                    item: None,
                    token: None,
                };
                self.price(place, request).ok()
            })
            .collect();
        let known: Vec<_> = asks.iter().flatten().cloned().collect();
        let Ok(admissions) = self.parts.budget.admit(&known).await else {
            // Each task asks again for itself, and waits while the budgets are away.
            return vec![false; tasks.len()];
        };
        let mut admissions = admissions.into_iter();
        let mut granted = || matches!(admissions.next(), Some(Admission::Granted));
        asks.iter().map(|ask| ask.is_some() && granted()).collect()
    }

    pub(crate) fn later(&self, wait: Duration) -> chrono::DateTime<chrono::Utc> {
        self.parts.clock.now() + wait
    }
}

/// An account that could not be entered, whatever the reason; the code tells which.
fn role_failed(failure: Failure) -> Failure {
    Failure { kind: FailureKind::RoleFailed, ..failure }
}
