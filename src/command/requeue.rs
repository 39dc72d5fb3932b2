//! `requeue`: the cells that match run again, into the same scan.

use protocol::Status;
use protocol::clock::{Clock, SystemClock};
use protocol::store::CellFilter;

use crate::args::Requeue;
use crate::command::find;
use crate::command::scan::{Folder, run};
use crate::local::House;
use crate::settings::{accounts, regions, services};
use crate::stop::{Exit, Stop};

/// Marks the cells that match, and runs them.
pub(crate) async fn requeue(args: Requeue) -> Result<Exit, Stop> {
    let out = Folder::check(args.output.out.as_deref())?;
    let house = House::open(&args.parts, args.output.show).await?;
    let scan = find(&*house.store, &args.scan).await?;
    let filter = CellFilter {
        statuses: statuses(&args),
        accounts: accounts("--account", &args.account)?,
        units: args.ou.clone(),
        regions: regions("--region", &args.region, &house.catalog)?,
        services: services("--service", &args.service)?,
        codes: args.code.clone(),
    };
    let cells = house.store.requeue(&scan.id, &filter, SystemClock.now()).await?;
    if cells == 0 {
        return Err(Stop::usage(format!(
            "no cell of scan {} matches; `orgsweep report failures --scan {0}` says what is unknown",
            scan.id
        )));
    }
    say(&format!("{cells} cells of scan {} are to run again", scan.id));
    if args.no_run {
        return Ok(Exit::Known);
    }
    run(&house, &scan.id, out, &args.output).await
}

/// The statuses that are asked for; without any filter, those that are unknown.
fn statuses(args: &Requeue) -> Vec<Status> {
    let filters = [&args.account, &args.ou, &args.region, &args.service, &args.code];
    if !args.status.is_empty() || filters.iter().any(|filter| !filter.is_empty()) {
        return args.status.clone();
    }
    Status::ALL.iter().copied().filter(|status| !status.is_known()).collect()
}

#[expect(clippy::print_stderr, reason = "this is the command's voice")]
fn say(sentence: &str) {
    eprintln!("orgsweep: {sentence}");
}
