//! Scans of the organization of [`crate::seed`] on the days after: something of everything differs.

use protocol::inventory::{Account, AccountState, Organization, Tree};
use protocol::plan::{PlanRow, ProbeSet, RowVerdict};
use protocol::preflight::{Preflight, RegionList};
use protocol::result::{Answer, Page};
use protocol::scan::{Scan, ScanState};
use protocol::store::Store;
use protocol::{DeniedBy, Evidence, Failure, FailureKind, ScanId, Status};

use crate::seed::{
    HOSTILE, LOCKED, MANAGEMENT, PAYMENTS, Says, account, at, created, id, probes, says, set, tree,
};

/// An account that joined.
pub(crate) const JOINED: &str = "555555555555";
const DAY: i64 = 86_400;

pub(crate) fn next_day() -> ScanId {
    id("20261123T100000-0badf00d")
}

pub(crate) fn day_after() -> ScanId {
    id("20261124T100000-0badd00d")
}

async fn begin(store: &dyn Store, scan: &ScanId, days: i64, accounts: &[Account], tree: &Tree) {
    let started_at = at(days * DAY);
    let begun = Scan { id: scan.clone(), started_at, ..created() };
    store.create_scan(&begun, &probes()).await.expect("a scan");
    let organization = Organization::new(id("o-example"), id(MANAGEMENT));
    store.put_organization(scan, &organization).await.expect("an organization");
    let global = set(&[("s3", None)]);
    let regional = set(&[
        ("appfabric", None),
        ("ec2", None),
        ("guardduty", None),
        ("polly", Some(Status::NotOffered)),
    ]);
    let row = |account: &Account, region: &str, set: &ProbeSet| PlanRow {
        account: account.id.clone(),
        region: id(region),
        probe_set: set.id(),
        window: 0,
    };
    let active = accounts.iter().filter(|account| account.state == AccountState::Active);
    let rows: Vec<PlanRow> = active
        .flat_map(|account| {
            let regions = ["ap-east-1", "eu-west-1", "us-east-1"];
            let rows = regions.iter().map(|region| row(account, region, &regional));
            rows.chain([row(account, "global", &global)]).collect::<Vec<_>>()
        })
        .collect();
    store.put_accounts(scan, accounts, &[global, regional], &rows).await.expect("a plan");
    store.put_tree(scan, &id("o-example"), tree).await.expect("a tree");
}

async fn enter(store: &dyn Store, scan: &ScanId) {
    for due in store.take_due(scan, at(1), 100).await.expect("due") {
        let outcome = Ok(Preflight {
            principal: format!("arn:aws:sts::{}:assumed-role/orgsweep/x", due.account),
            regions: RegionList::Listed {
                open: vec![id("eu-west-1"), id("us-east-1")],
                closed: vec![id("ap-east-1")],
            },
        });
        let verdict =
            RowVerdict { region: Some(id("ap-east-1")), status: Status::RegionOff, failure: None };
        store
            .end_preflight(scan, &due.account, due.dispatch, &outcome, &[verdict], at(2))
            .await
            .expect("a pre-flight ends");
    }
}

fn answers() -> Vec<Says> {
    use Evidence::{Empty, Failure as Failed, Resources, Switch};
    let scp = Failure {
        denied_by: Some(DeniedBy::Scp),
        policy_arn: Some(format!(
            "arn:aws:organizations::{MANAGEMENT}:policy/o-example/service_control_policy/p-new"
        )),
        ..Failure::new(FailureKind::Denied, "AccessDeniedException", "an explicit deny")
            .during("ListDetectors")
    };
    vec![
        says(MANAGEMENT, "global", "s3", Status::InUse, Resources, &["logs", "site", "new"]),
        says(MANAGEMENT, "eu-west-1", "ec2", Status::Idle, Empty, &[]),
        says(MANAGEMENT, "eu-west-1", "guardduty", Status::Denied, Failed, &[]).failing(scp),
        says(MANAGEMENT, "eu-west-1", "appfabric", Status::Listed, Resources, &["bundle"]),
        says(MANAGEMENT, "us-east-1", "ec2", Status::InUse, Resources, &["i-1", "i-2", "i-3"]),
        says(MANAGEMENT, "us-east-1", "guardduty", Status::InUse, Switch, &["detector-2"]),
        says(MANAGEMENT, "us-east-1", "appfabric", Status::Idle, Empty, &[]),
        says(PAYMENTS, "global", "s3", Status::Idle, Empty, &[]),
        says(PAYMENTS, "eu-west-1", "ec2", Status::Idle, Empty, &[]),
        says(PAYMENTS, "eu-west-1", "guardduty", Status::InUse, Switch, &["detector-3"]),
        says(PAYMENTS, "eu-west-1", "appfabric", Status::Idle, Empty, &[]),
        says(JOINED, "eu-west-1", "ec2", Status::InUse, Resources, &["i-9"]),
    ]
}

/// Writes the scan of the next day: an account joined, one left, one moved, one was suspended, and
/// cells changed, became visible and became invisible.
pub(crate) async fn fill(store: &dyn Store) {
    let scan = next_day();
    let accounts = [
        account(MANAGEMENT, "management", AccountState::Active),
        account(PAYMENTS, &format!("{HOSTILE}2"), AccountState::Active),
        account(LOCKED, "locked", AccountState::Suspended),
        account(JOINED, "fresh", AccountState::Active),
    ];
    let mut tree = tree();
    tree.placements = vec![
        (id(MANAGEMENT), id("r-1")),
        (id(PAYMENTS), id("ou-pay")),
        (id(LOCKED), id("ou-pay")),
        (id(JOINED), id("ou-prod")),
    ];
    begin(store, &scan, 1, &accounts, &tree).await;
    store.set_planned(&scan).await.expect("planned");
    enter(store, &scan).await;
    store.take_due(&scan, at(3), 100).await.expect("due");
    let page: Vec<Answer> =
        answers().iter().map(|said| Answer::Cell(said.cell(DAY + 10))).collect();
    store.ingest(&scan, 1, &[Page::from(&page[..])], at(DAY + 60)).await.expect("answers");
    let end = at(DAY + 90);
    store.set_state(&scan, ScanState::ALL, ScanState::Finished, end).await.expect("an end");
}

/// Writes a scan whose list of accounts broke after the first.
pub(crate) async fn fill_broken(store: &dyn Store) {
    let scan = day_after();
    let accounts = [account(MANAGEMENT, "management", AccountState::Active)];
    begin(store, &scan, 2, &accounts, &Tree::default()).await;
    let broken = Failure::new(FailureKind::Throttled, "TooManyRequestsException", "slow down")
        .during("ListAccounts");
    store.put_missing(&scan, "source-0", &broken).await.expect("what is missing");
    store.set_planned(&scan).await.expect("planned");
    let end = at(2 * DAY + 90);
    store.set_state(&scan, ScanState::ALL, ScanState::Finished, end).await.expect("an end");
}
