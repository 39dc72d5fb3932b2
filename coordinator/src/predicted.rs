//! Cells that a service control policy will deny for certain: they are answered without a call, but for a sample.
//!
//! Of each statement and service the first cell that comes is called, and a few of the others. What they answer tells
//! whether the prediction was right; reports compare.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use policy::guards::{Ground, Guards};
use policy::organization::Prediction;
use protocol::cell::{CellKey, Cost, CountIs};
use protocol::result::{Answer, Page};
use protocol::scan::Scan;
use protocol::store::{Due, DueWork};
use protocol::task::Task;
use protocol::{
    AccountId, Cell, DeniedBy, Evidence, Failure, FailureKind, ProbeId, Region, ServiceId, Status,
};
use sha2::{Digest, Sha256};

use crate::{Error, Parts};

/// Of so many predicted cells one is called all the same.
const SAMPLED: u8 = 50;

/// The statements and services that are remembered to have been tried.
const MOST: usize = 1 << 16;

/// What a scan knows of the policies above its accounts.
#[derive(Default)]
pub(crate) struct Predicting {
    guards: Option<Guards>,
    /// Whether all accounts were known when the policies were read.
    planned: bool,
    tried: HashSet<(Ground, ServiceId)>,
}

impl Predicting {
    /// Takes out of what is due the cells that are predicted to be denied, and answers them. Dispatches of which
    /// nothing is left are answered whole.
    pub(crate) async fn sort_out(
        &mut self,
        parts: &Parts,
        scan: &Scan,
        due: Vec<Due>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Due>, Error> {
        self.read(parts, scan, &due).await?;
        let Some(guards) = &mut self.guards else { return Ok(due) };
        let mut left = Vec::new();
        let mut answers = Vec::new();
        for mut one in due {
            let DueWork::Probes { region, tasks } = &mut one.work else {
                left.push(one);
                continue;
            };
            tasks.retain(|task| {
                let predicted = is_new(task)
                    .then(|| guards.predict(one.account.as_str(), &task.probe, region))
                    .flatten();
                let Some((ground, prediction)) = predicted else { return true };
                let key = (&one.account, &*region, &task.probe);
                let first = (ground, task.probe.service());
                let is_tried = self.tried.contains(&first);
                if !is_tried && self.tried.len() < MOST {
                    self.tried.insert(first.clone());
                    return true;
                }
                if is_sampled(key) {
                    return true;
                }
                let failure = failure(guards, &first.0, &prediction);
                answers.push(Answer::Cell(cell(key, scan.round, failure, now)));
                false
            });
            if tasks.is_empty() {
                let (account, dispatch) = (one.account.clone(), one.dispatch);
                answers.push(Answer::Settled { account, region: region.clone(), dispatch });
            } else {
                left.push(one);
            }
        }
        if !answers.is_empty() {
            parts.store.ingest(&scan.id, scan.round, &[Page::from(&answers[..])], now).await?;
        }
        Ok(left)
    }

    /// Reads the policies, where that was not done, and again while accounts are still found.
    async fn read(&mut self, parts: &Parts, scan: &Scan, due: &[Due]) -> Result<(), Error> {
        let is_known = |guards: &Guards| {
            due.iter()
                .filter(|one| matches!(one.work, DueWork::Probes { .. }))
                .all(|one| guards.account(one.account.as_str()).is_some())
        };
        if self.guards.as_ref().is_some_and(|guards| self.planned || is_known(guards)) {
            return Ok(());
        }
        let probes = parts.catalog.probes().map(|probe| probe.facts(&parts.catalog));
        let read = reports::guards::read(&*parts.store, &scan.id, probes).await;
        let read = read.map_err(|error| Error::Policies(error.to_string()))?;
        self.guards = Some(read.guards);
        self.planned = scan.planned;
        Ok(())
    }
}

/// Whether nothing has been tried of a task yet.
fn is_new(task: &Task) -> bool {
    task.continuation.is_none() && task.attempt == 0 && task.throttled == 0 && task.deaths == 0
}

/// Whether a cell is called although it is predicted to be denied; the same cell always, or never.
fn is_sampled((account, region, probe): (&AccountId, &Region, &ProbeId)) -> bool {
    let name = format!("{account} {region} {probe}");
    Sha256::digest(name).first().is_some_and(|byte| byte % SAMPLED == 0)
}

fn failure(guards: &Guards, ground: &Ground, prediction: &Prediction) -> Failure {
    let policy = guards.policy(ground);
    let level = ground.level.as_deref().unwrap_or("?");
    let denies = match (policy, ground.statement) {
        (Some(policy), Some(statement)) => {
            format!("statement {statement} of {} ({}) at {level}", policy.name, policy.id)
        }
        _ => format!("no service control policy at {level} allows it, which"),
    };
    let message = format!("{denies} will deny {}: not called", prediction.action);
    Failure {
        denied_by: Some(DeniedBy::Scp),
        policy_arn: policy.and_then(|policy| policy.arn.clone()),
        ..Failure::new(FailureKind::Denied, Failure::PREDICTED, message)
            .during(&prediction.operation)
    }
}

fn cell(
    (account, region, probe): (&AccountId, &Region, &ProbeId),
    round: u32,
    failure: Failure,
    now: DateTime<Utc>,
) -> Cell {
    Cell {
        key: CellKey { account: account.clone(), region: region.clone(), probe: probe.clone() },
        round,
        status: Status::NotRun,
        evidence: Evidence::Predicted,
        resource_count: 0,
        count_is: CountIs::Exact,
        sample: Vec::new(),
        failure: Some(failure),
        attempts: 0,
        cost: Cost::default(),
        observed_at: now,
    }
}
