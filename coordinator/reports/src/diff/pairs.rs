//! One pass over the cells of two scans: what stood before beside what stands after, account by account.
//!
//! Both scans are read in the order in which their plans are stored, so nothing is sorted, and only
//! one account of each is held.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use protocol::store::{Row, StoreError, Value};
use protocol::{Evidence, Status};

use crate::advice::Cause;
use crate::cells::{CELL, FIELD};
use crate::context::Context;
use crate::error::ReportError;
use crate::row::Fields;
use crate::streamed::More;

/// What a cell was in one of the scans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Side<'r> {
    pub(crate) status: Status,
    pub(crate) resources: u64,
    pub(crate) at_least: bool,
    pub(crate) evidence: &'r str,
    pub(crate) kind: &'r str,
    pub(crate) code: &'r str,
    pub(crate) denied_by: &'r str,
    pub(crate) policy_arn: &'r str,
}

/// A cell in both scans; one that was planned in one of them only has one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair<'r> {
    pub(crate) region: &'r str,
    pub(crate) probe: &'r str,
    pub(crate) before: Option<Side<'r>>,
    pub(crate) after: Option<Side<'r>>,
}

impl Side<'_> {
    /// A cell that says as little as a cell can.
    #[cfg(test)]
    pub(crate) const UNSAID: Side<'static> = Side {
        status: Status::NotRun,
        resources: 0,
        at_least: false,
        evidence: "",
        kind: "",
        code: "",
        denied_by: "",
        policy_arn: "",
    };

    /// Why it is not known.
    pub(crate) fn cause(&self) -> Cause {
        let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Cause {
            status: self.status,
            kind: self.kind.parse().ok(),
            code: said(self.code),
            denied_by: self.denied_by.parse().ok(),
            policy_arn: said(self.policy_arn),
            evidence: self.evidence.parse().unwrap_or(Evidence::Missing),
        }
    }
}

/// Reads both scans; `visit` gets the cells of each account once, by region and probe.
pub(crate) async fn read(
    before: &Context<'_>,
    after: &Context<'_>,
    mut visit: impl FnMut(&str, &[Pair<'_>]) -> Result<More, ReportError> + Send,
) -> Result<(), ReportError> {
    let (mut before, mut after) = (Reading::begin(before), Reading::begin(after));
    let (mut old, mut new) = (before.account().await?, after.account().await?);
    let nothing = BTreeMap::new();
    loop {
        let ids = [&old, &new].into_iter().flatten().map(|account| &account.id);
        let Some(id) = ids.min().cloned() else { return Ok(()) };
        let had = old.take_if(|account| account.id == id);
        let has = new.take_if(|account| account.id == id);
        let left = had.as_ref().map_or(&nothing, |account| &account.regions);
        let right = has.as_ref().map_or(&nothing, |account| &account.regions);
        if visit(&id, &pairs(left, right)?)? == More::No {
            return Ok(());
        }
        if had.is_some() {
            old = before.account().await?;
        }
        if has.is_some() {
            new = after.account().await?;
        }
    }
}

/// The cells of an account, as a text for each region.
struct Account {
    id: String,
    regions: BTreeMap<String, String>,
}

/// Reads a scan account by account.
struct Reading<'c> {
    rows: BoxStream<'c, Result<Row, StoreError>>,
    /// The first region of the next account.
    ahead: Option<(String, String, String)>,
    /// The account that was read last.
    last: String,
}

impl<'c> Reading<'c> {
    fn begin(context: &'c Context<'_>) -> Self {
        let binds = [FIELD, CELL].map(|text| Value::Text(text.to_owned())).into();
        let rows = context.stream(include_str!("pairs.sql"), binds);
        Self { rows, ahead: None, last: String::new() }
    }

    /// The next account, if there is one.
    async fn account(&mut self) -> Result<Option<Account>, ReportError> {
        let Some((id, region, cells)) = (match self.ahead.take() {
            Some(ahead) => Some(ahead),
            None => self.row().await?,
        }) else {
            return Ok(None);
        };
        if id <= self.last {
            return Err(ReportError::Odd { what: "accounts in the order of their ids", value: id });
        }
        self.last.clone_from(&id);
        let mut regions = BTreeMap::from([(region, cells)]);
        while let Some((next, region, cells)) = self.row().await? {
            if next != id {
                self.ahead = Some((next, region, cells));
                break;
            }
            regions.insert(region, cells);
        }
        Ok(Some(Account { id, regions }))
    }

    async fn row(&mut self) -> Result<Option<(String, String, String)>, ReportError> {
        let Some(row) = self.rows.try_next().await? else { return Ok(None) };
        let mut fields = Fields::of(row);
        let (id, region) = (fields.text("an account id")?, fields.text("a region")?);
        Ok(Some((id, region, fields.text("the cells of a region")?)))
    }
}

/// The cells of an account in both scans.
fn pairs<'r>(
    before: &'r BTreeMap<String, String>,
    after: &'r BTreeMap<String, String>,
) -> Result<Vec<Pair<'r>>, ReportError> {
    let mut pairs = Vec::new();
    let regions: BTreeSet<&'r String> = before.keys().chain(after.keys()).collect();
    for region in regions {
        let from = pairs.len();
        let mut old: HashMap<&str, Side<'_>> = HashMap::new();
        for cell in cells(before.get(region)) {
            let (probe, side) = side(cell)?;
            old.insert(probe, side);
        }
        for cell in cells(after.get(region)) {
            let (probe, side) = side(cell)?;
            pairs.push(Pair { region, probe, before: old.remove(probe), after: Some(side) });
        }
        let gone = old.into_iter();
        pairs.extend(gone.map(|(probe, side)| Pair {
            region,
            probe,
            before: Some(side),
            after: None,
        }));
        pairs[from..].sort_unstable_by_key(|pair| pair.probe);
    }
    Ok(pairs)
}

fn cells(text: Option<&String>) -> impl Iterator<Item = &str> {
    text.into_iter().flat_map(|text| text.split(CELL))
}

/// Reads a cell of the query.
fn side(cell: &str) -> Result<(&str, Side<'_>), ReportError> {
    let read = || {
        let mut words = cell.split(FIELD);
        let mut word = || words.next();
        let probe = word()?;
        let side = Side {
            status: word()?.parse().ok()?,
            resources: word()?.parse().ok()?,
            at_least: word()? == "at_least",
            evidence: word()?,
            kind: word()?,
            code: word()?,
            denied_by: word()?,
            policy_arn: word()?,
        };
        Some((probe, side))
    };
    read()
        .ok_or_else(|| ReportError::Odd { what: "a cell", value: cell.chars().take(80).collect() })
}
