//! Reads the row of a query, field by field, in the order of its columns.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use protocol::store::{Row, Value};

use crate::error::ReportError;

/// The fields of a row, taken from left to right.
pub(crate) struct Fields(std::vec::IntoIter<Value>);

impl Fields {
    /// Begins at the first field.
    pub(crate) fn of(row: Row) -> Self {
        Self(row.into_iter())
    }

    fn next(&mut self) -> Value {
        self.0.next().unwrap_or(Value::Null)
    }

    /// A text that must be there.
    pub(crate) fn text(&mut self, what: &'static str) -> Result<String, ReportError> {
        match self.next() {
            Value::Text(text) => Ok(text),
            other => Err(odd(what, &other)),
        }
    }

    /// A text that may be absent.
    pub(crate) fn maybe_text(&mut self) -> Option<String> {
        match self.next() {
            Value::Text(text) => Some(text),
            Value::Int(number) => Some(number.to_string()),
            Value::Null => None,
        }
    }

    /// A number that may be absent.
    pub(crate) fn maybe_int(&mut self) -> Option<i64> {
        match self.next() {
            Value::Int(number) => Some(number),
            Value::Text(_) | Value::Null => None,
        }
    }

    /// A count that must be there; absent is an error, since a count of nothing is 0.
    pub(crate) fn count(&mut self, what: &'static str) -> Result<u64, ReportError> {
        match self.next() {
            Value::Int(number) if number >= 0 => Ok(number.unsigned_abs()),
            other => Err(odd(what, &other)),
        }
    }

    /// A flag, 0 or 1.
    pub(crate) fn flag(&mut self, what: &'static str) -> Result<bool, ReportError> {
        Ok(self.count(what)? != 0)
    }

    /// A moment that may be absent, from milliseconds since 1970.
    pub(crate) fn maybe_time(&mut self) -> Option<DateTime<Utc>> {
        self.maybe_int().and_then(DateTime::from_timestamp_millis)
    }

    /// A word of a closed set.
    pub(crate) fn word<T: FromStr>(&mut self, what: &'static str) -> Result<T, ReportError> {
        let text = self.text(what)?;
        text.parse().map_err(|_| odd(what, &Value::Text(text)))
    }

    /// A word of a closed set that may be absent.
    pub(crate) fn maybe_word<T: FromStr>(
        &mut self,
        what: &'static str,
    ) -> Result<Option<T>, ReportError> {
        let Some(text) = self.maybe_text() else { return Ok(None) };
        text.parse().map(Some).map_err(|_| odd(what, &Value::Text(text)))
    }
}

fn odd(what: &'static str, value: &Value) -> ReportError {
    let value = match value {
        Value::Null => "nothing".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => format!("{:?}", text.chars().take(80).collect::<String>()),
    };
    ReportError::Odd { what, value }
}
