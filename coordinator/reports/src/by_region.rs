//! `by-region`: what is in each region, things of global services that live there among it.

use std::collections::BTreeMap;

use protocol::Status;

use crate::context::Context;
use crate::error::ReportError;
use crate::rollup::Counts;
use crate::row::Fields;
use crate::shape::{Item, Kind, Report, Table, column};

#[derive(Default)]
struct Line {
    counts: Counts,
    accounts_in_use: u64,
    services_in_use: u64,
    homed: u64,
}

/// Makes the report.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for row in context.rows(include_str!("by_region.sql")).await? {
        let mut fields = Fields::of(row);
        let line = lines.entry(fields.text("a region")?).or_default();
        let group = fields.group()?;
        line.counts.add(group);
        if group.status == Status::InUse {
            line.accounts_in_use = line.accounts_in_use.max(fields.count("a count of accounts")?);
            line.services_in_use += fields.count("a count of services")?;
        }
    }
    for row in context.rows(include_str!("by_region_homed.sql")).await? {
        let mut fields = Fields::of(row);
        let region = fields.text("a region")?;
        let probe = fields.text("a probe")?;
        let things = fields.count("a count of resources")?;
        // Kept documents (bucket policies) are not things of their own.
        if context.probes.get(&probe).is_none_or(|probe| probe.decides) {
            lines.entry(region).or_default().homed += things;
        }
    }
    let rows = lines.iter().map(|(region, line)| {
        let mut items = vec![
            Item::text(region),
            Item::count(line.accounts_in_use),
            Item::count(line.services_in_use),
        ];
        items.extend(line.counts.items());
        items.push(Item::count(line.homed));
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
