//! PostgreSQL: the suite, what a server can do wrong, and several that write at once.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use protocol::object::Object;
use protocol::registry::Registry;
use protocol::result::{Answer, Page};
use protocol::scan::{Scan, ScanState};
use protocol::store::{Store, StoreError, Value};
use protocol::{ScanId, Status};
use sqlx::{Connection, PgConnection};
use store::{Access, SqlStore, connect, migrate};

use crate::conformance::{conformance, conformance_of_two};
use crate::imposter::{self, Manner};
use crate::schema::{Schema, server};
use crate::world::*;

async fn in_a_schema() -> (Arc<SqlStore>, Schema) {
    let schema = Schema::new();
    (schema.open(Access::Run).await, schema)
}

async fn two_in_a_schema() -> (Arc<SqlStore>, Arc<SqlStore>, Schema) {
    let (one, schema) = in_a_schema().await;
    (one, schema.open(Access::Run).await, schema)
}

mod suite {
    super::conformance!(super::in_a_schema);
}

mod two {
    super::conformance_of_two!(super::two_in_a_schema);
}

async fn told_why(url: &str, access: Access) -> String {
    let why = connect(url, access).await.expect_err("an error").to_string();
    assert!(!why.contains("secret"), "{why}");
    why
}

#[tokio::test]
async fn tables_are_made_once_by_however_many_start_at_once() {
    let schema = Schema::new();
    let why = told_why(&schema.url(), Access::Read).await;
    assert!(why.contains("no tables") && why.contains("`orgsweep migrate`"), "{why}");
    let all = (0..4).map(|_| schema.open(Access::Run));
    let all = futures_util::future::join_all(all).await;
    plan(&*all[0], &["a"]).await;
    assert_eq!(take(&*all[3], 0).await.len(), 1);
    migrate(&schema.url()).await.expect("up to date before");
}

#[tokio::test]
async fn older_tables_are_brought_up_to_date_on_purpose_and_newer_ones_are_left_alone() {
    let (store, schema) = in_a_schema().await;
    plan(&*store, &["a"]).await;
    let mut connection = schema.connection().await;
    let last =
        "delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)";
    let undone = "drop table members; alter table scan_accounts drop column excluded_by";
    for sql in [last, undone] {
        schema.say(&mut connection, sql).await;
    }
    for access in [Access::Run, Access::Control, Access::Read] {
        let why = told_why(&schema.url(), access).await;
        assert!(why.contains("an older orgsweep") && why.contains("`orgsweep migrate`"), "{why}");
    }
    let (one, other) = (migrate(&schema.url()).await, migrate(&schema.url()).await);
    one.and(other).expect("up to date");
    assert_eq!(take(&*schema.open(Access::Run).await, 0).await.len(), 1);

    let later = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
        values (99990101000000, 'later', true, '', 0)";
    schema.say(&mut connection, later).await;
    for access in [Access::Run, Access::Control, Access::Read] {
        let why = told_why(&schema.url(), access).await;
        assert!(why.contains("was written by a newer orgsweep"), "{why}");
    }
    assert!(matches!(migrate(&schema.url()).await, Err(StoreError::Newer(_))));
}

#[tokio::test]
async fn who_may_not_make_tables_is_told_who_should() {
    let schema = Schema::new();
    let role = schema.url().rsplit('=').next().expect("a name").to_owned();
    let mut connection = PgConnection::connect(&server()).await.expect("a connection");
    schema.say(&mut connection, &format!("create schema {role}; create role {role} login; grant usage on schema {role} to {role}")).await;
    let url = schema.url().replacen("postgres@", &format!("{role}@"), 1);
    let why = told_why(&url, Access::Run).await;
    schema.say(&mut connection, &format!("drop schema {role} cascade; drop role {role}")).await;
    assert!(why.contains("permission denied") && why.contains("`orgsweep migrate`"), "{why}");
}

#[tokio::test]
async fn every_text_is_ordered_as_bytes() {
    let (_store, schema) = in_a_schema().await;
    let sql = "select count(*), count(*) filter (where collation_name = 'C') from information_schema.columns \
        where table_schema = current_schema() and data_type = 'text' and table_name not like '\\_sqlx%'";
    let mut connection = schema.connection().await;
    let (all, bytewise): (i64, i64) =
        sqlx::query_as(sql).fetch_one(&mut connection).await.expect("counted");
    assert!(all > 100 && all == bytewise, "{bytewise} of {all}");
}

#[tokio::test]
async fn what_is_wrong_with_a_server_is_said_in_one_sentence() {
    const REFUSALS: &[(&str, &str, &str)] = &[
        (
            "28P01",
            "password authentication failed for user \"me\"",
            "see user and password in --store",
        ),
        ("28000", "no pg_hba.conf entry", "see user and password in --store"),
        (
            "3D000",
            "database \"db\" does not exist",
            "there is no database \"db\": make it, or name another in --store",
        ),
        ("53300", "sorry, too many clients already", "too many clients"),
    ];
    let url = |port: u16| format!("postgres://me:secret@127.0.0.1:{port}/db");
    for (code, message, told) in REFUSALS {
        let manners = Box::leak(Box::new([Manner::Refuse(code, message)]));
        let why = told_why(&url(imposter::listen(manners).await), Access::Read).await;
        assert!(why.contains(told) && why.contains("--store"), "{why}");
        assert!(why.starts_with("the store postgres://me@127.0.0.1:"), "{why}");
    }
    let why = told_why(&url(imposter::listen(&[Manner::Babble]).await), Access::Read).await;
    assert!(why.contains("is no PostgreSQL: see host and port in --store"), "{why}");
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = nobody.local_addr().expect("an address").port();
    drop(nobody);
    let why = told_why(&url(port), Access::Control).await;
    assert!(why.contains("cannot be reached") && why.contains("is --store right"), "{why}");
    let missing = server().rsplit_once('/').map(|(server, _)| format!("{server}/not_there"));
    let why = told_why(&missing.expect("a database"), Access::Read).await;
    assert!(why.contains("there is no database \"not_there\""), "{why}");
}

#[tokio::test]
async fn a_runner_waits_for_a_server_that_starts() {
    const STARTING: &[Manner] = &[
        Manner::HangUp,
        Manner::Refuse("57P03", "the database system is starting up"),
        Manner::Lead,
    ];
    let schema = Schema::new();
    let port = imposter::listen(STARTING).await;
    let real: sqlx::postgres::PgConnectOptions = server().parse().expect("a URL");
    let real = format!("{}:{}", real.get_host(), real.get_port());
    let url = schema.url().replacen(&real, &format!("127.0.0.1:{port}"), 1);
    assert_ne!(url, schema.url());
    let store = connect(&url, Access::Run).await.expect("a store");
    plan(&*store, &["a"]).await;
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let (runner, schema) = in_a_schema().await;
    plan(&*runner, &["a"]).await;
    let reader = schema.open(Access::Read).await;
    assert_eq!(ledger(&*reader).await[&Status::NotRun], 10);
    let why = reader
        .set_state(&scan_id(), ScanState::ALL, ScanState::Paused, at(0))
        .await
        .expect_err("refused");
    assert!(why.to_string().contains("read-only transaction"), "{why}");
    let control = schema.open(Access::Control).await;
    control.set_state(&scan_id(), ScanState::ALL, ScanState::Paused, at(0)).await.expect("paused");
}

/// Holds the row of the scan as a writer would, until it is dropped.
async fn hold_scan(schema: &Schema) -> PgConnection {
    let mut connection = schema.connection().await;
    schema
        .say(&mut connection, "begin; select 1 from scans where scan_id = 'scan' for update")
        .await;
    connection
}

/// Waits until so many statements of the schema's stores wait for a row.
async fn until_waiting(schema: &Schema, waiting: i64) {
    let mut connection = schema.connection().await;
    let sql = "select count(*) from pg_stat_activity \
        where application_name = current_schema() and wait_event_type = 'Lock'";
    let waits = async {
        while sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut connection).await.expect("counted")
            < waiting
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waits).await.expect("statements that wait");
}

#[tokio::test]
async fn a_connection_that_dies_in_the_middle_fails_one_call_and_the_next_works() {
    let (store, schema) = in_a_schema().await;
    plan(&*store, &["a"]).await;
    let mut connection = schema.connection().await;
    let end_all = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = current_schema()";
    schema.say(&mut connection, end_all).await;
    assert_eq!(ledger(&*store).await[&Status::NotRun], 10);
    let held = hold_scan(&schema).await;
    let writer = Arc::clone(&store);
    let pausing = tokio::spawn(async move {
        writer.set_state(&scan_id(), ScanState::ALL, ScanState::Paused, at(0)).await
    });
    until_waiting(&schema, 1).await;
    schema.say(&mut connection, end_all).await;
    let why = pausing.await.expect("a task").expect_err("a failure");
    assert!(matches!(why, StoreError::Failed(_)), "{why}");
    drop(held);
    assert_eq!(store.scan(&scan_id()).await.expect("a scan").state, ScanState::Running);
    store.set_state(&scan_id(), ScanState::ALL, ScanState::Paused, at(0)).await.expect("paused");
}

#[tokio::test]
async fn a_takeover_waits_for_writes_that_have_begun_and_renewing_does_not() {
    let (one, other, schema) = two_in_a_schema().await;
    plan(&*one, &["a"]).await;
    assert_eq!(one.lead("one", moment(0), LASTS).await.expect("an answer"), Some(1));
    let held = hold_scan(&schema).await;
    let writer = Arc::clone(&one);
    let pausing = tokio::spawn(async move {
        writer.set_state(&scan_id(), ScanState::ALL, ScanState::Paused, at(0)).await
    });
    until_waiting(&schema, 1).await;
    assert_eq!(one.lead("one", moment(5), LASTS).await.expect("an answer"), Some(1));
    assert_eq!(other.lead("other", moment(10), LASTS).await.expect("an answer"), None);
    let taking = tokio::spawn(async move { other.lead("other", moment(20), LASTS).await });
    until_waiting(&schema, 2).await;
    held.close().await.expect("closed");
    pausing.await.expect("a task").expect("it had begun before");
    assert_eq!(taking.await.expect("a task").expect("an answer"), Some(2));
    let late = one.set_state(&scan_id(), ScanState::ALL, ScanState::Running, at(0)).await;
    assert!(matches!(late, Err(StoreError::Deposed)));
}

#[tokio::test]
async fn several_that_write_the_same_at_once_count_it_once() {
    let (one, two, _schema) = two_in_a_schema().await;
    let other = Scan { id: ScanId::new("other").expect("a scan"), ..scan() };
    plan(&*one, &["a", "b"]).await;
    one.create_scan(&other, &facts()).await.expect("a scan");
    let (known, rows) = ([known_account("a")], rows_of("a", 0));
    one.put_accounts(&other.id, &known, &[regional_set(), global_set()], &rows)
        .await
        .expect("accounts");
    for due in take(&*one, 0).await {
        enter(&*one, &due, 0).await;
    }
    let due = take(&*one, 0).await;
    let thing = |number: usize| Object {
        kind: "thing".to_owned(),
        id: format!("thing-{number}"),
        parent: None,
        home: None,
        own: true,
        attributes: Default::default(),
        documents: [("policy".to_owned(), format!("document {number}"))].into_iter().collect(),
    };
    let objects = Answer::Objects {
        cell: cell("a", "r1", "ec2", 1, Status::Idle).key,
        call: 0,
        objects: (0..200).map(thing).collect(),
    };
    let mut answers: Vec<Answer> =
        due.iter().flat_map(|due| answer(due, 1, Status::Idle)).collect();
    answers.push(objects.clone());
    let all = (0..12).map(|number| {
        let (store, answers) =
            (Arc::clone(if number % 2 == 0 { &one } else { &two }), answers.clone());
        // The same documents under another scan, whose row the first does not hold.
        let id = if number % 3 == 0 { other.id.clone() } else { scan_id() };
        tokio::spawn(
            async move { store.ingest(&id, 1, &[Page::from(&answers[..])], at(100)).await },
        )
    });
    let mut cells = 0;
    for done in futures_util::future::join_all(all).await {
        cells += done.expect("a task").expect("ingested").cells;
    }
    assert_eq!(cells, 30, "20 of the one scan and 10 of the other");
    assert_eq!(ledger(&*one).await[&Status::Idle], 20);
}

#[tokio::test]
async fn a_stream_is_read_in_parts_and_may_be_left() {
    let (store, _schema) = in_a_schema().await;
    plan(&*store, &["a"]).await;
    let numbers = "select n from generate_series(1, 2500) n where $1 <> '' order by n";
    let rows: Vec<_> = store.query(numbers, &scan_id(), vec![]).try_collect().await.expect("rows");
    assert_eq!((rows.len(), &rows[2499]), (2500, &vec![Value::Int(2500)]));
    let whole = "select n from generate_series(1, 2000) n where $1 <> '' order by n";
    assert_eq!(ask(&*store, whole, vec![]).await.len(), 2000);
    for _ in 0..20 {
        let first = store.query(numbers, &scan_id(), vec![]).next().await;
        assert_eq!(first.expect("a row").expect("a row"), [Value::Int(1)]);
    }
    let (wrong, id) = ("select no_such_column from scans where scan_id = $1", scan_id());
    let wrong: Result<Vec<_>, _> = store.query(wrong, &id, vec![]).try_collect().await;
    assert!(matches!(wrong, Err(StoreError::Failed(_))));
    assert_eq!(ledger(&*store).await[&Status::NotRun], 10);
}
