//! Pages of answers that come in another order than they were written in, twice, or never.

use std::sync::Arc;

use protocol::Status;
use protocol::judge::Tally;
use protocol::result::Answer;
use protocol::store::{Due, Store, Value};
use protocol::task::{Continuation, Task};

use super::answers::{object, saw};
use crate::world::*;

/// Everything that is due of an account; it is entered.
async fn entered_plan(store: &dyn Store) -> Vec<Due> {
    plan(store, &["a"]).await;
    enter_all(store, 0).await;
    take(store, 0).await
}

/// Three pages about a dispatch: a thing of `ec2`; its cell, and a thing of `kms`; the other cells and the end.
fn work(due: &Due, dice: u128, round: u32, status: Status) -> Vec<Numbered> {
    let place = region_of(due);
    let mut rest = answer(due, round, status);
    let ec2 = rest.remove(0);
    let thing = |probe, id| saw(place.as_str(), probe, vec![object(id, None)]);
    stint(dice, &[&[thing("ec2", "one")], &[ec2, thing("kms", "two")], &rest])
}

/// The ids of all things.
async fn things(store: &dyn Store) -> Vec<String> {
    let sql = "select resource_id from resources where scan_id = $1 order by resource_id";
    let name = |row: Vec<Value>| match &row[..] {
        [Value::Text(name)] => name.clone(),
        other => panic!("{other:?}"),
    };
    ask(store, sql, vec![]).await.into_iter().map(name).collect()
}

/// How many dispatches are out, and how many pages wait.
async fn waiting(store: &dyn Store) -> (u64, usize) {
    let out = store.progress(&scan_id()).await.expect("progress").out;
    let sql = "select number from early_pages where scan_id = $1";
    (out, ask(store, sql, vec![]).await.len())
}

pub(crate) async fn a_page_counts_when_those_before_it_have_come(store: Arc<dyn Store>) {
    let due = entered_plan(&*store).await;
    let pages = work(&due[1], 1, 1, Status::InUse);
    let last = ingest_pages(&*store, 1, &[&pages[2]]).await;
    assert_eq!((last.cells, last.stale), (0, 0), "it waits");
    assert_eq!(waiting(&*store).await, (3, 1));
    ingest_pages(&*store, 1, &[&pages[1]]).await;
    assert_eq!(waiting(&*store).await, (3, 2));
    assert_eq!(things(&*store).await, ["two"], "things are written at once");
    assert_eq!(cells(&*store).await["a r1 ec2"], "not_run/-");
    ledger(&*store).await;
    let first = ingest_pages(&*store, 1, &[&pages[0]]).await;
    assert_eq!((first.cells, first.stale), (4, 0));
    assert_eq!(waiting(&*store).await, (2, 0), "the page that completes it settles the row");
    assert_eq!(things(&*store).await, ["one", "two"]);
    assert_eq!(ledger(&*store).await[&Status::InUse], 4);
    assert_eq!(take(&*store, 1_000_000).await, []);
}

pub(crate) async fn pages_that_come_together_wait_for_none_of_each_other(store: Arc<dyn Store>) {
    let due = entered_plan(&*store).await;
    let [one, two] = [1, 2].map(|at| work(&due[at], at as u128, 1, Status::Idle));
    let all = [&two[1], &one[2], &one[0], &two[2], &one[1], &two[0], &one[0]];
    let done = ingest_pages(&*store, 1, &all).await;
    assert_eq!((done.cells, done.stale), (8, 1));
    assert_eq!(waiting(&*store).await, (1, 0));
}

pub(crate) async fn a_page_that_comes_twice_counts_once(store: Arc<dyn Store>) {
    let due = entered_plan(&*store).await;
    let pages = work(&due[1], 1, 1, Status::Idle);
    for (page, cells, stale) in
        [(2, 0, 0), (2, 0, 4), (0, 0, 0), (0, 0, 1), (2, 0, 4), (1, 4, 0), (1, 0, 2), (2, 0, 4)]
    {
        let done = ingest_pages(&*store, 1, &[&pages[page]]).await;
        assert_eq!((done.cells, done.stale), (cells, stale), "page {page}");
    }
    assert_eq!(waiting(&*store).await, (2, 0));
    assert_eq!(ledger(&*store).await[&Status::Idle], 4);
}

pub(crate) async fn what_a_page_lacks_that_never_comes_is_asked_for_again(store: Arc<dyn Store>) {
    let due = entered_plan(&*store).await;
    let pages = work(&due[1], 1, 1, Status::InUse);
    ingest_pages(&*store, 1, &[&pages[0], &pages[2]]).await;
    assert_eq!(take(&*store, 1_000_000).await, [], "it is out, whatever its end says");
    store.reclaim(&scan_id(), at(1)).await.expect("reclaimed");
    let again = take(&*store, 1_000_000).await;
    let wanted = ["a global cloudfront iam", "a r1 ec2 kms s3 s3.policies"];
    assert_eq!(told(&again)[..2], wanted, "no cell of it counts");
    let whole = work(&again[1], 2, 1, Status::InUse);
    ingest_pages(&*store, 1, &whole.iter().collect::<Vec<_>>()).await;
    assert_eq!(things(&*store).await, ["one", "two"]);
    assert_eq!(ledger(&*store).await[&Status::InUse], 4);
    assert_eq!(ingest_pages(&*store, 1, &[&pages[1]]).await.cells, 0, "late, it changes nothing");
    assert_eq!(waiting(&*store).await, (2, 0));
    assert_eq!(ledger(&*store).await[&Status::InUse], 4);
}

pub(crate) async fn two_stints_of_a_dispatch_complete_each_by_itself(store: Arc<dyn Store>) {
    let due = entered_plan(&*store).await;
    let [one, two] = [1, 2].map(|dice| work(&due[1], dice, 1, Status::Idle));
    ingest_pages(&*store, 1, &[&one[0], &two[1], &two[2]]).await;
    assert_eq!(cells(&*store).await["a r1 ec2"], "not_run/-", "the thing may be in the other's");
    let done = ingest_pages(&*store, 1, &[&one[1], &one[2]]).await;
    assert_eq!((done.cells, done.stale), (4, 0));
    assert_eq!(waiting(&*store).await, (2, 2));
    let late = ingest_pages(&*store, 1, &[&two[0]]).await;
    assert_eq!((late.cells, late.stale), (0, 5), "four cells that are known and an end");
    assert_eq!(waiting(&*store).await, (2, 0));
    assert_eq!(ledger(&*store).await[&Status::Idle], 4);
}

pub(crate) async fn a_stint_of_an_earlier_dispatch_counts_when_it_is_whole(store: Arc<dyn Store>) {
    let due = entered_plan(&*store).await;
    let slow = work(&due[1], 1, 1, Status::Idle);
    ingest_pages(&*store, 1, &[&slow[1], &slow[2]]).await;
    store.reclaim(&scan_id(), at(1)).await.expect("reclaimed");
    let again = take(&*store, 1_000_000).await;
    let done = ingest_pages(&*store, 1, &[&slow[0]]).await;
    assert_eq!((done.cells, done.stale), (4, 1), "its end is not that of the row");
    assert_eq!(waiting(&*store).await, (3, 0));
    let quick = ingest(&*store, 1, &answer(&again[1], 1, Status::Denied)).await;
    assert_eq!((quick.cells, quick.stale), (0, 4));
    assert_eq!(waiting(&*store).await, (2, 0));
    assert_eq!(ledger(&*store).await[&Status::Idle], 4);
}

pub(crate) async fn a_stint_of_an_earlier_round_changes_nothing(store: Arc<dyn Store>) {
    let due = entered_plan(&*store).await;
    let slow = work(&due[1], 1, 1, Status::Idle);
    ingest_pages(&*store, 1, &[&slow[1], &slow[2]]).await;
    store.reclaim(&scan_id(), at(1)).await.expect("reclaimed");
    run(&*store, 1, Status::Denied).await;
    finish(&*store).await;
    assert_eq!(requeue(&*store, &by_status(&[Status::Denied])).await, 10);
    run(&*store, 2, Status::Off).await;
    let before = ledger(&*store).await;
    assert_eq!(before[&Status::Off], 10);
    let late = ingest_pages(&*store, 1, &[&slow[0]]).await;
    assert_eq!((late.cells, late.stale), (0, 6), "a thing, four cells and an end");
    assert_eq!(ledger(&*store).await, before);
    assert_eq!(things(&*store).await, [""; 0]);
}

pub(crate) async fn a_list_goes_on_when_the_things_before_its_place_have_come(
    store: Arc<dyn Store>,
) {
    let due = entered_plan(&*store).await;
    let at_its_place = |page: &str, own| {
        let tally = Tally { own, ..Tally::default() };
        Some(Continuation { call: 0, token: Some(page.to_owned()), skip: 0, tally })
    };
    let half = Task { continuation: at_its_place("50", 1), ..Task::new(probe("ec2")) };
    let leg = stint(
        1,
        &[
            &[saw("r1", "ec2", vec![object("one", None)])],
            &[held("a", "r1", half.clone(), 100), settled(&due[1])],
        ],
    );
    ingest_pages(&*store, 1, &[&leg[1]]).await;
    assert_eq!(take(&*store, 1_000_000).await, [], "it does not go on from there yet");
    ingest_pages(&*store, 1, &[&leg[0]]).await;
    let next = take(&*store, 100).await;
    assert_eq!(tasks_of(&next[0])[0], half);
    let found = Answer::Cell(cell("a", "r1", "ec2", 1, Status::InUse));
    let rest = saw("r1", "ec2", vec![object("two", None)]);
    let leg = stint(2, &[&[rest], &[found, settled(&next[0])]]);
    ingest_pages(&*store, 1, &[&leg[1]]).await;
    assert_eq!(cells(&*store).await["a r1 ec2"], "not_run/-");
    ingest_pages(&*store, 1, &[&leg[0]]).await;
    assert_eq!(cells(&*store).await["a r1 ec2"], "in_use/1");
    assert_eq!(things(&*store).await, ["one", "two"]);
}
