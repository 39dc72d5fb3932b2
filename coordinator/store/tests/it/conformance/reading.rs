//! What was read of organizations, and what was not.

use std::sync::Arc;

use protocol::holding::{Completeness, Holding, Part, Reading};
use protocol::inventory::{Account, Organization};
use protocol::scan::Scan;
use protocol::store::{Row, Store, Value};
use protocol::{ConnectionId, FailureKind, OrgId, ScanId};

use crate::world::*;

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// What the policies of a scan say and where: as a report asks.
const ATTACHED: &str = "
select p.policy_id, p.name, t.target_id, d.body
from policies p
join policy_targets t
    on t.scan_id = p.scan_id and t.organization_id = p.organization_id and t.policy_id = p.policy_id
join documents d on d.digest = p.digest
where p.scan_id = $1
order by p.policy_id, t.target_id";

pub(crate) async fn what_is_read_of_an_organization_is_kept_as_of_the_scan(store: Arc<dyn Store>) {
    plan(&*store, &["a", "b"]).await;
    let organization = Organization {
        feature_set: Some("ALL".to_owned()),
        management_email: Some("hub@example.com".to_owned()),
        ..Organization::new(org(), account("a"))
    };
    store.put_organization(&scan_id(), &organization).await.expect("an organization");
    // A coordinator that was killed reads it again.
    for _ in 0..2 {
        store.put_reading(&scan_id(), &reading(Part::Policies), &holding()).await.expect("kept");
    }
    let content = r#"{"Statement":[]}"#;
    let row = |target| vec![text("p-1"), text("the p-1"), text(target), text(content)];
    assert_eq!(ask(&*store, ATTACHED, vec![]).await, [row("b"), row("ou-1")]);
    let all = async |sql| ask(&*store, sql, vec![]).await;
    let sql = "select root_id, kind, status from policy_types where scan_id = $1";
    let enabled = ["r-1", "SERVICE_CONTROL_POLICY", "ENABLED"].map(text).to_vec();
    assert_eq!(all(sql).await, [enabled]);
    let sql = "select account_id, service, since_at from delegated_administrators \
        where scan_id = $1 order by account_id, service";
    let since = |ms: i64| Value::Int(at(ms).timestamp_millis());
    let administrators = [
        vec![text("a"), text("config.amazonaws.com"), since(3)],
        vec![text("a"), text("guardduty.amazonaws.com"), since(2)],
        vec![text("b"), text(""), Value::Null],
    ];
    assert_eq!(all(sql).await, administrators);
    let sql = "select service, since_at from trusted_services where scan_id = $1";
    assert_eq!(all(sql).await, [vec![text("guardduty.amazonaws.com"), since(1)]]);
    let sql = "select feature_set, management_email, arn from organizations where scan_id = $1";
    assert_eq!(all(sql).await, [vec![text("ALL"), text("hub@example.com"), Value::Null]]);
    let accounts = store.accounts(&scan_id()).await.expect("accounts");
    let tags = vec![("team".to_owned(), "payments".to_owned())];
    assert_eq!(accounts, [Account { tags, ..known_account("a") }, known_account("b")]);
}

pub(crate) async fn what_could_not_be_read_is_kept_with_its_reason(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    let mut holding = holding();
    holding.policies[0].content = None;
    holding.policies[0].targets = None;
    holding.lack("contents of policies", failure(FailureKind::Denied, "AccessDenied"));
    holding.lack("targets of policies", failure(FailureKind::Throttled, "SlowDown"));
    let nowhere = Reading {
        organization: None,
        completeness: Completeness::NotInOrganization,
        ..reading(Part::Accounts)
    };
    store.put_reading(&scan_id(), &nowhere, &Holding::default()).await.expect("kept");
    let partial = Reading { completeness: holding.completeness(), ..reading(Part::Policies) };
    store.put_reading(&scan_id(), &partial, &holding).await.expect("kept");
    let sql = "select organization_id, part, completeness, lacks, failure_code, read_at from readings \
        where scan_id = $1 order by part";
    let when = Value::Int(at(7).timestamp_millis());
    let rows: [Row; 2] = [
        vec![
            text(""),
            text("accounts"),
            text("not_in_organization"),
            Value::Null,
            Value::Null,
            when.clone(),
        ],
        vec![
            text("o-1"),
            text("policies"),
            text("incomplete"),
            text("contents of policies, targets of policies"),
            text("AccessDenied"),
            when,
        ],
    ];
    assert_eq!(ask(&*store, sql, vec![]).await, rows);
    let sql = "select digest, targets_known from policies where scan_id = $1";
    assert_eq!(ask(&*store, sql, vec![]).await, [vec![Value::Null, Value::Int(0)]]);
}

pub(crate) async fn a_part_is_unread_until_somebody_is_recorded_to_have_read_it(
    store: Arc<dyn Store>,
) {
    plan(&*store, &[]).await;
    let orgs = ["o-1", "o-2"].map(|id| OrgId::new(id).expect("an organization"));
    for (org, name) in orgs.iter().zip(["a", "b"]) {
        let organization = Organization::new(org.clone(), account(name));
        store.put_organization(&scan_id(), &organization).await.expect("an organization");
        let member = Account { organization: Some(org.clone()), ..known_account(name) };
        store.put_accounts(&scan_id(), &[member], &[], &[]).await.expect("its account");
    }
    let parts = [Part::Tree, Part::Services];
    let unread = async || {
        let unread = store.unread(&scan_id(), &parts).await.expect("parts");
        let told = |(org, connection, part)| format!("{org} {connection} {part}");
        unread.into_iter().map(told).collect::<Vec<_>>()
    };
    let all = [
        "o-1 source-0 tree",
        "o-1 source-0 trusted_services",
        "o-2 source-0 tree",
        "o-2 source-0 trusted_services",
    ];
    assert_eq!(unread().await, all);
    let denied = Reading { completeness: Completeness::Denied, ..reading(Part::Tree) };
    store.put_reading(&scan_id(), &denied, &Holding::default()).await.expect("kept");
    assert_eq!(unread().await, all[1..]);
    // A connection that may list accounts leads further than the first one.
    let second = ConnectionId::new("source-1").expect("a connection");
    let listed = Reading {
        connection: second,
        organization: Some(orgs[1].clone()),
        ..reading(Part::Accounts)
    };
    store.put_reading(&scan_id(), &listed, &Holding::default()).await.expect("kept");
    let left =
        ["o-1 source-0 trusted_services", "o-2 source-1 tree", "o-2 source-1 trusted_services"];
    assert_eq!(unread().await, left);
}

pub(crate) async fn policies_of_two_scans_share_their_documents(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    let later = Scan { id: ScanId::new("later").expect("a scan"), ..scan() };
    store.create_scan(&later, &[]).await.expect("a scan");
    for id in [&scan_id(), &later.id] {
        let mut holding = holding();
        holding.policies.push(policy("p-2", r#"{"Statement":[]}"#));
        holding.policies.push(policy("p-3", r#"{"Statement":{}}"#));
        store.put_reading(id, &reading(Part::Policies), &holding).await.expect("kept");
    }
    let sql = "select count(*) from documents where $1 <> ''";
    assert_eq!(ask(&*store, sql, vec![]).await, [vec![Value::Int(2)]]);
    assert_eq!(ask(&*store, ATTACHED, vec![]).await.len(), 6);
}
