//! Cuts the answers of a batch into result pages that the queue takes.
//!
//! Answers are written once, straight into the page; a page that is full is closed before the
//! answer that did not fit. Things that do not fit into one page are spread over several. A thing
//! that is too large alone loses what is largest of it, and says so (`left_out`). Pages are numbered:
//! what one says may rest on all before it.

use protocol::cell::CellKey;
use protocol::message::Versioned;
use protocol::object::Object;
use protocol::queue::QueueError;
use protocol::result::{Answer, Part, ResultPage};
use protocol::{ScanId, StintId};
use serde::Serialize;

use crate::left_out;

/// A page of so many bytes is closed, though more would fit.
const PAGE_BYTES: usize = 256 << 10;
/// Things in one page; then it is closed.
const PAGE_OBJECTS: usize = 1000;
/// What closes a page.
const TAIL: &[u8] = b"]}";

/// Pages in the making.
pub(crate) struct Pages {
    limit: usize,
    /// What the next page says before its answers: all of one that has none.
    empty: ResultPage,
    head: Vec<u8>,
    open: Vec<u8>,
    objects: usize,
    full: Vec<Vec<u8>>,
}

/// [`Answer::Objects`], of things that stay where they are.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Seen<'a> {
    Objects { cell: &'a CellKey, call: u32, objects: &'a [&'a Object] },
}

impl Pages {
    /// No page of the stint yet; none will have more than `limit` bytes.
    pub(crate) fn new(
        scan: &ScanId,
        round: u32,
        stint: StintId,
        limit: usize,
    ) -> Result<Self, QueueError> {
        let part = Some(Part { stint, number: 0 });
        let (version, scan) = (ResultPage::VERSION, scan.clone());
        let empty = ResultPage { version, scan, round, part, answers: Vec::new() };
        let head = head_of(&empty)?;
        Ok(Self { limit, empty, open: head.clone(), head, objects: 0, full: Vec::new() })
    }

    /// Adds an answer.
    pub(crate) fn put(&mut self, answer: &Answer) -> Result<(), QueueError> {
        match answer {
            Answer::Objects { cell, call, objects } => {
                let objects: Vec<&Object> = objects.iter().collect();
                self.put_objects(cell, *call, &objects)
            }
            _ => {
                let Err(too_large) = self.write(answer)? else { return Ok(()) };
                let mut shorter = answer.clone();
                left_out::shorten(&mut shorter);
                self.write(&shorter)?.map_err(|_| too_large)
            }
        }
    }

    /// Adds things that a call of a cell saw.
    pub(crate) fn put_objects(
        &mut self,
        cell: &CellKey,
        call: u32,
        objects: &[&Object],
    ) -> Result<(), QueueError> {
        let Err(too_large) = self.write(&Seen::Objects { cell, call, objects })? else {
            self.objects += objects.len();
            if self.objects >= PAGE_OBJECTS {
                self.close()?;
            }
            return Ok(());
        };
        match objects {
            [] => Err(too_large),
            [object] => self.put_less(cell, call, object, too_large),
            _ => {
                let (first, second) = objects.split_at(objects.len() / 2);
                self.put_objects(cell, call, first)?;
                self.put_objects(cell, call, second)
            }
        }
    }

    /// Adds a thing without what is too large of it.
    fn put_less(
        &mut self,
        cell: &CellKey,
        call: u32,
        object: &Object,
        too_large: QueueError,
    ) -> Result<(), QueueError> {
        let mut less = object.clone();
        while left_out::lose_largest(&mut less) {
            if self.write(&Seen::Objects { cell, call, objects: &[&less] })?.is_ok() {
                let left_out = less.attributes.get(left_out::NAME);
                tracing::warn!(account = %cell.account, region = %cell.region, probe = %cell.probe,
                    kind = less.kind, id = less.id, left_out = left_out.map(tracing::field::display),
                    "a thing is larger than a message may be: some of it is left out");
                return Ok(());
            }
        }
        Err(too_large)
    }

    /// Closes the open page, if anything is in it.
    pub(crate) fn close(&mut self) -> Result<(), QueueError> {
        self.objects = 0;
        if self.open.len() > self.head.len() {
            if let Some(part) = &mut self.empty.part {
                part.number = part.number.saturating_add(1);
            }
            self.head = head_of(&self.empty)?;
            let mut page = std::mem::replace(&mut self.open, self.head.clone());
            page.extend_from_slice(TAIL);
            self.full.push(page);
        }
        Ok(())
    }

    /// Takes the pages that are closed, in order.
    pub(crate) fn take(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.full)
    }

    /// Writes an answer into the open page, or into the next one; the inner error says that it
    /// fits into none.
    fn write<T: Serialize>(&mut self, answer: &T) -> Result<Result<(), QueueError>, QueueError> {
        let before = self.open.len();
        if before > self.head.len() {
            self.open.push(b',');
        }
        let begin = self.open.len();
        if let Err(error) = serde_json::to_writer(&mut self.open, answer) {
            self.open.truncate(before);
            return Err(refused(&error));
        }
        if !self.fits() && begin > before {
            let answer = self.open.split_off(begin);
            self.open.truncate(before);
            self.close()?;
            self.open.extend_from_slice(&answer);
        }
        if !self.fits() {
            let bytes = self.open.len() + TAIL.len();
            self.open.truncate(self.head.len());
            return Ok(Err(QueueError::TooLarge { bytes, limit: self.limit }));
        }
        if self.open.len() >= PAGE_BYTES {
            self.close()?;
        }
        Ok(Ok(()))
    }

    fn fits(&self) -> bool {
        self.open.len() + TAIL.len() <= self.limit
    }
}

fn head_of(empty: &ResultPage) -> Result<Vec<u8>, QueueError> {
    let mut head = serde_json::to_vec(empty).map_err(|error| refused(&error))?;
    head.truncate(head.len() - TAIL.len());
    Ok(head)
}

fn refused(error: &serde_json::Error) -> QueueError {
    QueueError::Refused(format!("a result page cannot be written: {error}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use protocol::cell::{Cell, Cost, CountIs};
    use protocol::judge::Tally;
    use protocol::message;
    use protocol::result::Held;
    use protocol::task::{Continuation, Task};
    use protocol::{AccountId, Evidence, ProbeId, Region, Status};

    use super::*;

    const LIMIT: usize = 16 << 10;

    fn key(probe: &str) -> CellKey {
        CellKey {
            account: AccountId::new("111122223333").unwrap(),
            region: Region::new("eu-west-1").unwrap(),
            probe: ProbeId::new(probe).unwrap(),
        }
    }

    fn object(id: usize, attribute: usize, documents: BTreeMap<String, usize>) -> Object {
        // A quote is two bytes in JSON.
        let text = |bytes| "\"".repeat(bytes);
        let documents = documents.into_iter().map(|(name, bytes)| (name, text(bytes)));
        Object {
            kind: "Thing".into(),
            id: format!("{id}-é"),
            parent: None,
            home: None,
            own: true,
            attributes: serde_json::Map::from_iter([("text".to_owned(), text(attribute).into())]),
            documents: documents.collect(),
        }
    }

    fn cell(probe: &str, ids: usize) -> Answer {
        Answer::Cell(Cell {
            key: key(probe),
            round: 1,
            status: Status::InUse,
            evidence: Evidence::Resources,
            resource_count: 1,
            count_is: CountIs::Exact,
            sample: vec!["s".repeat(ids); Cell::SAMPLE_LIMIT],
            failure: None,
            attempts: 1,
            cost: Cost::default(),
            observed_at: chrono::DateTime::UNIX_EPOCH,
        })
    }

    fn answers() -> impl Strategy<Value = Vec<Answer>> {
        let sizes = prop_oneof![8 => 0_usize..200, 1 => 1000_usize..12_000];
        let documents = btree_map("[a-c]", sizes, 0..3);
        let objects = vec((any::<usize>(), 0_usize..50, documents), 0..10);
        let probe = prop::sample::select(vec!["s3", "sqs"]);
        let seen = (probe.clone(), objects).prop_map(|(probe, objects)| Answer::Objects {
            cell: key(probe),
            call: 0,
            objects: objects.into_iter().map(|(id, text, texts)| object(id, text, texts)).collect(),
        });
        let ids = prop_oneof![4 => 1_usize..100, 1 => 300_usize..2000];
        let ends = (probe, ids).prop_map(|(probe, ids)| cell(probe, ids));
        vec(prop_oneof![3 => seen, 1 => ends], 0..8)
    }

    fn empty(round: u32, limit: usize) -> Pages {
        Pages::new(&ScanId::new("scan").unwrap(), round, StintId::generate(7), limit).unwrap()
    }

    fn cut(answers: &[Answer]) -> Vec<Vec<u8>> {
        let mut pages = empty(3, LIMIT);
        for answer in answers {
            pages.put(answer).unwrap();
        }
        pages.close().unwrap();
        pages.take()
    }

    /// Answers, one thing at a time.
    fn flat(answers: Vec<Answer>) -> Vec<(CellKey, Option<Object>)> {
        let flat = answers.into_iter().flat_map(|answer| match answer {
            Answer::Objects { cell, objects, .. } => {
                objects.into_iter().map(|object| (cell.clone(), Some(object))).collect()
            }
            Answer::Cell(cell) => vec![(cell.key, None)],
            other => panic!("{other:?}"),
        });
        flat.collect()
    }

    proptest! {
        #[test]
        fn all_answers_arrive_in_order_in_pages_within_the_limit_that_are_numbered(answers in answers()) {
            let mut arrived = Vec::new();
            for (number, page) in (0..).zip(cut(&answers)) {
                prop_assert!(page.len() <= LIMIT, "{} bytes", page.len());
                let page: ResultPage = message::read(&page).unwrap();
                prop_assert_eq!((page.scan.as_str(), page.round), ("scan", 3));
                prop_assert_eq!(page.part, Some(Part { stint: StintId::generate(7), number }));
                prop_assert!(!page.answers.is_empty());
                arrived.extend(page.answers);
            }
            let (sent, arrived) = (flat(answers), flat(arrived));
            prop_assert_eq!(sent.len(), arrived.len());
            for ((sent_key, sent), (key, object)) in sent.iter().zip(&arrived) {
                prop_assert_eq!(sent_key, key);
                let (Some(sent), Some(object)) = (sent, object) else {
                    prop_assert_eq!(sent.is_some(), object.is_some());
                    continue;
                };
                let mut whole = object.clone();
                let left_out = whole.attributes.remove(left_out::NAME);
                for (name, bytes) in left_out.as_ref().and_then(|lost| lost.as_object()).into_iter().flatten() {
                    let document = &sent.documents[name];
                    prop_assert_eq!(bytes.as_u64(), Some(document.len() as u64));
                    whole.documents.insert(name.clone(), document.clone());
                }
                prop_assert_eq!(sent, &whole, "what is missing is named, and nothing else is");
            }
        }
    }

    #[test]
    fn a_cell_whose_examples_are_too_long_keeps_their_beginnings() {
        let pages = cut(&[cell("s3", 4000)]);
        let page: ResultPage = message::read(&pages[0]).unwrap();
        let Answer::Cell(cell) = &page.answers[0] else { panic!("{page:?}") };
        assert_eq!(cell.sample.len(), Cell::SAMPLE_LIMIT);
        assert!(cell.sample.iter().all(|id| id.starts_with("ss") && id.ends_with('…')));
    }

    #[test]
    fn a_place_that_does_not_fit_is_refused_with_its_size() {
        let token = Some("t".repeat(LIMIT));
        let at = Continuation { call: 0, token, skip: 0, tally: Tally::default() };
        let task = Task { continuation: Some(at), ..Task::new(ProbeId::new("s3").unwrap()) };
        let CellKey { account, region, .. } = key("s3");
        let until = chrono::DateTime::UNIX_EPOCH;
        let held = Answer::Held(Held { account, region, task, until, why: None });
        let mut pages = empty(1, LIMIT);
        let refused = pages.put(&held).unwrap_err();
        assert!(
            matches!(refused, QueueError::TooLarge { bytes, .. } if bytes > LIMIT),
            "{refused}"
        );
        assert_eq!(pages.put(&cell("s3", 10)), Ok(()), "the page goes on without it");
    }

    #[test]
    fn a_page_is_closed_when_it_has_enough() {
        let thing = object(0, 0, BTreeMap::new());
        let objects = vec![thing; PAGE_OBJECTS];
        let mut pages = empty(1, 1 << 30);
        pages.put(&Answer::Objects { cell: key("s3"), call: 0, objects }).unwrap();
        assert_eq!(pages.take().len(), 1);
    }
}
