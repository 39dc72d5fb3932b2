//! One batch: its pre-flight, or its tasks side by side.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use protocol::batch::{Batch, Work};
use protocol::provider::Place;
use protocol::queue::QueueError;
use protocol::result::{Answer, Return};
use protocol::task::Task;
use protocol::{Failure, FailureKind, StintId};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};
use uuid::Uuid;

use crate::admit::Till;
use crate::ask::late;
use crate::outbox::Outbox;
use crate::pages::Pages;
use crate::settle::{Decision, Policy, decide, dice};
use crate::{Worker, control};

/// Time after which a task hands back the rest of its work.
pub(crate) const LEG_TIME: Duration = Duration::from_secs(60);
/// Time after which a task is cut, wherever it is: well under the five minutes that a batch may
/// be out. Nothing is waited for beyond [`LEG_TIME`], so that a call has two minutes at least.
pub(crate) const TASK_TIME: Duration = Duration::from_secs(180);

/// A batch under way.
pub(crate) struct Job<'a> {
    pub(crate) worker: &'a Worker,
    pub(crate) place: Place,
    pub(crate) round: u32,
    /// The share of every bucket that the scan may spend, where the control record says nothing.
    pub(crate) share: u8,
    pub(crate) policy: Policy,
    pub(crate) till: Till,
    pub(crate) outbox: Outbox,
    /// Cancelled when the worker drains, or the scan or account is stopped.
    pub(crate) stop: CancellationToken,
    /// When tasks hand back the rest of their work.
    pub(crate) leg_end: Instant,
    /// When tasks are cut.
    pub(crate) cut: Instant,
}

impl Worker {
    /// Why a batch is not to be worked on, if it is not.
    pub(crate) fn refusal(&self, batch: &Batch, redelivered: bool) -> Option<Return> {
        if redelivered {
            Some(Return::Redelivered)
        } else if batch.catalog != *self.parts.catalog.digest() {
            Some(Return::Catalog)
        } else if self.drain.is_cancelled()
            || self.orders.borrow().stops(&batch.scan, &batch.account)
        {
            Some(Return::Stopped)
        } else {
            None
        }
    }

    /// Hands a batch back.
    pub(crate) async fn hand_back(&self, batch: &Batch, why: Return) -> Result<(), QueueError> {
        tracing::info!(%why, "a batch is handed back");
        let region = match batch.work {
            Work::Preflight { .. } => None,
            Work::Probes(_) => Some(batch.region.clone()),
        };
        let (account, dispatch) = (batch.account.clone(), batch.dispatch);
        let outbox = self.outbox(batch)?;
        outbox.add(&Answer::Returned { account, region, dispatch, why }).await?;
        outbox.flush().await
    }

    /// Works a batch off and publishes its answers; its `seats`, one a task, are given back as
    /// tasks end.
    pub(crate) async fn work(
        &self,
        batch: &Batch,
        seats: OwnedSemaphorePermit,
    ) -> Result<(), QueueError> {
        let now = Instant::now();
        let job = Job {
            worker: self,
            place: Place {
                scan: batch.scan.clone(),
                account: batch.account.clone(),
                connection: batch.connection.clone(),
                region: batch.region.clone(),
            },
            round: batch.round,
            share: batch.pace.budget_share,
            policy: Policy { max_attempts: batch.pace.max_attempts },
            till: Till::default(),
            outbox: self.outbox(batch)?,
            stop: self.drain.child_token(),
            leg_end: now + LEG_TIME,
            cut: now + TASK_TIME,
        };
        tokio::select! {
            biased;
            done = job.run(batch, seats) => done,
            never = job.till.serve(&*self.parts.budget, &self.budgets) => match never {},
            never = control::obey(self.orders.clone(), &batch.scan, &batch.account, &job.stop) => match never {},
        }
    }

    fn outbox(&self, batch: &Batch) -> Result<Outbox, QueueError> {
        let stint = StintId::generate(Uuid::now_v7().as_u128());
        let pages = Pages::new(&batch.scan, batch.round, stint, self.broker.message_limit())?;
        Ok(Outbox::new(Arc::clone(&self.publisher), pages, batch.account.to_string()))
    }

    pub(crate) fn later(&self, wait: Duration) -> chrono::DateTime<chrono::Utc> {
        self.parts.clock.now() + wait
    }
}

impl Job<'_> {
    async fn run(&self, batch: &Batch, seats: OwnedSemaphorePermit) -> Result<(), QueueError> {
        let dispatch = batch.dispatch;
        match &batch.work {
            Work::Preflight { attempt } => {
                let answer = self.preflight(dispatch, *attempt).await;
                self.outbox.add(&answer).await?;
            }
            Work::Probes(tasks) => {
                self.probes(tasks, seats).await?;
                let (account, region) = (batch.account.clone(), batch.region.clone());
                self.outbox.add(&Answer::Settled { account, region, dispatch }).await?;
            }
        }
        self.outbox.flush().await
    }

    async fn preflight(&self, dispatch: u32, attempt: u32) -> Answer {
        let account = self.place.account.clone();
        let mut attempt = attempt;
        let mut failed: Option<Failure> = None;
        loop {
            if self.stop.is_cancelled() {
                let Some(failure) = failed else {
                    let why = Return::Stopped;
                    return Answer::Returned { account, region: None, dispatch, why };
                };
                let until = self.worker.later(Duration::ZERO);
                return Answer::PreflightHeld { account, dispatch, attempt, until, failure };
            }
            // No permit: getting in has its own, which it does not hold while it waits for tokens.
            let entered = self.worker.parts.provider.preflight(&self.place);
            let outcome = tokio::time::timeout_at(self.cut, entered).await;
            let failure = match outcome.unwrap_or_else(|_| Err(late())) {
                Ok(preflight) => {
                    return Answer::Preflight { account, dispatch, outcome: Ok(preflight) };
                }
                Err(failure) => failure,
            };
            let dice = dice(&[account.as_str(), "preflight"], attempt);
            // Throttled entries are counted as attempts: the provider has waited for its budget.
            let (wait, spent) = match decide(&failure, attempt, attempt, self.policy, dice) {
                Decision::Final => {
                    let outcome = Err(role_failed(failure));
                    return Answer::Preflight { account, dispatch, outcome };
                }
                Decision::Retry(wait) | Decision::Snooze(wait) => (wait, 1),
                Decision::Wait(wait) => (wait, 0),
            };
            attempt += spent;
            if !self.sits_out(wait).await {
                let until = self.worker.later(wait);
                return Answer::PreflightHeld { account, dispatch, attempt, until, failure };
            }
            failed = Some(failure);
        }
    }

    async fn probes(
        &self,
        tasks: &[Task],
        mut seats: OwnedSemaphorePermit,
    ) -> Result<(), QueueError> {
        let mut running: FuturesUnordered<_> =
            tasks.iter().map(|task| self.execute(task).instrument(span(task))).collect();
        while let Some(done) = running.next().await {
            done?;
            drop(seats.split(1));
        }
        Ok(())
    }
}

fn span(task: &Task) -> Span {
    tracing::info_span!("task", probe = %task.probe, attempt = task.attempt)
}

/// An account that could not be entered, whatever the reason; the code tells which.
fn role_failed(failure: Failure) -> Failure {
    Failure { kind: FailureKind::RoleFailed, ..failure }
}
