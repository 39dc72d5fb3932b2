//! What happened to the accounts of each organization since the scan before that saw it.

use std::collections::{BTreeMap, BTreeSet};

use protocol::ScanId;

use crate::context::Context;
use crate::diff::{Happened, events};
use crate::error::ReportError;
use crate::row::Fields;
use crate::shape::{Item, Kind, Table, column, programs};

/// Makes the table; and says with what it compares.
pub(super) async fn table(context: &Context<'_>) -> Result<(Table, Option<String>), ReportError> {
    let mut before: BTreeMap<ScanId, BTreeSet<String>> = BTreeMap::new();
    for row in context.rows(include_str!("before.sql")).await? {
        let mut fields = Fields::of(row);
        let organization = fields.text("an organization")?;
        before.entry(fields.word("a scan")?).or_default().insert(organization);
    }
    let mut rows = Vec::new();
    for (scan, organizations) in &before {
        let earlier = context.another(scan).await?;
        for happened in events(&earlier, context).await? {
            let sides = [&earlier, context].map(|side| side.accounts.get(&happened.account));
            let of = sides.into_iter().flatten().filter_map(|known| known.organization.as_ref());
            if of.into_iter().any(|organization| organizations.contains(organization)) {
                let name = sides[1].or(sides[0]).map(|known| known.name.clone());
                rows.push(told(happened, name, scan));
            }
        }
    }
    let scans: Vec<&str> = before.keys().map(ScanId::as_str).collect();
    let since = match scans[..] {
        [] => None,
        _ => Some(format!("Events are those since the scan before: {}.", scans.join(", "))),
    };
    let columns = vec![
        column("account_id", Kind::Account),
        column("account_name", Kind::Text),
        column("event", Kind::Word),
        column("from", Kind::Text),
        column("to", Kind::Text),
        column("why", Kind::Text),
        programs("since_scan", Kind::Word),
    ];
    let title = "What happened to accounts since the scan before".to_owned();
    Ok((Table { name: "events", title, columns, rows }, since))
}

fn told(happened: Happened, name: Option<String>, since: &ScanId) -> Vec<Item> {
    vec![
        Item::Text(happened.account),
        name.into(),
        Item::text(happened.event.as_str()),
        happened.from.into(),
        happened.to.into(),
        happened.why.into(),
        Item::text(since.as_str()),
    ]
}
