//! Measures a store: `cargo run --release -p store --features fleet --example life -- URL [ACCOUNTS [PAGES]]`.
//!
//! Plays the life of one scan on an empty store, as coordinator and workers would: plan, enter, take
//! what is due, answer it, count, read, remove. 1000 accounts make 1.05 million cells. Each batch is answered in so
//! many pages, else in one.

mod made;

use std::io::Write;

use chrono::TimeDelta;
use futures_util::TryStreamExt;
use made::{Outcome, REGIONS, answer, cut, enter, plan, start};
use protocol::registry::Registry;
use protocol::result::Page;
use protocol::scan::ScanState;
use protocol::store::Store;
use protocol::{ScanId, StintId};
use store::{Access, SqlStore, connect};
use tokio::time::Instant;

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
