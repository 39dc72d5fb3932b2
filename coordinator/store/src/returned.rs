//! Dispatches that come back without having been worked on: when they are due again, and what
//! becomes of work that takes its workers with it.
//!
//! A batch that was delivered twice may hold one task that ends workers: from then on the tasks of
//! its row go out one by one. A task or pre-flight that was out alone gets a death, with its
//! history; after [`Task::MAX_DEATHS`] it ends as unknown, and the others go on.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use protocol::cell::{CellKey, Cost, CountIs};
use protocol::plan::RowVerdict;
use protocol::result::{Held, Return};
use protocol::store::{Ingested, StoreError};
use protocol::task::Task;
use protocol::{AccountId, Cell, Evidence, Failure, FailureKind, ProbeId, Region, ScanId, Status};

use crate::database::binds;
use crate::port::Open;
use crate::preflight::Judged;
use crate::record::{Columns, failure};

/// How long work waits whose worker had another catalog: until more of the fleet is up to date.
const OTHER_CATALOG: TimeDelta = TimeDelta::seconds(30);
/// The code of a task whose worker ended without an answer.
const WORKER_LOST: &str = "WorkerLost";
/// The code of a task that ended too many workers.
const POISON: &str = "Poison";

const RETURN_ROW: &str = "
update plan_rows
set state = 'waiting', due_at = $5,
    alone = case when $6 = 1 and sole is null then 1 else alone end
where scan_id = $1 and account_id = $2 and region = $3 and dispatch = $4 and state = 'out'
returning sole";

const READ_HELD: &str = "
select round, attempt, throttled, deaths, continuation, failure from held_tasks
where scan_id = $1 and account_id = $2 and region = $3 and probe = $4";

const READ_PREFLIGHT: &str = "
select preflight_deaths, preflight_failure_code, preflight_failure_message from scan_accounts
where scan_id = $1 and account_id = $2 and preflight_dispatch = $3 and preflight_state = 'out'";

const RETURN_PREFLIGHT: &str = "
update scan_accounts set preflight_state = 'waiting', preflight_due_at = $3
where scan_id = $1 and account_id = $2";

const LOSE_PREFLIGHT: &str = "
update scan_accounts
set preflight_state = 'waiting', preflight_due_at = $3, preflight_deaths = $4,
    preflight_failure_kind = $5, preflight_failure_code = $6, preflight_failure_message = $7,
    preflight_failure_operation = $8, preflight_failure_http_status = $9, preflight_failure_request_id = $10,
    preflight_denied_by = $11, preflight_policy_arn = $12
where scan_id = $1 and account_id = $2";

/// A dispatch that came back.
pub(crate) struct Returned<'a> {
    pub(crate) account: &'a AccountId,
    /// None for a pre-flight.
    pub(crate) region: Option<&'a Region>,
    pub(crate) dispatch: u32,
    pub(crate) why: Return,
}

impl Open<'_> {
    /// Makes what came back due again; what is not out under that number changes nothing.
    pub(crate) async fn take_back(
        &mut self,
        id: &ScanId,
        round: u32,
        returned: Vec<Returned<'_>>,
        now: DateTime<Utc>,
    ) -> Result<Ingested, StoreError> {
        let mut done = Ingested::default();
        for returned in returned {
            let one = match returned.region {
                Some(region) => self.take_row_back(id, round, &returned, region, now).await?,
                None => self.take_preflight_back(id, &returned, now).await?,
            };
            done.cells += one.cells;
            done.unknown += one.unknown;
            done.stale += one.stale;
        }
        Ok(done)
    }

    async fn take_row_back(
        &mut self,
        id: &ScanId,
        round: u32,
        returned: &Returned<'_>,
        region: &Region,
        now: DateTime<Utc>,
    ) -> Result<Ingested, StoreError> {
        let lost = returned.why == Return::Redelivered;
        let record = binds![
            id.as_str(),
            returned.account.as_str(),
            region.as_str(),
            returned.dispatch,
            due_again(returned.why, now).timestamp_millis(),
            lost,
        ];
        let Some(row) = self.fetch(RETURN_ROW, record).await?.into_iter().next() else {
            return Ok(Ingested { stale: 1, ..Ingested::default() });
        };
        match Columns::from(row).maybe_word::<ProbeId>()? {
            Some(probe) if lost => {
                let account = returned.account.clone();
                self.lose_task(id, round, CellKey { account, region: region.clone(), probe }, now)
                    .await
            }
            _ => Ok(Ingested::default()),
        }
    }

    /// Gives a task that was out alone a death, or its end.
    async fn lose_task(
        &mut self,
        id: &ScanId,
        round: u32,
        key: CellKey,
        now: DateTime<Utc>,
    ) -> Result<Ingested, StoreError> {
        let answered = self.standing_cells(id, std::iter::once(&key)).await?;
        let answered = answered.get(&key).map(|(round, _)| *round);
        if answered.is_some_and(|answered| answered >= round) {
            return Ok(Ingested::default());
        }
        let (mut task, earlier) = self.held_task(id, &key, answered).await?;
        task.deaths = task.deaths.saturating_add(1);
        let history = history(task.deaths, earlier.as_ref(), now);
        if task.deaths < Task::MAX_DEATHS {
            let why = Failure::new(FailureKind::Transient, WORKER_LOST, history);
            let CellKey { account, region, .. } = key;
            let held = Held { account, region, task, until: now, why: Some(why) };
            let stale = self.hold_tasks(id, round, vec![&held]).await?;
            return Ok(Ingested { stale, ..Ingested::default() });
        }
        let cell = Cell {
            key,
            round,
            status: Status::Error,
            evidence: Evidence::Failure,
            resource_count: 0,
            count_is: CountIs::Exact,
            sample: Vec::new(),
            failure: Some(Failure::new(FailureKind::Other, POISON, history)),
            attempts: task.deaths,
            cost: Cost::default(),
            observed_at: now,
        };
        tracing::warn!(scan.id = %id, account = %cell.key.account, region = %cell.key.region, probe = %cell.key.probe,
            "a task ended every worker that had it, and ends as an error");
        let done = self.write_cells(id, vec![&cell]).await?;
        let place = (cell.key.account, cell.key.region);
        self.sweep_answered(id, std::iter::once(&place)).await?;
        Ok(done)
    }

    /// The task as it was sent, with why it was put off before.
    async fn held_task(
        &mut self,
        id: &ScanId,
        key: &CellKey,
        answered: Option<u32>,
    ) -> Result<(Task, Option<Failure>), StoreError> {
        let place =
            binds![id.as_str(), key.account.as_str(), key.region.as_str(), key.probe.as_str()];
        if let Some(row) = self.fetch(READ_HELD, place).await?.into_iter().next() {
            let mut columns = Columns::from(row);
            let held_in: u32 = columns.number()?;
            if answered.is_none_or(|answered| answered < held_in) {
                let task = Task {
                    probe: key.probe.clone(),
                    attempt: columns.number()?,
                    throttled: columns.number()?,
                    deaths: columns.number()?,
                    continuation: columns.maybe_json()?,
                };
                return Ok((task, columns.maybe_json()?));
            }
        }
        Ok((Task::new(key.probe.clone()), None))
    }

    async fn take_preflight_back(
        &mut self,
        id: &ScanId,
        returned: &Returned<'_>,
        now: DateTime<Utc>,
    ) -> Result<Ingested, StoreError> {
        let account = returned.account;
        let out = binds![id.as_str(), account.as_str(), returned.dispatch];
        let Some(row) = self.fetch(READ_PREFLIGHT, out).await?.into_iter().next() else {
            return Ok(Ingested { stale: 1, ..Ingested::default() });
        };
        let due = due_again(returned.why, now).timestamp_millis();
        if returned.why != Return::Redelivered {
            self.execute(RETURN_PREFLIGHT, binds![id.as_str(), account.as_str(), due]).await?;
            return Ok(Ingested::default());
        }
        let mut columns = Columns::from(row);
        let deaths = columns.number::<u32>()?.saturating_add(1);
        let (code, message) = (columns.maybe_text()?, columns.maybe_text()?);
        let earlier = code
            .zip(message)
            .map(|(code, message)| Failure::new(FailureKind::Transient, code, message));
        let history = history(deaths, earlier.as_ref(), now);
        if deaths < Task::MAX_DEATHS {
            let why = Failure::new(FailureKind::Transient, WORKER_LOST, history);
            let mut record = Vec::from(binds![id.as_str(), account.as_str(), due, deaths]);
            record.extend(failure(Some(&why)));
            self.execute(LOSE_PREFLIGHT, record).await?;
            return Ok(Ingested::default());
        }
        tracing::warn!(scan.id = %id, %account, "entering an account ended every worker that tried, and ends as failed");
        let why = Failure::new(FailureKind::RoleFailed, POISON, history);
        let verdict =
            RowVerdict { region: None, status: Status::RoleFailed, failure: Some(why.clone()) };
        let round = self.standing(id).await?.round;
        let judged = Judged { id, account, round, now };
        self.end_preflight(&judged, returned.dispatch, &Err(why), &[verdict]).await?;
        Ok(Ingested::default())
    }
}

fn due_again(why: Return, now: DateTime<Utc>) -> DateTime<Utc> {
    match why {
        Return::Catalog => now.checked_add_signed(OTHER_CATALOG).unwrap_or(now),
        Return::Redelivered | Return::Stopped => now,
    }
}

/// What is told of work that ended its workers: how often, and when, as far as it is known.
fn history(deaths: u32, earlier: Option<&Failure>, now: DateTime<Utc>) -> String {
    let now = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    let earlier = earlier
        .filter(|failure| failure.code == WORKER_LOST)
        .and_then(|failure| failure.message.rsplit_once(": "));
    let times = match earlier {
        Some((_, times)) => format!("{times}, {now}"),
        None => now,
    };
    let most = Task::MAX_DEATHS;
    format!(
        "a worker that had this alone ended without an answer, {deaths} of {most} times: {times}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_tells_how_often_and_when() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).expect("a time");
        let throttled = Failure::new(FailureKind::Throttled, "Throttling", "no: no");
        let mut told = history(1, Some(&throttled), at(0));
        for (deaths, seconds) in [(2, 60), (3, 120)] {
            let earlier = Failure::new(FailureKind::Transient, WORKER_LOST, &told);
            told = history(deaths, Some(&earlier), at(seconds));
        }
        assert_eq!(
            told,
            "a worker that had this alone ended without an answer, 3 of 3 times: \
            1970-01-01T00:00:00Z, 1970-01-01T00:01:00Z, 1970-01-01T00:02:00Z"
        );
    }
}
