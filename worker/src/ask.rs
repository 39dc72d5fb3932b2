//! One call: its token, its permit, its page, and the retries that are short enough to wait for.

use std::time::Duration;

use protocol::budget::{Admission, Ask};
use protocol::cell::Cost;
use protocol::provider::{Page, PageRequest, Place};
use protocol::{Failure, FailureKind};
use tokio::time::Instant;

use crate::settle::{Decision, decide, dice};
use crate::wait::pause;
use crate::{SHORT_WAIT, Worker};

/// What became of a call.
pub(crate) enum Asked {
    /// A page.
    Page(Page),
    /// A failure that is final.
    Failed(Failure),
    /// The task is to be put off for so long: because of a failure, or only to wait its turn.
    PutOff(Duration, Option<Failure>),
}

/// How often a task has failed so far; counts on while its calls are retried in place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tries {
    /// Failures that spent an attempt.
    pub(crate) attempt: u32,
    /// Throttles.
    pub(crate) throttled: u32,
}

impl Worker {
    /// Makes a call, again if it fails and the wait is short.
    pub(crate) async fn ask(
        &self,
        place: &Place,
        request: PageRequest<'_>,
        admitted: bool,
        tries: &mut Tries,
        cost: &mut Cost,
    ) -> Asked {
        let ask = match self.price(place, request) {
            Ok(ask) => ask,
            Err(failure) => return Asked::Failed(failure),
        };
        let mut admitted = admitted;
        loop {
            if !admitted && let Err(wait) = self.admit(&ask).await {
                return Asked::PutOff(wait, None);
            }
            admitted = false;
            let failure = match self.page(place, request, cost).await {
                Ok(page) => return Asked::Page(page),
                Err(failure) => failure,
            };
            let dice = dice(
                &[place.account.as_str(), place.region.as_str(), request.probe.as_str()],
                tries.attempt + tries.throttled,
            );
            let policy = self.settings.policy;
            let wait = match decide(&failure, tries.attempt, tries.throttled, policy, dice) {
                Decision::Final => return Asked::Failed(failure),
                Decision::Retry(wait) => {
                    tries.attempt += 1;
                    wait
                }
                Decision::Snooze(wait) => {
                    tries.throttled += 1;
                    self.slow_down(&ask).await;
                    wait
                }
            };
            cost.retries += 1;
            if wait > SHORT_WAIT || !pause(wait, &self.drain).await {
                return Asked::PutOff(wait, Some(failure));
            }
        }
    }

    /// What a call costs, cut to the share that may be spent.
    pub(crate) fn price(&self, place: &Place, request: PageRequest<'_>) -> Result<Ask, Failure> {
        let mut ask = self.parts.provider.price(place, request)?;
        ask.budget = ask.budget.share(self.settings.budget_share);
        Ok(ask)
    }

    async fn page(
        &self,
        place: &Place,
        request: PageRequest<'_>,
        cost: &mut Cost,
    ) -> Result<Page, Failure> {
        let Ok(_permit) = self.permits.acquire().await else {
            return Err(Failure::new(FailureKind::Transient, "Stopping", "the worker stops"));
        };
        let start = Instant::now();
        let answer = self.parts.provider.page(place, request).await;
        cost.calls += 1;
        cost.duration_ms += u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        if matches!(&answer, Err(failure) if failure.kind == FailureKind::Throttled) {
            cost.throttles += 1;
        }
        answer
    }

    /// Spends a token; waits for it while that is short. `Err` says how long it would take.
    async fn admit(&self, ask: &Ask) -> Result<(), Duration> {
        let mut waited = Duration::ZERO;
        loop {
            let wait = match self.parts.budget.admit(std::slice::from_ref(ask)).await {
                Ok(admissions) => match admissions.first() {
                    Some(Admission::Granted) => return Ok(()),
                    Some(Admission::Wait(wait)) => *wait,
                    None => SHORT_WAIT,
                },
                Err(away) => {
                    tracing::warn!(error = %away, "no budget, no call: waiting");
                    Duration::from_secs(1)
                }
            };
            waited += wait;
            if waited > SHORT_WAIT || !pause(wait, &self.drain).await {
                return Err(wait);
            }
        }
    }

    async fn slow_down(&self, ask: &Ask) {
        if let Err(away) = self.parts.budget.throttled(ask).await {
            tracing::warn!(error = %away, "a throttle could not be told to the budgets");
        }
    }
}
