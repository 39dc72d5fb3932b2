//! The ledger, counted without multiplying the plan out.

use std::collections::BTreeMap;

use protocol::ledger::Ledger;
use protocol::store::StoreError;
use protocol::{ScanId, Status};

use crate::database::binds;
use crate::port::SqlStore;
use crate::record::Columns;

/// Cells by status: those with an answer, then what is left of each kind of row. A row with a
/// verdict gives it to all its other cells; one without gives those of its set their verdicts,
/// and the rest have not run.
const COUNT: &str = "
with sets as (
    select m.set_id, count(*) as members, sum(case when m.verdict is null then 1 else 0 end) as callable
    from probe_sets m
    where m.set_id in (select r.probe_set from plan_rows r where r.scan_id = $1)
    group by m.set_id
),
rows_of as (
    select probe_set, verdict, count(*) as many, sum(answered) as answered
    from plan_rows where scan_id = $1
    group by probe_set, verdict
)
select a.status, cast(a.cells as bigint) from answer_counts a where a.scan_id = $1
union all
select r.verdict, cast(r.many * s.members - r.answered as bigint)
from rows_of r join sets s on s.set_id = r.probe_set
where r.verdict is not null
union all
select 'not_run', cast(r.many * s.callable - r.answered as bigint)
from rows_of r join sets s on s.set_id = r.probe_set
where r.verdict is null
union all
select m.verdict, cast(r.many as bigint)
from rows_of r join probe_sets m on m.set_id = r.probe_set
where r.verdict is null and m.verdict is not null";

impl SqlStore {
    pub(crate) async fn read_ledger(&self, id: &ScanId) -> Result<Ledger, StoreError> {
        self.read_scan(id).await?;
        let mut cells: BTreeMap<Status, i64> = BTreeMap::new();
        for row in self.fetch(COUNT, binds![id.as_str()]).await? {
            let mut columns = Columns::from(row);
            let (status, many) = (columns.word()?, columns.int()?);
            *cells.entry(status).or_default() += many;
        }
        let counted = cells.into_iter().filter_map(|(status, cells)| {
            u64::try_from(cells).ok().filter(|cells| *cells > 0).map(|cells| (status, cells))
        });
        Ok(Ledger { cells: counted.collect() })
    }
}
