//! `inventory`: the organization as a scan found it, what happened to its accounts since the scan before, and how
//! completely each part of it was read.

mod completeness;
mod events;

use std::collections::BTreeMap;

use crate::context::Context;
use crate::error::ReportError;
use crate::row::Fields;
use crate::shape::{Column, Item, Kind, Report, Table, column, paged, programs};

/// Makes the report.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let completeness = completeness::table(context).await?;
    let (events, since) = events::table(context).await?;
    let mut notes = vec![
        "Without a whole list of accounts nobody has left: who is missing from it is only not seen.".to_owned(),
    ];
    notes.extend(since);
    notes.extend(completeness.note);
    Ok(Report {
        name: "inventory",
        title: "The organization".to_owned(),
        notes,
        tables: vec![
            accounts(context).await?,
            organizations(context).await?,
            units(context).await?,
            policies(context).await?,
            attachments(context).await?,
            administrators(context).await?,
            services(context).await?,
            events,
            completeness.table,
        ],
    })
}

/// A table whose rows are those of a query, each read by itself.
async fn table(
    context: &Context<'_>,
    (name, title): (&'static str, &str),
    sql: &'static str,
    columns: Vec<Column>,
    read: impl Fn(&mut Fields) -> Result<Vec<Item>, ReportError>,
) -> Result<Table, ReportError> {
    let rows = context.rows(sql).await?.into_iter().map(|row| read(&mut Fields::of(row)));
    let rows = rows.collect::<Result<_, _>>()?;
    Ok(Table { name, title: title.to_owned(), columns, rows })
}

/// A text that may be absent.
fn text(fields: &mut Fields) -> Item {
    Item::from(fields.maybe_text().filter(|text| !text.is_empty()))
}

fn time(fields: &mut Fields) -> Item {
    fields.maybe_time().map_or(Item::Nothing, Item::Time)
}

async fn accounts(context: &Context<'_>) -> Result<Table, ReportError> {
    let columns = vec![
        column("account_id", Kind::Account),
        column("account_name", Kind::Text),
        column("account_state", Kind::Word),
        column("ou_path", Kind::Text),
        programs("ou_id_path", Kind::Text),
        paged("email", Kind::Text),
        programs("organization_id", Kind::Text),
        paged("management", Kind::Word),
        paged("joined_method", Kind::Word),
        column("joined_at", Kind::Time),
        programs("arn", Kind::Text),
        programs("tags", Kind::Json),
    ];
    let sql = include_str!("inventory/accounts.sql");
    table(context, ("rows", "Accounts"), sql, columns, |fields| {
        let (id, name, email) = (fields.text("an account id")?, text(fields), text(fields));
        let (state, path, id_path) = (text(fields), text(fields), text(fields));
        let (organization, management) = (text(fields), fields.flag("a flag")?);
        let (method, joined, arn) = (text(fields), time(fields), text(fields));
        let tags = tags(fields.maybe_text())?;
        let management = Item::Flag(management);
        Ok(vec![
            Item::Text(id),
            name,
            state,
            path,
            id_path,
            email,
            organization,
            management,
            method,
            joined,
            arn,
            tags,
        ])
    })
    .await
}

/// The tags as an object; a key that is there twice has its last value.
fn tags(stored: Option<String>) -> Result<Item, ReportError> {
    let pairs: Vec<(String, String)> =
        stored.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default();
    let tags: BTreeMap<String, String> = pairs.into_iter().collect();
    Ok(Item::Text(serde_json::to_string(&tags)?))
}

async fn organizations(context: &Context<'_>) -> Result<Table, ReportError> {
    let columns = vec![
        column("organization_id", Kind::Text),
        programs("arn", Kind::Text),
        column("feature_set", Kind::Word),
        column("management_account", Kind::Account),
        programs("management_arn", Kind::Text),
        paged("management_email", Kind::Text),
        column("accounts", Kind::Number),
        column("units", Kind::Number),
    ];
    let sql = include_str!("inventory/organizations.sql");
    table(context, ("organization", "Organization"), sql, columns, |fields| {
        let mut items: Vec<Item> = (0..6).map(|_| text(fields)).collect();
        items.push(Item::count(fields.count("a count")?));
        items.push(Item::count(fields.count("a count")?));
        Ok(items)
    })
    .await
}

async fn units(context: &Context<'_>) -> Result<Table, ReportError> {
    let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in context.rows(include_str!("inventory/types.sql")).await? {
        let mut fields = Fields::of(row);
        let root = fields.text("a root")?;
        let (kind, status) = (fields.text("a type")?, fields.text("a status")?);
        let told = if status == "ENABLED" { kind } else { format!("{kind} ({status})") };
        types.entry(root).or_default().push(told);
    }
    let columns = vec![
        column("unit_id", Kind::Text),
        paged("name", Kind::Text),
        column("ou_path", Kind::Text),
        programs("parent", Kind::Text),
        programs("ou_id_path", Kind::Text),
        column("policy_types", Kind::List),
        programs("organization_id", Kind::Text),
        programs("arn", Kind::Text),
    ];
    let sql = include_str!("inventory/units.sql");
    table(context, ("units", "Roots and units"), sql, columns, |fields| {
        let (organization, unit) = (text(fields), fields.text("a unit")?);
        let (parent, name, path) = (text(fields), text(fields), text(fields));
        let (id_path, arn) = (text(fields), text(fields));
        let enabled = Item::List(types.get(&unit).cloned().unwrap_or_default());
        let unit = Item::Text(unit);
        Ok(vec![unit, name, path, parent, id_path, enabled, organization, arn])
    })
    .await
}

async fn policies(context: &Context<'_>) -> Result<Table, ReportError> {
    let columns = vec![
        column("policy_id", Kind::Text),
        column("type", Kind::Word),
        column("name", Kind::Text),
        column("aws_managed", Kind::Word),
        column("attached_to", Kind::Number),
        programs("organization_id", Kind::Text),
        programs("arn", Kind::Text),
        paged("description", Kind::Text),
        programs("content", Kind::Json),
    ];
    let sql = include_str!("inventory/policies.sql");
    table(context, ("policies", "Policies"), sql, columns, |fields| {
        let (id, kind, name) = (text(fields), text(fields), text(fields));
        let provided = Item::Flag(fields.flag("a flag")?);
        let (known, count) = (fields.flag("a flag")?, fields.count("a count")?);
        // What it is attached to may be unknown; that is not nothing.
        let targets = if known { Item::count(count) } else { Item::Nothing };
        let (organization, arn) = (text(fields), text(fields));
        let (description, content) = (text(fields), text(fields));
        Ok(vec![id, kind, name, provided, targets, organization, arn, description, content])
    })
    .await
}

async fn attachments(context: &Context<'_>) -> Result<Table, ReportError> {
    let columns = vec![
        column("policy", Kind::Text),
        column("type", Kind::Word),
        column("target", Kind::Text),
        column("target_kind", Kind::Word),
        column("ou_path", Kind::Text),
        programs("policy_id", Kind::Text),
        programs("target_id", Kind::Text),
        programs("organization_id", Kind::Text),
    ];
    let sql = include_str!("inventory/attachments.sql");
    let name = ("attachments", "What policies are attached to");
    table(context, name, sql, columns, |fields| Ok((0..8).map(|_| text(fields)).collect())).await
}

async fn administrators(context: &Context<'_>) -> Result<Table, ReportError> {
    let columns = vec![
        column("account_id", Kind::Account),
        column("account_name", Kind::Text),
        column("service", Kind::Text),
        column("since", Kind::Time),
        programs("organization_id", Kind::Text),
    ];
    let sql = include_str!("inventory/administrators.sql");
    let name = ("delegated_administrators", "Delegated administrators");
    table(context, name, sql, columns, |fields| {
        let (id, name, service) = (text(fields), text(fields), text(fields));
        Ok(vec![id, name, service, time(fields), text(fields)])
    })
    .await
}

async fn services(context: &Context<'_>) -> Result<Table, ReportError> {
    let columns = vec![
        column("service", Kind::Text),
        column("since", Kind::Time),
        programs("organization_id", Kind::Text),
    ];
    let sql = include_str!("inventory/services.sql");
    table(context, ("trusted_services", "Trusted services"), sql, columns, |fields| {
        Ok(vec![text(fields), time(fields), text(fields)])
    })
    .await
}
