//! `by-service`: which services are in use, in how many accounts and regions.

use std::collections::BTreeMap;

use protocol::Status;

use crate::context::Context;
use crate::error::ReportError;
use crate::rollup::Counts;
use crate::row::Fields;
use crate::shape::{Item, Kind, Report, Table, column, programs};

/// What became of one service.
#[derive(Debug, Default)]
pub(crate) struct Line {
    pub(crate) counts: Counts,
    pub(crate) accounts_in_use: u64,
    pub(crate) regions_in_use: u64,
}

/// Counts every service of the scan.
pub(crate) async fn lines(context: &Context<'_>) -> Result<BTreeMap<String, Line>, ReportError> {
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for row in context.rows(include_str!("by_service.sql")).await? {
        let mut fields = Fields::of(row);
        let line = lines.entry(fields.text("a service")?).or_default();
        let group = fields.group()?;
        line.counts.add(group);
        if group.status == Status::InUse {
            line.accounts_in_use = line.accounts_in_use.max(fields.count("a count of accounts")?);
            line.regions_in_use = line.regions_in_use.max(fields.count("a count of regions")?);
        }
    }
    Ok(lines)
}

/// Makes the report.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let lines = lines(context).await?;
    let rows = lines.iter().map(|(service, line)| {
        let facts = context.service(service);
        let mut items = vec![
            Item::text(service),
            Item::from(facts.map(|facts| facts.title.clone())),
            Item::from(facts.map(|facts| facts.category.clone())),
            Item::text(entry(facts.is_some_and(|facts| facts.curated))),
            Item::count(line.accounts_in_use),
            Item::count(line.regions_in_use),
        ];
        items.extend(line.counts.items());
        items
    });
    let mut columns = vec![
        column("service", Kind::Word),
        programs("title", Kind::Text),
        column("category", Kind::Word),
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
