//! Answers of cells: which of two stands, and how they are written and counted.

use std::collections::{BTreeMap, HashMap};

use protocol::cell::CellKey;
use protocol::store::{Ingested, StoreError};
use protocol::{Cell, ScanId, Status};

use crate::database::{Bind, binds};
use crate::dispatch::Place;
use crate::many::Rows;
use crate::port::Open;
use crate::record::{Columns, count, failure, json};

/// The columns of a cell.
macro_rules! columns {
    () => {
        "scan_id, account_id, region, probe, round, status, evidence, resource_count, count_is, sample, \
        failure_kind, failure_code, failure_message, failure_operation, failure_http_status, \
        failure_request_id, denied_by, policy_arn, attempts, calls, retries, throttles, duration_ms, observed_at"
    };
}

/// How many columns a cell has.
const WIDTH: usize = 24;

const INSERT: &str = concat!(
    "insert into cells (",
    columns!(),
    ") values :rows on conflict (scan_id, account_id, region, probe) do nothing",
);

const REPLACE: &str = concat!(
    "insert into cells (",
    columns!(),
    ") values :rows on conflict (scan_id, account_id, region, probe) do update set
    round = excluded.round, status = excluded.status, evidence = excluded.evidence,
    resource_count = excluded.resource_count, count_is = excluded.count_is, sample = excluded.sample,
    failure_kind = excluded.failure_kind, failure_code = excluded.failure_code,
    failure_message = excluded.failure_message, failure_operation = excluded.failure_operation,
    failure_http_status = excluded.failure_http_status, failure_request_id = excluded.failure_request_id,
    denied_by = excluded.denied_by, policy_arn = excluded.policy_arn, attempts = excluded.attempts,
    calls = excluded.calls, retries = excluded.retries, throttles = excluded.throttles,
    duration_ms = excluded.duration_ms, observed_at = excluded.observed_at",
);

const READ_STANDING: &str = "
select account_id, region, probe, round, status from cells
where (scan_id, account_id, region, probe) in (select * from (values :rows) as keys)";

const COUNT_ROWS: &str = "
with fresh (scan_id, account_id, region, cells) as (values :rows)
update plan_rows set answered = answered + cast(fresh.cells as bigint)
from fresh
where plan_rows.scan_id = fresh.scan_id and plan_rows.account_id = fresh.account_id
    and plan_rows.region = fresh.region";

const COUNT_STATUSES: &str = "
insert into answer_counts (scan_id, status, cells)
values :rows
on conflict (scan_id, status) do update set cells = answer_counts.cells + excluded.cells";

/// An answer that stands: its round and status.
pub(crate) type Standing = (u32, Status);

/// Whether an answer takes the place of one that stands: a higher round does; within a round only
/// a known one that of an unknown one.
pub(crate) fn replaces((old_round, old): Standing, (round, status): Standing) -> bool {
    round > old_round || (round == old_round && status.is_known() && !old.is_known())
}

impl Open<'_> {
    /// Writes planned cells of one round, where they may stand; says what became final.
    pub(crate) async fn write_cells(
        &mut self,
        id: &ScanId,
        cells: Vec<&Cell>,
    ) -> Result<Ingested, StoreError> {
        let given = cells.len();
        let cells = fold(cells);
        let (fresh, met) = self.insert_cells(id, cells).await?;
        let replaced = self.replace_cells(id, met).await?;
        self.count_answers(id, &fresh, &replaced).await?;
        let mut done = Ingested::default();
        for cell in fresh.iter().copied().chain(replaced.iter().map(|(cell, _)| *cell)) {
            done.cells += 1;
            done.unknown += u64::from(!cell.status.is_known());
            done.calls += cell.cost.calls;
            done.throttles += cell.cost.throttles;
        }
        done.stale = (given as u64).saturating_sub(done.cells);
        Ok(done)
    }

    /// Writes cells that had no answer; returns these, and those that had one with what stood there.
    ///
    /// Nearly always all are new, and the count of written rows says so; only where it does not,
    /// the writing is undone and each is looked up first.
    async fn insert_cells<'c>(
        &mut self,
        id: &ScanId,
        cells: Vec<&'c Cell>,
    ) -> Result<(Vec<&'c Cell>, Vec<(&'c Cell, Standing)>), StoreError> {
        self.execute("savepoint fresh", []).await?;
        if self.execute_many(INSERT, [], records(id, &cells)?).await? == cells.len() as u64 {
            self.execute("release savepoint fresh", []).await?;
            return Ok((cells, Vec::new()));
        }
        self.execute("rollback to savepoint fresh", []).await?;
        self.execute("release savepoint fresh", []).await?;
        let standing = self.standing_cells(id, cells.iter().map(|cell| &cell.key)).await?;
        let (mut fresh, mut met) = (Vec::new(), Vec::new());
        for cell in cells {
            match standing.get(&cell.key) {
                None => fresh.push(cell),
                Some(old) => met.push((cell, *old)),
            }
        }
        self.execute_many(INSERT, [], records(id, &fresh)?).await?;
        Ok((fresh, met))
    }

    /// Writes cells over answers that do not stand against them; returns these with what stood there.
    async fn replace_cells<'c>(
        &mut self,
        id: &ScanId,
        met: Vec<(&'c Cell, Standing)>,
    ) -> Result<Vec<(&'c Cell, Standing)>, StoreError> {
        let mut replacing = met;
        replacing.retain(|(cell, old)| replaces(*old, (cell.round, cell.status)));
        let cells: Vec<&Cell> = replacing.iter().map(|(cell, _)| *cell).collect();
        self.execute_many(REPLACE, [], records(id, &cells)?).await?;
        let outdated = replacing.iter().filter(|(cell, (round, _))| cell.round > *round);
        self.forget_objects(id, outdated.map(|(cell, _)| *cell)).await?;
        Ok(replacing)
    }

    /// The answers that cells have now.
    pub(crate) async fn standing_cells(
        &mut self,
        id: &ScanId,
        keys: impl Iterator<Item = &CellKey> + Send,
    ) -> Result<HashMap<CellKey, Standing>, StoreError> {
        let mut rows = Rows::new(4);
        for key in keys {
            rows.push_cell(id, key);
        }
        let rows = self.fetch_many(READ_STANDING, [], rows).await?;
        rows.into_iter()
            .map(|row| {
                let mut columns = Columns::from(row);
                Ok((key_of(&mut columns)?, (columns.number()?, columns.word()?)))
            })
            .collect()
    }

    /// Keeps the counts that the ledger starts from.
    async fn count_answers(
        &mut self,
        id: &ScanId,
        fresh: &[&Cell],
        replaced: &[(&Cell, Standing)],
    ) -> Result<(), StoreError> {
        let mut places: BTreeMap<Place, i64> = BTreeMap::new();
        let mut statuses: BTreeMap<Status, i64> = BTreeMap::new();
        for cell in fresh {
            *places.entry((cell.key.account.clone(), cell.key.region.clone())).or_default() += 1;
            *statuses.entry(cell.status).or_default() += 1;
        }
        for (cell, (_, old)) in replaced {
            *statuses.entry(cell.status).or_default() += 1;
            *statuses.entry(*old).or_default() -= 1;
        }
        let mut rows = Rows::new(4);
        for ((account, region), cells) in places {
            rows.push(binds![id, &account, &region, cells]);
        }
        self.execute_many(COUNT_ROWS, [], rows).await?;
        let mut rows = Rows::new(3);
        for (status, cells) in statuses.into_iter().filter(|(_, cells)| *cells != 0) {
            rows.push(binds![id.as_str(), status.as_str(), cells]);
        }
        self.execute_many(COUNT_STATUSES, [], rows).await?;
        Ok(())
    }
}

/// One answer for each cell, where several came at once.
fn fold(cells: Vec<&Cell>) -> Vec<&Cell> {
    let mut best: HashMap<&CellKey, usize> = HashMap::with_capacity(cells.len());
    let mut kept: Vec<&Cell> = Vec::with_capacity(cells.len());
    for cell in cells {
        match best.get(&cell.key) {
            None => {
                best.insert(&cell.key, kept.len());
                kept.push(cell);
            }
            Some(&at) => {
                let old = kept[at];
                if replaces((old.round, old.status), (cell.round, cell.status)) {
                    kept[at] = cell;
                }
            }
        }
    }
    kept
}

fn key_of(columns: &mut Columns) -> Result<CellKey, StoreError> {
    Ok(CellKey { account: columns.word()?, region: columns.word()?, probe: columns.word()? })
}

fn records(id: &ScanId, cells: &[&Cell]) -> Result<Rows, StoreError> {
    let mut rows = Rows::new(WIDTH);
    for cell in cells {
        rows.push(record(id, cell)?);
    }
    Ok(rows)
}

fn record(id: &ScanId, cell: &Cell) -> Result<Vec<Bind>, StoreError> {
    let sample = if cell.sample.is_empty() { "[]".to_owned() } else { json(&cell.sample)? };
    let mut record = Vec::with_capacity(WIDTH);
    record.extend(binds![
        id,
        &cell.key.account,
        &cell.key.region,
        &cell.key.probe,
        cell.round,
        cell.status.as_str(),
        cell.evidence.as_str(),
        count(cell.resource_count),
        cell.count_is.as_str(),
        sample,
    ]);
    record.extend(failure(cell.failure.as_ref()));
    record.extend(binds![
        cell.attempts,
        count(cell.cost.calls),
        count(cell.cost.retries),
        count(cell.cost.throttles),
        count(cell.cost.duration_ms),
        cell.observed_at.timestamp_millis(),
    ]);
    Ok(record)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn standing() -> impl Strategy<Value = Standing> {
        (1_u32..4, prop::sample::select(Status::ALL))
    }

    proptest! {
        #[test]
        fn whatever_the_order_the_same_kind_of_answer_stands(
            answers in prop::collection::vec(standing(), 1..6),
        ) {
            let stand = |answers: &[Standing]| {
                let mut kept = answers[0];
                for answer in &answers[1..] {
                    if replaces(kept, *answer) {
                        kept = *answer;
                    }
                }
                (kept.0, kept.1.is_known())
            };
            let mut reversed = answers.clone();
            reversed.reverse();
            prop_assert_eq!(stand(&answers), stand(&reversed));
        }

        #[test]
        fn an_answer_never_replaces_itself(answer in standing()) {
            prop_assert!(!replaces(answer, answer));
        }
    }
}
