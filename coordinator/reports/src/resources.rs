//! `resources`: everything that was seen and kept, the providers' own defaults marked as such.

use crate::cells::item;
use crate::shape::{Item, Kind, column};
use crate::streamed::{Source, Streamed};

/// The report.
pub(crate) fn report() -> Streamed {
    Streamed {
        name: "resources",
        title: "Resources",
        note: "One row for each thing that was seen and kept; `own` is no for what the provider made itself.",
        columns: vec![
            column("account_id", Kind::Account),
            column("account_name", Kind::Text),
            column("ou_path", Kind::Text),
            column("region", Kind::Word),
            column("home_region", Kind::Word),
            column("probe", Kind::Word),
            column("kind", Kind::Text),
            column("resource_id", Kind::Text),
            column("parent", Kind::Text),
            column("own", Kind::Word),
            column("attributes", Kind::Json),
        ],
        people: &["account_name", "region", "home_region", "kind", "resource_id", "own"],
        source: Source::Query(include_str!("resources.sql"), |columns, row| {
            let read = |(column, value): (&crate::shape::Column, _)| {
                let item = item(column.kind, value)?;
                Ok(match item {
                    Item::Count(flag) if column.name == "own" => Item::Flag(flag != 0),
                    other => other,
                })
            };
            columns.iter().zip(row).map(read).collect()
        }),
    }
}
