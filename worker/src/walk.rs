//! Walks the calls of a probe, page by page, and tallies what answers tell.

use std::time::Duration;

use catalog::ProbeView;
use protocol::judge::Tally;
use protocol::object::Object;
use protocol::provider::{Item, Page, PageRequest};
use protocol::queue::QueueError;
use protocol::task::Task;
use protocol::{Failure, FailureKind};
use tokio::time::Instant;

use crate::ask::{Asked, Tries};
use crate::batch::Job;

/// Pages of one list before the rest is not read; named `PageCap` in the answer.
const PAGE_CAP: u32 = 5_000;
/// Pages after which a task hands back the rest of its work.
const LEG_PAGES: u32 = 50;
/// A task under way.
pub(crate) struct Walk<'a> {
    pub(crate) job: &'a Job<'a>,
    pub(crate) probe: ProbeView<'a>,
    pub(crate) task: &'a Task,
    pub(crate) tries: Tries,
    pub(crate) tally: Tally,
    pub(crate) resumed: bool,
    pub(crate) leg_pages: u32,
}

/// Why a walk stops before its end.
pub(crate) enum Stop {
    /// To go on later.
    PutOff { at: At, wait: Duration, why: Option<Failure> },
    /// The token of a continuation was refused: begin again at page one.
    Restart(Failure),
    /// Nothing more is to be tried.
    Cut(Failure),
    /// The answers cannot be published.
    Queue(QueueError),
}

/// A place in a walk.
pub(crate) struct At {
    pub(crate) call: usize,
    pub(crate) token: Option<String>,
    pub(crate) skip: usize,
}

impl At {
    pub(crate) fn token_bytes(&self) -> usize {
        self.token.as_ref().map_or(0, String::len)
    }
}

/// What a tally was; ids are only ever added to its sample.
struct Mark {
    sample: usize,
    rest: Tally,
}

impl From<QueueError> for Stop {
    fn from(error: QueueError) -> Self {
        Self::Queue(error)
    }
}

impl Walk<'_> {
    /// Makes the calls that are left, in their order.
    pub(crate) async fn run(&mut self) -> Result<(), Stop> {
        let (mut from, mut token, mut skip) = match &self.task.continuation {
            Some(at) => (at.call, at.token.clone(), at.skip),
            None => (0, None, 0),
        };
        let calls = &self.probe.probe.calls;
        let first = from;
        while from < calls.len() {
            if calls[from].for_each.is_none() {
                if from > first && self.leg_is_over() {
                    let at = At { call: from, token: None, skip: 0 };
                    return Err(Stop::PutOff { at, wait: Duration::ZERO, why: None });
                }
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
                Asked::Cut(why) => return Err(Stop::Cut(why)),
                Asked::Failed(why) if self.resumed && token.is_some() && refused(&why) => {
                    return Err(Stop::Restart(why));
                }
                Asked::Failed(failure) => {
                    self.tally.fail(failure);
                    return Ok(());
                }
            };
            self.resumed = false;
            let before = self.mark();
            if skip == 0 {
                self.see_all(call, &page).await?;
            }
            self.look_closer(&page, skip, before, at).await?;
            self.tally.answered += 1;
            self.tally.pages += 1;
            self.tries = Tries::NONE;
            self.leg_pages += 1;
            skip = 0;
            let Page { next: Some(next), .. } = page else { return Ok(()) };
            if self.probe.probe.calls[call].first && self.tally.own > 0 {
                self.tally.capped = Some(self.enough(call));
                return Ok(());
            }
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

    /// Makes the `for_each` calls of a page's things, but for the first `skip` of them; goes back
    /// to `before` where it stops at the first thing of all.
    async fn look_closer(
        &mut self,
        page: &Page,
        skip: usize,
        before: Mark,
        at: impl Fn(usize) -> At,
    ) -> Result<(), Stop> {
        let mut before = Some(before);
        let mut looked = false;
        for (index, item) in page.items.iter().enumerate().skip(skip) {
            if item.follow.is_empty() {
                continue;
            }
            if looked && self.time_is_over() {
                return Err(Stop::PutOff { at: at(index), wait: Duration::ZERO, why: None });
            }
            looked = true;
            let begun = before.take().filter(|_| index == 0).unwrap_or_else(|| self.mark());
            let failed = self.tally.failed;
            if let Err(stop) = self.details(item, || at(index)).await {
                // The thing is looked at again from its first detail: count nothing twice.
                self.go_back(begun);
                return Err(stop);
            }
            if self.tally.failed == failed {
                self.tries = Tries::NONE;
            }
        }
        Ok(())
    }

    fn mark(&self) -> Mark {
        let Tally { sample, negative, worst, capped, .. } = &self.tally;
        let rest = Tally {
            sample: Vec::new(),
            negative: negative.clone(),
            worst: worst.clone(),
            capped: capped.clone(),
            ..self.tally
        };
        Mark { sample: sample.len(), rest }
    }

    /// Makes the tally what it was, but for what it cost.
    fn go_back(&mut self, Mark { sample: ids, rest }: Mark) {
        let mut sample = std::mem::take(&mut self.tally.sample);
        sample.truncate(ids);
        self.tally = Tally { sample, cost: self.tally.cost, ..rest };
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
                    Asked::Cut(why) => return Err(Stop::Cut(why)),
                    Asked::Failed(failure) => {
                        self.tally.fail(failure);
                        break;
                    }
                };
                self.tally.answered += 1;
                self.see_all(index, &page).await?;
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
        self.job.ask(request, &mut self.tries, &mut self.tally.cost).await
    }

    async fn see_all(&mut self, call: usize, page: &Page) -> Result<(), Stop> {
        if self.probe.probe.calls[call].counts {
            for item in &page.items {
                self.tally.see(&item.object);
                self.tally.on |= item.on;
            }
        }
        if page.items.is_empty() {
            return Ok(());
        }
        let objects: Vec<&Object> = page.items.iter().map(|item| &item.object).collect();
        let call = u32::try_from(call).unwrap_or(u32::MAX);
        self.job.outbox.add_objects(&self.job.key(self.task), call, &objects).await?;
        Ok(())
    }

    fn leg_is_over(&self) -> bool {
        self.leg_pages >= LEG_PAGES || self.time_is_over()
    }

    fn time_is_over(&self) -> bool {
        Instant::now() >= self.job.leg_end || self.job.stop.is_cancelled()
    }

    fn enough(&self, call: usize) -> Failure {
        let operation = self.probe.probe.calls[call].operation.clone();
        let message = "the first things that were told are enough: there may be more";
        Failure::new(FailureKind::Other, "FirstIsEnough", message).during(operation)
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
