//! The port, answered: each method leads to the file that holds its statements.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::stream::{BoxStream, StreamExt};
use protocol::holding::{Holding, Part, Reading};
use protocol::inventory::{Account, Organization, Tree};
use protocol::ledger::Ledger;
use protocol::plan::{PlanRow, ProbeFacts, ProbeSet, RowVerdict};
use protocol::preflight::Preflight;
use protocol::result::Page;
use protocol::scan::{Scan, ScanState};
use protocol::store::{CellFilter, Due, Ingested, Progress, Row, Store, StoreError, Value};
use protocol::{
    AccountId, CatalogDigest, ConnectionId, Failure, OrgId, ProbeId, ScanId, WorkspaceId,
};

use crate::database::{Bind, Database, Sql, Transaction};
use crate::lead::Fence;
use crate::many::{Rows, Texts};
use crate::sets::Sets;

/// A store in a SQL database: [`Store`] and [`protocol::registry::Registry`].
pub struct SqlStore {
    pub(crate) database: Box<dyn Database>,
    pub(crate) sets: Sets,
    pub(crate) fence: Fence,
    texts: Texts,
}

impl std::fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlStore").field("fence", &self.fence).finish_non_exhaustive()
    }
}

impl SqlStore {
    /// A store in `database`, whose tables are up to date.
    pub(crate) fn new(database: impl Database) -> Self {
        Self {
            database: Box::new(database),
            sets: Sets::default(),
            fence: Fence::default(),
            texts: Texts::default(),
        }
    }

    /// Opens a transaction that only a handle that was not deposed may write in.
    pub(crate) async fn begin(&self) -> Result<Open<'_>, StoreError> {
        let mut open = self.begin_unfenced().await?;
        open.check_lead().await?;
        Ok(open)
    }

    /// Opens a transaction, whoever leads.
    pub(crate) async fn begin_unfenced(&self) -> Result<Open<'_>, StoreError> {
        Ok(Open { store: self, transaction: self.database.begin().await? })
    }

    /// Reads rows outside a transaction.
    pub(crate) async fn fetch(
        &self,
        sql: impl Into<Sql> + Send,
        binds: impl Into<Vec<Bind>> + Send,
    ) -> Result<Vec<Row>, StoreError> {
        self.database.fetch(sql.into(), binds.into()).await
    }
}

/// A transaction of a store; dropping it undoes it.
pub(crate) struct Open<'a> {
    pub(crate) store: &'a SqlStore,
    transaction: Box<dyn Transaction>,
}

impl Open<'_> {
    /// Runs a statement; returns how many rows it changed.
    pub(crate) async fn execute(
        &mut self,
        sql: impl Into<Sql> + Send,
        binds: impl Into<Vec<Bind>> + Send,
    ) -> Result<u64, StoreError> {
        self.transaction.execute(sql.into(), binds.into()).await
    }

    /// Runs a statement that answers with rows.
    pub(crate) async fn fetch(
        &mut self,
        sql: impl Into<Sql> + Send,
        binds: impl Into<Vec<Bind>> + Send,
    ) -> Result<Vec<Row>, StoreError> {
        self.transaction.fetch(sql.into(), binds.into()).await
    }

    /// Runs a template over many rows; returns how many rows it changed.
    pub(crate) async fn execute_many(
        &mut self,
        template: &'static str,
        lead: impl Into<Vec<Bind>> + Send,
        rows: Rows,
    ) -> Result<u64, StoreError> {
        let mut changed = 0;
        let lead = lead.into();
        let (style, texts) = (self.store.database.style(), &self.store.texts);
        for (sql, binds) in texts.statements(style, template, &lead, rows) {
            changed += self.transaction.execute(sql, binds).await?;
        }
        Ok(changed)
    }

    /// Runs a template over many rows that answers with rows.
    pub(crate) async fn fetch_many(
        &mut self,
        template: &'static str,
        lead: impl Into<Vec<Bind>> + Send,
        rows: Rows,
    ) -> Result<Vec<Row>, StoreError> {
        let mut answered = Vec::new();
        let lead = lead.into();
        let (style, texts) = (self.store.database.style(), &self.store.texts);
        for (sql, binds) in texts.statements(style, template, &lead, rows) {
            answered.append(&mut self.transaction.fetch(sql, binds).await?);
        }
        Ok(answered)
    }

    /// Makes it so.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().await
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn create_scan(&self, scan: &Scan, probes: &[ProbeFacts]) -> Result<(), StoreError> {
        self.write_scan(scan, probes).await
    }

    async fn scan(&self, id: &ScanId) -> Result<Scan, StoreError> {
        self.read_scan(id).await
    }

    async fn scans(&self, workspace: &WorkspaceId, most: u32) -> Result<Vec<Scan>, StoreError> {
        self.read_scans(workspace, most).await
    }

    async fn earlier_scans(&self, scan: &Scan, most: u32) -> Result<Vec<Scan>, StoreError> {
        self.read_earlier(scan, most).await
    }

    async fn set_state(
        &self,
        id: &ScanId,
        from: &[ScanState],
        to: ScanState,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.write_state(id, from, to, now).await
    }

    async fn finish(&self, id: &ScanId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.write_finished(id, now).await
    }

    async fn probes(&self, catalog: &CatalogDigest) -> Result<Vec<ProbeFacts>, StoreError> {
        self.read_probes(catalog).await
    }

    async fn put_organization(&self, id: &ScanId, org: &Organization) -> Result<(), StoreError> {
        self.write_organization(id, org).await
    }

    async fn put_accounts(
        &self,
        id: &ScanId,
        accounts: &[Account],
        sets: &[ProbeSet],
        rows: &[PlanRow],
    ) -> Result<(), StoreError> {
        self.write_accounts(id, accounts, sets, rows).await
    }

    async fn put_exclusions(
        &self,
        id: &ScanId,
        excluded: &[(AccountId, String)],
    ) -> Result<(), StoreError> {
        self.write_exclusions(id, excluded).await
    }

    async fn put_tree(&self, id: &ScanId, org: &OrgId, tree: &Tree) -> Result<(), StoreError> {
        self.write_tree(id, org, tree).await
    }

    async fn put_reading(
        &self,
        id: &ScanId,
        reading: &Reading,
        holding: &Holding,
    ) -> Result<(), StoreError> {
        self.write_reading(id, reading, holding).await
    }

    async fn unread(
        &self,
        id: &ScanId,
        parts: &[Part],
    ) -> Result<Vec<(OrgId, ConnectionId, Part)>, StoreError> {
        self.read_unread(id, parts).await
    }

    async fn put_missing(&self, id: &ScanId, what: &str, why: &Failure) -> Result<(), StoreError> {
        self.write_missing(id, what, why).await
    }

    async fn set_planned(&self, id: &ScanId) -> Result<(), StoreError> {
        self.write_planned(id).await
    }

    async fn accounts(&self, id: &ScanId) -> Result<Vec<Account>, StoreError> {
        self.read_accounts(id).await
    }

    async fn take_due(
        &self,
        id: &ScanId,
        now: DateTime<Utc>,
        most: u32,
    ) -> Result<Vec<Due>, StoreError> {
        self.take(id, now, most).await
    }

    async fn reclaim(&self, id: &ScanId, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.hand_back(id, before).await
    }

    async fn end_preflight(
        &self,
        id: &ScanId,
        account: &AccountId,
        dispatch: u32,
        outcome: &Result<Preflight, Failure>,
        verdicts: &[RowVerdict],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.close_preflight(id, account, dispatch, outcome, verdicts, now).await
    }

    async fn ingest(
        &self,
        id: &ScanId,
        round: u32,
        pages: &[Page<'_>],
        now: DateTime<Utc>,
    ) -> Result<Ingested, StoreError> {
        self.write_answers(id, round, pages, now).await
    }

    async fn progress(&self, id: &ScanId) -> Result<Progress, StoreError> {
        self.read_progress(id).await
    }

    async fn ledger(&self, id: &ScanId) -> Result<Ledger, StoreError> {
        self.read_ledger(id).await
    }

    async fn requeue(
        &self,
        id: &ScanId,
        filter: &CellFilter,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        self.open_round(id, filter, now).await
    }

    async fn planned_probes(&self, id: &ScanId) -> Result<Vec<ProbeId>, StoreError> {
        self.read_planned_probes(id).await
    }

    fn query<'a>(
        &'a self,
        sql: &'static str,
        id: &'a ScanId,
        binds: Vec<Value>,
    ) -> BoxStream<'a, Result<Row, StoreError>> {
        let binds =
            std::iter::once(Bind::from(id.as_str())).chain(binds.into_iter().map(Bind::from));
        self.database.stream(sql.into(), binds.collect()).boxed()
    }
}
