//! `resources`: everything that was seen and kept, the providers' own defaults marked as such.

use protocol::store::Row;

use crate::context::Context;
use crate::error::ReportError;
use crate::row::Fields;
use crate::shape::{Item, Kind, column};
use crate::streamed::{Source, Streamed};

/// The report.
pub(crate) fn report() -> Streamed<'static> {
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
        source: Source::Query { sql: include_str!("resources.sql"), binds: Vec::new, read: rows },
    }
}

fn rows(context: &Context<'_>, row: Row) -> Result<Vec<Vec<Item>>, ReportError> {
    let mut fields = Fields::of(row);
    let account = fields.text("an account id")?;
    let facts = context.accounts.get(&account);
    let name = facts.map(|facts| facts.name.clone());
    let unit = facts.and_then(|facts| facts.unit_path.clone());
    Ok(vec![vec![
        Item::Text(account),
        name.into(),
        unit.into(),
        Item::Text(fields.text("a region")?),
        fields.maybe_text().into(),
        Item::Text(fields.text("a probe")?),
        Item::Text(fields.text("a kind")?),
        Item::Text(fields.text("a resource id")?),
        fields.maybe_text().into(),
        Item::Flag(fields.flag("a flag")?),
        fields.maybe_text().into(),
    ]])
}
