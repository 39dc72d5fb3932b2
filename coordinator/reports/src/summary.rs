//! `summary`: the scan in a page of figures; printed at the end of every scan.

use protocol::Status;

use crate::context::Context;
use crate::error::ReportError;
use crate::ledger::missing;
use crate::rollup::share;
use crate::shape::{Item, Kind, METRIC, Report, Table, column};

/// How many accounts there are, are scanned, and were entered.
pub(crate) fn accounts(context: &Context<'_>) -> [u64; 3] {
    let planned = || context.accounts.values().filter(|account| account.planned);
    let entered = planned().filter(|account| account.principal.is_some());
    [context.accounts.len() as u64, planned().count() as u64, entered.count() as u64]
}

/// Makes the report; `files` are those that were written for the scan.
pub(crate) async fn report(context: &Context<'_>, files: &[String]) -> Result<Report, ReportError> {
    let overview = context.overview().await?;
    let [accounts, planned, entered] = accounts(context);
    let spent = overview.all.cost;
    let services = overview.services.len() as u64;
    let ledger = &context.ledger;
    let scan = &context.scan;
    let took = (context.end() - scan.started_at).num_milliseconds().unsigned_abs();
    let counts = &overview.all.counts;
    let mut rows: Vec<(&str, Item)> = vec![
        ("scan", Item::text(scan.id.as_str())),
        ("state", Item::text(scan.state.as_str())),
        ("round", Item::count(u64::from(scan.round))),
        ("orgsweep_version", Item::text(&scan.version)),
        ("catalog_version", Item::text(scan.catalog.as_str())),
        ("started_at", Item::Time(scan.started_at)),
        ("finished_at", scan.finished_at.map_or(Item::Nothing, Item::Time)),
        ("duration_ms", Item::Millis(took)),
        ("accounts", Item::count(accounts)),
        ("accounts_scanned", Item::count(planned)),
        ("accounts_entered", Item::count(entered)),
        ("regions", Item::count(overview.regions.len() as u64)),
        ("services", Item::count(services)),
        ("services_curated", Item::count(overview.curated)),
        ("services_derived", Item::count(services - overview.curated)),
        ("services_in_use", Item::count(overview.all.services.len() as u64)),
        ("probes", Item::count(overview.probes)),
        ("cells", Item::count(ledger.planned())),
        ("cells_known", Item::count(ledger.known())),
        ("cells_unknown", Item::count(ledger.unknown())),
        ("unknown_share", Item::Share(ledger.unknown_share())),
        ("enablement_rate", Item::share(counts.rate())),
    ];
    let statuses = Status::ALL.iter();
    rows.extend(statuses.map(|status| (status.as_str(), Item::count(ledger.count(*status)))));
    rows.extend([
        ("resources", Item::count(counts.resources())),
        ("resources_are", Item::text(if counts.at_least() { "at_least" } else { "exact" })),
        ("calls", Item::count(spent.calls)),
        ("calls_per_second", share(spent.calls * 1000, took).map_or(Item::Nothing, Item::Number)),
        ("retries", Item::count(spent.retries)),
        ("throttles", Item::count(spent.throttles)),
        ("files", Item::List(files.to_vec())),
    ]);
    let rows = rows.into_iter().map(|(metric, value)| vec![Item::text(metric), value]).collect();
    let mut notes = vec![crate::notes::RATE.to_owned()];
    if scan.round > 1 {
        let note = "The duration is from the start of the first round to the end of the last.";
        notes.push(note.to_owned());
    }
    let missing = missing(context).await?.rows.len();
    if missing > 0 {
        let note = "The report `ledger` names what discovery could not read, which is in no cell:";
        notes.push(format!("{note} {missing}."));
    }
    Ok(Report {
        name: "summary",
        title: "Summary".to_owned(),
        notes,
        tables: vec![Table {
            name: "figures",
            title: "Figures".to_owned(),
            columns: vec![column(METRIC, Kind::Word), column("value", Kind::Text)],
            rows,
        }],
    })
}
