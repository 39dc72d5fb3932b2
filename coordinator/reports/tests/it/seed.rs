//! A small scan with one of everything: written through the store's port, like a real one.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use protocol::cell::{Cost, CountIs};
use protocol::holding::{
    Administrator, Holding, Part, Policy, PolicyType, Reading, Target, TrustedService,
};
use protocol::inventory::{Account, AccountState, Organization, Tree, Unit};
use protocol::judge::Judgement;
use protocol::object::Object;
use protocol::plan::{CallFacts, PlanRow, ProbeFacts, ProbeSet, RowVerdict};
use protocol::preflight::{Preflight, RegionList};
use protocol::result::{Answer, Page};
use protocol::scan::{Scan, ScanState, Settings};
use protocol::store::{DueWork, Store};
use protocol::{Cell, DeniedBy, Evidence, Failure, FailureKind, ScanId, Status, cell::CellKey};
use store::Access;

pub(crate) const MANAGEMENT: &str = "111111111111";
pub(crate) const PAYMENTS: &str = "222222222222";
pub(crate) const LOCKED: &str = "333333333333";
pub(crate) const SUSPENDED: &str = "444444444444";
/// A name that tries to leave every outlet.
pub(crate) const HOSTILE: &str = "=payments</script><script>alert(1)</script>";

pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    let start = "2026-11-22T10:00:00Z".parse::<DateTime<Utc>>().expect("a moment");
    start + TimeDelta::seconds(seconds)
}

pub(crate) fn id<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text} is an id"))
}

pub(crate) fn scan_id() -> ScanId {
    id("20261122T100000-0badcafe")
}

fn facts(probe: &str, title: &str, category: &str, judgement: Judgement) -> ProbeFacts {
    let probe: protocol::ProbeId = id(probe);
    let call = |operation: &str, action: &str, root: bool| CallFacts {
        operation: operation.to_owned(),
        actions: vec![action.to_owned()],
        root,
        follows: !root,
    };
    let calls = match probe.as_str() {
        "ec2" => vec![call("DescribeInstances", "ec2:DescribeInstances", true)],
        "guardduty" => vec![call("ListDetectors", "guardduty:ListDetectors", true)],
        "s3" => vec![call("ListBuckets", "s3:ListAllMyBuckets", true)],
        "s3.policies" => vec![
            call("ListBuckets", "s3:ListAllMyBuckets", true),
            call("GetBucketPolicy", "s3:GetBucketPolicy", false),
        ],
        _ => Vec::new(),
    };
    let is_global = probe.as_str().starts_with("s3");
    ProbeFacts {
        calls,
        homes: is_global.then(|| ("aws".to_owned(), id("us-east-1"))).into_iter().collect(),
        service: probe.service(),
        global: probe.as_str().starts_with("s3"),
        decides: probe.as_str() != "s3.policies",
        curated: judgement != Judgement::Listed,
        id: probe,
        title: title.to_owned(),
        category: category.to_owned(),
        judgement,
        expected_millicalls: 1000,
    }
}

pub(crate) fn probes() -> Vec<ProbeFacts> {
    vec![
        facts("appfabric", "AWS AppFabric", "application", Judgement::Listed),
        facts("ec2", "Amazon EC2", "compute", Judgement::Resources),
        facts("guardduty", "Amazon GuardDuty", "security", Judgement::Switch),
        facts("polly", "Amazon Polly", "ml_ai", Judgement::Resources),
        facts("s3", "Amazon S3", "storage", Judgement::Resources),
        facts("s3.policies", "Amazon S3", "storage", Judgement::Resources),
    ]
}

pub(crate) fn account(number: &str, name: &str, state: AccountState) -> Account {
    Account {
        id: id(number),
        name: name.to_owned(),
        email: Some(format!("{number}@example.com")),
        state,
        arn: Some(format!("arn:aws:organizations::{MANAGEMENT}:account/o-example/{number}")),
        joined_at: Some(at(-86_400)),
        joined_method: Some("CREATED".to_owned()),
        role: (number != MANAGEMENT)
            .then(|| format!("arn:aws:iam::{number}:role/audit/orgsweep-member")),
        organization: Some(id("o-example")),
        management: number == MANAGEMENT,
        connection: id("source-0"),
        tags: vec![("team".to_owned(), "one".to_owned())],
    }
}

fn accounts() -> Vec<Account> {
    vec![
        account(MANAGEMENT, "management", AccountState::Active),
        account(PAYMENTS, HOSTILE, AccountState::Active),
        account(LOCKED, "locked", AccountState::Active),
        account(SUSPENDED, "gone", AccountState::Suspended),
    ]
}

pub(crate) fn tree() -> Tree {
    let unit = |number: &str, parent: Option<&str>, name: &str| Unit {
        id: id(number),
        parent: parent.map(id),
        name: name.to_owned(),
        arn: None,
    };
    Tree {
        units: vec![
            unit("r-1", None, "Root"),
            unit("ou-pay", Some("r-1"), "Payments"),
            unit("ou-prod", Some("ou-pay"), "Prod"),
        ],
        placements: vec![
            (id(MANAGEMENT), id("r-1")),
            (id(PAYMENTS), id("ou-prod")),
            (id(LOCKED), id("ou-pay")),
            (id(SUSPENDED), id("r-1")),
        ],
    }
}

pub(crate) fn set(probes: &[(&str, Option<Status>)]) -> ProbeSet {
    let probes = probes.iter().map(|(probe, verdict)| (id(probe), *verdict));
    ProbeSet { probes: probes.collect::<BTreeMap<_, _>>() }
}

/// What one cell answers.
pub(crate) struct Says {
    account: &'static str,
    region: &'static str,
    probe: &'static str,
    status: Status,
    evidence: Evidence,
    things: &'static [&'static str],
    count_is: CountIs,
    failure: Option<Failure>,
}

pub(crate) fn says(
    account: &'static str,
    region: &'static str,
    probe: &'static str,
    status: Status,
    evidence: Evidence,
    things: &'static [&'static str],
) -> Says {
    Says {
        account,
        region,
        probe,
        status,
        evidence,
        things,
        count_is: CountIs::Exact,
        failure: None,
    }
}

impl Says {
    pub(crate) fn failing(mut self, failure: Failure) -> Self {
        self.count_is = CountIs::AtLeast;
        self.failure = Some(failure);
        self
    }

    pub(crate) fn cell(&self, seconds: i64) -> Cell {
        let throttled = self.status == Status::Throttled;
        Cell {
            key: CellKey {
                account: id(self.account),
                region: id(self.region),
                probe: id(self.probe),
            },
            round: 1,
            status: self.status,
            evidence: self.evidence,
            resource_count: self.things.len() as u64,
            count_is: self.count_is,
            sample: self.things.iter().map(|&thing| thing.to_owned()).collect(),
            failure: self.failure.clone(),
            attempts: if throttled { 4 } else { 1 },
            cost: Cost {
                calls: if throttled { 5 } else { 2 },
                retries: if throttled { 4 } else { 0 },
                throttles: if throttled { 5 } else { 0 },
                duration_ms: 120,
            },
            observed_at: at(seconds),
        }
    }

    fn objects(&self) -> Vec<Object> {
        let object = |(index, &thing): (usize, &&str)| Object {
            kind: format!("AWS::{}::Thing", self.probe),
            id: thing.to_owned(),
            parent: None,
            home: (self.probe.starts_with("s3"))
                .then(|| id(if index == 0 { "eu-west-1" } else { "us-east-1" })),
            own: true,
            attributes: serde_json::Map::from_iter([(
                "owner".to_owned(),
                serde_json::Value::from(self.account),
            )]),
            documents: BTreeMap::new(),
        };
        self.things.iter().enumerate().map(object).collect()
    }
}

fn answers() -> Vec<Says> {
    use Evidence::{Code, Empty, Failure as Failed, Resources, Switch};
    let scp = Failure {
        denied_by: Some(DeniedBy::Scp),
        policy_arn: Some(format!(
            "arn:aws:organizations::{MANAGEMENT}:policy/o-example/service_control_policy/p-regions"
        )),
        ..Failure::new(
            FailureKind::Denied,
            "UnauthorizedOperation",
            format!("User: arn:aws:sts::{PAYMENTS}:assumed-role/orgsweep/x is not authorized"),
        )
        .during("DescribeInstances")
    };
    let slow = Failure::new(FailureKind::Throttled, "ThrottlingException", "Rate exceeded")
        .during("ListDetectors");
    let boundary = Failure {
        denied_by: Some(DeniedBy::Boundary),
        ..Failure::new(FailureKind::Denied, "AccessDenied", "no permissions boundary allows")
            .during("GetBucketPolicy")
    };
    let capped = Failure::new(FailureKind::Other, "PageCap", "more than 1000 pages");
    let off = Failure::new(FailureKind::Off, "OptInRequired", "not subscribed");
    vec![
        says(MANAGEMENT, "global", "s3", Status::InUse, Resources, &["logs-111111111111", "site"]),
        says(MANAGEMENT, "global", "s3.policies", Status::Partial, Failed, &[]).failing(boundary),
        says(MANAGEMENT, "eu-west-1", "ec2", Status::Idle, Empty, &[]),
        says(MANAGEMENT, "eu-west-1", "guardduty", Status::InUse, Switch, &["detector-1"]),
        says(MANAGEMENT, "eu-west-1", "appfabric", Status::Listed, Resources, &["bundle"]),
        says(MANAGEMENT, "us-east-1", "ec2", Status::InUse, Resources, &["i-1", "i-2"])
            .failing(capped),
        says(MANAGEMENT, "us-east-1", "guardduty", Status::Off, Code, &[]).failing(off),
        says(MANAGEMENT, "us-east-1", "appfabric", Status::Idle, Empty, &[]),
        says(PAYMENTS, "global", "s3", Status::Idle, Empty, &[]),
        says(PAYMENTS, "global", "s3.policies", Status::Idle, Empty, &[]),
        says(PAYMENTS, "eu-west-1", "ec2", Status::Denied, Failed, &[]).failing(scp),
        says(PAYMENTS, "eu-west-1", "guardduty", Status::Throttled, Failed, &[]).failing(slow),
        says(PAYMENTS, "eu-west-1", "appfabric", Status::Idle, Empty, &[]),
    ]
}

/// Records what is read of the organization: all parts but its trusted services, and of its policies not all.
async fn read_organization(store: &dyn Store, scan: &ScanId) {
    let scp = "SERVICE_CONTROL_POLICY".to_owned();
    let policy = |number: &str, name: &str| Policy {
        id: number.to_owned(),
        arn: Some(format!("arn:aws:organizations::{MANAGEMENT}:policy/o-example/scp/{number}")),
        kind: scp.clone(),
        name: name.to_owned(),
        description: None,
        provided: number == "p-FullAWSAccess",
        content: None,
        targets: None,
    };
    let target = |id: &str, kind: &str, name: &str| Target {
        id: id.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
    };
    let content =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    let mut policies = Holding {
        policy_types: vec![PolicyType {
            root: id("r-1"),
            kind: scp.clone(),
            status: "ENABLED".to_owned(),
        }],
        policies: vec![
            Policy {
                content: Some(content.to_owned()),
                targets: Some(vec![
                    target("ou-pay", "ORGANIZATIONAL_UNIT", "Payments"),
                    target(LOCKED, "ACCOUNT", "locked"),
                ]),
                ..policy("p-deny", HOSTILE)
            },
            policy("p-FullAWSAccess", "FullAWSAccess"),
        ],
        ..Holding::default()
    };
    let denied = Failure::new(FailureKind::Denied, "AccessDeniedException", "not allowed");
    policies.lack("contents of SERVICE_CONTROL_POLICY policies", denied.during("DescribePolicy"));
    let service = "guardduty.amazonaws.com".to_owned();
    let services = Some(vec![TrustedService { service, since: Some(at(-3600)) }]);
    let administrators = Holding {
        administrators: vec![Administrator { account: id(PAYMENTS), services }],
        ..Holding::default()
    };
    for (part, holding) in [
        (Part::Accounts, Holding::default()),
        (Part::Tree, Holding::default()),
        (Part::Policies, policies),
        (Part::Administrators, administrators),
    ] {
        let reading = Reading {
            part,
            connection: id("source-0"),
            organization: Some(id("o-example")),
            completeness: holding.completeness(),
            at: at(5),
        };
        store.put_reading(scan, &reading, &holding).await.expect("a reading");
    }
}

async fn enter(store: &dyn Store, scan: &ScanId) {
    for due in store.take_due(scan, at(1), 100).await.expect("due") {
        assert!(matches!(due.work, DueWork::Preflight { .. }), "{due:?}");
        let role = Failure::new(FailureKind::Denied, "AccessDenied", "not authorized to assume")
            .during("AssumeRole");
        let locked = due.account.as_str() == LOCKED;
        let outcome = match locked {
            true => Err(role.clone()),
            false => Ok(Preflight {
                principal: format!("arn:aws:sts::{}:assumed-role/orgsweep/x", due.account),
                regions: RegionList::Listed {
                    open: vec![id("eu-west-1"), id("us-east-1")],
                    closed: vec![id("ap-east-1")],
                },
            }),
        };
        let verdict = match locked {
            true => RowVerdict { region: None, status: Status::RoleFailed, failure: Some(role) },
            false => RowVerdict {
                region: Some(id("ap-east-1")),
                status: Status::RegionOff,
                failure: None,
            },
        };
        store
            .end_preflight(scan, &due.account, due.dispatch, &outcome, &[verdict], at(2))
            .await
            .expect("a pre-flight ends");
    }
}

/// A store in memory with a scan that has only begun.
pub(crate) async fn begun() -> Arc<dyn Store> {
    let store = store::connect("sqlite::memory:", Access::Run).await.expect("a store");
    begin(&*store).await;
    store
}

async fn begin(store: &dyn Store) {
    store.create_scan(&created(), &probes()).await.expect("a scan");
}

pub(crate) fn created() -> Scan {
    Scan {
        id: scan_id(),
        workspace: protocol::WorkspaceId::main(),
        owner: String::new(),
        state: ScanState::Running,
        round: 1,
        settings: Settings::default(),
        catalog: id("0123456789abcdef0123456789abcdef"),
        version: "0.1.0".to_owned(),
        planned: false,
        started_at: at(0),
        finished_at: None,
    }
}

/// A store in memory with the scan in it.
pub(crate) async fn store() -> Arc<dyn Store> {
    let store = store::connect("sqlite::memory:", Access::Run).await.expect("a store");
    fill(&*store).await;
    store
}

/// Writes the scan into an empty store.
pub(crate) async fn fill(store: &dyn Store) {
    begin(store).await;
    let scan = scan_id();
    let organization = Organization::new(id("o-example"), id(MANAGEMENT));
    store.put_organization(&scan, &organization).await.expect("an organization");
    let global = set(&[("s3", None), ("s3.policies", None)]);
    let regional = set(&[
        ("appfabric", None),
        ("ec2", None),
        ("guardduty", None),
        ("polly", Some(Status::NotOffered)),
    ]);
    let row = |account: &str, region: &str, set: &ProbeSet| PlanRow {
        account: id(account),
        region: id(region),
        probe_set: set.id(),
        window: 0,
    };
    let rows: Vec<PlanRow> = [MANAGEMENT, PAYMENTS, LOCKED]
        .iter()
        .flat_map(|account| {
            let regions = ["ap-east-1", "eu-west-1", "us-east-1"];
            let rows = regions.iter().map(|region| row(account, region, &regional));
            rows.chain([row(account, "global", &global)]).collect::<Vec<_>>()
        })
        .collect();
    store.put_accounts(&scan, &accounts(), &[global, regional], &rows).await.expect("a plan");
    store.put_tree(&scan, &id("o-example"), &tree()).await.expect("a tree");
    let missing = Failure::new(FailureKind::Denied, "AccessDeniedException", "not allowed")
        .during("ListTagsForResource");
    store.put_missing(&scan, "tags of accounts", &missing).await.expect("what is missing");
    read_organization(store, &scan).await;
    store.set_planned(&scan).await.expect("planned");
    enter(store, &scan).await;
    store.take_due(&scan, at(3), 100).await.expect("due");
    let mut page = Vec::new();
    for (said, seconds) in answers().iter().zip(10..) {
        let cell = said.cell(seconds);
        let objects = said.objects();
        if !objects.is_empty() {
            page.push(Answer::Objects { cell: cell.key.clone(), call: 0, objects });
        }
        page.push(Answer::Cell(cell));
    }
    store.ingest(&scan, 1, &[Page::from(&page[..])], at(60)).await.expect("answers");
    store.set_state(&scan, ScanState::ALL, ScanState::Interrupted, at(90)).await.expect("an end");
}

pub(crate) fn options() -> reports::Options {
    reports::Options { redact: None, width: 120, now: at(100), files: vec![] }
}
