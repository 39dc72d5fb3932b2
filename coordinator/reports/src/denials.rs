//! `denials`: which of the organization's policies deny cells, where each is attached, and what nobody can explain.

mod checks;
mod explain;
mod groups;

use std::collections::BTreeMap;

use policy::guards::Guards;
use policy::organization::{ACCOUNT, Known};
use serde_json::Value;

use crate::context::Context;
use crate::error::ReportError;
use crate::guards;
use crate::row::Fields;
use crate::shape::{Item, Kind, Report, Table, column, if_any, paged, programs};
use explain::Cell;
use groups::{Group, Groups, Key};

/// Denials that are told in a sentence each.
const TOLD: usize = 10;

/// Makes the report.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let probes = context.probes.values().cloned();
    let mut read = guards::read(context.store(), &context.scan.id, probes).await?;
    let places = Places { context, units: units(context).await? };
    let mut groups = Groups::default();
    crate::unknown::read(context, |unknown| {
        if let Some(cell) = Cell::of(unknown) {
            let explained = explain::explain(&mut read.guards, &cell);
            groups.add(cell, explained);
        }
    })
    .await?;
    let checks = match groups.has_predicted() {
        true => checks::read(context, &mut read.guards).await?,
        false => BTreeMap::new(),
    };
    let found = groups.largest_first();
    let mut notes = vec![summary(&groups)];
    notes.extend(checks::wrong(context, &read.guards, &checks));
    notes.extend(found.iter().take(TOLD).filter_map(|(key, group)| {
        let policy = key.policy_name(&read.guards)?;
        let (accounts, regions) = (group.accounts.len(), group.regions.len());
        let place = places
            .of(key, group)
            .map_or_else(String::new, |place| format!(", attached to {place},"));
        let cells = group.cells();
        Some(format!(
            "{policy}{place} denies {accounts} accounts x {regions} regions: {cells} cells."
        ))
    }));
    notes.extend(read.lacking.iter().map(|(organization, lacks)| {
        let lacks = lacks.as_deref().unwrap_or("no record that they were read");
        format!(
            "Not all policies of {organization} were read ({lacks}): denials are explained where AWS named the policy, \
             or where what was read denies for certain."
        )
    }));
    let rows =
        found.iter().map(|(key, group)| row(&read.guards, places.of(key, group), key, group));
    Ok(Report {
        name: "denials",
        title: "What denies, and where it is attached".to_owned(),
        notes,
        tables: vec![
            Table {
                name: "rows",
                title: "Denied cells by statement".to_owned(),
                columns: columns(),
                rows: rows.collect(),
            },
            unread(&read.guards),
            checks::table(&places, &read.guards, &checks),
        ],
    })
}

/// A sentence for each statement of which cells that were called all the same were not denied.
pub(crate) async fn wrong_predictions(context: &Context<'_>) -> Result<Vec<String>, ReportError> {
    let probes = context.probes.values().cloned();
    let mut read = guards::read(context.store(), &context.scan.id, probes).await?;
    let checks = checks::read(context, &mut read.guards).await?;
    Ok(checks::wrong(context, &read.guards, &checks))
}

/// The paths of names of roots and units, by id.
async fn units(context: &Context<'_>) -> Result<BTreeMap<String, String>, ReportError> {
    let mut units = BTreeMap::new();
    for row in context.rows(include_str!("inventory/units.sql")).await? {
        let mut fields = Fields::of(row);
        let (_, unit) = (fields.maybe_text(), fields.text("a unit")?);
        let (_, _, path) = (fields.maybe_text(), fields.maybe_text(), fields.maybe_text());
        units.insert(unit.clone(), path.unwrap_or(unit));
    }
    Ok(units)
}

fn summary(groups: &Groups) -> String {
    let (all, explained) = groups.count();
    format!("Of {all} denied cells it is known of {explained} which policy denies them.")
}

fn columns() -> Vec<crate::shape::Column> {
    vec![
        column("policy", Kind::Text),
        column("type", Kind::Word),
        column("attached_to", Kind::Text),
        column("statement", Kind::Text),
        column("accounts", Kind::Number),
        column("regions", Kind::Number),
        column("cells", Kind::Number),
        column("how_known", Kind::Word),
        if_any("why", Kind::Text),
        paged("actions", Kind::List),
        paged("services", Kind::List),
        paged("statement_text", Kind::Json),
        paged("also_denied_by", Kind::List),
        programs("cells_by_arn", Kind::Number),
        programs("cells_evaluated", Kind::Number),
        programs("cells_predicted", Kind::Number),
        programs("statement_index", Kind::Number),
        programs("policy_id", Kind::Text),
        programs("policy_arn", Kind::Text),
        programs("attached_to_id", Kind::Text),
        programs("organization_id", Kind::Text),
        programs("example_account", Kind::Account),
        programs("example_region", Kind::Word),
        programs("example_message", Kind::Text),
    ]
}

fn row(guards: &Guards, place: Option<String>, key: &Key, group: &Group) -> Vec<Item> {
    let policy = key.ground.as_ref().and_then(|ground| guards.policy(ground));
    let statement = key.ground.as_ref().and_then(|ground| ground.statement);
    let text = |text: Option<&str>| Item::from(text.map(str::to_owned));
    let list =
        |names: &std::collections::BTreeSet<String>| Item::List(names.iter().cloned().collect());
    let also = group.also.iter().map(|ground| named(guards, ground)).collect();
    vec![
        Item::from(key.policy_name(guards)),
        text(key.kind),
        Item::from(place),
        Item::from(statement.map(|index| statement_name(policy, index))),
        Item::count(group.accounts.len() as u64),
        Item::count(group.regions.len() as u64),
        Item::count(group.cells()),
        Item::text(group.how()),
        text(key.why.as_deref()),
        list(&group.actions),
        list(&group.services),
        Item::from(policy.zip(statement).and_then(|(policy, index)| statement_text(policy, index))),
        Item::List(also),
        Item::count(group.by_arn),
        Item::count(group.evaluated),
        Item::count(group.predicted),
        statement.map_or(Item::Nothing, |index| Item::count(index as u64)),
        text(key.ground.as_ref().and_then(|ground| ground.policy.as_deref())),
        text(key.arn.as_deref().or_else(|| policy?.arn.as_deref())),
        text(key.ground.as_ref().and_then(|ground| ground.level.as_deref())),
        text(key.ground.as_ref().map(|ground| ground.organization.as_str())),
        text(group.accounts.first().map(String::as_str)),
        text(group.regions.first().map(String::as_str)),
        Item::from(group.message.clone()),
    ]
}

/// The name of a statement, or its place where its policy was not read.
fn statement_name(policy: Option<&Known>, index: usize) -> String {
    match policy {
        Some(policy) => policy.statement_name(index),
        None => format!("#{}", index + 1),
    }
}

fn statement_text(policy: &Known, index: usize) -> Option<String> {
    let document = policy.policy.as_ref()?.as_ref().ok()?.to_json();
    document["Statement"].get(index).map(Value::to_string)
}

/// A ground among several that deny the same cells.
fn named(guards: &Guards, ground: &policy::guards::Ground) -> String {
    let policy = guards.policy(ground);
    let name = policy.map_or(ground.policy.as_deref().unwrap_or_default(), |known| &known.name);
    let statement = ground.statement.map(|index| statement_name(policy, index));
    let level = ground.level.as_deref().unwrap_or("?");
    format!("{name} {} at {level}", statement.unwrap_or_default())
}

/// What roots, units and accounts are called.
struct Places<'c> {
    context: &'c Context<'c>,
    /// The paths of names of roots and units, by id.
    units: BTreeMap<String, String>,
}

impl Places<'_> {
    /// The path of a unit's names, or its id.
    fn unit(&self, level: &str) -> String {
        self.units.get(level).cloned().unwrap_or_else(|| level.to_owned())
    }

    /// Where a policy is attached.
    fn of(&self, key: &Key, group: &Group) -> Option<String> {
        let level = key.ground.as_ref()?.level.as_deref()?;
        if level != ACCOUNT {
            return Some(self.unit(level));
        }
        let first = group.accounts.first()?;
        match group.accounts.len() {
            1 => {
                let name = self.context.accounts.get(first).map(|account| account.name.clone());
                Some(format!("account {}", name.unwrap_or_else(|| first.clone())))
            }
            many => Some(format!("each of these {many} accounts")),
        }
    }
}

/// Policies that could not be asked, and why.
fn unread(guards: &Guards) -> Table {
    let mut rows = Vec::new();
    for (organization, read) in guards.organizations() {
        for policy in read.policies() {
            let why = match (&policy.policy, &policy.targets) {
                (Some(Err(error)), _) => format!("its document cannot be asked: {error}"),
                (None, _) => "its document was not read".to_owned(),
                (Some(Ok(_)), None) => "what it is attached to was not read".to_owned(),
                (Some(Ok(_)), Some(_)) => continue,
            };
            rows.push(vec![
                Item::text(&policy.name),
                Item::text(policy.kind.as_str()),
                Item::text(why),
                Item::text(&policy.id),
                Item::text(organization),
            ]);
        }
    }
    Table {
        name: "unread",
        title: "Policies that could not be asked".to_owned(),
        columns: vec![
            column("policy", Kind::Text),
            column("type", Kind::Word),
            column("why", Kind::Text),
            programs("policy_id", Kind::Text),
            programs("organization_id", Kind::Text),
        ],
        rows,
    }
}
