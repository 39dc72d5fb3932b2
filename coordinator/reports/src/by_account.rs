//! `by-account`: what each account uses, and how much of it could not be seen.

use std::collections::BTreeMap;

use protocol::Status;

use crate::context::Context;
use crate::error::ReportError;
use crate::rollup::Counts;
use crate::row::Fields;
use crate::shape::{Item, Kind, Report, Table, column, programs};

#[derive(Default)]
struct Line {
    counts: Counts,
    services_in_use: u64,
    regions_in_use: u64,
}

/// Makes the report.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for row in context.rows(include_str!("by_account.sql")).await? {
        let mut fields = Fields::of(row);
        let line = lines.entry(fields.text("an account id")?).or_default();
        let group = fields.group()?;
        line.counts.add(group);
        if group.status == Status::InUse {
            line.services_in_use += fields.count("a count of services")?;
            line.regions_in_use = line.regions_in_use.max(fields.count("a count of regions")?);
        }
    }
    let rows = context.accounts.values().map(|account| {
        let nothing = Line::default();
        let line = lines.get(&account.id).unwrap_or(&nothing);
        let mut items = vec![
            Item::text(&account.id),
            Item::text(&account.name),
            Item::text(&account.state),
            Item::from(account.unit_path.clone()),
            Item::Flag(account.planned),
            Item::count(line.services_in_use),
            Item::count(line.regions_in_use),
        ];
        items.extend(line.counts.items());
        items
    });
    let mut columns = vec![
        column("account_id", Kind::Account),
        column("account_name", Kind::Text),
        programs("account_state", Kind::Word),
        column("ou_path", Kind::Text),
        programs("scanned", Kind::Word),
        column("services_in_use", Kind::Number),
        column("regions_in_use", Kind::Number),
    ];
    columns.extend(Counts::columns());
    let table = Table { name: "rows", title: "Accounts".to_owned(), columns, rows: rows.collect() };
    Ok(Report {
        name: "by-account",
        title: "Enablement by account".to_owned(),
        notes: vec![
            "An account that is not active was not scanned: it has no cells.".to_owned(),
            crate::notes::RATE.to_owned(),
        ],
        tables: vec![table],
    })
}
