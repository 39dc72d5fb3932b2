//! `by-service`: which services are in use, in how many accounts and regions.

use crate::context::Context;
use crate::error::ReportError;
use crate::rollup::Counts;
use crate::shape::{Item, Kind, Report, Table, column, paged, programs};

/// Makes the report.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let overview = context.overview().await?;
    let rows = overview.services.iter().map(|(service, part)| {
        let facts = context.service(service);
        let mut items = vec![
            Item::text(service),
            Item::from(facts.map(|facts| facts.title.clone())),
            Item::from(facts.map(|facts| facts.category.clone())),
            Item::text(entry(facts.is_some_and(|facts| facts.curated))),
            Item::count(part.accounts),
            Item::count(part.regions.len() as u64),
        ];
        items.extend(part.counts.items());
        items
    });
    let mut columns = vec![
        column("service", Kind::Word),
        programs("title", Kind::Text),
        paged("category", Kind::Word),
        programs("entry", Kind::Word),
        column("accounts_in_use", Kind::Number),
        column("regions_in_use", Kind::Number),
    ];
    columns.extend(Counts::columns());
    let table = Table { name: "rows", title: "Services".to_owned(), columns, rows: rows.collect() };
    Ok(Report {
        name: "by-service",
        title: "Enablement by service".to_owned(),
        notes: vec![crate::notes::RATE.to_owned()],
        tables: vec![table],
    })
}

/// Who wrote an entry, in a word.
pub(crate) const fn entry(curated: bool) -> &'static str {
    if curated { "curated" } else { "derived" }
}
