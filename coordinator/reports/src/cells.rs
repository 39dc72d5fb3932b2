//! `cells`: the contract for other programs, one row a cell. Its columns only ever grow.

use protocol::store::Value;

use crate::error::ReportError;
use crate::shape::{Item, Kind, column};
use crate::streamed::{Source, Streamed};

/// The report.
pub(crate) fn report() -> Streamed {
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
        source: Source::Query(include_str!("cells.sql"), |columns, row| {
            columns.iter().zip(row).map(|(column, value)| item(column.kind, value)).collect()
        }),
    }
}

/// Reads a value by its column's kind.
pub(crate) fn item(kind: Kind, value: Value) -> Result<Item, ReportError> {
    Ok(match (kind, value) {
        (Kind::List, Value::Null) => Item::List(vec![]),
        (_, Value::Null) => Item::Nothing,
        (Kind::Time, Value::Int(at)) => {
            chrono::DateTime::from_timestamp_millis(at).map_or(Item::Nothing, Item::Time)
        }
        (_, Value::Int(number)) => Item::Count(number),
        (Kind::List, Value::Text(text)) => {
            Item::List(serde_json::from_str(&text).map_err(|_| ReportError::Odd {
                what: "a list of ids",
                value: text.chars().take(80).collect(),
            })?)
        }
        (_, Value::Text(text)) => Item::Text(text),
    })
}
