//! What every report needs to know of its scan before it asks its own question.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use protocol::ScanId;
use protocol::ledger::Ledger;
use protocol::plan::ProbeFacts;
use protocol::scan::Scan;
use protocol::store::{Row, Store, StoreError, Value};
use tokio::sync::OnceCell;

use crate::Options;
use crate::error::ReportError;
use crate::failures::Failures;
use crate::overview::Overview;
use crate::redact::Redactor;
use crate::row::Fields;
use crate::shape::Head;

/// An account of the scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountFacts {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) state: String,
    pub(crate) unit_path: Option<String>,
    pub(crate) unit_id_path: Option<String>,
    pub(crate) connection: String,
    pub(crate) planned: bool,
    pub(crate) principal: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) joined_at: Option<DateTime<Utc>>,
}

/// A scan with its accounts, probes and ledger, and the way to ask more.
pub(crate) struct Context<'s> {
    store: &'s dyn Store,
    pub(crate) scan: Scan,
    pub(crate) ledger: Ledger,
    pub(crate) accounts: BTreeMap<String, AccountFacts>,
    pub(crate) probes: BTreeMap<String, ProbeFacts>,
    pub(crate) redactor: Redactor,
    pub(crate) options: &'s Options,
    /// Whether reports are written beside each other, so that one can lead to another.
    pub(crate) in_set: bool,
    overview: OnceCell<Overview>,
    failures: OnceCell<Failures>,
}

impl<'s> Context<'s> {
    /// Reads what every report needs.
    pub(crate) async fn load(
        store: &'s dyn Store,
        id: &ScanId,
        options: &'s Options,
    ) -> Result<Self, ReportError> {
        let scan = store.scan(id).await?;
        let ledger = store.ledger(id).await?;
        let accounts = accounts(store, id).await?;
        let probes = store.probes(&scan.catalog).await?;
        let ids: BTreeSet<String> = accounts.keys().cloned().collect();
        Ok(Self {
            store,
            redactor: Redactor::new(options.redact.as_ref(), &ids),
            probes: probes.into_iter().map(|probe| (probe.id.to_string(), probe)).collect(),
            scan,
            ledger,
            accounts,
            options,
            in_set: false,
            overview: OnceCell::new(),
            failures: OnceCell::new(),
        })
    }

    /// Scans of the same workspace that began before this one, newest first.
    pub(crate) async fn earlier(&self, most: u32) -> Result<Vec<Scan>, ReportError> {
        Ok(self.store.earlier_scans(&self.scan, most).await?)
    }

    /// The store, for what is asked of other scans.
    pub(crate) fn store(&self) -> &'s dyn Store {
        self.store
    }

    /// Another scan of the same store.
    pub(crate) async fn another(&self, id: &ScanId) -> Result<Context<'s>, ReportError> {
        Context::load(self.store, id, self.options).await
    }

    /// The rows of a query about this scan.
    pub(crate) fn stream<'a>(
        &'a self,
        sql: &'static str,
        binds: Vec<Value>,
    ) -> BoxStream<'a, Result<Row, StoreError>> {
        self.store.query(sql, &self.scan.id, binds)
    }

    /// All rows of a query whose answer is small: groups, not cells.
    pub(crate) async fn rows(&self, sql: &'static str) -> Result<Vec<Row>, ReportError> {
        Ok(self.stream(sql, vec![]).try_collect().await?)
    }

    /// The counts of the scan, read once for all reports.
    pub(crate) async fn overview(&self) -> Result<&Overview, ReportError> {
        self.overview.get_or_try_init(|| crate::overview::read(self)).await
    }

    /// Why cells are unknown, read once for all reports.
    pub(crate) async fn failures(&self) -> Result<&Failures, ReportError> {
        self.failures.get_or_try_init(|| crate::failures::read(self)).await
    }

    /// Keeps counts that were made on the way to something else.
    pub(crate) fn keep_overview(&self, overview: Overview) {
        // Whoever counted before has counted the same.
        self.overview.set(overview).ok();
    }

    /// Keeps failures that were counted on the way to something else.
    pub(crate) fn keep_failures(&self, failures: Failures) {
        // Whoever counted before has counted the same.
        self.failures.set(failures).ok();
    }

    /// The head of every report.
    pub(crate) fn head(&self) -> Head {
        Head {
            scan: self.scan.id.to_string(),
            state: self.scan.state.to_string(),
            round: self.scan.round,
            started_at: self.scan.started_at,
            finished_at: self.scan.finished_at,
            planned: self.ledger.planned(),
            known: self.ledger.known(),
            unknown: self.ledger.unknown(),
            unknown_share: self.ledger.unknown_share(),
        }
    }

    /// When the scan ended, or the present moment while it has not.
    pub(crate) fn end(&self) -> DateTime<Utc> {
        self.scan.finished_at.unwrap_or(self.options.now).max(self.scan.started_at)
    }

    /// The name of a service for people, and its category.
    pub(crate) fn service(&self, service: &str) -> Option<&ProbeFacts> {
        let is_it = |probe: &&ProbeFacts| probe.service.as_str() == service;
        self.probes.get(service).or_else(|| self.probes.values().find(is_it))
    }
}

async fn accounts(
    store: &dyn Store,
    id: &ScanId,
) -> Result<BTreeMap<String, AccountFacts>, ReportError> {
    let mut rows = store.query(include_str!("accounts.sql"), id, vec![]);
    let mut accounts = BTreeMap::new();
    while let Some(row) = rows.try_next().await? {
        let mut fields = Fields::of(row);
        let account = AccountFacts {
            id: fields.text("an account id")?,
            name: fields.text("an account name")?,
            email: fields.maybe_text(),
            state: fields.text("an account state")?,
            unit_path: fields.maybe_text(),
            unit_id_path: fields.maybe_text(),
            connection: fields.text("a connection")?,
            planned: fields.flag("a flag")?,
            principal: fields.maybe_text(),
            organization: fields.maybe_text(),
            joined_at: fields.maybe_time(),
        };
        accounts.insert(account.id.clone(), account);
    }
    Ok(accounts)
}
