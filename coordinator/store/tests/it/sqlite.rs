//! SQLite: the suite, and what a file can do wrong.

use std::path::Path;
use std::sync::Arc;

use protocol::Status;
use protocol::registry::Registry;
use protocol::scan::ScanState;
use protocol::store::{Store, StoreError};
use store::{Access, SqlStore, connect, migrate};
use tempfile::TempDir;

use crate::conformance::{conformance, conformance_of_two};
use crate::world::*;

async fn in_a_file() -> (Arc<SqlStore>, TempDir) {
    let folder = TempDir::new().expect("a folder");
    (open(folder.path(), Access::Run).await.expect("a store"), folder)
}

fn url(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("deep/store.db").display())
}

async fn open(folder: &Path, access: Access) -> Result<Arc<SqlStore>, StoreError> {
    connect(&url(folder), access).await
}

fn told_why(result: Result<Arc<SqlStore>, StoreError>) -> String {
    result.expect_err("an error").to_string()
}

mod file {
    super::conformance!(super::in_a_file);
}

mod memory {
    async fn in_memory() -> (std::sync::Arc<store::SqlStore>, ()) {
        let open = store::connect("sqlite::memory:", store::Access::Run);
        (open.await.expect("a store"), ())
    }

    super::conformance!(in_memory);
}

/// Two that do not run scans on the file: neither keeps the other out.
async fn two_on_a_file() -> (Arc<SqlStore>, Arc<SqlStore>, TempDir) {
    let (runner, folder) = in_a_file().await;
    drop(runner);
    let control = || open(folder.path(), Access::Control);
    (control().await.expect("a store"), control().await.expect("a store"), folder)
}

mod two {
    super::conformance_of_two!(super::two_on_a_file);
}

#[tokio::test]
async fn the_runner_of_a_file_takes_the_lead_over_at_once() {
    let (killed, folder) = in_a_file().await;
    assert_eq!(killed.lead("killed", moment(0), LASTS).await.expect("an answer"), Some(1));
    drop(killed);
    let next = open(folder.path(), Access::Run).await.expect("a store");
    assert_eq!(next.lead("next", moment(1), LASTS).await.expect("an answer"), Some(2));
    assert_eq!(next.lead("next", moment(2), LASTS).await.expect("an answer"), Some(2));
    let other = open(folder.path(), Access::Control).await.expect("a control");
    assert_eq!(other.lead("other", moment(3), LASTS).await.expect("an answer"), None);
}

#[tokio::test]
async fn a_removal_that_was_cut_short_goes_on_with_the_next() {
    let (first, folder) = in_a_file().await;
    plan(&*first, &["a"]).await;
    run(&*first, 1, Status::Idle).await;
    drop(first);
    let pool = sqlx::SqlitePool::connect(&url(folder.path())).await.expect("the file");
    for sql in ["delete from scans", "insert into pruned_scans values ('scan')"] {
        sqlx::query(sql).execute(&pool).await.expect("as if killed");
    }
    let again = open(folder.path(), Access::Run).await.expect("a store");
    assert_eq!(again.prune(at(0), 1).await.expect("pruned"), []);
    let left = "select count(*) from (select scan_id from cells union all select scan_id from plan_rows \
        union all select scan_id from pruned_scans)";
    let left: i64 = sqlx::query_scalar(left).fetch_one(&pool).await.expect("counted");
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_store_that_is_not_there_cannot_be_read_and_is_not_made() {
    let folder = TempDir::new().expect("a folder");
    for access in [Access::Read, Access::Control] {
        let why = told_why(open(folder.path(), access).await);
        assert!(why.contains("there is no such file; a scan makes it"), "{why}");
    }
    assert!(!folder.path().join("deep").exists());
}

#[tokio::test]
async fn a_second_runner_is_kept_out_until_the_first_is_gone() {
    let (first, folder) = in_a_file().await;
    let why = told_why(open(folder.path(), Access::Run).await);
    assert!(why.contains("another orgsweep works on") && why.contains("store.db"), "{why}");
    drop(first);
    open(folder.path(), Access::Run).await.expect("a store");
}

#[tokio::test]
async fn others_read_and_control_while_one_runs() {
    let (runner, folder) = in_a_file().await;
    plan(&*runner, &["a"]).await;
    let reader = open(folder.path(), Access::Read).await.expect("a reader");
    let control = open(folder.path(), Access::Control).await.expect("a control");
    assert_eq!(ledger(&*reader).await[&Status::NotRun], 10);
    control.set_state(&scan_id(), ScanState::ALL, ScanState::Paused, at(0)).await.expect("paused");
    assert_eq!(take(&*runner, 0).await, []);
    control
        .set_state(&scan_id(), ScanState::ALL, ScanState::Running, at(0))
        .await
        .expect("running");
    run(&*runner, 1, Status::Denied).await;
    assert_eq!(requeue(&*control, &by_status(&[Status::Denied])).await, 10);
    assert_eq!(take(&*runner, 1_000_000).await.len(), 3);
    assert!(reader.set_state(&scan_id(), ScanState::ALL, ScanState::Paused, at(0)).await.is_err());
}

#[tokio::test]
async fn what_was_written_is_there_when_it_is_opened_again() {
    let (first, folder) = in_a_file().await;
    plan(&*first, &["a"]).await;
    run(&*first, 1, Status::Idle).await;
    let before = cells(&*first).await;
    drop(first);
    let again = open(folder.path(), Access::Run).await.expect("a store");
    assert_eq!(cells(&*again).await, before);
    ledger(&*again).await;
}

#[tokio::test]
async fn a_file_that_is_no_store_is_named_and_left_alone() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("deep/store.db");
    std::fs::create_dir_all(folder.path().join("deep")).expect("a folder");
    let text = "not a database, but long enough to be looked at as one\n".repeat(40);
    std::fs::write(&path, &text).expect("a file");
    for access in [Access::Run, Access::Control, Access::Read] {
        let why = told_why(open(folder.path(), access).await);
        assert!(why.contains("store.db cannot be used: it is not a database"), "{why}");
    }
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), text);
    std::fs::write(&path, "").expect("an empty file");
    let why = told_why(open(folder.path(), Access::Read).await);
    assert!(why.contains("not one of orgsweep's"), "{why}");
    std::fs::remove_file(&path).expect("removed");
    std::fs::create_dir(&path).expect("a folder");
    let why = told_why(open(folder.path(), Access::Read).await);
    assert!(why.contains("it is not a file"), "{why}");
    assert!(open(folder.path(), Access::Run).await.is_err());
}

#[tokio::test]
async fn a_store_of_a_newer_orgsweep_is_refused() {
    let (first, folder) = in_a_file().await;
    drop(first);
    let path = folder.path().join("deep/store.db");
    let url = format!("sqlite:{}", path.display());
    let pool = sqlx::SqlitePool::connect(&url).await.expect("the file");
    let later = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
        values (99990101000000, 'later', true, x'00', 0)";
    sqlx::query(later).execute(&pool).await.expect("a later migration");
    for access in [Access::Run, Access::Control, Access::Read] {
        let why = told_why(open(folder.path(), access).await);
        assert!(why.contains("was written by a newer orgsweep"), "{why}");
    }
    let changed = "update _sqlx_migrations set checksum = x'00', version = 20261122000100 \
        where version in (99990101000000)";
    sqlx::query("delete from _sqlx_migrations where version = 20261122000100")
        .execute(&pool)
        .await
        .expect("gone");
    sqlx::query(changed).execute(&pool).await.expect("changed");
    pool.close().await;
    let why = told_why(open(folder.path(), Access::Run).await);
    assert!(why.contains("was written by a newer orgsweep"), "{why}");
}

#[tokio::test]
async fn a_url_of_another_kind_is_refused_without_repeating_it() {
    for url in ["mysql://user:secret@host/db", "store.db", "sqlite:"] {
        let why = told_why(connect(url, Access::Run).await);
        assert!(!why.contains("secret"), "{why}");
        assert!(why.contains("sqlite:"), "{why}");
    }
}

#[cfg(not(feature = "fleet"))]
#[tokio::test]
async fn a_build_without_postgresql_says_which_has_it() {
    for url in ["postgres://user:secret@host/db", "postgresql://user:secret@host/db"] {
        let why = told_why(connect(url, Access::Run).await);
        assert!(why.contains("the feature `fleet`") && !why.contains("secret"), "{why}");
    }
}

#[tokio::test]
async fn migrating_a_file_makes_its_tables() {
    let folder = TempDir::new().expect("a folder");
    for _ in 0..2 {
        migrate(&url(folder.path())).await.expect("up to date");
    }
    assert_eq!(
        open(folder.path(), Access::Read).await.expect("a store").open_scans().await.expect("read"),
        []
    );
}
