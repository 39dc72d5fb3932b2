//! Answers as they are kept: each at most once.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::Status;
use protocol::cell::CellKey;
use protocol::object::Object;
use protocol::result::Answer;
use protocol::store::{Row, Store, Value};

use crate::world::*;

pub(crate) fn object(id: &str, document: Option<&str>) -> Object {
    Object {
        kind: "AWS::Thing".to_owned(),
        id: id.to_owned(),
        parent: None,
        home: Some(region("elsewhere")),
        own: true,
        attributes: [("size".to_owned(), 3.into())].into_iter().collect(),
        documents: document
            .map(|text| ("policy".to_owned(), text.to_owned()))
            .into_iter()
            .collect(),
    }
}

pub(crate) fn saw(place: &str, name: &str, objects: Vec<Object>) -> Answer {
    let cell = CellKey { account: account("a"), region: region(place), probe: probe(name) };
    Answer::Objects { cell, call: 0, objects }
}

async fn entered_plan(store: &dyn Store) {
    plan(store, &["a"]).await;
    enter_all(store, 0).await;
}

async fn count(store: &dyn Store, sql: &'static str) -> i64 {
    match &ask(store, sql, vec![]).await[0][0] {
        Value::Int(count) => *count,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn the_same_answer_twice_is_counted_once(store: Arc<dyn Store>) {
    entered_plan(&*store).await;
    let found = Answer::Cell(cell("a", "r1", "ec2", 1, Status::Denied));
    let first = ingest(&*store, 1, &[found.clone(), found.clone()]).await;
    assert_eq!((first.cells, first.unknown, first.stale), (1, 1, 1));
    assert_eq!((first.calls, first.throttles), (2, 1));
    let again = ingest(&*store, 1, &[found]).await;
    assert_eq!((again.cells, again.stale, again.calls), (0, 1, 0));
    assert_eq!(ledger(&*store).await[&Status::Denied], 1);
}

pub(crate) async fn within_a_round_known_beats_unknown_and_else_the_first_stands(
    store: Arc<dyn Store>,
) {
    entered_plan(&*store).await;
    for status in [Status::Throttled, Status::Denied, Status::Idle, Status::InUse, Status::Error] {
        ingest(&*store, 1, &[Answer::Cell(cell("a", "r1", "ec2", 1, status))]).await;
    }
    assert_eq!(cells(&*store).await["a r1 ec2"], "idle/1");
    let at_once = [Status::Denied, Status::Off, Status::InUse]
        .map(|status| Answer::Cell(cell("a", "r1", "kms", 1, status)));
    assert_eq!(ingest(&*store, 1, &at_once).await.stale, 2);
    assert_eq!(cells(&*store).await["a r1 kms"], "off/1");
    ledger(&*store).await;
}

pub(crate) async fn a_higher_round_replaces_and_forgets_what_the_earlier_saw(
    store: Arc<dyn Store>,
) {
    entered_plan(&*store).await;
    let seen = vec![object("old", Some("text")), object("both", None)];
    let found = Answer::Cell(cell("a", "r1", "ec2", 1, Status::InUse));
    ingest(&*store, 1, &[saw("r1", "ec2", seen), found]).await;
    let elsewhere = Answer::Cell(cell("a", "r1", "kms", 1, Status::InUse));
    ingest(&*store, 1, &[saw("r1", "kms", vec![object("kept", None)]), elsewhere]).await;
    run(&*store, 1, Status::Idle).await;
    finish(&*store).await;
    let only = protocol::store::CellFilter {
        regions: vec![region("r1")],
        services: vec![probe("ec2").service()],
        ..Default::default()
    };
    assert_eq!(requeue(&*store, &only).await, 1);
    let seen = saw("r1", "ec2", vec![object("new", None), object("both", None)]);
    ingest(&*store, 2, &[seen]).await;
    assert_eq!(count(&*store, "select count(*) from resources where scan_id = $1").await, 4);
    let replaced =
        ingest(&*store, 2, &[Answer::Cell(cell("a", "r1", "ec2", 2, Status::Denied))]).await;
    assert_eq!((replaced.cells, replaced.unknown), (1, 1));
    assert_eq!(cells(&*store).await["a r1 ec2"], "denied/2");
    let sql = "select resource_id from resources where scan_id = $1 order by resource_id";
    let names = ["both", "kept", "new"].map(|name| vec![Value::Text(name.to_owned())]);
    assert_eq!(ask(&*store, sql, vec![]).await, names);
    assert_eq!(
        count(&*store, "select count(*) from resource_documents where scan_id = $1").await,
        0
    );
    let late = ingest(&*store, 1, &[saw("r1", "ec2", vec![object("late", None)])]).await;
    assert_eq!((late.stale, ask(&*store, sql, vec![]).await.len()), (1, 3));
    ledger(&*store).await;
}

pub(crate) async fn an_earlier_round_never_replaces(store: Arc<dyn Store>) {
    entered_plan(&*store).await;
    run(&*store, 1, Status::Denied).await;
    finish(&*store).await;
    assert_eq!(requeue(&*store, &by_status(&[Status::Denied])).await, 10);
    ingest(&*store, 2, &[Answer::Cell(cell("a", "r1", "ec2", 2, Status::Error))]).await;
    let late = ingest(&*store, 1, &[Answer::Cell(cell("a", "r1", "ec2", 1, Status::Idle))]).await;
    assert_eq!((late.cells, late.stale), (0, 1));
    assert_eq!(cells(&*store).await["a r1 ec2"], "error/2");
    let early = ingest(&*store, 3, &[Answer::Cell(cell("a", "r1", "ec2", 3, Status::Idle))]).await;
    assert_eq!((early.cells, early.stale), (0, 1));
}

pub(crate) async fn what_is_not_planned_is_left_out(store: Arc<dyn Store>) {
    entered_plan(&*store).await;
    let before = ledger(&*store).await;
    let strays = [
        Answer::Cell(cell("x", "r1", "ec2", 1, Status::Idle)),
        Answer::Cell(cell("a", "r9", "ec2", 1, Status::Idle)),
        Answer::Cell(cell("a", "r1", "iam", 1, Status::Idle)),
        Answer::Cell(cell("a", "r1", "not.offered", 1, Status::Idle)),
        saw("r9", "ec2", vec![object("one", None)]),
    ];
    let done = ingest(&*store, 1, &strays).await;
    assert_eq!((done.cells, done.stale), (0, 5));
    assert_eq!(ledger(&*store).await, before);
    assert_eq!(count(&*store, "select count(*) from resources where scan_id = $1").await, 0);
}

pub(crate) async fn of_a_thing_that_several_calls_saw_the_last_call_counts_whenever_it_came(
    store: Arc<dyn Store>,
) {
    entered_plan(&*store).await;
    let cell = CellKey { account: account("a"), region: region("r1"), probe: probe("ec2") };
    let listed = |id| Object { attributes: Default::default(), ..object(id, None) };
    let described = |id| Object { own: false, ..object(id, None) };
    let said = |call, object| Answer::Objects { cell: cell.clone(), call, objects: vec![object] };
    ingest(&*store, 1, &[said(0, listed("doubled")), said(1, described("doubled"))]).await;
    ingest(&*store, 1, &[said(1, described("turned")), said(0, listed("turned"))]).await;
    ingest(&*store, 1, &[said(1, described("late"))]).await;
    for id in ["late", "doubled"] {
        ingest(&*store, 1, &[said(0, listed(id))]).await;
    }
    let sql = "select own, attributes from resources where scan_id = $1";
    let right = vec![Value::Int(0), Value::Text(r#"{"size":3}"#.to_owned())];
    assert_eq!(ask(&*store, sql, vec![]).await, vec![right; 3]);
}

pub(crate) async fn things_and_documents_are_kept_once(store: Arc<dyn Store>) {
    entered_plan(&*store).await;
    let seen =
        saw("r1", "s3.policies", vec![object("one", Some("same")), object("two", Some("same"))]);
    for _ in 0..2 {
        ingest(&*store, 1, &[seen.clone(), seen.clone()]).await;
    }
    let sql = "select r.resource_id, r.kind, r.home_region, r.own, r.attributes, d.name, b.body
        from resources r
        join resource_documents d on d.scan_id = r.scan_id and d.account_id = r.account_id
            and d.region = r.region and d.probe = r.probe and d.resource_id = r.resource_id
        join documents b on b.digest = d.digest
        where r.scan_id = $1 order by r.resource_id";
    let text = |text: &str| Value::Text(text.to_owned());
    let row = |id: &str| {
        vec![
            text(id),
            text("AWS::Thing"),
            text("elsewhere"),
            Value::Int(1),
            text(r#"{"size":3}"#),
            text("policy"),
            text("same"),
        ]
    };
    assert_eq!(ask(&*store, sql, vec![]).await, [row("one"), row("two")]);
    assert_eq!(count(&*store, "select count(*) from documents where $1 <> ''").await, 1);
}

pub(crate) async fn things_are_kept_however_long_or_odd_their_ids_are(store: Arc<dyn Store>) {
    entered_plan(&*store).await;
    // Letters that do not repeat: databases squeeze what does.
    let mut dice = 7_u64;
    let mut letter = || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'!' + u8::try_from(dice >> 58).expect("six bits"))
    };
    let long: String = (0..4000).map(|_| letter()).collect();
    let ids = [format!("{long}1"), format!("{long}2"), "odd \u{0}".into(), "odd \u{fffd}".into()];
    let things: Vec<_> = ids.iter().map(|id| object(id, Some("same"))).collect();
    for _ in 0..2 {
        ingest(&*store, 1, &[saw("r1", "s3.policies", things.clone())]).await;
    }
    let sql = "select resource_id from resources where scan_id = $1 order by resource_id";
    let stored = ask(&*store, sql, vec![]).await;
    assert_eq!(stored.len(), 3, "the odd ones cannot be told apart: {stored:?}");
    let kept = |row: &Row| matches!(&row[0], Value::Text(id) if id.starts_with(&long[..900]));
    assert_eq!(stored.iter().filter(|row| kept(row)).count(), 2, "two begin alike, and are two");
    assert_eq!(
        count(&*store, "select count(*) from resource_documents where scan_id = $1").await,
        3
    );
}

pub(crate) async fn many_answers_at_once_are_all_kept(store: Arc<dyn Store>) {
    let names: Vec<String> = (0..150).map(|number| format!("account-{number:03}")).collect();
    let accounts: Vec<&str> = names.iter().map(String::as_str).collect();
    plan(&*store, &accounts).await;
    for due in take(&*store, 0).await {
        enter(&*store, &due, 0).await;
    }
    let due = take(&*store, 0).await;
    assert_eq!(due.len(), 450);
    let answers: Vec<Answer> = due.iter().flat_map(|due| answer(due, 1, Status::Idle)).collect();
    let done = ingest(&*store, 1, &answers).await;
    assert_eq!((done.cells, done.stale, done.calls), (1500, 0, 3000));
    let expected = BTreeMap::from([(Status::Idle, 1500), (Status::NotOffered, 300)]);
    assert_eq!(ledger(&*store).await, expected);
    assert_eq!(take(&*store, 1_000_000).await, []);
}
