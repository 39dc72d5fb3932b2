//! One task to its end: a cell, or a place to go on.

use std::time::Duration;

use protocol::cell::{Cell, CellKey};
use protocol::judge::{Judgement, Tally, judge};
use protocol::queue::QueueError;
use protocol::result::{Answer, Held};
use protocol::task::{Continuation, Task};
use protocol::{Failure, FailureKind};

use crate::ask::Tries;
use crate::batch::Job;
use crate::metrics;
use crate::walk::{At, Stop, Walk};

/// The longest page token that travels; a list whose place is larger ends where it would be handed
/// back, named `TokenCap`.
const TOKEN_CAP: usize = 64 << 10;

impl Job<'_> {
    /// Executes a task and adds its end, `Cell` or `Held`, to the outbox.
    pub(crate) async fn execute(&self, task: &Task) -> Result<(), QueueError> {
        let Some(probe) = self.worker.parts.catalog.probe(&task.probe) else {
            let failure = Failure::new(
                FailureKind::Invalid,
                "UnknownProbe",
                format!(
                    "this orgsweep's catalog has no probe {}; resume with the version that planned the scan",
                    task.probe
                ),
            );
            let mut tally = Tally::default();
            tally.fail(failure);
            return self.outbox.add(&self.cell(task, tally, Judgement::Resources)).await;
        };
        let tally = task.continuation.as_ref().map(|at| at.tally.clone()).unwrap_or_default();
        let mut walk = Walk {
            job: self,
            probe,
            task,
            tries: Tries { attempt: task.attempt, throttled: task.throttled },
            tally,
            resumed: task.continuation.is_some(),
            leg_pages: 0,
        };
        let end = walk.run().await;
        let Walk { mut tally, tries, .. } = walk;
        let judgement = probe.probe.judgement;
        let answer = match end {
            Ok(()) => self.cell(task, tally, judgement),
            Err(Stop::Cut(why)) => {
                tally.fail(why);
                self.cell(task, tally, judgement)
            }
            Err(Stop::PutOff { at, why, .. }) if at.token_bytes() > TOKEN_CAP => {
                let operation = probe.probe.calls[at.call].operation.clone();
                let message = format!(
                    "the list was cut: its place, {} bytes long, is more than can be handed back",
                    at.token_bytes()
                );
                let cut = Failure::new(FailureKind::Other, "TokenCap", message).during(operation);
                tally.capped = Some(cut);
                why.into_iter().for_each(|why| tally.fail(why));
                self.cell(task, tally, judgement)
            }
            Err(Stop::PutOff { at, wait, why }) => {
                let At { call, token, skip } = at;
                let continuation = Some(Continuation { call, token, skip, tally });
                self.held(task, tries, continuation, wait, why)
            }
            Err(Stop::Restart(why)) => {
                let tries = Tries { attempt: tries.attempt + 1, ..tries };
                let mut tally = Tally { cost: tally.cost, ..Tally::default() };
                if tries.attempt >= self.policy.max_attempts {
                    tally.fail(why);
                    self.cell(task, tally, judgement)
                } else {
                    let first = Continuation { call: 0, token: None, skip: 0, tally };
                    self.held(task, tries, Some(first), Duration::ZERO, Some(why))
                }
            }
            Err(Stop::Queue(error)) => return Err(error),
        };
        metrics::task(&task.probe, &answer);
        self.outbox.add(&answer).await
    }

    fn cell(&self, task: &Task, tally: Tally, judgement: Judgement) -> Answer {
        let verdict = judge(&tally, judgement);
        Answer::Cell(Cell {
            key: self.key(task),
            round: self.round,
            status: verdict.status,
            evidence: verdict.evidence,
            resource_count: tally.own,
            count_is: verdict.count_is,
            sample: tally.sample,
            failure: verdict.failure,
            attempts: u32::try_from(tally.cost.retries).unwrap_or(u32::MAX).saturating_add(1),
            cost: tally.cost,
            observed_at: self.worker.parts.clock.now(),
        })
    }

    fn held(
        &self,
        task: &Task,
        tries: Tries,
        continuation: Option<Continuation>,
        wait: Duration,
        why: Option<Failure>,
    ) -> Answer {
        let Tries { attempt, throttled } = tries;
        let probe = task.probe.clone();
        Answer::Held(Held {
            account: self.place.account.clone(),
            region: self.place.region.clone(),
            task: Task { probe, attempt, throttled, deaths: task.deaths, continuation },
            until: self.worker.later(wait),
            why,
        })
    }

    pub(crate) fn key(&self, task: &Task) -> CellKey {
        CellKey {
            account: self.place.account.clone(),
            region: self.place.region.clone(),
            probe: task.probe.clone(),
        }
    }
}
