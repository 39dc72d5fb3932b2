//! Retention: scans that ended long ago are removed with all that hangs from them.
//!
//! A scan is gone for everybody at once; what is large of it is swept after that, in pieces, so that
//! no transaction keeps others waiting. A sweep that is cut short goes on with the next one. What
//! scans share by content (facts of probes, sets of probes) is small and stays; documents go when
//! nothing names them any more.

use chrono::{DateTime, Utc};
use protocol::ScanId;
use protocol::store::StoreError;

use crate::database::{Hold, binds};
use crate::many::Rows;
use crate::port::{Open, SqlStore};
use crate::record::Columns;

/// Rows of the plan whose cells and things are swept in one transaction; each has dozens to hundreds.
const PLACES: u32 = 64;
/// Documents that are looked at in one transaction.
const DOCUMENTS: u32 = 2000;

const ENDED: &str = "
select scan_id from scans
where state in ('finished', 'cancelled', 'interrupted') and finished_at < $1
order by finished_at, scan_id limit $2";

const REMOVE: &str = "
delete from scans
where scan_id = $1 and state in ('finished', 'cancelled', 'interrupted') and finished_at < $2";

const REMEMBER: &str = "
insert into pruned_scans (scan_id) values ($1) on conflict (scan_id) do nothing";

const LEFT: &str = "select scan_id from pruned_scans order by scan_id";

const PLACES_LEFT: &str = "
select account_id, region from plan_rows where scan_id = $1 order by account_id, region limit $2";

/// What is kept for each account and region; the rows of the plan last, since they tell what is left.
const SWEEP_PLACES: [&str; 6] = [
    "delete from resource_documents
    where (scan_id, account_id, region) in (select * from (values :rows) as keys)",
    "delete from resources
    where (scan_id, account_id, region) in (select * from (values :rows) as keys)",
    "delete from cells
    where (scan_id, account_id, region) in (select * from (values :rows) as keys)",
    "delete from held_tasks
    where (scan_id, account_id, region) in (select * from (values :rows) as keys)",
    "delete from requeued_cells
    where (scan_id, account_id, region) in (select * from (values :rows) as keys)",
    "delete from plan_rows
    where (scan_id, account_id, region) in (select * from (values :rows) as keys)",
];

const SWEEP_REST: [&str; 15] = [
    "delete from early_pages where scan_id = $1",
    "delete from stints where scan_id = $1",
    "delete from scan_accounts where scan_id = $1",
    "delete from organizations where scan_id = $1",
    "delete from readings where scan_id = $1",
    "delete from policy_types where scan_id = $1",
    "delete from policies where scan_id = $1",
    "delete from policy_targets where scan_id = $1",
    "delete from delegated_administrators where scan_id = $1",
    "delete from trusted_services where scan_id = $1",
    "delete from units where scan_id = $1",
    "delete from placements where scan_id = $1",
    "delete from missing where scan_id = $1",
    "delete from answer_counts where scan_id = $1",
    "delete from pruned_scans where scan_id = $1",
];

const GATE: &str = "select number from leases where what = 'documents'";

const NEXT_DOCUMENTS: &str = "
select max(digest) from (select digest from documents where digest > $1 order by digest limit $2) next";

const FORGET_DOCUMENTS: &str = "
delete from documents
where digest > $1 and digest <= $2
    and not exists (select 1 from resource_documents d where d.digest = documents.digest)
    and not exists (select 1 from policies p where p.digest = documents.digest)";

impl SqlStore {
    pub(crate) async fn remove_ended(
        &self,
        before: DateTime<Utc>,
        most: u32,
    ) -> Result<Vec<ScanId>, StoreError> {
        let before = before.timestamp_millis();
        let mut removed = Vec::new();
        for row in self.fetch(ENDED, binds![before, most]).await? {
            let id: ScanId = Columns::from(row).word()?;
            let mut open = self.begin().await?;
            // One that goes on since it was read stays.
            if open.execute(REMOVE, binds![id.as_str(), before]).await? > 0 {
                open.execute(REMEMBER, binds![id.as_str()]).await?;
                open.commit().await?;
                removed.push(id);
            }
        }
        let left = self.fetch(LEFT, []).await?;
        if left.is_empty() {
            return Ok(removed);
        }
        for row in left {
            self.sweep(&Columns::from(row).text()?).await?;
        }
        self.forget_documents().await?;
        Ok(removed)
    }

    async fn sweep(&self, scan: &str) -> Result<(), StoreError> {
        loop {
            let mut open = self.begin().await?;
            let mut places = Rows::new(3);
            for row in open.fetch(PLACES_LEFT, binds![scan, PLACES]).await? {
                let mut columns = Columns::from(row);
                places.push_key(&[scan, &columns.text()?, &columns.text()?]);
            }
            if places.len() == 0 {
                for sql in SWEEP_REST {
                    open.execute(sql, binds![scan]).await?;
                }
                return open.commit().await;
            }
            for sql in SWEEP_PLACES {
                open.execute_many(sql, [], places.again()).await?;
            }
            open.commit().await?;
        }
    }

    /// Removes documents that nothing names.
    async fn forget_documents(&self) -> Result<(), StoreError> {
        let mut last = String::new();
        loop {
            let mut open = self.begin().await?;
            open.documents_gate(Hold::Alone).await?;
            let next = open.fetch(NEXT_DOCUMENTS, binds![last.as_str(), DOCUMENTS]).await?;
            let next = next.into_iter().next().map(Columns::from);
            let Some(next) = next.map(|mut columns| columns.maybe_text()).transpose()?.flatten()
            else {
                return Ok(());
            };
            open.execute(FORGET_DOCUMENTS, binds![last.as_str(), next.as_str()]).await?;
            open.commit().await?;
            last = next;
        }
    }
}

impl Open<'_> {
    /// Keeps documents from being removed between the moment when one is found to be there and the
    /// moment when it is named; alone: keeps others from naming any.
    pub(crate) async fn documents_gate(&mut self, hold: Hold) -> Result<(), StoreError> {
        match self.store.database.hold(hold) {
            "" => Ok(()),
            hold => self.fetch(format!("{GATE}{hold}"), []).await.map(|_| ()),
        }
    }
}
