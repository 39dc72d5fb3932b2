//! `by-ou`: each root and organizational unit with everything below it.

use std::collections::BTreeMap;

use crate::context::Context;
use crate::error::ReportError;
use crate::overview::Part;
use crate::rollup::Counts;
use crate::shape::{Item, Kind, Report, Table, column, programs};

/// A unit: the names above it, and its ids (names need not be unique).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unit {
    pub(crate) path: String,
    pub(crate) id_path: String,
}

#[derive(Default)]
struct Line {
    part: Part,
    accounts: u64,
}

/// Makes the report.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let overview = context.overview().await?;
    let mut lines: BTreeMap<Option<Unit>, Line> = BTreeMap::new();
    for account in context.accounts.values() {
        let place = (account.unit_path.as_deref(), account.unit_id_path.as_deref());
        for unit in units(place.0, place.1) {
            let line = lines.entry(unit).or_default();
            line.accounts += 1;
            if let Some(found) = overview.accounts.get(&account.id) {
                line.part.merge(found);
            }
        }
    }
    let rows = lines.into_iter().map(|(unit, line)| {
        let (path, id_path) =
            unit.map_or((None, None), |unit| (Some(unit.path), Some(unit.id_path)));
        let mut items = vec![
            Item::text(path.unwrap_or_else(|| "(unit unknown)".to_owned())),
            Item::from(id_path),
            Item::count(line.accounts),
            Item::count(line.part.services.len() as u64),
        ];
        items.extend(line.part.counts.items());
        items
    });
    let mut columns = vec![
        column("ou_path", Kind::Text),
        programs("ou_id_path", Kind::Text),
        column("accounts", Kind::Number),
        column("services_in_use", Kind::Number),
    ];
    columns.extend(Counts::columns());
    let table = Table { name: "rows", title: "Units".to_owned(), columns, rows: rows.collect() };
    Ok(Report {
        name: "by-ou",
        title: "Enablement by organizational unit".to_owned(),
        notes: vec![
            "Each unit counts everything below it, so the rows do not sum to the organization."
                .to_owned(),
            crate::notes::RATE.to_owned(),
        ],
        tables: vec![table],
    })
}

/// The units that hold an account: its own and all above; none where that is not known.
pub(crate) fn units(path: Option<&str>, id_path: Option<&str>) -> Vec<Option<Unit>> {
    let Some(path) = path else { return vec![None] };
    let id_path = id_path.unwrap_or_default();
    let names = ends(path);
    let ids = ends(id_path);
    // A name may hold a slash itself: then the steps cannot be told apart, and the account counts
    // in its own unit only.
    if !id_path.is_empty() && names.len() != ids.len() {
        return vec![Some(Unit { path: path.to_owned(), id_path: id_path.to_owned() })];
    }
    let step = |(at, end): (usize, &usize)| {
        let id_path = ids.get(at).map_or("", |end| &id_path[..*end]);
        Some(Unit { path: path[..*end].to_owned(), id_path: id_path.to_owned() })
    };
    names.iter().enumerate().map(step).collect()
}

/// Where each step of a path ends.
fn ends(path: &str) -> Vec<usize> {
    path.match_indices('/').map(|(at, _)| at).chain([path.len()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(path: Option<&str>, ids: Option<&str>) -> Vec<Option<String>> {
        units(path, ids).into_iter().map(|unit| unit.map(|unit| unit.path)).collect()
    }

    #[test]
    fn an_account_counts_in_its_unit_and_in_all_above() {
        let found = paths(Some("Root/Payments/Prod"), Some("r-1/ou-1/ou-2"));
        let wanted = ["Root", "Root/Payments", "Root/Payments/Prod"];
        assert_eq!(found, wanted.map(|path| Some(path.to_owned())));
    }

    #[test]
    fn a_slash_in_a_name_makes_no_units_that_are_not_there() {
        let found = paths(Some("Root/Dev/Test"), Some("r-1/ou-1"));
        assert_eq!(found, [Some("Root/Dev/Test".to_owned())]);
    }

    #[test]
    fn an_account_without_a_unit_counts_as_such() {
        assert_eq!(paths(None, None), [None]);
    }
}
