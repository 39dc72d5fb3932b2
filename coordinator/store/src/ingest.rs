//! Answers of workers, written down: each at most once, whatever comes late or twice.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use protocol::cell::CellKey;
use protocol::result::{Answer, Held, Page};
use protocol::store::{Ingested, StoreError};
use protocol::{AccountId, Cell, Failure, ScanId};

use crate::database::binds;
use crate::dispatch::Place;
use crate::many::Rows;
use crate::objects::Seen;
use crate::port::{Open, SqlStore};
use crate::record::{Columns, failure, json};
use crate::returned::Returned;
use crate::sets::Members;
use crate::turn::Rest;

const READ_ROWS: &str = "
select account_id, region, probe_set, state, dispatch,
    case when verdict is null and only_requeued = 0 then 1 else 0 end
from plan_rows
where (scan_id, account_id, region) in (select * from (values :rows) as keys)";

const HOLD_TASKS: &str = "
insert into held_tasks (
    scan_id, account_id, region, probe, round, attempt, throttled, deaths, due_at, continuation, failure)
values :rows
on conflict (scan_id, account_id, region, probe) do update set
    round = excluded.round, attempt = excluded.attempt, throttled = excluded.throttled, deaths = excluded.deaths,
    due_at = excluded.due_at, continuation = excluded.continuation, failure = excluded.failure";

const HOLD_PREFLIGHT: &str = "
update scan_accounts
set preflight_state = 'waiting', preflight_attempt = $4, preflight_due_at = $5,
    preflight_failure_kind = $6, preflight_failure_code = $7, preflight_failure_message = $8,
    preflight_failure_operation = $9, preflight_failure_http_status = $10, preflight_failure_request_id = $11,
    preflight_denied_by = $12, preflight_policy_arn = $13
where scan_id = $1 and account_id = $2 and preflight_dispatch = $3 and preflight_state = 'out'";

const SWEEP_HELD: &str = "
delete from held_tasks
where (scan_id, account_id, region) in (select * from (values :rows) as keys)
    and exists (select 1 from cells c
                where c.scan_id = held_tasks.scan_id and c.account_id = held_tasks.account_id
                    and c.region = held_tasks.region and c.probe = held_tasks.probe
                    and c.round >= held_tasks.round)";

const SWEEP_REQUEUED: &str = "
delete from requeued_cells
where (scan_id, account_id, region) in (select * from (values :rows) as keys)
    and exists (select 1 from cells c
                where c.scan_id = requeued_cells.scan_id and c.account_id = requeued_cells.account_id
                    and c.region = requeued_cells.region and c.probe = requeued_cells.probe
                    and c.round >= requeued_cells.round)";

const READ_RESTS: &str = "
select r.account_id, r.region, r.answered,
    (select count(*) from requeued_cells q
        where q.scan_id = r.scan_id and q.account_id = r.account_id and q.region = r.region),
    (select count(*) from held_tasks h
        where h.scan_id = r.scan_id and h.account_id = r.account_id and h.region = r.region),
    (select min(h.due_at) from held_tasks h
        where h.scan_id = r.scan_id and h.account_id = r.account_id and h.region = r.region),
    case
        when r.alone = 0 then null
        when exists (select 1 from held_tasks h
                     where h.scan_id = r.scan_id and h.account_id = r.account_id and h.region = r.region
                         and h.probe = r.sole) then 0
        when exists (select 1 from requeued_cells q
                     where q.scan_id = r.scan_id and q.account_id = r.account_id and q.region = r.region
                         and q.probe = r.sole) then 1
        when exists (select 1 from cells c
                     where c.scan_id = r.scan_id and c.account_id = r.account_id and c.region = r.region
                         and c.probe = r.sole) then 0
        else 1
    end
from plan_rows r
where (r.scan_id, r.account_id, r.region) in (select * from (values :rows) as keys)";

/// A row of the plan that answers are about.
struct PlannedRow {
    members: Arc<Members>,
    out: bool,
    dispatch: u32,
    open: bool,
}

/// Answers by kind; those about cells that are not planned are only counted.
#[derive(Default)]
struct Sorted<'a> {
    objects: Vec<Seen<'a>>,
    cells: Vec<&'a Cell>,
    held: Vec<&'a Held>,
    settled: Vec<(Place, u32)>,
    preflights: Vec<HeldPreflight<'a>>,
    returned: Vec<Returned<'a>>,
    stray: u64,
}

/// A pre-flight that is put off.
struct HeldPreflight<'a> {
    account: &'a AccountId,
    dispatch: u32,
    attempt: u32,
    until: DateTime<Utc>,
    failure: &'a Failure,
}

impl SqlStore {
    pub(crate) async fn write_answers(
        &self,
        id: &ScanId,
        round: u32,
        pages: &[Page<'_>],
        now: DateTime<Utc>,
    ) -> Result<Ingested, StoreError> {
        let mut open = self.begin().await?;
        let present = open.standing(id).await?.round;
        if round > present {
            let stale = pages.iter().map(|page| page.answers.len() as u64).sum();
            return Ok(Ingested { stale, ..Ingested::default() });
        }
        let ordered = open.in_order(id, pages).await?;
        let answers = ordered.answers();
        let rows = open.planned_rows(id, &answers).await?;
        let mut sorted = sort(answers, round, &rows);
        if round < present {
            open.drop_outdated_objects(id, round, &mut sorted).await?;
        }
        open.write_objects(id, round, &sorted.objects).await?;
        let mut done = open.write_cells(id, sorted.cells).await?;
        done.stale += ordered.stale + sorted.stray;
        done.stale += open.hold_tasks(id, round, sorted.held).await?;
        done.stale += open.hold_preflights(id, sorted.preflights).await?;
        done.stale += open.settle(id, sorted.settled, &rows, now).await?;
        // After the others, so that what was answered is not held against it.
        let returned = open.take_back(id, round, sorted.returned, now).await?;
        done.cells += returned.cells;
        done.unknown += returned.unknown;
        done.stale += returned.stale;
        open.commit().await?;
        if sorted.stray > 0 {
            tracing::debug!(scan.id = %id, answers = sorted.stray, "answers about cells that are not planned were left out");
        }
        Ok(done)
    }
}

/// The place that an answer is about.
fn place_of(answer: &Answer) -> Option<(&AccountId, &protocol::Region)> {
    match answer {
        Answer::Objects { cell, .. } => Some((&cell.account, &cell.region)),
        Answer::Cell(cell) => Some((&cell.key.account, &cell.key.region)),
        Answer::Held(held) => Some((&held.account, &held.region)),
        Answer::Settled { account, region, .. } => Some((account, region)),
        Answer::Preflight { .. } | Answer::PreflightHeld { .. } | Answer::Returned { .. } => None,
    }
}

fn sort<'a>(answers: Vec<&'a Answer>, round: u32, rows: &HashMap<Place, PlannedRow>) -> Sorted<'a> {
    let mut sorted = Sorted::default();
    let planned = |key: &CellKey| {
        let row = rows.get(&(key.account.clone(), key.region.clone()));
        row.is_some_and(|row| row.members.calls(&key.probe))
    };
    for answer in answers {
        match answer {
            Answer::Objects { cell, call, objects } if planned(cell) => {
                sorted.objects.push(Seen { cell, call: *call, objects })
            }
            Answer::Cell(cell) if planned(&cell.key) && cell.round == round => {
                sorted.cells.push(cell)
            }
            Answer::Held(held) if planned(&key_of(held)) => sorted.held.push(held),
            Answer::Settled { account, region, dispatch } => {
                sorted.settled.push(((account.clone(), region.clone()), *dispatch));
            }
            Answer::PreflightHeld { account, dispatch, attempt, until, failure } => {
                let (dispatch, attempt, until) = (*dispatch, *attempt, *until);
                sorted.preflights.push(HeldPreflight {
                    account,
                    dispatch,
                    attempt,
                    until,
                    failure,
                });
            }
            Answer::Returned { account, region, dispatch, why } => {
                let (region, dispatch, why) = (region.as_ref(), *dispatch, *why);
                sorted.returned.push(Returned { account, region, dispatch, why });
            }
            _ => sorted.stray += 1,
        }
    }
    sorted
}

fn key_of(held: &Held) -> CellKey {
    let Held { account, region, task, .. } = held;
    CellKey { account: account.clone(), region: region.clone(), probe: task.probe.clone() }
}

impl Open<'_> {
    /// The rows of the plan that answers are about.
    async fn planned_rows(
        &mut self,
        id: &ScanId,
        answers: &[&Answer],
    ) -> Result<HashMap<Place, PlannedRow>, StoreError> {
        let places: BTreeSet<_> = answers.iter().copied().filter_map(place_of).collect();
        let mut rows = Rows::new(3);
        for (account, region) in places {
            rows.push(binds![id, account, region]);
        }
        let mut planned = HashMap::new();
        for row in self.fetch_many(READ_ROWS, [], rows).await? {
            let mut columns = Columns::from(row);
            let place = (columns.word()?, columns.word()?);
            let members = self.members(&columns.text()?).await?;
            let out = columns.text()? == "out";
            let (dispatch, open) = (columns.number()?, columns.flag()?);
            planned.insert(place, PlannedRow { members, out, dispatch, open });
        }
        Ok(planned)
    }

    /// Leaves out things that an earlier round saw in cells that a later one has answered.
    async fn drop_outdated_objects(
        &mut self,
        id: &ScanId,
        round: u32,
        sorted: &mut Sorted<'_>,
    ) -> Result<(), StoreError> {
        let keys: BTreeSet<_> = sorted.objects.iter().map(|seen| seen.cell).collect();
        let standing = self.standing_cells(id, keys.into_iter()).await?;
        let before = sorted.objects.len();
        sorted.objects.retain(|seen| standing.get(seen.cell).is_none_or(|(of, _)| *of <= round));
        sorted.stray += (before - sorted.objects.len()) as u64;
        Ok(())
    }

    /// Writes tasks that are put off; returns how many were answered before.
    pub(crate) async fn hold_tasks(
        &mut self,
        id: &ScanId,
        round: u32,
        held: Vec<&Held>,
    ) -> Result<u64, StoreError> {
        let latest: HashMap<CellKey, &Held> =
            held.iter().map(|held| (key_of(held), *held)).collect();
        let standing = self.standing_cells(id, latest.keys()).await?;
        let mut rows = Rows::new(11);
        let mut stale = held.len() - latest.len();
        for (key, Held { task, until, why, .. }) in latest {
            if standing.get(&key).is_some_and(|(answered, _)| *answered >= round) {
                stale += 1;
                continue;
            }
            rows.push(binds![
                id,
                &key.account,
                &key.region,
                &key.probe,
                round,
                task.attempt,
                task.throttled,
                task.deaths,
                until.timestamp_millis(),
                task.continuation.as_ref().map(json).transpose()?,
                why.as_ref().map(json).transpose()?,
            ]);
        }
        self.execute_many(HOLD_TASKS, [], rows).await?;
        Ok(stale as u64)
    }

    /// Puts pre-flights off; returns how many belonged to an earlier dispatch.
    async fn hold_preflights(
        &mut self,
        id: &ScanId,
        preflights: Vec<HeldPreflight<'_>>,
    ) -> Result<u64, StoreError> {
        let mut stale = 0;
        for held in preflights {
            let mut record = Vec::from(binds![
                id.as_str(),
                held.account.as_str(),
                held.dispatch,
                held.attempt,
                held.until.timestamp_millis(),
            ]);
            record.extend(failure(Some(held.failure)));
            stale += u64::from(self.execute(HOLD_PREFLIGHT, record).await? == 0);
        }
        Ok(stale)
    }

    /// Closes dispatches that were answered; returns how many were not the present ones.
    async fn settle(
        &mut self,
        id: &ScanId,
        settled: Vec<(Place, u32)>,
        planned: &HashMap<Place, PlannedRow>,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let present = |(place, dispatch): &(Place, u32)| {
            planned.get(place).is_some_and(|row| row.out && row.dispatch == *dispatch)
        };
        let given = settled.len();
        let settled: BTreeSet<Place> =
            settled.into_iter().filter(present).map(|(place, _)| place).collect();
        let keys = self.sweep_answered(id, settled.iter()).await?;
        let mut next = Vec::with_capacity(settled.len());
        for row in self.fetch_many(READ_RESTS, [], keys).await? {
            let mut columns = Columns::from(row);
            let place: Place = (columns.word()?, columns.word()?);
            let answered: u64 = columns.number()?;
            let unanswered = planned
                .get(&place)
                .filter(|row| row.open)
                .map_or(0, |row| (row.members.callable.len() as u64).saturating_sub(answered));
            let rest = Rest {
                unanswered,
                requeued: columns.number()?,
                held: columns.number()?,
                held_due: columns.maybe_int()?,
                alone: columns.maybe_int()?.map(|coming| coming != 0),
            };
            next.push((place, rest.due(now.timestamp_millis())));
        }
        self.set_rows(id, next).await?;
        Ok((given - settled.len()) as u64)
    }
    /// Forgets what was put off or asked for again in rows and is answered now; returns their keys.
    pub(crate) async fn sweep_answered<'p>(
        &mut self,
        id: &ScanId,
        places: impl Iterator<Item = &'p Place> + Send,
    ) -> Result<Rows, StoreError> {
        let mut keys = Rows::new(3);
        for place in places {
            keys.push_place(id, place);
        }
        self.execute_many(SWEEP_HELD, [], keys.again()).await?;
        self.execute_many(SWEEP_REQUEUED, [], keys.again()).await?;
        Ok(keys)
    }
}
