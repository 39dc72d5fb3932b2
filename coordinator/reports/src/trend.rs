//! `trend`: what was in use and how much was unknown, over the last scans of the same selection.

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;
use protocol::ledger::Ledger;
use protocol::scan::{Scan, ScanState};
use serde_json::Value;

use crate::census::service_of;
use crate::context::Context;
use crate::error::ReportError;
use crate::row::Fields;
use crate::shape::{Item, Kind, Report, Table, column, paged, programs};

/// The most scans that are told, this one among them.
const MOST: usize = 12;
/// Earlier scans among which they are looked for.
const LOOKED_AT: u32 = 200;

/// A scan as far as the trend tells of it.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub(crate) scan: Scan,
    /// Services with a cell that is in use.
    pub(crate) services: u64,
    /// Cells in use, of those that decide about enablement.
    pub(crate) in_use: u64,
    pub(crate) ledger: Ledger,
    accounts: u64,
    entered: u64,
}

/// Makes the report, and hands out what it tells, oldest first.
pub(crate) async fn report(context: &Context<'_>) -> Result<(Report, Vec<Point>), ReportError> {
    let mut points = vec![point(context, &context.scan).await?];
    let mut others = 0_u64;
    let asked = selected(&context.scan)?;
    for scan in context.earlier(LOOKED_AT).await? {
        if points.len() == MOST {
            break;
        }
        if scan.state == ScanState::Finished && selected(&scan)? == asked {
            points.push(point(context, &scan).await?);
        } else {
            others += 1;
        }
    }
    points.reverse();
    let mut notes = vec![
        "Only scans of the same sources, accounts, regions and services are told: others do not compare.".to_owned(),
        "Where the catalog is another one, the same things may be judged otherwise.".to_owned(),
    ];
    if others > 0 {
        notes.push(format!(
            "Left out of those in between: {others} that looked at something else, or did not come to their end."
        ));
    }
    let report = Report {
        name: "trend",
        title: "In use and unknown, scan by scan".to_owned(),
        notes,
        tables: vec![table(&points)],
    };
    Ok((report, points))
}

fn table(points: &[Point]) -> Table {
    let mut before: Option<&Point> = None;
    let mut rows = Vec::new();
    for point in points {
        let catalog = before.is_some_and(|before| before.scan.catalog != point.scan.catalog);
        rows.push(vec![
            Item::text(point.scan.id.as_str()),
            Item::Time(point.scan.started_at),
            Item::text(point.scan.state.as_str()),
            Item::count(u64::from(point.scan.round)),
            Item::count(point.accounts),
            Item::count(point.entered),
            Item::count(point.services),
            Item::count(point.in_use),
            Item::count(point.ledger.planned()),
            Item::count(point.ledger.unknown()),
            Item::Share(point.ledger.unknown_share()),
            Item::Flag(catalog),
        ]);
        before = Some(point);
    }
    let columns = vec![
        programs("scan", Kind::Word),
        column("started_at", Kind::Time),
        paged("state", Kind::Word),
        programs("round", Kind::Number),
        column("accounts_scanned", Kind::Number),
        paged("accounts_entered", Kind::Number),
        column("services_in_use", Kind::Number),
        column("in_use", Kind::Number),
        column("cells", Kind::Number),
        paged("unknown", Kind::Number),
        column("unknown_share", Kind::Number),
        paged("catalog_changed", Kind::Word),
    ];
    Table { name: "rows", title: "Scans, oldest first".to_owned(), columns, rows }
}

/// What a scan was asked to look at; the order in which it was said does not matter.
fn selected(scan: &Scan) -> Result<Value, ReportError> {
    let settings = &scan.settings;
    let mut asked = serde_json::to_value((&settings.selection, settings.connections()))?;
    sort(&mut asked);
    Ok(asked)
}

fn sort(value: &mut Value) {
    match value {
        Value::Array(values) => {
            values.iter_mut().for_each(sort);
            values.sort_by_cached_key(Value::to_string);
        }
        Value::Object(fields) => fields.values_mut().for_each(sort),
        _ => {}
    }
}

async fn point(context: &Context<'_>, scan: &Scan) -> Result<Point, ReportError> {
    let store = context.store();
    let probes = store.probes(&scan.catalog).await?;
    let kept: BTreeSet<&str> =
        probes.iter().filter(|facts| !facts.decides).map(|facts| facts.id.as_str()).collect();
    let (mut services, mut in_use) = (BTreeSet::new(), 0);
    let mut rows = store.query(include_str!("trend/in_use.sql"), &scan.id, vec![]);
    while let Some(row) = rows.try_next().await? {
        let mut fields = Fields::of(row);
        let (probe, cells) = (fields.text("a probe")?, fields.count("a count")?);
        if !kept.contains(probe.as_str()) {
            in_use += cells;
            services.insert(service_of(&probe).to_owned());
        }
    }
    let mut rows = store.query(include_str!("trend/accounts.sql"), &scan.id, vec![]);
    let (mut accounts, mut entered) = (0, 0);
    while let Some(row) = rows.try_next().await? {
        let mut fields = Fields::of(row);
        (accounts, entered) = (fields.count("a count")?, fields.count("a count")?);
    }
    let ledger = store.ledger(&scan.id).await?;
    let services = services.len() as u64;
    Ok(Point { scan: scan.clone(), services, in_use, ledger, accounts, entered })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_in_which_a_selection_was_said_does_not_matter() {
        let sorted = |text: &str| {
            let mut value: Value = serde_json::from_str(text).expect("json");
            sort(&mut value);
            value
        };
        assert_eq!(sorted(r#"[{"regions":["b","a"]}]"#), sorted(r#"[{"regions":["a","b"]}]"#));
        assert_ne!(sorted(r#"{"regions":["a"]}"#), sorted(r#"{"regions":["a","b"]}"#));
    }
}
