//! What a seeding script says that it made, and what a right scan must make of it.

use std::collections::{BTreeMap, BTreeSet};

use catalog::Catalog;
use protocol::ProbeId;
use protocol::judge::Judgement;
use serde_json::Value;

use crate::sweep::{Cell, Cells, text};

/// What was made in one cell.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) ids: BTreeSet<String>,
    pub(crate) on: bool,
}

/// What was made in an account, by probe and region.
pub(crate) type Truth = BTreeMap<(String, String), Made>;

/// Reads the `truth` that a script prints for one account.
pub(crate) fn read(rows: &Value) -> Truth {
    let made = |row: &Value| {
        let ids = row["ids"].as_array().unwrap().iter();
        let ids = ids.map(|id| id.as_str().unwrap().to_owned()).collect();
        let key = (text(row, "probe"), text(row, "region"));
        (key, Made { ids, on: row["on"].as_bool().unwrap() })
    };
    rows.as_array().unwrap().iter().map(made).collect()
}

/// The status that a cell must have in which this was made.
pub(crate) fn status(catalog: &Catalog, probe: &str, made: &Made) -> &'static str {
    let id = ProbeId::new(probe).unwrap();
    let judgement = catalog.probe(&id).unwrap().probe.judgement;
    match judgement {
        Judgement::Switch if made.on => "in_use",
        Judgement::Switch => "off",
        Judgement::Resources | Judgement::Listed if made.ids.is_empty() => "idle",
        Judgement::Resources => "in_use",
        Judgement::Listed => "listed",
    }
}

/// What a cell says against what was made in it; `None` where it is right, wholly or in part.
pub(crate) fn mistake(catalog: &Catalog, cell: &Cell, made: &Made) -> Option<String> {
    let status = status(catalog, &cell.probe, made);
    let count = u64::try_from(made.ids.len()).unwrap();
    let is_right = cell.status == status && cell.count == count && cell.sample == made.ids;
    (!is_right).then(|| {
        let Cell { account, region, probe, .. } = cell;
        format!("{account} {region} {probe}: {status} with {:?} expected, but {cell:?}", made.ids)
    })
}

/// Compares every cell of an account; where nothing was made there must be nothing.
pub(crate) fn compare(catalog: &Catalog, cells: &Cells, account: &str, truth: &Truth) {
    let nothing = Made::default();
    let here: Vec<&Cell> = cells.iter().filter(|cell| cell.account == account).collect();
    let made_in =
        |cell: &Cell| truth.get(&(cell.probe.clone(), cell.region.clone())).unwrap_or(&nothing);
    let mistakes: Vec<String> =
        here.iter().filter_map(|cell| mistake(catalog, cell, made_in(cell))).collect();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    for (probe, region) in truth.keys() {
        let is_there = here.iter().any(|cell| cell.probe == *probe && cell.region == *region);
        assert!(is_there, "{account} {region} {probe} was not planned");
    }
}
