//! One task: walks the calls of its probe, page by page, to a final cell or a place to go on.

use std::time::Duration;

use catalog::ProbeView;
use catalog::entry::Call;
use protocol::cell::{Cell, CellKey};
use protocol::judge::{Judgement, Tally, judge};
use protocol::object::Object;
use protocol::provider::{Item, Page, PageRequest, Place};
use protocol::queue::QueueError;
use protocol::result::{Answer, Held};
use protocol::task::{Continuation, Task};
use protocol::{Failure, FailureKind};
use tokio::time::Instant;

use crate::Worker;
use crate::ask::{Asked, Tries};
use crate::outbox::Outbox;

/// Pages of one list before the rest is not read; named `PageCap` in the answer.
const PAGE_CAP: u32 = 5_000;
/// Pages after which a task hands back the rest of its work.
const LEG_PAGES: u32 = 50;
/// Time after which a task hands back the rest of its work.
const LEG_TIME: Duration = Duration::from_secs(60);

/// A task under way.
struct Walk<'a> {
    worker: &'a Worker,
    place: &'a Place,
    probe: ProbeView<'a>,
    task: &'a Task,
    tries: Tries,
    tally: Tally,
    outbox: &'a Outbox,
    admitted: bool,
    resumed: bool,
    leg_pages: u32,
    leg_start: Instant,
}

/// Why a walk stops before its end.
enum Stop {
    /// To go on later.
    PutOff { at: At, wait: Duration, why: Option<Failure> },
    /// The token of a continuation was refused: begin again at page one.
    Restart(Failure),
    /// The answers cannot be published.
    Queue(QueueError),
}

/// A place in a walk.
struct At {
    call: usize,
    token: Option<String>,
    skip: usize,
}

impl From<QueueError> for Stop {
    fn from(error: QueueError) -> Self {
        Self::Queue(error)
    }
}

impl Worker {
    /// Executes a task and adds its end, `Cell` or `Held`, to the outbox.
    pub(crate) async fn execute(
        &self,
        place: &Place,
        round: u32,
        task: &Task,
        admitted: bool,
        outbox: &Outbox,
    ) -> Result<(), QueueError> {
        let Some(probe) = self.parts.catalog.probe(&task.probe) else {
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
            let judgement = Judgement::Resources;
            return outbox.add(self.cell(place, round, task, tally, judgement)).await;
        };
        let tally = task.continuation.as_ref().map(|at| at.tally.clone()).unwrap_or_default();
        let mut walk = Walk {
            worker: self,
            place,
            probe,
            task,
            tries: Tries { attempt: task.attempt, throttled: task.throttled },
            tally,
            outbox,
            admitted,
            resumed: task.continuation.is_some(),
            leg_pages: 0,
            leg_start: Instant::now(),
        };
        let end = walk.run().await;
        let Walk { tally, tries, .. } = walk;
        let judgement = probe.probe.judgement;
        let answer = match end {
            Ok(()) => self.cell(place, round, task, tally, judgement),
            Err(Stop::PutOff { at, wait, why }) => {
                let At { call, token, skip } = at;
                let continuation = Some(Continuation { call, token, skip, tally });
                self.held(place, task, tries, continuation, wait, why)
            }
            Err(Stop::Restart(why)) => {
                let tries = Tries { attempt: tries.attempt + 1, ..tries };
                if tries.attempt >= self.settings.policy.max_attempts {
                    let mut tally = Tally { cost: tally.cost, ..Tally::default() };
                    tally.fail(why);
                    self.cell(place, round, task, tally, judgement)
                } else {
                    let tally = Tally { cost: tally.cost, ..Tally::default() };
                    let first = Continuation { call: 0, token: None, skip: 0, tally };
                    self.held(place, task, tries, Some(first), Duration::ZERO, Some(why))
                }
            }
            Err(Stop::Queue(error)) => return Err(error),
        };
        outbox.add(answer).await
    }

    fn cell(
        &self,
        place: &Place,
        round: u32,
        task: &Task,
        tally: Tally,
        judgement: Judgement,
    ) -> Answer {
        let verdict = judge(&tally, judgement);
        Answer::Cell(Cell {
            key: key(place, task),
            round,
            status: verdict.status,
            evidence: verdict.evidence,
            resource_count: tally.own,
            count_is: verdict.count_is,
            sample: tally.sample,
            failure: verdict.failure,
            attempts: u32::try_from(tally.cost.retries).unwrap_or(u32::MAX).saturating_add(1),
            cost: tally.cost,
            observed_at: self.parts.clock.now(),
        })
    }

    fn held(
        &self,
        place: &Place,
        task: &Task,
        tries: Tries,
        continuation: Option<Continuation>,
        wait: Duration,
        why: Option<Failure>,
    ) -> Answer {
        let Tries { attempt, throttled } = tries;
        let probe = task.probe.clone();
        Answer::Held(Held {
            account: place.account.clone(),
            region: place.region.clone(),
            task: Task { probe, attempt, throttled, deaths: task.deaths, continuation },
            until: self.later(wait),
            why,
        })
    }
}

fn key(place: &Place, task: &Task) -> CellKey {
    CellKey {
        account: place.account.clone(),
        region: place.region.clone(),
        probe: task.probe.clone(),
    }
}

impl Walk<'_> {
    async fn run(&mut self) -> Result<(), Stop> {
        let (mut from, mut token, mut skip) = match &self.task.continuation {
            Some(at) => (at.call, at.token.clone(), at.skip),
            None => (0, None, 0),
        };
        let calls = &self.probe.probe.calls;
        while from < calls.len() {
            if calls[from].for_each.is_none() {
                self.list(from, token.take(), std::mem::take(&mut skip)).await?;
                self.tally.pages = 0;
            }
            from += 1;
        }
        Ok(())
    }

    /// Reads one root call to its end, with its `for_each` calls.
    async fn list(
        &mut self,
        call: usize,
        mut token: Option<String>,
        mut skip: usize,
    ) -> Result<(), Stop> {
        loop {
            let request =
                PageRequest { probe: &self.task.probe, call, item: None, token: token.as_deref() };
            let at = |skip| At { call, token: token.clone(), skip };
            let page = match self.ask(request).await {
                Asked::Page(page) => page,
                Asked::PutOff(wait, why) => return Err(Stop::PutOff { at: at(skip), wait, why }),
                Asked::Failed(why) if self.resumed && token.is_some() && refused(&why) => {
                    return Err(Stop::Restart(why));
                }
                Asked::Failed(failure) => {
                    self.tally.fail(failure);
                    return Ok(());
                }
            };
            self.resumed = false;
            let mut before = self.tally.clone();
            if skip == 0 {
                self.see_all(&self.probe.probe.calls[call], &page).await?;
            }
            for (index, item) in page.items.iter().enumerate().skip(skip) {
                if item.follow.is_empty() {
                    continue;
                }
                if index > 0 {
                    before = self.tally.clone();
                }
                if let Err(stop) = self.details(item, || at(index)).await {
                    // The thing is looked at again from its first detail: count nothing twice.
                    self.tally = Tally { cost: self.tally.cost, ..before };
                    return Err(stop);
                }
            }
            self.tally.answered += 1;
            self.tally.pages += 1;
            self.tries = Tries { attempt: 0, throttled: 0 };
            self.leg_pages += 1;
            skip = 0;
            let Page { next: Some(next), .. } = page else { return Ok(()) };
            if self.tally.pages >= PAGE_CAP {
                self.tally.capped = Some(self.cap("PageCap", u64::from(PAGE_CAP), "pages", call));
                return Ok(());
            }
            token = Some(next);
            if self.leg_is_over() {
                let at = At { call, token, skip: 0 };
                return Err(Stop::PutOff { at, wait: Duration::ZERO, why: None });
            }
        }
    }

    /// Makes the `for_each` calls of one item.
    async fn details(&mut self, item: &Item, at: impl Fn() -> At) -> Result<(), Stop> {
        let calls = &self.probe.probe.calls;
        self.tally.details += 1;
        for (index, call) in
            item.follow.iter().filter_map(|&index| Some((index, calls.get(index)?)))
        {
            if self.tally.details > u64::from(call.max_items) {
                let cap = self.cap("ItemCap", u64::from(call.max_items), "things", index);
                self.tally.capped = Some(cap);
                continue;
            }
            let mut token: Option<String> = None;
            for page_number in 1.. {
                let request = PageRequest {
                    probe: &self.task.probe,
                    call: index,
                    item: Some(item),
                    token: token.as_deref(),
                };
                let page = match self.ask(request).await {
                    Asked::Page(page) => page,
                    Asked::PutOff(wait, why) => {
                        return Err(Stop::PutOff { at: at(), wait, why });
                    }
                    Asked::Failed(failure) => {
                        self.tally.fail(failure);
                        break;
                    }
                };
                self.tally.answered += 1;
                self.see_all(call, &page).await?;
                token = page.next;
                if token.is_none() {
                    break;
                }
                if page_number >= LEG_PAGES {
                    let cap = self.cap("PageCap", u64::from(LEG_PAGES), "pages", index);
                    self.tally.capped = Some(cap);
                    break;
                }
            }
        }
        Ok(())
    }

    async fn ask(&mut self, request: PageRequest<'_>) -> Asked {
        let admitted = std::mem::take(&mut self.admitted);
        self.worker.ask(self.place, request, admitted, &mut self.tries, &mut self.tally.cost).await
    }

    async fn see_all(&mut self, call: &Call, page: &Page) -> Result<(), Stop> {
        if call.counts {
            for item in &page.items {
                self.tally.see(&item.object);
                self.tally.on |= item.on;
            }
        }
        let objects: Vec<Object> = page.items.iter().map(|item| item.object.clone()).collect();
        if objects.is_empty() {
            return Ok(());
        }
        let cell = key(self.place, self.task);
        self.outbox.add(Answer::Objects { cell, objects }).await?;
        Ok(())
    }

    fn leg_is_over(&self) -> bool {
        self.leg_pages >= LEG_PAGES
            || self.leg_start.elapsed() >= LEG_TIME
            || self.worker.drain.is_cancelled()
    }

    fn cap(&self, code: &str, limit: u64, what: &str, call: usize) -> Failure {
        let operation = self.probe.probe.calls[call].operation.clone();
        let message = format!("the list was cut after {limit} {what}: there may be more");
        Failure::new(FailureKind::Other, code, message).during(operation)
    }
}

/// Whether a failure may mean that the page token is no longer good.
fn refused(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Invalid | FailureKind::Other | FailureKind::Expired)
}
