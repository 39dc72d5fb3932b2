//! Scans, inventory and plan as they are written and read back.

use std::sync::Arc;

use protocol::inventory::{Account, AccountState, Organization, Tree, Unit};
use protocol::scan::{Scan, ScanState};
use protocol::store::{Progress, Store, StoreError, Value};
use protocol::{ConnectionId, FailureKind, OrgId, ProbeId, ScanId, Status, UnitId, WorkspaceId};

use crate::world::*;

pub(crate) async fn planning_twice_changes_nothing(store: Arc<dyn Store>) {
    plan(&*store, &["a", "b"]).await;
    enter_all(&*store, 0).await;
    run(&*store, 1, Status::Idle).await;
    let before = (cells(&*store).await, store.progress(&scan_id()).await.expect("progress"));
    plan(&*store, &["a", "b"]).await;
    let after = (cells(&*store).await, store.progress(&scan_id()).await.expect("progress"));
    assert_eq!(before, after);
    assert_eq!(take(&*store, 1_000_000).await, []);
}

pub(crate) async fn an_account_without_a_plan_row_is_only_recorded(store: Arc<dyn Store>) {
    store.create_scan(&scan(), &facts()).await.expect("a scan");
    store.put_accounts(&scan_id(), &[known_account("a")], &[], &[]).await.expect("accounts");
    assert_eq!(store.accounts(&scan_id()).await.expect("accounts"), [known_account("a")]);
    assert_eq!(take(&*store, 0).await, []);
    let sets = [regional_set(), global_set()];
    let rows = rows_of("a", 0);
    store.put_accounts(&scan_id(), &[], &sets, &rows).await.expect("its rows");
    assert_eq!(told(&take(&*store, 0).await), ["a preflight/0"]);
}

pub(crate) async fn what_an_organization_tells_takes_the_place_of_what_a_connection_knew(
    store: Arc<dyn Store>,
) {
    plan(&*store, &["a"]).await;
    let by_profile = known_account("a");
    let other = ConnectionId::new("source-1").expect("a connection");
    let listed = Account {
        name: "its name".to_owned(),
        email: None,
        state: AccountState::Suspended,
        organization: Some(OrgId::new("o-1").expect("an organization")),
        management: true,
        connection: other,
        tags: Vec::new(),
        ..by_profile.clone()
    };
    let list = std::slice::from_ref(&listed);
    store.put_accounts(&scan_id(), list, &[], &[]).await.expect("the list");
    // How it is entered stays, and whether it was planned.
    let told = Account {
        connection: by_profile.connection.clone(),
        tags: by_profile.tags.clone(),
        ..listed.clone()
    };
    let known = store.accounts(&scan_id()).await.expect("accounts");
    assert_eq!(known, std::slice::from_ref(&told));
    assert_eq!(crate::world::told(&take(&*store, 0).await), ["a preflight/0"]);
    // Whoever comes later changes nothing.
    for later in [by_profile, Account { name: "another".to_owned(), ..listed }] {
        store.put_accounts(&scan_id(), &[later], &[], &[]).await.expect("again");
    }
    assert_eq!(store.accounts(&scan_id()).await.expect("accounts"), [told]);
}

pub(crate) async fn the_tree_may_come_before_or_after_the_accounts(store: Arc<dyn Store>) {
    let unit = |id: &str, parent: Option<&str>, name: &str| Unit {
        id: UnitId::new(id).expect("a unit"),
        parent: parent.map(|id| UnitId::new(id).expect("a unit")),
        name: name.to_owned(),
        arn: None,
    };
    let tree = Tree {
        units: vec![unit("r-1", None, "Root"), unit("ou-2", Some("r-1"), "Payments")],
        placements: vec![
            (account("a"), UnitId::new("ou-2").expect("a unit")),
            (account("b"), UnitId::new("ou-2").expect("a unit")),
        ],
    };
    let org = OrgId::new("o-1").expect("an organization");
    plan(&*store, &["a"]).await;
    let organization = Organization::new(org.clone(), account("a"));
    store.put_organization(&scan_id(), &organization).await.expect("an organization");
    store.put_tree(&scan_id(), &org, &tree).await.expect("a tree");
    plan(&*store, &["b", "c"]).await;
    let sql = "select account_id, unit_id, unit_path, unit_id_path from scan_accounts where scan_id = $1 order by account_id";
    let text = |text: &str| Value::Text(text.to_owned());
    let placed = |who| vec![text(who), text("ou-2"), text("Root/Payments"), text("r-1/ou-2")];
    let nowhere = vec![text("c"), Value::Null, Value::Null, Value::Null];
    assert_eq!(ask(&*store, sql, vec![]).await, [placed("a"), placed("b"), nowhere]);
}

pub(crate) async fn a_member_keeps_what_its_last_scan_asked_and_how_the_last_try_ended(
    store: Arc<dyn Store>,
) {
    const SQL: &str = "select m.account_id, m.listed_scan, m.excluded_by, m.preflight_scan, m.failure_code \
        from members m join scans s on s.workspace = m.workspace where s.scan_id = $1 order by m.account_id";
    let text = |text: &str| Value::Text(text.to_owned());
    let again = ScanId::new("scan-again").expect("a scan");
    let later = Scan { id: again.clone(), started_at: at(10), ..scan() };
    let elsewhere = Scan {
        id: ScanId::new("scan-of-others").expect("a scan"),
        workspace: WorkspaceId::new("theirs").expect("a workspace"),
        ..later.clone()
    };
    plan(&*store, &["a", "b"]).await;
    store.put_accounts(&scan_id(), &[known_account("c")], &[], &[]).await.expect("accounts");
    let rule = "account name \"c\"".to_owned();
    store.put_exclusions(&scan_id(), &[(account("c"), rule.clone())]).await.expect("exclusions");
    take(&*store, 0).await;
    let refused = failure(FailureKind::Denied, "AccessDenied");
    for (name, outcome) in [("a", entered()), ("b", Err(refused))] {
        store
            .end_preflight(&scan_id(), &account(name), 1, &outcome, &[], at(1))
            .await
            .expect("a pre-flight ends");
    }
    let first = || text(scan_id().as_str());
    let told = |scan: Value, excluded: Value| {
        vec![
            vec![text("a"), scan.clone(), Value::Null, first(), Value::Null],
            vec![text("b"), scan.clone(), Value::Null, first(), text("AccessDenied")],
            vec![text("c"), scan, excluded, Value::Null, Value::Null],
        ]
    };
    assert_eq!(ask(&*store, SQL, vec![]).await, told(first(), text(&rule)));
    for scan in [&later, &elsewhere] {
        let known = ["a", "b", "c"].map(known_account);
        store.create_scan(scan, &[]).await.expect("a scan");
        store.put_accounts(&scan.id, &known, &[], &[]).await.expect("accounts");
    }
    // Nothing leaves it out now, and a scan that is older than that one changes nothing.
    store.put_accounts(&scan_id(), &[known_account("c")], &[], &[]).await.expect("accounts");
    store.put_exclusions(&scan_id(), &[(account("c"), rule)]).await.expect("exclusions");
    assert_eq!(ask(&*store, SQL, vec![]).await, told(text(again.as_str()), Value::Null));
}

pub(crate) async fn a_scan_reads_back_as_it_was_written(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    let mut written = scan();
    written.planned = true;
    assert_eq!(store.scan(&scan_id()).await.expect("a scan"), written);
    let mut facts = facts();
    facts.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(store.probes(&written.catalog).await.expect("probes"), facts);
    let ids: Vec<ProbeId> = facts.into_iter().map(|fact| fact.id).collect();
    assert_eq!(store.planned_probes(&scan_id()).await.expect("probes"), ids);

    store
        .set_state(&scan_id(), ScanState::ALL, ScanState::Interrupted, at(5))
        .await
        .expect("interrupted");
    let stopped = store.scan(&scan_id()).await.expect("a scan");
    assert_eq!((stopped.state, stopped.finished_at), (ScanState::Interrupted, Some(at(5))));
    store.set_state(&scan_id(), ScanState::ALL, ScanState::Running, at(6)).await.expect("running");
    assert_eq!(store.scan(&scan_id()).await.expect("a scan").finished_at, None);

    let mut later = scan();
    later.id = ScanId::new("later").expect("a scan");
    later.started_at = at(10);
    store.create_scan(&later, &[]).await.expect("a scan");
    let latest = store.scans(&protocol::WorkspaceId::main(), 1).await.expect("scans");
    assert_eq!(latest, [later.clone()]);
    let earlier = store.earlier_scans(&later, 5).await.expect("scans");
    assert_eq!(earlier, [store.scan(&scan_id()).await.expect("a scan")]);
    assert_eq!(store.earlier_scans(&earlier[0], 5).await.expect("scans"), []);
    let open =
        Progress { accounts: 1, preflights_open: 1, batches_open: 3, out: 0, next_due_ms: Some(0) };
    assert_eq!(store.progress(&scan_id()).await.expect("progress"), open);

    let why = failure(FailureKind::Denied, "AccessDenied");
    for _ in 0..2 {
        store.put_missing(&scan_id(), "tree", &why).await.expect("written");
    }
    let sql = "select what, failure_code, failure_operation from missing where scan_id = $1";
    assert_eq!(ask(&*store, sql, vec![]).await.len(), 1);
}

pub(crate) async fn a_scan_changes_its_state_only_from_where_it_stands(store: Arc<dyn Store>) {
    use ScanState::{Cancelled, Finished, Paused, Running};
    plan(&*store, &["a"]).await;
    let moved = async |from: &[ScanState], to, now| {
        store.set_state(&scan_id(), from, to, at(now)).await.expect("an answer")
    };
    let stands = async || {
        let scan = store.scan(&scan_id()).await.expect("a scan");
        (scan.state, scan.finished_at)
    };
    assert!(!moved(&[Paused], Running, 1).await);
    assert!(!moved(&[], Paused, 1).await);
    assert!(moved(&[Running], Paused, 2).await);
    assert_eq!(stands().await, (Paused, None));
    assert!(moved(&[Running, Paused], Finished, 3).await);
    assert!(!moved(&[Running], Paused, 4).await, "a pause that came too late brings nothing back");
    assert!(!moved(&[Running, Paused], Cancelled, 5).await);
    assert_eq!(stands().await, (Finished, Some(at(3))));
}

pub(crate) async fn a_scan_is_finished_only_when_nothing_is_left_to_do(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    let done = async |now| store.finish(&scan_id(), at(now)).await.expect("an answer");
    assert!(!done(1).await, "its account was not entered");
    run(&*store, 1, Status::Denied).await;
    store
        .set_state(&scan_id(), &[ScanState::Running], ScanState::Paused, at(2))
        .await
        .expect("paused");
    assert!(!done(3).await, "it is paused");
    store
        .set_state(&scan_id(), &[ScanState::Paused], ScanState::Running, at(4))
        .await
        .expect("running");
    // A re-queue that came between the look at what is left and the end.
    assert!(requeue(&*store, &by_status(&[Status::Denied])).await > 0);
    assert!(!done(5).await, "cells were queued again");
    run(&*store, 2, Status::Idle).await;
    assert!(done(6).await);
    let scan = store.scan(&scan_id()).await.expect("a scan");
    assert_eq!((scan.state, scan.finished_at), (ScanState::Finished, Some(at(6))));
    assert!(!done(7).await, "it has ended");
}

pub(crate) async fn a_scan_that_is_not_there_is_named(store: Arc<dyn Store>) {
    let nowhere = ScanId::new("nowhere").expect("a scan");
    let is_named = |error: StoreError| error.to_string().contains("nowhere");
    assert!(store.scan(&nowhere).await.is_err_and(is_named));
    assert!(store.ledger(&nowhere).await.is_err_and(is_named));
    assert!(store.set_planned(&nowhere).await.is_err_and(is_named));
    assert!(store.take_due(&nowhere, at(0), 1).await.is_err_and(is_named));
    assert!(
        store
            .set_state(&nowhere, ScanState::ALL, ScanState::Paused, at(0))
            .await
            .is_err_and(is_named)
    );
    assert!(store.finish(&nowhere, at(0)).await.is_err_and(is_named));
    assert!(store.requeue(&nowhere, &by_status(&[]), at(0)).await.is_err_and(is_named));
    assert!(store.ingest(&nowhere, 1, &[], at(0)).await.is_err_and(is_named));
}

pub(crate) async fn a_report_query_streams_its_rows(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    let sql = "select a.account_id, a.unit_id, cast($2 as bigint) + 1, $3 from scan_accounts a where a.scan_id = $1";
    let binds = vec![Value::Int(41), Value::Text("x".to_owned())];
    let text = |text: &str| Value::Text(text.to_owned());
    let row = vec![text("a"), Value::Null, Value::Int(42), text("x")];
    assert_eq!(ask(&*store, sql, binds).await, [row]);
}
