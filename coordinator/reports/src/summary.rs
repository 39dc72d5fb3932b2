//! `summary`: the scan in a page of figures; printed at the end of every scan.

use protocol::Status;

use crate::calls::costs;
use crate::context::Context;
use crate::error::ReportError;
use crate::rollup::{Counts, share};
use crate::row::Fields;
use crate::shape::{Item, Kind, Report, Table, column};

/// The figures of a scan, as the summary and the pages show them.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Cells that decide about enablement.
    pub(crate) counts: Counts,
    pub(crate) accounts: u64,
    pub(crate) accounts_planned: u64,
    pub(crate) accounts_entered: u64,
    pub(crate) services: u64,
    pub(crate) services_curated: u64,
    pub(crate) services_in_use: u64,
    pub(crate) probes: u64,
    pub(crate) regions: u64,
}

/// Reads the figures of a scan.
pub(crate) async fn figures(context: &Context<'_>) -> Result<Figures, ReportError> {
    let mut figures = Figures::default();
    for row in context.rows(include_str!("summary.sql")).await? {
        let mut fields = Fields::of(row);
        let group = fields.group()?;
        if fields.flag("a flag")? {
            figures.counts.add(group);
        }
    }
    for row in context.rows(include_str!("summary_extent.sql")).await? {
        let mut fields = Fields::of(row);
        figures.services = fields.count("a count of services")?;
        figures.services_curated = fields.count("a count of services")?;
        figures.probes = fields.count("a count of probes")?;
        figures.regions = fields.count("a count of regions")?;
        figures.services_in_use = fields.count("a count of services")?;
    }
    figures.accounts = context.accounts.len() as u64;
    let planned = || context.accounts.values().filter(|account| account.planned);
    figures.accounts_planned = planned().count() as u64;
    figures.accounts_entered =
        planned().filter(|account| account.principal.is_some()).count() as u64;
    Ok(figures)
}

/// Makes the report; `files` are those that were written for the scan.
pub(crate) async fn report(context: &Context<'_>, files: &[String]) -> Result<Report, ReportError> {
    let figures = figures(context).await?;
    let spent = costs(context).await?.all.cost;
    let ledger = &context.ledger;
    let scan = &context.scan;
    let took = (context.end() - scan.started_at).num_milliseconds().unsigned_abs();
    let counts = &figures.counts;
    let mut rows: Vec<(&str, Item)> = vec![
        ("scan", Item::text(scan.id.as_str())),
        ("state", Item::text(scan.state.as_str())),
        ("round", Item::count(u64::from(scan.round))),
        ("orgsweep_version", Item::text(&scan.version)),
        ("catalog_version", Item::text(scan.catalog.as_str())),
        ("started_at", Item::Time(scan.started_at)),
        ("finished_at", scan.finished_at.map_or(Item::Nothing, Item::Time)),
        ("duration_ms", Item::Millis(took)),
        ("accounts", Item::count(figures.accounts)),
        ("accounts_scanned", Item::count(figures.accounts_planned)),
        ("accounts_entered", Item::count(figures.accounts_entered)),
        ("regions", Item::count(figures.regions)),
        ("services", Item::count(figures.services)),
        ("services_curated", Item::count(figures.services_curated)),
        ("services_derived", Item::count(figures.services - figures.services_curated)),
        ("services_in_use", Item::count(figures.services_in_use)),
        ("probes", Item::count(figures.probes)),
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
    Ok(Report {
        name: "summary",
        title: "Summary".to_owned(),
        notes,
        tables: vec![Table {
            name: "rows",
            title: "Figures".to_owned(),
            columns: vec![column("metric", Kind::Word), column("value", Kind::Text)],
            rows,
        }],
    })
}
