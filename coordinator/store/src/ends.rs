//! Scans that go on, and scans that ended: whose end was told, and whose was not.

use chrono::{DateTime, Utc};
use protocol::ScanId;
use protocol::scan::Scan;
use protocol::store::StoreError;

use crate::database::binds;
use crate::port::SqlStore;
use crate::scans::{columns, scan_of};

const READ_OPEN: &str = concat!(
    "select ",
    columns!(),
    " from scans where state in ('running', 'paused') order by started_at, scan_id"
);

const READ_FINISHED: &str = concat!(
    "select ",
    columns!(),
    " from scans where state = 'finished' and finished_at >= $1 order by finished_at desc, scan_id desc limit $2"
);

/// An interrupted scan has not ended: it goes on with `resume`.
const READ_UNTOLD: &str = concat!(
    "select ",
    columns!(),
    " from scans where state in ('finished', 'cancelled') and told_round < round \
    order by finished_at, scan_id limit $1"
);

const SET_TOLD: &str =
    "update scans set told_round = $2 where scan_id = $1 and told_round < $2 and round >= $2";

impl SqlStore {
    pub(crate) async fn read_open_scans(&self) -> Result<Vec<Scan>, StoreError> {
        self.fetch(READ_OPEN, []).await?.into_iter().map(scan_of).collect()
    }

    pub(crate) async fn read_finished_since(
        &self,
        since: DateTime<Utc>,
        most: u32,
    ) -> Result<Vec<Scan>, StoreError> {
        let binds = binds![since.timestamp_millis(), most];
        self.fetch(READ_FINISHED, binds).await?.into_iter().map(scan_of).collect()
    }

    pub(crate) async fn read_untold(&self, most: u32) -> Result<Vec<Scan>, StoreError> {
        self.fetch(READ_UNTOLD, binds![most]).await?.into_iter().map(scan_of).collect()
    }

    pub(crate) async fn write_told(&self, id: &ScanId, round: u32) -> Result<(), StoreError> {
        let mut open = self.begin().await?;
        open.standing(id).await?;
        open.execute(SET_TOLD, binds![id.as_str(), round]).await?;
        open.commit().await
    }
}
