//! A small organization, and short words to play the worker and the coordinator.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use protocol::cell::{CellKey, Cost, CountIs};
use protocol::holding::{
    Administrator, Completeness, Holding, Part, Policy, PolicyType, Reading, Target, TrustedService,
};
use protocol::inventory::{Account, AccountState, Organization, Tree, Unit};
use protocol::judge::Judgement;
use protocol::plan::{CallFacts, PlanRow, ProbeFacts, ProbeSet, RowVerdict};
use protocol::preflight::{Preflight, RegionList};
use protocol::result::{Answer, Held, Page, Part as Numbering, Return};
use protocol::scan::{Scan, ScanState, Settings};
use protocol::store::{CellFilter, Due, DueWork, Ingested, Row, Store, Value};
use protocol::task::Task;
use protocol::{
    AccountId, CatalogDigest, Cell, ConnectionId, Evidence, Failure, FailureKind, OrgId, ProbeId,
    Region, ScanId, Status, StintId, UnitId, WorkspaceId,
};

/// Probes of regions; `not.offered` is never called.
pub(crate) const REGIONAL: [&str; 4] = ["ec2", "kms", "s3", "s3.policies"];
/// Probes of the region `global`.
pub(crate) const GLOBAL: [&str; 2] = ["cloudfront", "iam"];

pub(crate) fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_000_000 + ms).expect("a time")
}

/// How long a lead lasts that is not renewed.
pub(crate) const LASTS: Duration = Duration::from_millis(10);

/// A moment of a clock that never jumps.
pub(crate) fn moment(ms: u64) -> Instant {
    static BEGIN: LazyLock<Instant> = LazyLock::new(|| tokio::time::Instant::now().into_std());
    *BEGIN + Duration::from_millis(ms)
}

pub(crate) fn account(name: &str) -> AccountId {
    AccountId::new(name).expect("an account")
}

pub(crate) fn region(name: &str) -> Region {
    Region::new(name).expect("a region")
}

pub(crate) fn probe(name: &str) -> ProbeId {
    ProbeId::new(name).expect("a probe")
}

pub(crate) fn scan_id() -> ScanId {
    ScanId::new("scan").expect("a scan")
}

pub(crate) fn failure(kind: FailureKind, code: &str) -> Failure {
    Failure::new(kind, code, "told so").during("ListThings")
}

pub(crate) fn scan() -> Scan {
    Scan {
        id: scan_id(),
        workspace: WorkspaceId::main(),
        owner: String::new(),
        state: ScanState::Running,
        round: 1,
        settings: Settings::default(),
        catalog: CatalogDigest::new("digest").expect("a digest"),
        version: "0.1.0".to_owned(),
        planned: false,
        started_at: at(0),
        finished_at: None,
    }
}

pub(crate) fn facts() -> Vec<ProbeFacts> {
    let fact = |name: &str, global: bool| ProbeFacts {
        id: probe(name),
        service: probe(name).service(),
        title: name.to_uppercase(),
        category: "test".to_owned(),
        global,
        judgement: Judgement::Resources,
        curated: true,
        decides: !name.contains('.'),
        expected_millicalls: 1000,
        calls: vec![CallFacts {
            operation: "List".to_owned(),
            actions: vec![format!("{name}:List")],
            root: true,
            follows: false,
        }],
        homes: global.then(|| ("aws".to_owned(), region("r1"))).into_iter().collect(),
    };
    let regional = REGIONAL.iter().map(|name| fact(name, false));
    let global = GLOBAL.iter().map(|name| fact(name, true));
    regional.chain(global).chain([fact("not.offered", false)]).collect()
}

pub(crate) fn regional_set() -> ProbeSet {
    let probes = REGIONAL.iter().map(|name| (probe(name), None));
    ProbeSet { probes: probes.chain([(probe("not.offered"), Some(Status::NotOffered))]).collect() }
}

pub(crate) fn global_set() -> ProbeSet {
    ProbeSet { probes: GLOBAL.iter().map(|name| (probe(name), None)).collect() }
}

pub(crate) fn known_account(name: &str) -> Account {
    Account {
        id: account(name),
        name: format!("the {name}"),
        email: Some(format!("{name}@example.com")),
        state: AccountState::Active,
        arn: Some(format!("arn:aws:organizations::hub:account/o-1/{name}")),
        joined_at: Some(at(-5)),
        joined_method: Some("CREATED".to_owned()),
        role: Some(format!("arn:aws:iam::{name}:role/looks")),
        organization: None,
        management: false,
        connection: ConnectionId::new("source-0").expect("a connection"),
        tags: vec![("env".to_owned(), "prod".to_owned())],
    }
}

/// Rows of an account: `global` and the regions `r1` and `r2`.
pub(crate) fn rows_of(name: &str, window: u32) -> Vec<PlanRow> {
    let row = |place: &str, set: &ProbeSet| PlanRow {
        account: account(name),
        region: region(place),
        probe_set: set.id(),
        window,
    };
    vec![row("global", &global_set()), row("r1", &regional_set()), row("r2", &regional_set())]
}

/// Cells of an account: 2 global, 4 and one that is not offered in each of two regions.
pub(crate) const CELLS: u64 = 12;

/// A store with a scan and accounts that are planned, in one window.
pub(crate) async fn plan(store: &dyn Store, accounts: &[&str]) {
    store.create_scan(&scan(), &facts()).await.expect("a scan");
    for name in accounts {
        let (known, rows) = ([known_account(name)], rows_of(name, 0));
        let sets = [regional_set(), global_set()];
        store.put_accounts(&scan_id(), &known, &sets, &rows).await.expect("accounts");
    }
    store.set_planned(&scan_id()).await.expect("a plan");
}

/// The organization of which everything is told.
pub(crate) fn org() -> OrgId {
    OrgId::new("o-1").expect("an organization")
}

/// The record that a part of it was read whole.
pub(crate) fn reading(part: Part) -> Reading {
    Reading {
        part,
        connection: ConnectionId::new("source-0").expect("a connection"),
        organization: Some(org()),
        completeness: Completeness::Synced,
        at: at(7),
    }
}

/// A policy that denies something, attached to a unit and to an account.
pub(crate) fn policy(id: &str, content: &str) -> Policy {
    let target = |id: &str, kind: &str| Target {
        id: id.to_owned(),
        kind: kind.to_owned(),
        name: format!("the {id}"),
    };
    Policy {
        id: id.to_owned(),
        arn: Some(format!("arn:aws:organizations::hub:policy/o-1/service_control_policy/{id}")),
        kind: "SERVICE_CONTROL_POLICY".to_owned(),
        name: format!("the {id}"),
        description: None,
        provided: false,
        content: Some(content.to_owned()),
        targets: Some(vec![target("ou-1", "ORGANIZATIONAL_UNIT"), target("b", "ACCOUNT")]),
    }
}

/// Something of everything that an organization can hold.
pub(crate) fn holding() -> Holding {
    let service = |name: &str, since| TrustedService {
        service: format!("{name}.amazonaws.com"),
        since: Some(at(since)),
    };
    Holding {
        policy_types: vec![PolicyType {
            root: UnitId::new("r-1").expect("a unit"),
            kind: "SERVICE_CONTROL_POLICY".to_owned(),
            status: "ENABLED".to_owned(),
        }],
        policies: vec![policy("p-1", r#"{"Statement":[]}"#)],
        administrators: vec![
            Administrator {
                account: account("a"),
                services: Some(vec![service("guardduty", 2), service("config", 3)]),
            },
            Administrator { account: account("b"), services: None },
        ],
        services: vec![service("guardduty", 1)],
        tags: vec![(account("a"), vec![("team".to_owned(), "payments".to_owned())])],
        missing: Vec::new(),
    }
}

/// An organization with `a` in `Root/Pay/Prod` and `b` in `Root/Pay_ments`.
pub(crate) async fn organize(store: &dyn Store) {
    let unit = |id: &str, parent: Option<&str>, name: &str| Unit {
        id: UnitId::new(id).expect("a unit"),
        parent: parent.map(|id| UnitId::new(id).expect("a unit")),
        name: name.to_owned(),
        arn: None,
    };
    let placed = |who: &str, id: &str| (account(who), UnitId::new(id).expect("a unit"));
    let tree = Tree {
        units: vec![
            unit("r-1", None, "Root"),
            unit("ou-1", Some("r-1"), "Pay"),
            unit("ou-11", Some("ou-1"), "Prod"),
            unit("ou-2", Some("r-1"), "Pay_ments"),
        ],
        placements: vec![placed("a", "ou-11"), placed("b", "ou-2")],
    };
    let id = OrgId::new("o-1").expect("an organization");
    let organization = Organization::new(id.clone(), account("a"));
    store.put_organization(&scan_id(), &organization).await.expect("an organization");
    store.put_tree(&scan_id(), &id, &tree).await.expect("a tree");
}

pub(crate) fn entered() -> Result<Preflight, Failure> {
    let regions = RegionList::Listed { open: vec![region("r1"), region("r2")], closed: vec![] };
    Ok(Preflight { principal: "arn:someone".to_owned(), regions })
}

/// Enters every account that waits for it.
pub(crate) async fn enter_all(store: &dyn Store, now: i64) {
    let open = store.progress(&scan_id()).await.expect("progress").preflights_open;
    let most = u32::try_from(open).expect("few");
    for due in store.take_due(&scan_id(), at(now), most).await.expect("due") {
        enter(store, &due, now).await;
    }
}

pub(crate) async fn enter(store: &dyn Store, due: &Due, now: i64) {
    judge(store, due, &entered(), &[], now).await;
}

pub(crate) async fn refuse(store: &dyn Store, due: &Due, code: &str, now: i64) {
    let why = failure(FailureKind::RoleFailed, code);
    let verdict =
        RowVerdict { region: None, status: Status::RoleFailed, failure: Some(why.clone()) };
    judge(store, due, &Err(why), &[verdict], now).await;
}

/// Ends a pre-flight.
pub(crate) async fn judge(
    store: &dyn Store,
    due: &Due,
    outcome: &Result<Preflight, Failure>,
    verdicts: &[RowVerdict],
    now: i64,
) {
    store
        .end_preflight(&scan_id(), &due.account, due.dispatch, outcome, verdicts, at(now))
        .await
        .expect("the end of a pre-flight");
}

/// A verdict without a failure.
pub(crate) fn verdict(place: Option<&str>, status: Status) -> RowVerdict {
    RowVerdict { region: place.map(region), status, failure: None }
}

pub(crate) async fn take(store: &dyn Store, now: i64) -> Vec<Due> {
    store.take_due(&scan_id(), at(now), 1000).await.expect("due")
}

pub(crate) fn tasks_of(due: &Due) -> Vec<Task> {
    match &due.work {
        DueWork::Probes { tasks, .. } => tasks.clone(),
        DueWork::Preflight { .. } => panic!("a pre-flight of {}", due.account),
    }
}

pub(crate) fn region_of(due: &Due) -> Region {
    match &due.work {
        DueWork::Probes { region, .. } => region.clone(),
        DueWork::Preflight { .. } => panic!("a pre-flight of {}", due.account),
    }
}

/// What is due, as text: `account preflight/attempt` or `account region probe...`.
pub(crate) fn told(due: &[Due]) -> Vec<String> {
    let one = |due: &Due| match &due.work {
        DueWork::Preflight { attempt } => format!("{} preflight/{attempt}", due.account),
        DueWork::Probes { region, tasks } => {
            let names: Vec<&str> = tasks.iter().map(|task| task.probe.as_str()).collect();
            format!("{} {region} {}", due.account, names.join(" "))
        }
    };
    due.iter().map(one).collect()
}

pub(crate) fn cell(who: &str, place: &str, name: &str, round: u32, status: Status) -> Cell {
    let unknown = !status.is_known();
    Cell {
        key: CellKey { account: account(who), region: region(place), probe: probe(name) },
        round,
        status,
        evidence: if unknown { Evidence::Failure } else { Evidence::Empty },
        resource_count: 0,
        count_is: CountIs::Exact,
        sample: vec!["one".to_owned()],
        failure: unknown.then(|| failure(FailureKind::Denied, "AccessDenied")),
        attempts: 1,
        cost: Cost { calls: 2, retries: 1, throttles: 1, duration_ms: 7 },
        observed_at: at(9),
    }
}

pub(crate) fn held(who: &str, place: &str, task: Task, until: i64) -> Answer {
    let why = Some(failure(FailureKind::Throttled, "Throttling"));
    Answer::Held(Held { account: account(who), region: region(place), task, until: at(until), why })
}

/// Answers that rest on no other page.
pub(crate) async fn ingest(store: &dyn Store, round: u32, answers: &[Answer]) -> Ingested {
    store.ingest(&scan_id(), round, &[Page::from(answers)], at(100)).await.expect("ingested")
}

/// A page of a stint, with how many stand before it.
pub(crate) type Numbered = (Numbering, Vec<Answer>);

/// The pages of a stint, in order.
pub(crate) fn stint(dice: u128, pages: &[&[Answer]]) -> Vec<Numbered> {
    let part = |number| Numbering { stint: StintId::generate(dice), number };
    (0..).zip(pages).map(|(number, answers)| (part(number), answers.to_vec())).collect()
}

/// Pages that come together.
pub(crate) async fn ingest_pages(store: &dyn Store, round: u32, pages: &[&Numbered]) -> Ingested {
    let pages: Vec<Page<'_>> =
        pages.iter().map(|(part, answers)| Page { part: Some(part), answers }).collect();
    store.ingest(&scan_id(), round, &pages, at(100)).await.expect("ingested")
}

/// Answers all tasks of a dispatch alike, and settles it.
pub(crate) fn answer(due: &Due, round: u32, status: Status) -> Vec<Answer> {
    let place = region_of(due);
    let cells = tasks_of(due).into_iter().map(|task| {
        Answer::Cell(cell(due.account.as_str(), place.as_str(), task.probe.as_str(), round, status))
    });
    let end = settled(due);
    cells.chain([end]).collect()
}

pub(crate) fn settled(due: &Due) -> Answer {
    Answer::Settled { account: due.account.clone(), region: region_of(due), dispatch: due.dispatch }
}

pub(crate) fn returned(due: &Due, why: Return) -> Answer {
    let region = match &due.work {
        DueWork::Preflight { .. } => None,
        DueWork::Probes { region, .. } => Some(region.clone()),
    };
    Answer::Returned { account: due.account.clone(), region, dispatch: due.dispatch, why }
}

/// Enters every account and answers everything that is due, until nothing is.
pub(crate) async fn run(store: &dyn Store, round: u32, status: Status) {
    for _ in 0..100 {
        let all = take(store, 1_000_000).await;
        if all.is_empty() {
            return;
        }
        for due in all {
            match &due.work {
                DueWork::Preflight { .. } => enter(store, &due, 1_000_000).await,
                DueWork::Probes { .. } => {
                    ingest(store, round, &answer(&due, round, status)).await;
                }
            }
        }
    }
    panic!("work does not end");
}

pub(crate) async fn finish(store: &dyn Store) {
    store
        .set_state(&scan_id(), ScanState::ALL, ScanState::Finished, at(500))
        .await
        .expect("finished");
}

pub(crate) fn by_status(statuses: &[Status]) -> CellFilter {
    CellFilter { statuses: statuses.to_vec(), ..CellFilter::default() }
}

pub(crate) async fn requeue(store: &dyn Store, filter: &CellFilter) -> u64 {
    store.requeue(&scan_id(), filter, at(600)).await.expect("re-queued")
}

pub(crate) async fn ask(store: &dyn Store, sql: &'static str, binds: Vec<Value>) -> Vec<Row> {
    store.query(sql, &scan_id(), binds).try_collect().await.expect("rows")
}

/// The status and round of every cell, from the view: `account region probe` to `status/round`.
pub(crate) async fn cells(store: &dyn Store) -> BTreeMap<String, String> {
    let sql = "select account_id, region, probe, status, round from scan_cells where scan_id = $1";
    let text = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Null => "-".to_owned(),
    };
    let rows = ask(store, sql, vec![]).await;
    rows.iter()
        .map(|row| {
            let key: Vec<String> = row[..3].iter().map(text).collect();
            (key.join(" "), format!("{}/{}", text(&row[3]), text(&row[4])))
        })
        .collect()
}

/// The ledger, after it was found equal to the view.
pub(crate) async fn ledger(store: &dyn Store) -> BTreeMap<Status, u64> {
    let sql = "select status, count(*) from scan_cells where scan_id = $1 group by status";
    let mut counted = BTreeMap::new();
    for row in ask(store, sql, vec![]).await {
        let [Value::Text(status), Value::Int(cells)] = &row[..] else { panic!("{row:?}") };
        let status: Status = status.parse().expect("a status");
        counted.insert(status, u64::try_from(*cells).expect("a count"));
    }
    let ledger = store.ledger(&scan_id()).await.expect("a ledger");
    assert_eq!(ledger.cells, counted, "the ledger equals the view");
    counted
}
