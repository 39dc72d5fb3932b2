//! Work that is due: taken, handed back, counted.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use protocol::scan::ScanState;
use protocol::store::{Due, DueWork, Progress, StoreError};
use protocol::task::Task;
use protocol::{AccountId, ConnectionId, ProbeId, Region, ScanId};

use crate::database::binds;
use crate::many::Rows;
use crate::port::{Open, SqlStore};
use crate::record::Columns;
use crate::turn::{Held, Turn, Work};

const DUE_PREFLIGHTS: &str = "
select account_id, connection, preflight_dispatch, preflight_attempt
from scan_accounts a
where scan_id = $1 and preflight_state = 'waiting' and preflight_due_at <= $2
    and not exists (select 1 from paused_accounts p
                    where p.workspace = (select s.workspace from scans s where s.scan_id = $1)
                        and p.account_id = a.account_id)
order by win, account_id
limit $3";

const TAKE_PREFLIGHTS: &str = "
update scan_accounts
set preflight_state = 'out', preflight_dispatch = preflight_dispatch + 1, preflight_dispatched_at = ?
where (scan_id, account_id) in (select * from (values :rows) as keys)";

const DUE_ROWS: &str = "
select r.account_id, r.region, a.connection, r.dispatch, r.probe_set, r.answered,
    case when r.verdict is null and r.only_requeued = 0 then 1 else 0 end, r.alone, r.sole
from plan_rows r
join scan_accounts a on a.scan_id = r.scan_id and a.account_id = r.account_id
where r.scan_id = $1 and r.state = 'waiting' and r.due_at <= $2
    and not exists (select 1 from paused_accounts p
                    where p.workspace = (select s.workspace from scans s where s.scan_id = $1)
                        and p.account_id = r.account_id)
order by r.win, r.lane, r.account_id
limit $3";

const TAKE_ROWS: &str = "
with sent (scan_id, account_id, region, dispatched_at, sole) as (values :rows)
update plan_rows
set state = 'out', dispatch = dispatch + 1, dispatched_at = cast(sent.dispatched_at as bigint), sole = sent.sole
from sent
where plan_rows.scan_id = sent.scan_id and plan_rows.account_id = sent.account_id
    and plan_rows.region = sent.region";

const READ_ANSWERED: &str = "
select account_id, region, probe, round from cells
where (scan_id, account_id, region) in (select * from (values :rows) as keys)";

const READ_REQUEUED: &str = "
select account_id, region, probe, round from requeued_cells
where (scan_id, account_id, region) in (select * from (values :rows) as keys)";

const READ_HELD: &str = "
select account_id, region, probe, round, due_at, attempt, throttled, deaths, continuation from held_tasks
where (scan_id, account_id, region) in (select * from (values :rows) as keys)";

const SET_ROWS: &str = "
with next (scan_id, account_id, region, state, due_at) as (values :rows)
update plan_rows
set state = next.state, due_at = cast(next.due_at as bigint),
    alone = case when next.state = 'done' then 0 else plan_rows.alone end
from next
where plan_rows.scan_id = next.scan_id and plan_rows.account_id = next.account_id
    and plan_rows.region = next.region";

const RECLAIM_PREFLIGHTS: &str = "
update scan_accounts set preflight_state = 'waiting'
where scan_id = $1 and preflight_state = 'out' and preflight_dispatched_at < $2";

const RECLAIM_ROWS: &str = "
update plan_rows set state = 'waiting'
where scan_id = $1 and state = 'out' and dispatched_at < $2";

const PROGRESS: &str = "
select
    (select count(*) from scan_accounts where scan_id = $1),
    (select count(*) from scan_accounts where scan_id = $1 and preflight_state in ('waiting', 'out')),
    (select count(*) from plan_rows where scan_id = $1 and state in ('blocked', 'waiting', 'out')),
    (select count(*) from scan_accounts where scan_id = $1 and preflight_state = 'out')
        + (select count(*) from plan_rows where scan_id = $1 and state = 'out'),
    (select min(preflight_due_at) from scan_accounts where scan_id = $1 and preflight_state = 'waiting'),
    (select min(due_at) from plan_rows where scan_id = $1 and state = 'waiting')";

/// An account and region.
pub(crate) type Place = (AccountId, Region);

/// A row of the plan that is due.
struct DueRow {
    place: Place,
    connection: ConnectionId,
    dispatch: u32,
    probe_set: String,
    answered: u64,
    open: bool,
    alone: bool,
    sole: Option<ProbeId>,
}

impl DueRow {
    /// What is stored of it in the row itself.
    fn work(&self) -> Work {
        Work { open: self.open, alone: self.alone, sole: self.sole.clone(), ..Work::default() }
    }
}

impl SqlStore {
    pub(crate) async fn take(
        &self,
        id: &ScanId,
        now: DateTime<Utc>,
        most: u32,
    ) -> Result<Vec<Due>, StoreError> {
        let now = now.timestamp_millis();
        let mut open = self.begin().await?;
        if open.standing(id).await?.state != ScanState::Running {
            return Ok(Vec::new());
        }
        let mut due = open.take_preflights(id, now, most).await?;
        // Every turn takes rows out of the waiting ones, so this ends.
        while due.len() < most as usize {
            let wanted = most.saturating_sub(u32::try_from(due.len()).unwrap_or(most));
            if !open.take_rows(id, now, wanted, &mut due).await? {
                break;
            }
        }
        open.commit().await?;
        Ok(due)
    }

    pub(crate) async fn hand_back(
        &self,
        id: &ScanId,
        before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let mut open = self.begin().await?;
        open.standing(id).await?;
        let before = before.timestamp_millis();
        let preflights = open.execute(RECLAIM_PREFLIGHTS, binds![id.as_str(), before]).await?;
        let rows = open.execute(RECLAIM_ROWS, binds![id.as_str(), before]).await?;
        open.commit().await?;
        Ok(preflights + rows)
    }

    pub(crate) async fn read_progress(&self, id: &ScanId) -> Result<Progress, StoreError> {
        let Some(row) = self.fetch(PROGRESS, binds![id.as_str()]).await?.into_iter().next() else {
            return Ok(Progress::default());
        };
        let mut columns = Columns::from(row);
        Ok(Progress {
            accounts: columns.number()?,
            preflights_open: columns.number()?,
            batches_open: columns.number()?,
            out: columns.number()?,
            next_due_ms: [columns.maybe_int()?, columns.maybe_int()?].into_iter().flatten().min(),
        })
    }
}

impl Open<'_> {
    async fn take_preflights(
        &mut self,
        id: &ScanId,
        now: i64,
        most: u32,
    ) -> Result<Vec<Due>, StoreError> {
        let mut due = Vec::new();
        let mut taken = Rows::new(2);
        for row in self.fetch(DUE_PREFLIGHTS, binds![id.as_str(), now, most]).await? {
            let mut columns = Columns::from(row);
            let account: AccountId = columns.word()?;
            taken.push_key(&[id.as_str(), account.as_str()]);
            due.push(Due {
                account,
                connection: columns.word()?,
                dispatch: columns.number::<u32>()?.saturating_add(1),
                work: DueWork::Preflight { attempt: columns.number()? },
            });
        }
        self.execute_many(TAKE_PREFLIGHTS, binds![now], taken).await?;
        Ok(due)
    }

    /// Takes some rows; says whether any was due.
    async fn take_rows(
        &mut self,
        id: &ScanId,
        now: i64,
        most: u32,
        due: &mut Vec<Due>,
    ) -> Result<bool, StoreError> {
        let rows = self.fetch(DUE_ROWS, binds![id.as_str(), now, most]).await?;
        let rows: Vec<DueRow> = rows.into_iter().map(due_row_of).collect::<Result<_, _>>()?;
        let mut works = self.works(id, &rows).await?;
        let mut taken = Rows::new(5);
        let mut next = Rows::new(5);
        for row in &rows {
            let members = self.members(&row.probe_set).await?;
            let work = works.remove(&row.place).unwrap_or_default();
            let (account, region) = &row.place;
            match work.turn(&members.callable, now) {
                Turn::Run(tasks) => {
                    let sole = match &tasks[..] {
                        [only] => Some(only.probe.as_str()),
                        _ => None,
                    };
                    let (account, region) = (account.as_str(), region.as_str());
                    taken.push(binds![id.as_str(), account, region, now, sole]);
                    due.push(due_of(row, tasks));
                }
                Turn::Wait(at) => push_next(&mut next, id, &row.place, Some(at)),
                Turn::Done => push_next(&mut next, id, &row.place, None),
            }
        }
        self.execute_many(TAKE_ROWS, [], taken).await?;
        self.execute_many(SET_ROWS, [], next).await?;
        Ok(!rows.is_empty())
    }

    /// What is stored of the rows.
    async fn works(
        &mut self,
        id: &ScanId,
        rows: &[DueRow],
    ) -> Result<HashMap<Place, Work>, StoreError> {
        let mut works: HashMap<Place, Work> =
            rows.iter().map(|row| (row.place.clone(), row.work())).collect();
        let (mut all, mut begun) = (Rows::new(3), Rows::new(3));
        for row in rows {
            all.push_place(id, &row.place);
            if row.answered > 0 {
                begun.push_place(id, &row.place);
            }
        }
        for row in self.fetch_many(READ_ANSWERED, [], begun).await? {
            let mut columns = Columns::from(row);
            let place = (columns.word()?, columns.word()?);
            let (probe, round) = (columns.word()?, columns.number()?);
            works.entry(place).or_default().answered.insert(probe, round);
        }
        for row in self.fetch_many(READ_REQUEUED, [], all.again()).await? {
            let mut columns = Columns::from(row);
            let place = (columns.word()?, columns.word()?);
            let (probe, round) = (columns.word()?, columns.number()?);
            works.entry(place).or_default().requeued.insert(probe, round);
        }
        for row in self.fetch_many(READ_HELD, [], all).await? {
            let mut columns = Columns::from(row);
            let place = (columns.word()?, columns.word()?);
            let probe: ProbeId = columns.word()?;
            let held = Held {
                round: columns.number()?,
                due_at: columns.int()?,
                task: Task {
                    probe: probe.clone(),
                    attempt: columns.number()?,
                    throttled: columns.number()?,
                    deaths: columns.number()?,
                    continuation: columns.maybe_json()?,
                },
            };
            works.entry(place).or_default().held.insert(probe, held);
        }
        Ok(works)
    }

    /// Sets when rows are due again; those that are never are done.
    pub(crate) async fn set_rows(
        &mut self,
        id: &ScanId,
        rows: impl IntoIterator<Item = (Place, Option<i64>)> + Send,
    ) -> Result<(), StoreError> {
        let mut next = Rows::new(5);
        for (place, due) in rows {
            push_next(&mut next, id, &place, due);
        }
        self.execute_many(SET_ROWS, [], next).await?;
        Ok(())
    }
}

fn push_next(next: &mut Rows, id: &ScanId, (account, region): &Place, due: Option<i64>) {
    let state = if due.is_some() { "waiting" } else { "done" };
    next.push(binds![id.as_str(), account.as_str(), region.as_str(), state, due.unwrap_or(0)]);
}

fn due_row_of(row: protocol::store::Row) -> Result<DueRow, StoreError> {
    let mut columns = Columns::from(row);
    Ok(DueRow {
        place: (columns.word()?, columns.word()?),
        connection: columns.word()?,
        dispatch: columns.number()?,
        probe_set: columns.text()?,
        answered: columns.number()?,
        open: columns.flag()?,
        alone: columns.flag()?,
        sole: columns.maybe_word()?,
    })
}

fn due_of(row: &DueRow, tasks: Vec<Task>) -> Due {
    Due {
        account: row.place.0.clone(),
        connection: row.connection.clone(),
        dispatch: row.dispatch.saturating_add(1),
        work: DueWork::Probes { region: row.place.1.clone(), tasks },
    }
}
