//! Measures a store: `cargo run --release -p store --features fleet --example measure -- URL [ACCOUNTS [PAGES]]`.
//!
//! Plays the life of one scan on an empty store, as coordinator and workers would: plan, enter, take
//! what is due, answer it, count, read, remove. 1000 accounts make 1.05 million cells. Each batch is answered in so
//! many pages, else in one.

use std::error::Error;
use std::io::Write;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt;
use protocol::cell::{Cell, CellKey, Cost, CountIs};
use protocol::inventory::{Account, AccountState};
use protocol::judge::Judgement;
use protocol::object::Object;
use protocol::plan::{PlanRow, ProbeFacts, ProbeSet};
use protocol::preflight::{Preflight, RegionList};
use protocol::registry::Registry;
use protocol::result::{Answer, Page, Part};
use protocol::scan::{Scan, ScanState, Settings};
use protocol::store::{Due, DueWork, Store};
use protocol::{DeniedBy, Evidence, Failure, FailureKind, ScanId, Status, StintId, WorkspaceId};
use store::{Access, SqlStore, connect};
use tokio::time::Instant;

type Outcome<T> = Result<T, Box<dyn Error>>;

const PROBES: usize = 64;
const GLOBAL: usize = 6;
const REGIONS: usize = 17;
/// Batches that are out at once.
const AHEAD: u32 = 256;
/// Pages that are written at once.
const PAGES: usize = 64;

const COUNT: &str = "select account_id, region, probe, status from scan_cells where scan_id = $1";

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut args = std::env::args().skip(1);
    let url = args.next().ok_or("the store's URL is missing")?;
    let accounts: usize = args.next().unwrap_or_else(|| "1000".to_owned()).parse()?;
    let pages: usize = args.next().unwrap_or_else(|| "1".to_owned()).parse()?;
    let store = connect(&url, Access::Run).await?;
    let id: ScanId = "measured".parse()?;

    let began = Instant::now();
    plan(&store, &id, accounts).await?;
    say("plan", began, &format!("{} rows", accounts * (REGIONS + 1)))?;
    let began = Instant::now();
    enter(&store, &id).await?;
    say("enter", began, &format!("{accounts} accounts"))?;
    work(&store, &id, pages).await?;

    let began = Instant::now();
    let ledger = store.ledger(&id).await?;
    say("ledger", began, &format!("{} cells", ledger.planned()))?;
    let began = Instant::now();
    store.progress(&id).await?;
    say("progress", began, "")?;
    let began = Instant::now();
    let backlog = store.backlog(start()).await?;
    say("backlog", began, &format!("{} ready", backlog.ready))?;
    let began = Instant::now();
    let cells = store.query(COUNT, &id, vec![]).try_fold(0_u64, async |cells, _| Ok(cells + 1));
    let cells = cells.await?;
    say("read", began, &format!("{cells} cells"))?;
    store.set_state(&id, ScanState::ALL, ScanState::Finished, start()).await?;
    let began = Instant::now();
    store.prune(start() + TimeDelta::days(1), 1).await?;
    say("prune", began, "")
}

fn say(what: &str, since: Instant, of: &str) -> Outcome<()> {
    let took = since.elapsed().as_secs_f64();
    Ok(writeln!(std::io::stdout(), "{what:10} {took:9.3} s  {of}")?)
}

fn start() -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn set(probes: std::ops::Range<usize>) -> Outcome<ProbeSet> {
    let mut set = ProbeSet::default();
    for at in probes {
        set.probes.insert(format!("service{at:02}").parse()?, None);
    }
    Ok(set)
}

async fn plan(store: &SqlStore, id: &ScanId, accounts: usize) -> Outcome<()> {
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
    for (window, numbers) in numbers.chunks(AHEAD as usize).enumerate() {
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
                joined_at: None,
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

async fn enter(store: &SqlStore, id: &ScanId) -> Outcome<()> {
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

/// Takes and answers until nothing is due; tells the time of both apart.
async fn work(store: &SqlStore, id: &ScanId, pages: usize) -> Outcome<()> {
    let (mut taking, mut writing, mut longest) =
        (TimeDelta::zero(), TimeDelta::zero(), TimeDelta::zero());
    let (mut batches, mut cells, mut number, mut stints) = (0, 0, 0, 0);
    loop {
        let began = Instant::now();
        let due = store.take_due(id, start(), AHEAD).await?;
        let took = TimeDelta::from_std(began.elapsed())?;
        taking += took;
        longest = longest.max(took);
        if due.is_empty() {
            break;
        }
        batches += due.len();
        let mut all = Vec::new();
        for due in &due {
            stints += 1;
            all.extend(cut(answer(due, &mut number)?, StintId::generate(stints), pages));
        }
        for some in all.chunks(PAGES) {
            let some: Vec<Page<'_>> =
                some.iter().map(|(part, answers)| Page { part: Some(part), answers }).collect();
            let began = Instant::now();
            cells += store.ingest(id, 1, &some, start()).await?.cells;
            writing += TimeDelta::from_std(began.elapsed())?;
        }
    }
    let seconds = |time: TimeDelta| time.as_seconds_f64();
    let mut out = std::io::stdout();
    writeln!(
        out,
        "take_due   {:9.3} s  {batches} batches, the longest of {AHEAD} {:.3} s",
        seconds(taking),
        seconds(longest)
    )?;
    let rate = cells as f64 / seconds(writing).max(0.001);
    Ok(writeln!(out, "ingest     {:9.3} s  {cells} cells, {rate:.0} cells/s", seconds(writing))?)
}

/// Answers a batch: most cells idle, some in use with things, some denied.
fn answer(due: &Due, number: &mut usize) -> Outcome<Vec<Answer>> {
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
fn cut(
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
