//! One call: its permit, its token, its page, and the retries that are short enough to wait for.

use std::time::Duration;

use protocol::budget::{Admission, Ask};
use protocol::cell::Cost;
use protocol::provider::{Page, PageRequest};
use protocol::{Failure, FailureKind, ProbeId};
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;
use tracing::Instrument;

use crate::batch::{Job, TASK_TIME};
use crate::settle::{Decision, decide, dice};
use crate::wait::pause;
use crate::{SHORT_WAIT, metrics};

/// The pause before budgets that are away are asked again.
const AWAY: Duration = Duration::from_secs(1);

/// What became of a call.
pub(crate) enum Asked {
    /// A page.
    Page(Page),
    /// A failure that is final.
    Failed(Failure),
    /// The task is to be put off for so long: because of a failure, or only to wait its turn.
    PutOff(Duration, Option<Failure>),
    /// The task had its time, and for the last time: it ends here.
    Cut(Failure),
}

/// How often a task has failed so far; counts on while its calls are retried in place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tries {
    /// Failures that spent an attempt.
    pub(crate) attempt: u32,
    /// Throttles.
    pub(crate) throttled: u32,
}

impl Tries {
    /// No failure.
    pub(crate) const NONE: Self = Self { attempt: 0, throttled: 0 };
}

impl Job<'_> {
    /// Makes a call, again if it fails and the wait is short.
    pub(crate) async fn ask(
        &self,
        request: PageRequest<'_>,
        tries: &mut Tries,
        cost: &mut Cost,
    ) -> Asked {
        let mut ask = match self.price(request) {
            Ok(ask) => ask,
            Err(failure) => return Asked::Failed(failure),
        };
        loop {
            // Before there is a permit: who enters may have to wait for the hub's tokens.
            let Some(entered) = self.enter().await else {
                return Asked::PutOff(Duration::ZERO, None);
            };
            let called = entered.is_ok();
            let outcome = match entered {
                Err(failure) => Err(failure),
                Ok(()) => {
                    let (spent, permit) = match self.admit(request.probe, ask).await {
                        Ok(admitted) => admitted,
                        Err(wait) => return Asked::PutOff(wait, None),
                    };
                    ask = spent;
                    let page = self.page(request, cost).await;
                    drop(permit);
                    page
                }
            };
            let failure = match outcome {
                Ok(page) => return Asked::Page(page),
                Err(failure) => failure,
            };
            let dice = dice(
                &[self.place.account.as_str(), self.place.region.as_str(), request.probe.as_str()],
                tries.attempt + tries.throttled,
            );
            let wait = match decide(&failure, tries.attempt, tries.throttled, self.policy, dice) {
                Decision::Final if Instant::now() >= self.cut => return Asked::Cut(failure),
                Decision::Final => return Asked::Failed(failure),
                Decision::Retry(wait) => {
                    tries.attempt += 1;
                    wait
                }
                Decision::Snooze(wait) => {
                    tries.throttled += 1;
                    if called {
                        self.slow_down(&ask).await;
                    }
                    wait
                }
                Decision::Wait(wait) if self.sits_out(wait).await => continue,
                Decision::Wait(wait) => return Asked::PutOff(wait, None),
            };
            cost.retries += 1;
            if !self.sits_out(wait).await {
                return Asked::PutOff(wait, Some(failure));
            }
        }
    }

    /// Enters the account, if it was not; none when the batch has no more time.
    async fn enter(&self) -> Option<Result<(), Failure>> {
        tokio::select! {
            biased;
            entered = self.worker.parts.provider.enter(&self.place) => Some(entered),
            () = self.stop.cancelled() => None,
            () = tokio::time::sleep_until(self.leg_end) => None,
        }
    }

    /// What a call costs, cut to the share that may be spent.
    fn price(&self, request: PageRequest<'_>) -> Result<Ask, Failure> {
        let mut ask = self.worker.parts.provider.price(&self.place, request)?;
        let share = self.worker.orders.borrow().share(&ask.key.class, self.share);
        ask.budget = ask.budget.share(share);
        Ok(ask)
    }

    async fn page(&self, request: PageRequest<'_>, cost: &mut Cost) -> Result<Page, Failure> {
        let span = tracing::debug_span!("call", probe = %request.probe,
            operation = self.operation(request), status = tracing::field::Empty);
        let start = Instant::now();
        let called = self.worker.parts.provider.page(&self.place, request).instrument(span.clone());
        let answer = tokio::time::timeout_at(self.cut, called).await;
        let answer = answer.unwrap_or_else(|_| {
            let operation = self.operation(request).map(str::to_owned);
            Err(Failure { operation, ..late() })
        });
        let status = answer.as_ref().map_or_else(|failure| failure.code.as_str(), |_| "ok");
        span.record("status", status);
        metrics::called(request.probe, &answer, start.elapsed());
        cost.calls += 1;
        cost.duration_ms += u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        if matches!(&answer, Err(failure) if failure.kind == FailureKind::Throttled) {
            cost.throttles += 1;
            metrics::throttled(request.probe);
        }
        answer
    }

    fn operation(&self, request: PageRequest<'_>) -> Option<&str> {
        let view = self.worker.parts.catalog.probe(request.probe)?;
        Some(view.probe.calls.get(request.call)?.operation.as_str())
    }

    /// Takes a permit and then spends a token, so that the call goes out when its token is spent;
    /// waits for both while that is short. `Err` says how long it would take.
    async fn admit(
        &self,
        probe: &ProbeId,
        ask: Ask,
    ) -> Result<(Ask, SemaphorePermit<'_>), Duration> {
        let mut ask = ask;
        let mut waited = Duration::ZERO;
        loop {
            let Some(permit) = self.permit().await else { return Err(Duration::ZERO) };
            let Some((asked, answer)) = self.till.ask(ask).await else {
                return Err(SHORT_WAIT);
            };
            ask = asked;
            let wait = match answer {
                Ok(Admission::Granted) => return Ok((ask, permit)),
                Ok(Admission::Wait(wait)) => {
                    metrics::waits(probe, wait);
                    waited += wait;
                    wait
                }
                // No budget, no call: the task waits as long as its leg lasts.
                Err(_away) => AWAY,
            };
            drop(permit);
            if waited > SHORT_WAIT || !self.sits_out(wait).await {
                return Err(wait);
            }
        }
    }

    /// A permit for one call; none when it did not come while the batch has time.
    pub(crate) async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        tokio::select! {
            biased;
            permit = self.worker.permits.acquire() => permit.ok(),
            () = self.stop.cancelled() => None,
            () = tokio::time::sleep_until(self.leg_end) => None,
        }
    }

    /// Waits, if that is short and the batch has the time; `false` if not, or if it is to stop.
    pub(crate) async fn sits_out(&self, wait: Duration) -> bool {
        wait <= SHORT_WAIT && Instant::now() + wait < self.leg_end && pause(wait, &self.stop).await
    }

    async fn slow_down(&self, ask: &Ask) {
        if let Err(away) = self.worker.parts.budget.throttled(ask).await {
            tracing::warn!(error = %away, "a throttle could not be told to the budgets");
        }
    }
}

/// A call that did not end.
pub(crate) fn late() -> Failure {
    let message = format!("no answer within {} s: the task was cut", TASK_TIME.as_secs());
    Failure::new(FailureKind::Transient, "TaskDeadline", message)
}
