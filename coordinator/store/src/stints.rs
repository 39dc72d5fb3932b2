//! Pages of answers, in the order in which their worker wrote them, whatever the order in which they come.
//!
//! A cell counts things that may be told in pages before its own. So a page counts when all before it have come; one
//! that comes before its turn is kept until then. If a page never comes, what stands after it never counts: its
//! dispatch is lost, and its tasks are dispatched again.

use std::collections::{BTreeMap, BTreeSet};

use protocol::ScanId;
use protocol::result::{Answer, Page, Part};
use protocol::store::StoreError;

use crate::database::binds;
use crate::many::Rows;
use crate::port::Open;
use crate::record::{Columns, json};

const READ: &str = "
select s.stint, s.pages, e.number, e.answers
from stints s
left join early_pages e on e.scan_id = s.scan_id and e.stint = s.stint
where (s.scan_id, s.stint) in (select * from (values :rows) as keys)";

const WRITE: &str = "
insert into stints (scan_id, stint, pages)
values :rows
on conflict (scan_id, stint) do update set pages = excluded.pages";

const KEEP: &str = "
insert into early_pages (scan_id, stint, number, answers)
values :rows";

const RELEASE: &str = "
delete from early_pages
where (scan_id, stint, number) in (select * from (values :rows) as keys)";

/// What has come of a stint.
#[derive(Debug, Default)]
struct Stint {
    /// So many pages, from the first without a gap.
    pages: u32,
    /// What waits for pages before it, by its number.
    early: BTreeMap<u32, Vec<Answer>>,
    /// Whether the store knows less.
    changed: bool,
}

/// What becomes of a page.
#[derive(Debug, PartialEq)]
enum Turn {
    /// It counts, and so do these, which waited for it, by their numbers.
    Now(BTreeMap<u32, Vec<Answer>>),
    /// It waits for pages before it.
    Early,
    /// It came before.
    Again,
}

impl Stint {
    /// Takes the page before which `number` others stand; what is kept of an early one is not kept here.
    fn take(&mut self, number: u32) -> Turn {
        if number < self.pages || self.early.contains_key(&number) {
            return Turn::Again;
        }
        self.changed = true;
        if number > self.pages {
            return Turn::Early;
        }
        let mut released = BTreeMap::new();
        self.pages = self.pages.saturating_add(1);
        while let Some(answers) = self.early.remove(&self.pages) {
            released.insert(self.pages, answers);
            self.pages = self.pages.saturating_add(1);
        }
        Turn::Now(released)
    }
}

/// Answers whose turn it is.
#[derive(Debug, Default)]
pub(crate) struct InOrder<'a> {
    fresh: Vec<&'a Answer>,
    released: Vec<Answer>,
    /// Answers of pages that came before.
    pub(crate) stale: u64,
}

impl InOrder<'_> {
    /// All of them.
    pub(crate) fn answers(&self) -> Vec<&Answer> {
        self.fresh.iter().copied().chain(&self.released).collect()
    }
}

impl Open<'_> {
    /// Takes pages of a scan; says what of them, and of those that waited, counts now.
    pub(crate) async fn in_order<'a>(
        &mut self,
        id: &ScanId,
        pages: &[Page<'a>],
    ) -> Result<InOrder<'a>, StoreError> {
        let mut ordered = InOrder::default();
        let mut parts: BTreeMap<&Part, &[Answer]> = BTreeMap::new();
        for page in pages {
            match page.part {
                Some(part) if !is_alone(part, page.answers) => {
                    if parts.insert(part, page.answers).is_some() {
                        ordered.stale += page.answers.len() as u64;
                    }
                }
                _ => ordered.fresh.extend(page.answers),
            }
        }
        let mut stints = self.stints(id, parts.keys().map(|part| part.stint.as_str())).await?;
        let (mut kept, mut released) = (Rows::new(4), Rows::new(3));
        // In the order of their numbers, so that none waits for another that came with it.
        for (Part { stint, number }, answers) in parts {
            let name = stint.as_str();
            match stints.entry(name.to_owned()).or_default().take(*number) {
                Turn::Now(waited) => {
                    ordered.fresh.extend(answers);
                    for (number, answers) in waited {
                        released.push(binds![id.as_str(), name, number]);
                        ordered.released.extend(answers);
                    }
                }
                Turn::Early => {
                    let (things, rest): (Vec<_>, Vec<_>) =
                        answers.iter().partition(|answer| matches!(answer, Answer::Objects { .. }));
                    ordered.fresh.extend(things);
                    kept.push(binds![id.as_str(), name, *number, json(&rest)?]);
                }
                Turn::Again => ordered.stale += answers.len() as u64,
            }
        }
        if kept.len() > 0 {
            tracing::debug!(scan.id = %id, pages = kept.len(), "pages came early, and wait for those before them");
        }
        let mut changed = Rows::new(3);
        for (name, stint) in stints.iter().filter(|(_, stint)| stint.changed) {
            changed.push(binds![id.as_str(), name.as_str(), stint.pages]);
        }
        self.execute_many(WRITE, [], changed).await?;
        self.execute_many(KEEP, [], kept).await?;
        self.execute_many(RELEASE, [], released).await?;
        Ok(ordered)
    }

    /// What has come of stints, as far as anything has.
    async fn stints(
        &mut self,
        id: &ScanId,
        names: impl Iterator<Item = &str> + Send,
    ) -> Result<BTreeMap<String, Stint>, StoreError> {
        let mut keys = Rows::new(2);
        for name in names.collect::<BTreeSet<_>>() {
            keys.push_key(&[id.as_str(), name]);
        }
        let mut stints: BTreeMap<String, Stint> = BTreeMap::new();
        for row in self.fetch_many(READ, [], keys).await? {
            let mut columns = Columns::from(row);
            let stint = stints.entry(columns.text()?).or_default();
            stint.pages = columns.number()?;
            if let Some(number) = columns.maybe_number()? {
                stint.early.insert(number, columns.json()?);
            }
        }
        Ok(stints)
    }
}

/// Whether a page is the only one of its stint: nothing is to be remembered of it.
fn is_alone(part: &Part, answers: &[Answer]) -> bool {
    part.number == 0 && answers.last().is_some_and(Answer::ends_a_dispatch)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_page_counts_once_and_after_all_before_it(
            coming in prop::collection::vec(0_u32..12, 0..60),
        ) {
            let mut stint = Stint::default();
            let mut counted = Vec::new();
            for number in &coming {
                match stint.take(*number) {
                    Turn::Now(waited) => counted.extend([*number].into_iter().chain(waited.into_keys())),
                    Turn::Early => { stint.early.insert(*number, Vec::new()); }
                    Turn::Again => {}
                }
            }
            let gap = (0..).find(|number| !coming.contains(number)).unwrap_or(0);
            prop_assert_eq!(counted, (0..gap).collect::<Vec<_>>());
        }
    }
}
