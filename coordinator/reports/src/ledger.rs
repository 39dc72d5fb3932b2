//! `ledger`: what became of every planned cell; the rows sum to the plan.

use protocol::Status;

use crate::context::Context;
use crate::error::ReportError;
use crate::rollup::share;
use crate::shape::{Item, Kind, Report, Table, column};

/// Makes the report.
pub(crate) async fn report(context: &Context<'_>) -> Result<Report, ReportError> {
    let head = context.head();
    let mut notes = vec![format!(
        "{} cells are planned: {} known and {} unknown.",
        head.planned, head.known, head.unknown
    )];
    let missing = missing(context).await?;
    if !missing.rows.is_empty() {
        notes.push("Discovery could not read everything: see below what is missing.".to_owned());
    }
    let mut tables = vec![statuses(context), causes(context).await?];
    tables.push(missing);
    Ok(Report { name: "ledger", title: "The ledger".to_owned(), notes, tables })
}

/// What a status means, in a few words.
pub(crate) const fn meaning(status: Status) -> &'static str {
    match status {
        Status::InUse => "things of the account's own are there, or the switch is on",
        Status::Idle => "everything answered, nothing of the account's own is there",
        Status::Listed => "a derived entry listed things; whose they are is not judged",
        Status::Off => "not enabled, not subscribed, or a switch that is off",
        Status::NotOffered => "the service does not exist there",
        Status::RegionOff => "the region is not opted in; nothing was called",
        Status::Partial => "some calls answered, others not; what answered proves nothing",
        Status::Denied => "access was denied",
        Status::RoleFailed => "the account could not be entered",
        Status::Throttled => "still throttled after the last attempt",
        Status::Unreachable => "nobody answered: DNS, connect, TLS or time-out",
        Status::Error => "failed with a code of its own",
        Status::NotRun => "planned, but there is no answer",
    }
}

fn statuses(context: &Context<'_>) -> Table {
    let planned = context.ledger.planned();
    let row = |status: &Status| {
        let cells = context.ledger.count(*status);
        vec![
            Item::text(status.as_str()),
            Item::text(if status.is_known() { "known" } else { "unknown" }),
            Item::count(cells),
            Item::share(share(cells, planned)),
            Item::text(meaning(*status)),
        ]
    };
    Table {
        name: "rows",
        title: "Cells by status".to_owned(),
        columns: vec![
            column("status", Kind::Word),
            column("truth", Kind::Word),
            column("cells", Kind::Number),
            column("share", Kind::Number),
            column("meaning", Kind::Word),
        ],
        rows: Status::ALL.iter().map(row).collect(),
    }
}

async fn causes(context: &Context<'_>) -> Result<Table, ReportError> {
    let failures = context.failures().await?;
    let row = |(cause, failed): (&crate::advice::Cause, &crate::failures::Failed)| {
        let mut items = crate::failures::named(cause);
        items.extend([
            Item::text(cause.evidence.as_str()),
            Item::count(failed.cells),
            Item::count(failed.accounts.len() as u64),
        ]);
        items
    };
    Ok(Table {
        name: "unknown_by_cause",
        title: "Unknown cells by cause".to_owned(),
        columns: vec![
            column("status", Kind::Word),
            column("failure_kind", Kind::Word),
            column("failure_code", Kind::Text),
            column("denied_by", Kind::Word),
            column("policy_arn", Kind::Text),
            column("evidence", Kind::Word),
            column("cells", Kind::Number),
            column("accounts", Kind::Number),
        ],
        rows: failures.causes().into_iter().map(row).collect(),
    })
}

/// What discovery could not read.
pub(crate) async fn missing(context: &Context<'_>) -> Result<Table, ReportError> {
    let rows = context.rows(include_str!("missing.sql")).await?;
    let item = |value: protocol::store::Value| match value {
        protocol::store::Value::Null => Item::Nothing,
        protocol::store::Value::Int(number) => Item::Count(number),
        protocol::store::Value::Text(text) => Item::Text(text),
    };
    Ok(Table {
        name: "missing",
        title: "What discovery could not read".to_owned(),
        columns: vec![
            column("what", Kind::Text),
            column("reason", Kind::Text),
            column("failure_code", Kind::Text),
            column("failure_message", Kind::Text),
        ],
        rows: rows.into_iter().map(|row| row.into_iter().map(item).collect()).collect(),
    })
}
