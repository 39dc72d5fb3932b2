//! A scan as coordinator and workers would lead it: planned, entered, its batches answered.

use std::collections::BTreeMap;
use std::error::Error;

use chrono::{DateTime, TimeDelta, Utc};
use protocol::cell::{Cell, CellKey, Cost, CountIs};
use protocol::inventory::{Account, AccountState};
use protocol::judge::Judgement;
use protocol::object::Object;
use protocol::plan::{PlanRow, ProbeFacts, ProbeSet};
use protocol::preflight::{Preflight, RegionList};
use protocol::result::{Answer, Part};
use protocol::scan::{Scan, ScanState, Settings};
use protocol::store::{Due, DueWork, Store};
use protocol::{DeniedBy, Evidence, Failure, FailureKind, ScanId, Status, StintId, WorkspaceId};
use store::SqlStore;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

const PROBES: usize = 64;
const GLOBAL: usize = 6;
pub(crate) const REGIONS: usize = 17;
/// Accounts of a window.
const WINDOW: usize = 256;

pub(crate) fn start() -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000)
}

pub(crate) fn set(probes: std::ops::Range<usize>) -> Outcome<ProbeSet> {
    let mut set = ProbeSet::default();
    for at in probes {
        set.probes.insert(format!("service{at:02}").parse()?, None);
    }
    Ok(set)
}

pub(crate) async fn plan(store: &SqlStore, id: &ScanId, accounts: usize) -> Outcome<()> {
    let sets = [set(0..GLOBAL)?, set(GLOBAL..PROBES)?];
    let facts = sets.iter().enumerate().flat_map(|(which, set)| {
        set.probes.keys().map(move |probe| ProbeFacts {
            id: probe.clone(),
            service: probe.service(),
            title: probe.to_string(),
            category: "measured".to_owned(),
            global: which == 0,
            judgement: Judgement::Resources,
            curated: true,
            decides: true,
            expected_millicalls: 1000,
            calls: Vec::new(),
            homes: BTreeMap::new(),
        })
    });
    let scan = Scan {
        id: id.clone(),
        workspace: WorkspaceId::main(),
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
    store.create_scan(&scan, &facts.collect::<Vec<_>>()).await?;
    let numbers: Vec<usize> = (0..accounts).collect();
    for (window, numbers) in numbers.chunks(WINDOW).enumerate() {
        let (mut known, mut rows) = (Vec::new(), Vec::new());
        for number in numbers {
            let account: protocol::AccountId =
                format!("{:012}", 100_000_000_000 + number).parse()?;
            for region in 0..=REGIONS {
                let (name, set) = match region {
                    REGIONS => ("global".to_owned(), &sets[0]),
                    _ => (format!("region-{region:02}"), &sets[1]),
                };
                let (account, window) = (account.clone(), u32::try_from(window)?);
                rows.push(PlanRow { account, region: name.parse()?, probe_set: set.id(), window });
            }
            known.push(Account {
                id: account,
                name: format!("account {number}"),
                email: None,
                state: AccountState::Active,
                arn: None,
                joined_at: None,
                joined_method: None,
                role: None,
                organization: None,
                management: false,
                connection: "source-0".parse()?,
                tags: vec![],
            });
        }
        store.put_accounts(id, &known, &sets, &rows).await?;
    }
    Ok(store.set_planned(id).await?)
}

pub(crate) async fn enter(store: &SqlStore, id: &ScanId) -> Outcome<()> {
    let outcome = Ok(Preflight {
        principal: "arn:aws:sts::100000000000:assumed-role/member/session".to_owned(),
        regions: RegionList::Listed { open: vec![], closed: vec![] },
    });
    let open = u32::try_from(store.progress(id).await?.preflights_open)?;
    for due in store.take_due(id, start(), open).await? {
        store.end_preflight(id, &due.account, due.dispatch, &outcome, &[], start()).await?;
    }
    Ok(())
}

/// Answers a batch: most cells idle, some in use with things, some denied.
pub(crate) fn answer(due: &Due, number: &mut usize) -> Outcome<Vec<Answer>> {
    let mut answers = Vec::new();
    let DueWork::Probes { region, tasks } = &due.work else { return Err("a pre-flight".into()) };
    for task in tasks {
        *number += 1;
        let key = CellKey {
            account: due.account.clone(),
            region: region.clone(),
            probe: task.probe.clone(),
        };
        let things = if number.is_multiple_of(12) { *number % 5 } else { 0 };
        let denied = number.is_multiple_of(17).then(|| {
            let mut failure = Failure::new(
                FailureKind::Denied,
                "AccessDeniedException",
                "with an explicit deny in a service control policy",
            );
            failure.denied_by = Some(DeniedBy::Scp);
            failure.during("ListThings")
        });
        if things > 0 {
            let objects = (0..things).map(|at| Object {
                kind: "AWS::Service::Thing".to_owned(),
                id: format!("arn:aws:service:region:100000000000:thing/{number}-{at}"),
                parent: None,
                home: None,
                own: true,
                attributes: [("name".to_owned(), format!("thing {at}").into())]
                    .into_iter()
                    .collect(),
                documents: Default::default(),
            });
            answers.push(Answer::Objects {
                cell: key.clone(),
                call: 0,
                objects: objects.collect(),
            });
        }
        let status = match (&denied, things) {
            (Some(_), _) => Status::Denied,
            (None, 0) => Status::Idle,
            (None, _) => Status::InUse,
        };
        answers.push(Answer::Cell(Cell {
            key,
            round: 1,
            status,
            evidence: if denied.is_some() { Evidence::Failure } else { Evidence::Empty },
            resource_count: things as u64,
            count_is: CountIs::Exact,
            sample: (0..things).map(|at| format!("thing/{number}-{at}")).collect(),
            failure: denied,
            attempts: 1,
            cost: Cost { calls: 1, retries: 0, throttles: 0, duration_ms: 80 },
            observed_at: start(),
        }));
    }
    answers.push(Answer::Settled {
        account: due.account.clone(),
        region: region.clone(),
        dispatch: due.dispatch,
    });
    Ok(answers)
}

/// Cuts answers into so many pages.
pub(crate) fn cut(
    answers: Vec<Answer>,
    stint: StintId,
    pages: usize,
) -> impl Iterator<Item = (Part, Vec<Answer>)> {
    let most = answers.len().div_ceil(pages);
    let mut answers = answers.into_iter();
    let cut = std::iter::from_fn(move || {
        let page: Vec<Answer> = answers.by_ref().take(most).collect();
        (!page.is_empty()).then_some(page)
    });
    (0..).zip(cut).map(move |(number, page)| (Part { stint: stint.clone(), number }, page))
}
