//! How completely each part of an organization was read; what nobody has read is told too.

use std::collections::{BTreeMap, BTreeSet};

use protocol::holding::{Completeness, Part};

use super::text;
use crate::context::Context;
use crate::error::ReportError;
use crate::row::Fields;
use crate::shape::{Item, Kind, Table, column, paged, programs};

/// The table, and what a reader should know before.
pub(super) struct Told {
    pub(super) table: Table,
    pub(super) note: Option<String>,
}

/// Makes the table.
pub(super) async fn table(context: &Context<'_>) -> Result<Told, ReportError> {
    let mut read: BTreeMap<String, BTreeSet<Part>> = BTreeMap::new();
    for row in context.rows(include_str!("organizations.sql")).await? {
        read.insert(Fields::of(row).text("an organization")?, BTreeSet::new());
    }
    let mut rows = Vec::new();
    let mut whole = true;
    for row in context.rows(include_str!("readings.sql")).await? {
        let mut fields = Fields::of(row);
        let organization = fields.text("an organization")?;
        let (part, how): (Part, Completeness) =
            (fields.word("a part")?, fields.word("how completely")?);
        whole &= !matches!(how, Completeness::Denied | Completeness::Incomplete);
        let mut items = vec![
            Item::from(Some(organization.clone()).filter(|id| !id.is_empty())),
            Item::text(part.as_str()),
            Item::text(how.as_str()),
        ];
        items.extend((0..6).map(|_| text(&mut fields)));
        items.push(fields.maybe_time().map_or(Item::Nothing, Item::Time));
        rows.push(items);
        read.entry(organization).or_default().insert(part);
    }
    let tags = context.scan.settings.account_tags;
    let wanted = Part::ALL.iter().filter(|part| tags || **part != Part::Tags);
    for (organization, parts) in read.iter().filter(|(id, _)| !id.is_empty()) {
        for part in wanted.clone().filter(|part| !parts.contains(*part)) {
            whole = false;
            let mut items = vec![
                Item::text(organization),
                Item::text(part.as_str()),
                Item::text(Completeness::Incomplete.as_str()),
                Item::text("no record that it was read to its end"),
            ];
            items.resize(COLUMNS, Item::Nothing);
            rows.push(items);
        }
    }
    let note = (!whole).then(|| {
        "Not everything of the organization could be read: what is missing stands under completeness."
            .to_owned()
    });
    let columns = vec![
        column("organization_id", Kind::Text),
        column("part", Kind::Word),
        column("completeness", Kind::Word),
        column("missing", Kind::Text),
        column("failure_code", Kind::Text),
        paged("failure_message", Kind::Text),
        paged("denied_by", Kind::Word),
        programs("policy_arn", Kind::Text),
        paged("connection", Kind::Text),
        paged("read_at", Kind::Time),
    ];
    debug_assert_eq!(columns.len(), COLUMNS);
    let title = "How completely it was read".to_owned();
    Ok(Told { table: Table { name: "completeness", title, columns, rows }, note })
}

const COLUMNS: usize = 10;
