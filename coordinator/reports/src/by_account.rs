//! `by-account`: what each account uses, and how much of it could not be seen.

use crate::context::Context;
use crate::error::ReportError;
use crate::overview::Part;
use crate::rollup::Counts;
use crate::shape::{Item, Kind, Report, Table, column, paged, programs};

/// Makes the report.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let overview = context.overview().await?;
    let rows = context.accounts.values().map(|account| {
        let nothing = Part::default();
        let part = overview.accounts.get(&account.id).unwrap_or(&nothing);
        let mut items = vec![
            Item::text(&account.id),
            Item::text(&account.name),
            Item::text(&account.state),
            Item::from(account.unit_path.clone()),
            Item::Flag(account.planned),
            Item::count(part.services.len() as u64),
            Item::count(part.regions.len() as u64),
        ];
        items.extend(part.counts.items());
        items
    });
    let mut columns = vec![
        column("account_id", Kind::Account),
        column("account_name", Kind::Text),
        programs("account_state", Kind::Word),
        paged("ou_path", Kind::Text),
        programs("scanned", Kind::Word),
        column("services_in_use", Kind::Number),
        paged("regions_in_use", Kind::Number),
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
