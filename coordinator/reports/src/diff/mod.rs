//! What differs between two scans: cells, and the accounts themselves.
//!
//! A cell changed in AWS only where both scans know it (`change`); an account left only where the
//! later scan's list of its organization was whole (`accounts`). Nothing holds more of the cells
//! than one account of each scan (`pairs`).

mod accounts;
pub(crate) mod cells;
mod change;
mod counts;
pub(crate) mod pairs;
mod tables;

pub(crate) use accounts::{Happened, events};

use std::collections::BTreeSet;
use std::io::Write;

use protocol::ScanId;
use protocol::store::Store;

use crate::context::{AccountFacts, Context};
use crate::error::ReportError;
use crate::format::Format;
use crate::nearest::nearest;
use crate::redact::Redactor;
use crate::{Options, render};

/// What of a comparison is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Counts by unit, service and account, events of accounts, and causes.
    Summary,
    /// What happened to accounts.
    Accounts,
    /// Each cell that is not as it was.
    Cells,
}

impl Of {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Summary, Self::Accounts, Self::Cells];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Accounts => "accounts",
            Self::Cells => "cells",
        }
    }

    /// Reads its word.
    ///
    /// # Errors
    /// [`ReportError::NoPart`] with the nearest word.
    pub fn parse(name: &str) -> Result<Self, ReportError> {
        Self::ALL.iter().copied().find(|of| of.as_str() == name).ok_or_else(|| {
            let nearest = nearest(name, Self::ALL.iter().map(|of| of.as_str()));
            ReportError::NoPart { name: name.chars().take(80).collect(), nearest }
        })
    }
}

/// Two scans that are compared.
pub(crate) struct Compared<'s> {
    pub(crate) before: Context<'s>,
    pub(crate) after: Context<'s>,
    /// The probes that the two catalogs judge differently.
    pub(crate) rejudged: BTreeSet<String>,
}

impl<'s> Compared<'s> {
    async fn load(
        store: &'s dyn Store,
        before: &ScanId,
        after: &ScanId,
        options: &'s Options,
    ) -> Result<Self, ReportError> {
        let before = Context::load(store, before, options).await?;
        let mut after = Context::load(store, after, options).await?;
        let known = before.accounts.keys().chain(after.accounts.keys()).cloned().collect();
        after.redactor = Redactor::new(options.redact.as_ref(), &known);
        let old = before.probes.iter();
        let otherwise = old.filter(|(id, old)| {
            let new = after.probes.get(*id);
            new.is_some_and(|new| (new.judgement, new.curated) != (old.judgement, old.curated))
        });
        let rejudged = otherwise.map(|(id, _)| id.clone()).collect();
        Ok(Self { before, after, rejudged })
    }

    /// The account as the later scan knows it, else as the earlier one does.
    pub(crate) fn account(&self, id: &str) -> Option<&AccountFacts> {
        self.after.accounts.get(id).or_else(|| self.before.accounts.get(id))
    }
}

/// Writes what differs between two scans.
///
/// # Errors
/// [`ReportError`]: as [`crate::write()`].
pub async fn write(
    store: &dyn Store,
    (before, after): (&ScanId, &ScanId),
    of: Of,
    format: Format,
    options: &Options,
    out: &mut (dyn Write + Send),
) -> Result<(), ReportError> {
    let compared = Compared::load(store, before, after, options).await?;
    let context = &compared.after;
    match of {
        Of::Summary => {
            let report = tables::summary(&compared).await?;
            render::whole(context, report, format, out)?;
        }
        Of::Accounts => {
            let report = tables::accounts(&compared).await?;
            render::whole(context, report, format, out)?;
        }
        Of::Cells => {
            render::streamed(context, &cells::report(&compared), format, out).await?;
        }
    }
    Ok(out.flush()?)
}
