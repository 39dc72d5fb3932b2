//! The enablement checker's nine files, and the two of its analyzer, with their names and keys.
//!
//! They are written account by account: first everything is counted, then written, so that memory
//! holds one account. Where they deviate a defect is mended: docs/enablement-files.md.

mod analysis;
mod files;
mod row;
mod session;
mod totals;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt as _;
use protocol::store::Value;

use self::files::Files;
use self::row::{Answered, CheckRow, Fault, Thing, Whose};
use self::session::Session;
use self::totals::Totals;
use crate::context::{AccountFacts, Context};
use crate::error::ReportError;
use crate::row::Fields;

/// Writes the files into `dir`.
pub(crate) async fn write(context: &Context<'_>, dir: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let session = Session::of(context);
    let scanned: Vec<&AccountFacts> =
        context.accounts.values().filter(|account| account.planned).collect();
    let mut totals = Totals::default();
    let mut regions: BTreeMap<String, usize> = BTreeMap::new();
    for account in &scanned {
        let rows = rows(context, &session, account).await?;
        regions.insert(account.id.clone(), open_regions(&rows));
        for row in &rows {
            totals.add(row, is_curated(context, &row.service));
        }
    }
    let found = context.failures().await?.recommendations(context);
    let mut files = Files::begin(context, dir, &session, &totals, &scanned, &regions)?;
    for account in &scanned {
        let rows = rows(context, &session, account).await?;
        files.account(account, &rows)?;
    }
    files.end(&found)
}

/// The regions that rows were made for, `global` not among them.
fn open_regions(rows: &[CheckRow]) -> usize {
    let mut regions: Vec<&str> =
        rows.iter().filter(|row| row.scope != "global").map(|row| row.region.as_str()).collect();
    regions.sort_unstable();
    regions.dedup();
    regions.len()
}

fn is_curated(context: &Context<'_>, service: &str) -> bool {
    context.service(service).is_none_or(|facts| facts.curated)
}

/// Makes the rows of an account.
async fn rows(
    context: &Context<'_>,
    session: &Session,
    account: &AccountFacts,
) -> Result<Vec<CheckRow>, ReportError> {
    let bind = || vec![Value::Text(account.id.clone())];
    let mut things: BTreeMap<(String, String), Vec<Thing>> = BTreeMap::new();
    let mut stream = context.stream(include_str!("things.sql"), bind());
    while let Some(row) = stream.try_next().await? {
        let mut fields = Fields::of(row);
        let (region, probe) = (fields.text("a region")?, fields.text("a probe")?);
        let service = probe.split_once('.').map_or(probe.as_str(), |(service, _)| service);
        let (service, kind) = (service.to_owned(), fields.text("a kind")?);
        let identifier = fields.text("a resource id")?;
        let home = fields.maybe_text().unwrap_or_else(|| region.clone());
        let thing = Thing { identifier, service, kind, region: home };
        things.entry((region, probe)).or_default().push(thing);
    }
    drop(stream);
    let mut cells = Vec::new();
    let mut stream = context.stream(include_str!("cells.sql"), bind());
    while let Some(row) = stream.try_next().await? {
        cells.push(answered(row)?);
    }
    let whose =
        Whose { account_id: &account.id, account_name: &account.name, session: &session.id };
    Ok(row::rows(whose, &cells, &things))
}

fn answered(row: protocol::store::Row) -> Result<Answered, ReportError> {
    let mut fields = Fields::of(row);
    let region = fields.text("a region")?;
    let service = fields.text("a service")?;
    let probe = fields.text("a probe")?;
    let global = fields.flag("a flag")?;
    let status = fields.word("a status")?;
    let evidence = fields.text("an evidence")?;
    let resource_count = fields.count("a count of resources")?;
    let at_least = fields.text("a count kind")? == "at_least";
    let sample = fields.text("a list of ids")?;
    let sample = serde_json::from_str(&sample).map_err(|_| ReportError::Odd {
        what: "a list of ids",
        value: "another text".to_owned(),
    })?;
    let kind = fields.maybe_word("a failure kind")?;
    let code = fields.maybe_text().unwrap_or_default();
    let message = fields.maybe_text().unwrap_or_default();
    let operation = fields.maybe_text();
    let denied_by = fields.maybe_text();
    let policy_arn = fields.maybe_text();
    let failure = kind.map(|kind| Fault { kind, code, message, operation, denied_by, policy_arn });
    let calls = fields.count("a count of calls")?;
    let observed_at = fields.maybe_time();
    Ok(Answered {
        region,
        service,
        probe,
        global,
        status,
        evidence,
        resource_count,
        at_least,
        sample,
        failure,
        calls,
        observed_at,
    })
}
