//! Stored values read back as the words of the house, and the other way round.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use protocol::Failure;
use protocol::store::{Row, StoreError, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::database::Bind;

/// Reads the columns of a row from left to right.
pub(crate) struct Columns {
    values: std::vec::IntoIter<Value>,
}

impl From<Row> for Columns {
    fn from(row: Row) -> Self {
        Self { values: row.into_iter() }
    }
}

impl Columns {
    /// The next column: a number, or null.
    pub(crate) fn maybe_int(&mut self) -> Result<Option<i64>, StoreError> {
        match self.values.next() {
            Some(Value::Int(number)) => Ok(Some(number)),
            Some(Value::Null) => Ok(None),
            other => Err(damaged(format!("a number was expected, not {other:?}"))),
        }
    }

    /// The next column: a number.
    pub(crate) fn int(&mut self) -> Result<i64, StoreError> {
        self.maybe_int()?.ok_or_else(|| damaged("a number is missing"))
    }

    /// The next column: a number of some other type.
    pub(crate) fn number<T: TryFrom<i64>>(&mut self) -> Result<T, StoreError> {
        self.maybe_number()?.ok_or_else(|| damaged("a number is missing"))
    }

    /// The next column: a number of some other type, or null.
    pub(crate) fn maybe_number<T: TryFrom<i64>>(&mut self) -> Result<Option<T>, StoreError> {
        let number = self.maybe_int()?;
        number
            .map(|number| {
                T::try_from(number).map_err(|_| damaged(format!("{number} is out of range")))
            })
            .transpose()
    }

    /// The next column: a flag.
    pub(crate) fn flag(&mut self) -> Result<bool, StoreError> {
        Ok(self.int()? != 0)
    }

    /// The next column: text, or null.
    pub(crate) fn maybe_text(&mut self) -> Result<Option<String>, StoreError> {
        match self.values.next() {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            other => Err(damaged(format!("text was expected, not {other:?}"))),
        }
    }

    /// The next column: text.
    pub(crate) fn text(&mut self) -> Result<String, StoreError> {
        self.maybe_text()?.ok_or_else(|| damaged("a text is missing"))
    }

    /// The next column: a word or an id.
    pub(crate) fn word<T: FromStr<Err: Display>>(&mut self) -> Result<T, StoreError> {
        self.text()?.parse().map_err(|error: T::Err| damaged(error.to_string()))
    }

    /// The next column: a word or an id, or null.
    pub(crate) fn maybe_word<T: FromStr<Err: Display>>(&mut self) -> Result<Option<T>, StoreError> {
        let text = self.maybe_text()?;
        text.map(|text| text.parse().map_err(|error: T::Err| damaged(error.to_string())))
            .transpose()
    }

    /// The next column: json, or null.
    pub(crate) fn maybe_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        let text = self.maybe_text()?;
        text.map(|text| serde_json::from_str(&text).map_err(|error| damaged(error.to_string())))
            .transpose()
    }

    /// The next column: json.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        self.maybe_json()?.ok_or_else(|| damaged("a json text is missing"))
    }

    /// The next column: a time, or null.
    pub(crate) fn maybe_time(&mut self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let at = |ms| {
            DateTime::from_timestamp_millis(ms).ok_or_else(|| damaged(format!("{ms} is no time")))
        };
        self.maybe_int()?.map(at).transpose()
    }

    /// The next column: a time.
    pub(crate) fn time(&mut self) -> Result<DateTime<Utc>, StoreError> {
        self.maybe_time()?.ok_or_else(|| damaged("a time is missing"))
    }
}

fn damaged(why: impl Display) -> StoreError {
    StoreError::Failed(format!("a stored record is damaged: {why}"))
}

/// A value as json text.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Failed(error.to_string()))
}

/// A count as the database keeps it; counts stay far below the limit.
pub(crate) fn count(number: u64) -> Bind {
    Bind::from(i64::try_from(number).unwrap_or(i64::MAX))
}

/// The eight columns of a failure, in the order in which every table has them: `failure_kind`,
/// `failure_code`, `failure_message`, `failure_operation`, `failure_http_status`,
/// `failure_request_id`, `denied_by`, `policy_arn`.
pub(crate) fn failure(failure: Option<&Failure>) -> [Bind; 8] {
    let text = |value: Option<&str>| Bind::from(value);
    [
        text(failure.map(|failure| failure.kind.as_str())),
        text(failure.map(|failure| failure.code.as_str())),
        text(failure.map(|failure| failure.message.as_str())),
        text(failure.and_then(|failure| failure.operation.as_deref())),
        Bind::from(failure.and_then(|failure| failure.http_status).map(i64::from)),
        text(failure.and_then(|failure| failure.request_id.as_deref())),
        text(failure.and_then(|failure| failure.denied_by).map(|denier| denier.as_str())),
        text(failure.and_then(|failure| failure.policy_arn.as_deref())),
    ]
}
