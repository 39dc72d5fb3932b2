//! `cells`: the contract for other programs, one row a cell. Its columns only ever grow.
//!
//! A row of the query holds the cells of one account and region as one text, so that a million
//! cells need not cross from the database one by one; what is the same for all is filled in here.

use chrono::DateTime;
use protocol::store::{Row, Value};

use crate::census::service_of;
use crate::context::Context;
use crate::error::ReportError;
use crate::row::Fields;
use crate::shape::{Item, Kind, column};
use crate::streamed::{Source, Streamed};

/// What stands between the fields of a cell, and between cells; the query takes both out of texts
/// that come from outside.
pub(crate) const FIELD: &str = "\u{1f}";
pub(crate) const CELL: &str = "\u{1e}";

/// The report.
pub(crate) fn report() -> Streamed<'static> {
    Streamed {
        name: "cells",
        title: "Cells",
        note: "One row for each planned cell.",
        columns: vec![
            column("scan_id", Kind::Word),
            column("round", Kind::Number),
            column("account_id", Kind::Account),
            column("account_name", Kind::Text),
            column("ou_path", Kind::Text),
            column("region", Kind::Word),
            column("service", Kind::Word),
            column("probe", Kind::Word),
            column("status", Kind::Word),
            column("evidence", Kind::Word),
            column("resource_count", Kind::Number),
            column("count_is", Kind::Word),
            column("resources", Kind::List),
            column("failure_code", Kind::Text),
            column("failure_message", Kind::Text),
            column("denied_by", Kind::Word),
            column("policy_arn", Kind::Text),
            column("attempts", Kind::Number),
            column("calls", Kind::Number),
            column("duration_ms", Kind::Number),
            column("catalog_version", Kind::Word),
            column("observed_at", Kind::Time),
        ],
        people: &[
            "account_name",
            "region",
            "probe",
            "status",
            "resource_count",
            "failure_code",
            "denied_by",
        ],
        source: Source::Query {
            sql: include_str!("cells.sql"),
            binds: || [FIELD, CELL].map(|text| Value::Text(text.to_owned())).into(),
            read: rows,
        },
    }
}

/// The cells of an account and region.
fn rows(context: &Context<'_>, row: Row) -> Result<Vec<Vec<Item>>, ReportError> {
    let mut fields = Fields::of(row);
    let account = fields.text("an account id")?;
    let region = fields.text("a region")?;
    let cells = fields.text("the cells of a region")?;
    let odd =
        |cell: &str| ReportError::Odd { what: "a cell", value: cell.chars().take(80).collect() };
    cells
        .split(CELL)
        .map(|cell| items(context, &account, &region, cell).ok_or_else(|| odd(cell)))
        .collect()
}

fn items(context: &Context<'_>, account: &str, region: &str, cell: &str) -> Option<Vec<Item>> {
    let mut words = cell.split(FIELD);
    let mut word = || words.next();
    let probe = word()?;
    let round = some(number(word()?)?);
    let [status, evidence] = [word()?, word()?].map(Item::text);
    let resource_count = Item::Count(number(word()?)?);
    let count_is = Item::text(word()?);
    let sample = match word()? {
        "[]" => vec![],
        json => serde_json::from_str(json).ok()?,
    };
    let [code, message, denied_by, policy_arn] = [word()?, word()?, word()?, word()?].map(said);
    let [attempts, calls, duration] =
        [number(word()?)?, number(word()?)?, number(word()?)?].map(Item::Count);
    let observed_at = match number(word()?)? {
        0 => Item::Nothing,
        at => DateTime::from_timestamp_millis(at).map_or(Item::Nothing, Item::Time),
    };
    let facts = context.accounts.get(account);
    Some(vec![
        Item::text(context.scan.id.as_str()),
        round,
        Item::text(account),
        Item::from(facts.map(|facts| facts.name.clone())),
        Item::from(facts.and_then(|facts| facts.unit_path.clone())),
        Item::text(region),
        Item::text(service_of(probe)),
        Item::text(probe),
        status,
        evidence,
        resource_count,
        count_is,
        Item::List(sample),
        code,
        message,
        denied_by,
        policy_arn,
        attempts,
        calls,
        duration,
        Item::text(context.scan.catalog.as_str()),
        observed_at,
    ])
}

fn number(word: &str) -> Option<i64> {
    word.parse().ok()
}

/// A number that counts from 1; 0 is none.
fn some(number: i64) -> Item {
    if number == 0 { Item::Nothing } else { Item::Count(number) }
}

/// A text that may be absent.
fn said(word: &str) -> Item {
    if word.is_empty() { Item::Nothing } else { Item::text(word) }
}
