//! `by-region`: what is in each region, things of global services that live there among it.

use std::collections::{BTreeMap, BTreeSet};

use crate::context::Context;
use crate::error::ReportError;
use crate::overview::Part;
use crate::rollup::Counts;
use crate::row::Fields;
use crate::shape::{Item, Kind, Report, Table, column};

/// Makes the report.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let overview = context.overview().await?;
    let mut homed: BTreeMap<String, u64> = BTreeMap::new();
    for row in context.rows(include_str!("homed.sql")).await? {
        let mut fields = Fields::of(row);
        let region = fields.text("a region")?;
        let probe = fields.text("a probe")?;
        let things = fields.count("a count of resources")?;
        // Kept documents (bucket policies) are not things of their own.
        if context.probes.get(&probe).is_none_or(|probe| probe.decides) {
            *homed.entry(region).or_default() += things;
        }
    }
    let nothing = Part::default();
    let regions: BTreeSet<&String> = overview.regions.keys().chain(homed.keys()).collect();
    let rows = regions.into_iter().map(|region| {
        let part = overview.regions.get(region).unwrap_or(&nothing);
        let mut items = vec![
            Item::text(region),
            Item::count(part.accounts),
            Item::count(part.services.len() as u64),
        ];
        items.extend(part.counts.items());
        items.push(Item::count(homed.get(region).copied().unwrap_or(0)));
        items
    });
    let mut columns = vec![
        column("region", Kind::Word),
        column("accounts_in_use", Kind::Number),
        column("services_in_use", Kind::Number),
    ];
    columns.extend(Counts::columns());
    columns.push(column("homed_here", Kind::Number));
    let table = Table { name: "rows", title: "Regions".to_owned(), columns, rows: rows.collect() };
    Ok(Report {
        name: "by-region",
        title: "Enablement by region".to_owned(),
        notes: vec![
            "Global services are asked once, so their things count in the row `global`; `homed here` counts \
             those of them that live in the region (S3 buckets), as far as things were kept."
                .to_owned(),
            crate::notes::RATE.to_owned(),
        ],
        tables: vec![table],
    })
}
