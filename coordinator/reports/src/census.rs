//! One pass over all cells of a scan, account by account: what most reports count is folded from it.
//!
//! A row of its query holds the cells of one account and region as one text, in the order in which
//! the plan is stored: a million cells are read without sorting, and one account is held at a time.

use std::collections::HashMap;

use futures_util::TryStreamExt as _;
use protocol::Status;
use protocol::cell::Cost;

use crate::context::Context;
use crate::error::ReportError;
use crate::row::Fields;

/// A probe as the census meets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Probe {
    /// The number of its service in [`Names::services`].
    pub(crate) service: usize,
    pub(crate) curated: bool,
    pub(crate) decides: bool,
}

/// The names behind the census's numbers, in the order in which they were met.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) regions: Index,
    pub(crate) services: Index,
    pub(crate) probes: Vec<Probe>,
    by_probe: HashMap<String, usize>,
}

/// Gives each new text the next number.
#[derive(Debug, Default)]
pub(crate) struct Index {
    numbers: HashMap<String, usize>,
    pub(crate) texts: Vec<String>,
}

impl Index {
    /// The number of a text.
    pub(crate) fn of(&mut self, text: &str) -> usize {
        if let Some(at) = self.numbers.get(text) {
            return *at;
        }
        let next = self.texts.len();
        self.numbers.insert(text.to_owned(), next);
        self.texts.push(text.to_owned());
        next
    }
}

/// A cell, as far as reports count it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// The number of its probe in [`Names::probes`].
    pub(crate) probe: usize,
    /// The number of its region in [`Names::regions`].
    pub(crate) region: usize,
    pub(crate) status: Status,
    pub(crate) resources: u64,
    pub(crate) at_least: bool,
    pub(crate) cost: Cost,
}

/// The cells of one account.
#[derive(Debug, Default)]
pub(crate) struct AccountCells {
    pub(crate) account: String,
    pub(crate) cells: Vec<Seen>,
}

/// Reads all cells; `visit` gets each account once.
pub(crate) async fn read(
    context: &Context<'_>,
    mut visit: impl FnMut(&Names, &AccountCells) -> Result<(), ReportError> + Send,
) -> Result<Names, ReportError> {
    let mut names = Names::default();
    let mut account = AccountCells::default();
    let mut rows = context.stream(include_str!("census.sql"), vec![]);
    while let Some(row) = rows.try_next().await? {
        let mut fields = Fields::of(row);
        let id = fields.text("an account id")?;
        if id != account.account {
            if !account.cells.is_empty() {
                visit(&names, &account)?;
            }
            account.cells.clear();
            account.account = id;
        }
        let region = names.regions.of(&fields.text("a region")?);
        let cells = fields.text("the cells of a region")?;
        for cell in cells.split(';') {
            let seen = seen(context, &mut names, region, cell).ok_or_else(|| ReportError::Odd {
                what: "a cell",
                value: cell.chars().take(80).collect(),
            })?;
            account.cells.push(seen);
        }
    }
    if !account.cells.is_empty() {
        visit(&names, &account)?;
    }
    Ok(names)
}

/// Reads `probe status count count_is calls retries throttles duration`.
fn seen(context: &Context<'_>, names: &mut Names, region: usize, cell: &str) -> Option<Seen> {
    let mut words = cell.split(' ');
    let probe = words.next()?;
    let status = words.next()?.parse().ok()?;
    let resources = words.next()?.parse().ok()?;
    let at_least = words.next()? == "at_least";
    let mut number = || words.next()?.parse().ok();
    let cost =
        Cost { calls: number()?, retries: number()?, throttles: number()?, duration_ms: number()? };
    let probe = names.probe(context, probe);
    Some(Seen { probe, region, status, resources, at_least, cost })
}

impl Names {
    fn probe(&mut self, context: &Context<'_>, id: &str) -> usize {
        if let Some(at) = self.by_probe.get(id) {
            return *at;
        }
        let facts = context.probes.get(id);
        let service = service_of(id);
        let next = self.probes.len();
        self.probes.push(Probe {
            service: self.services.of(service),
            curated: facts.is_none_or(|facts| facts.curated),
            decides: facts.is_none_or(|facts| facts.decides),
        });
        self.by_probe.insert(id.to_owned(), next);
        next
    }
}

/// The service of a probe: what stands before the first dot.
pub(crate) fn service_of(probe: &str) -> &str {
    probe.split_once('.').map_or(probe, |(service, _)| service)
}
