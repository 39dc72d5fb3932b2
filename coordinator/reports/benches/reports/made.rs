//! A made-up scan, the same each time.

use std::collections::BTreeMap;
use std::error::Error;

use chrono::{DateTime, TimeDelta, Utc};
use protocol::cell::{Cell, CellKey, Cost, CountIs};
use protocol::inventory::{Account, AccountState, Organization, Tree, Unit};
use protocol::judge::Judgement;
use protocol::plan::{PlanRow, ProbeFacts, ProbeSet, RowVerdict};
use protocol::preflight::{Preflight, RegionList};
use protocol::result::{Answer, Page};
use protocol::scan::{Scan, ScanState, Settings};
use protocol::store::Store;
use protocol::{DeniedBy, Evidence, Failure, FailureKind, ScanId, Status};

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

const SERVICES: usize = 64;
const GLOBAL: usize = 6;
const REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];
const CATEGORIES: [&str; 6] =
    ["analytics", "compute", "database", "network", "security", "storage"];

pub(crate) fn start() -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn service(at: usize) -> String {
    format!("service{at:02}")
}

fn set(services: std::ops::Range<usize>) -> Outcome<ProbeSet> {
    let mut set = ProbeSet::default();
    for at in services {
        set.probes.insert(service(at).parse()?, None);
    }
    Ok(set)
}

/// A scan of so many accounts in 64 services and 17 regions, finished; 1000 accounts make 1.1 million cells.
pub(crate) async fn fill(store: &dyn Store, id: &ScanId, many: usize) -> Outcome<()> {
    let mut probes = Vec::new();
    for at in 0..SERVICES {
        probes.push(ProbeFacts {
            id: service(at).parse()?,
            service: service(at).parse()?,
            title: format!("Service {at}"),
            category: CATEGORIES[at % CATEGORIES.len()].to_owned(),
            global: at < GLOBAL,
            judgement: Judgement::Resources,
            curated: true,
            decides: true,
            expected_millicalls: 1000,
            calls: Vec::new(),
            homes: BTreeMap::new(),
        });
    }
    let scan = Scan {
        id: id.clone(),
        workspace: protocol::WorkspaceId::main(),
        owner: String::new(),
        state: ScanState::Running,
        round: 1,
        settings: Settings::default(),
        catalog: "0123456789abcdef0123456789abcdef".parse()?,
        version: "0.1.0".to_owned(),
        planned: false,
        started_at: start(),
        finished_at: None,
    };
    store.create_scan(&scan, &probes).await?;
    let organization = Organization::new("o-made".parse()?, "100000000000".parse()?);
    store.put_organization(id, &organization).await?;
    let (global, regional) = (set(0..GLOBAL)?, set(GLOBAL..SERVICES)?);
    let (mut accounts, mut rows, mut tree) = (Vec::new(), Vec::new(), Tree::default());
    tree.units.push(Unit { id: "r-1".parse()?, parent: None, name: "Root".to_owned(), arn: None });
    for at in 0..20 {
        let (id, name) = (format!("ou-{at}").parse()?, format!("Division {at}"));
        tree.units.push(Unit { id, parent: Some("r-1".parse()?), name, arn: None });
    }
    for at in 0..many {
        let number: protocol::AccountId = (100_000_000_000_u64 + at as u64).to_string().parse()?;
        tree.placements.push((number.clone(), format!("ou-{}", at % 20).parse()?));
        for region in REGIONS.iter().chain(&["global"]) {
            let set = if *region == "global" { &global } else { &regional };
            rows.push(PlanRow {
                account: number.clone(),
                region: region.parse()?,
                probe_set: set.id(),
                window: 0,
            });
        }
        accounts.push(Account {
            id: number,
            name: format!("team-{}-{}", at % 37, ["prod", "test", "dev"][at % 3]),
            email: None,
            state: AccountState::Active,
            arn: None,
            joined_at: None,
            joined_method: None,
            role: None,
            organization: Some("o-made".parse()?),
            management: at == 0,
            connection: "source-0".parse()?,
            tags: vec![],
        });
    }
    store.put_accounts(id, &accounts, &[global.clone(), regional.clone()], &rows).await?;
    store.put_tree(id, &"o-made".parse()?, &tree).await?;
    store.set_planned(id).await?;
    enter(store, id).await?;
    for (at, account) in accounts.iter().enumerate() {
        let mut page = Vec::new();
        for (place, region) in REGIONS.iter().chain(&["global"]).enumerate() {
            let set = if *region == "global" { &global } else { &regional };
            for (which, probe) in set.probes.keys().enumerate() {
                let key = CellKey {
                    account: account.id.clone(),
                    region: region.parse()?,
                    probe: probe.clone(),
                };
                page.push(Answer::Cell(cell(key, (at, place, which))));
            }
        }
        store.ingest(id, 1, &[Page::from(&page[..])], start()).await?;
    }
    let now = start() + TimeDelta::minutes(9);
    store.set_state(id, ScanState::ALL, ScanState::Finished, now).await?;
    Ok(())
}

async fn enter(store: &dyn Store, id: &ScanId) -> Outcome<()> {
    loop {
        let due = store.take_due(id, start(), 500).await?;
        if !due.iter().any(|due| matches!(due.work, protocol::store::DueWork::Preflight { .. })) {
            return Ok(());
        }
        for due in due {
            let preflight = Preflight {
                principal: "role".to_owned(),
                regions: RegionList::Listed { open: vec![], closed: vec![] },
            };
            let number: u64 = due.account.as_str().parse()?;
            let role = Failure::new(FailureKind::Denied, "AccessDenied", "no").during("AssumeRole");
            let (outcome, verdicts) = if number.is_multiple_of(97) {
                let verdict = RowVerdict {
                    region: None,
                    status: Status::RoleFailed,
                    failure: Some(role.clone()),
                };
                (Err(role), vec![verdict])
            } else {
                (Ok(preflight), vec![])
            };
            store
                .end_preflight(id, &due.account, due.dispatch, &outcome, &verdicts, start())
                .await?;
        }
    }
}

/// Some cells are in use, some denied, most idle: by arithmetic, so that it is the same each time.
fn cell(key: CellKey, (account, place, which): (usize, usize, usize)) -> Cell {
    let dice = (account * 31 + place * 17 + which * which * 7 + account * which) % 100;
    let own_regions = [7, 9, 13];
    let (status, evidence) = match dice {
        _ if place == 12 => (Status::Denied, Evidence::Failure),
        0..35 if own_regions.contains(&place) => (Status::InUse, Evidence::Resources),
        0..45 if place == 17 => (Status::InUse, Evidence::Resources),
        97 => (Status::Throttled, Evidence::Failure),
        90..97 => (Status::Off, Evidence::Switch),
        85..90 => (Status::NotOffered, Evidence::RegionTable),
        _ => (Status::Idle, Evidence::Empty),
    };
    let failure = match status {
        Status::Denied => {
            let mut failure =
                Failure::new(FailureKind::Denied, "AccessDeniedException", "explicit deny");
            failure.denied_by = Some(DeniedBy::Scp);
            failure.policy_arn = Some("arn:aws:organizations::100000000000:policy/p-1".to_owned());
            Some(failure)
        }
        Status::Throttled => Some(Failure::new(FailureKind::Throttled, "Throttling", "slow down")),
        _ => None,
    };
    let count = if status == Status::InUse { 1 + dice as u64 } else { 0 };
    Cell {
        key,
        round: 1,
        status,
        evidence,
        resource_count: count,
        count_is: CountIs::Exact,
        sample: (0..count.min(5)).map(|at| format!("thing-{at}")).collect(),
        failure,
        attempts: 1,
        cost: Cost { calls: 1, retries: 0, throttles: 0, duration_ms: 80 },
        observed_at: start() + TimeDelta::seconds(account as i64 / 2),
    }
}
