//! Predictions held against what was called all the same: cells that a policy was to deny for certain.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use policy::guards::{Ground, Guards};
use protocol::{ProbeId, Region, Status};

use super::{Places, statement_name};
use crate::context::Context;
use crate::error::ReportError;
use crate::row::Fields;
use crate::shape::{Item, Kind, Table, column, programs};

/// What became of the cells that one statement was to deny.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Check {
    /// Not called.
    pub(super) spared: u64,
    /// Called and denied.
    pub(super) right: u64,
    /// Called and answered.
    pub(super) wrong: u64,
    /// Called, and nobody knows.
    pub(super) open: u64,
}

/// Reads what became of all cells that are predicted to be denied.
pub(super) async fn read(
    context: &Context<'_>,
    guards: &mut Guards,
) -> Result<BTreeMap<Ground, Check>, ReportError> {
    let mut checks: BTreeMap<Ground, Check> = BTreeMap::new();
    let mut rows = context.stream(include_str!("called.sql"), vec![]);
    while let Some(row) = rows.try_next().await? {
        let mut fields = Fields::of(row);
        let account = fields.text("an account")?;
        let (region, probe): (Region, ProbeId) =
            (fields.word("a region")?, fields.word("a probe")?);
        let status: Status = fields.word("a status")?;
        let Some((ground, _)) = guards.predict(&account, &probe, &region) else { continue };
        let check = checks.entry(ground).or_default();
        match status {
            Status::NotRun => check.spared += 1,
            Status::Denied => check.right += 1,
            Status::Throttled | Status::Unreachable | Status::Error => check.open += 1,
            _ => check.wrong += 1,
        }
    }
    checks.retain(|_, check| check.spared > 0 || check.wrong > 0);
    Ok(checks)
}

/// A sentence for each statement that did not deny what it was to deny.
pub(super) fn wrong(
    context: &Context<'_>,
    guards: &Guards,
    checks: &BTreeMap<Ground, Check>,
) -> Vec<String> {
    let wrong = checks.iter().filter(|(_, check)| check.wrong > 0);
    let tell = |(ground, check): (&Ground, &Check)| {
        let policy = guards.policy(ground);
        let name = policy.map_or("no policy that allows it", |policy| &policy.name);
        let called = check.wrong + check.right + check.open;
        format!(
            "The prediction by {name} was wrong: {} of {called} cells that were called all the same answered. Call the \
             {} others with `orgsweep requeue {} --status not_run --code {}`.",
            check.wrong,
            check.spared,
            context.scan.id,
            protocol::Failure::PREDICTED,
        )
    };
    wrong.map(tell).collect()
}

/// The table of predictions.
pub(super) fn table(
    places: &Places<'_>,
    guards: &Guards,
    checks: &BTreeMap<Ground, Check>,
) -> Table {
    let row = |(ground, check): (&Ground, &Check)| {
        let policy = guards.policy(ground);
        let name = policy.map(|policy| policy.name.clone());
        let verdict = match (check.wrong, check.right) {
            (0, 0) => "not tried",
            (0, _) => "right",
            _ => "wrong",
        };
        vec![
            Item::from(name),
            Item::from(ground.level.as_deref().map(|level| places.unit(level))),
            Item::from(ground.statement.map(|index| statement_name(policy, index))),
            Item::count(check.spared),
            Item::count(check.right),
            Item::count(check.wrong),
            Item::count(check.open),
            Item::text(verdict),
            Item::from(ground.policy.clone()),
        ]
    };
    Table {
        name: "predictions",
        title: "What was not called, and what a sample of it answered".to_owned(),
        columns: vec![
            column("policy", Kind::Text),
            column("attached_to", Kind::Text),
            column("statement", Kind::Text),
            column("not_called", Kind::Number),
            column("called_and_denied", Kind::Number),
            column("called_and_answered", Kind::Number),
            column("called_and_unknown", Kind::Number),
            column("prediction", Kind::Word),
            programs("policy_id", Kind::Text),
        ],
        rows: checks.iter().map(row).collect(),
    }
}
