//! Reads the graph of a scan out of the store.

use std::collections::BTreeMap;

use protocol::ConnectionId;
use protocol::inventory::AccountState;
use protocol::scan::Source;

use super::Graph;
use super::nodes::{Account, Organization, Parent, Root, Unit};
use super::whole::Readings;
use crate::context::Context;
use crate::error::ReportError;
use crate::row::Fields;

/// Reads it.
pub(super) async fn graph(context: &Context<'_>, update_tag: i64) -> Result<Graph, ReportError> {
    let readings = Readings::load(context).await?;
    let mut notes = Vec::new();
    let organizations = organizations(context, &readings, &mut notes).await?;
    let (roots, units) = units(context).await?;
    let accounts = accounts(context, &organizations, &roots, &units).await?;
    Ok(Graph {
        scan: context.scan.id.clone(),
        update_tag,
        made_at: context.options.now.timestamp_millis(),
        organizations,
        roots,
        units,
        accounts,
        notes,
    })
}

/// Reads texts with pseudonyms in the place of account ids, where these are asked for.
struct Told<'c> {
    context: &'c Context<'c>,
    fields: Fields,
}

impl Told<'_> {
    fn text(&mut self, what: &'static str) -> Result<String, ReportError> {
        let text = self.fields.text(what)?;
        Ok(self.context.redactor.text(&text).into_owned())
    }

    /// A text that may be absent, or empty where it is.
    fn maybe(&mut self) -> Option<String> {
        let text = self.fields.maybe_text().filter(|text| !text.is_empty())?;
        Some(self.context.redactor.text(&text).into_owned())
    }
}

async fn organizations(
    context: &Context<'_>,
    readings: &Readings,
    notes: &mut Vec<String>,
) -> Result<Vec<Organization>, ReportError> {
    let mut organizations = Vec::new();
    for row in context.rows(include_str!("organizations.sql")).await? {
        let mut told = Told { context, fields: Fields::of(row) };
        let id = told.text("an organization")?;
        let lack = readings.lack(&id);
        notes.extend(
            lack.iter().map(|why| format!("organization {id}: nothing is removed from it: {why}")),
        );
        organizations.push(Organization {
            id,
            arn: told.maybe(),
            feature_set: told.maybe(),
            management_account: told.text("an account id")?,
            management_arn: told.maybe(),
            management_email: told.maybe(),
            whole: lack.is_none(),
        });
    }
    Ok(organizations)
}

async fn units(context: &Context<'_>) -> Result<(Vec<Root>, Vec<Unit>), ReportError> {
    let (mut roots, mut units): (Vec<Root>, Vec<Unit>) = (Vec::new(), Vec::new());
    for row in context.rows(include_str!("units.sql")).await? {
        let mut told = Told { context, fields: Fields::of(row) };
        let (organization, own) = (told.text("an organization")?, told.text("a unit")?);
        let (parent, path) = (told.maybe(), told.text("a path")?);
        let (name, arn) = (told.text("a name")?, told.maybe());
        let whole = |id: &str| format!("{organization}/{id}");
        let id = whole(&own);
        let Some(parent) = parent else {
            roots.push(Root { id, root_id: own, arn, name, organization });
            continue;
        };
        let root = path.split('/').next().unwrap_or_default();
        let above = whole(&parent);
        let parent = if parent == root { Parent::Root(above) } else { Parent::Unit(above) };
        let root = whole(root);
        units.push(Unit { id, ou_id: own, arn, name, organization, root, parent });
    }
    Ok((roots, units))
}

async fn accounts(
    context: &Context<'_>,
    organizations: &[Organization],
    roots: &[Root],
    units: &[Unit],
) -> Result<Vec<Account>, ReportError> {
    let sources: BTreeMap<ConnectionId, Source> =
        context.scan.settings.connections().into_iter().collect();
    let places = places(roots, units);
    let mut accounts = Vec::new();
    for row in context.rows(include_str!("accounts.sql")).await? {
        let mut told = Told { context, fields: Fields::of(row) };
        let id = told.text("an account id")?;
        let (name, email) = (told.text("a name")?, told.maybe());
        let state: AccountState = told.fields.word("an account state")?;
        let (arn, joined_method) = (told.maybe(), told.maybe());
        let joined_at = told.fields.maybe_time();
        let (organization, unit) = (told.maybe(), told.maybe());
        let connection: ConnectionId = told.fields.word("a connection")?;
        let (principal, entered) = (told.maybe(), told.fields.flag("a flag")?);
        let place = organization.as_ref().zip(unit).map(|(of, unit)| format!("{of}/{unit}"));
        let active = state == AccountState::Active;
        let of = organizations.iter().find(|known| Some(&known.id) == organization.as_ref());
        let arns = [arn.as_ref(), of.and_then(|of| of.arn.as_ref()), principal.as_ref()];
        let partition = arns.into_iter().flatten().find_map(|arn| arn.split(':').nth(1));
        let root_user = format!("arn:{}:iam::{id}:root", partition.unwrap_or("aws"));
        let profile = match sources.get(&connection) {
            Some(Source::Profile { name }) => Some(context.redactor.text(name).into_owned()),
            _ => None,
        };
        accounts.push(Account {
            // Whom no organization listed, a connection of its own led to.
            in_scope: entered || organization.is_none(),
            parent: place.filter(|_| active).and_then(|place| places.get(&place).cloned()),
            principal: active.then_some(root_user),
            // An account without a name bears its id.
            name: (name != id).then_some(name),
            arn,
            email,
            state: state.as_str().to_owned(),
            joined_method,
            joined_at,
            organization,
            profile,
            id,
        });
    }
    Ok(accounts)
}

/// What accounts can be directly in, by its id.
fn places(roots: &[Root], units: &[Unit]) -> BTreeMap<String, Parent> {
    let roots = roots.iter().map(|root| (root.id.clone(), Parent::Root(root.id.clone())));
    let units = units.iter().map(|unit| (unit.id.clone(), Parent::Unit(unit.id.clone())));
    roots.chain(units).collect()
}
