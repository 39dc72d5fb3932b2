//! JSON: the protocols `json-1.0`, `json-1.1` and the answers of `rest-json`.

use catalog::entry::{Entry, Wire};
use serde::de::DeserializeSeed;
use serde_json::{Map, Value};

use super::{Kept, Unreadable, WHOLE, trim};

/// The content type of a request.
pub(super) fn content_type(wire: Wire) -> &'static str {
    match wire {
        Wire::Json10 => "application/x-amz-json-1.0",
        Wire::Json11 => "application/x-amz-json-1.1",
        _ => "application/json",
    }
}

/// The value of `X-Amz-Target`.
pub(super) fn target(entry: &Entry, operation: &str) -> String {
    match &entry.target_prefix {
        Some(prefix) => format!("{prefix}.{operation}"),
        None => operation.to_owned(),
    }
}

/// Reads a JSON body; an empty one is the empty object.
pub(super) fn read(body: &[u8]) -> Result<Value, Unreadable> {
    read_kept(body, &WHOLE)
}

/// The same, for what is to be kept of it.
pub(super) fn read_kept(body: &[u8], kept: &Kept) -> Result<Value, Unreadable> {
    let body = trim(body);
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let unreadable = |error: serde_json::Error| Unreadable::Json(error.to_string());
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = kept.deserialize(&mut reader).map_err(unreadable)?;
    reader.end().map_err(unreadable)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_empty_body_is_the_empty_object() {
        assert_eq!(read(b" \r\n"), Ok(json!({})));
        assert_eq!(read(b"\xef\xbb\xbf{\"a\":1}"), Ok(json!({ "a": 1 })));
        assert!(read(b"<html>").is_err());
    }

    #[test]
    fn nesting_without_end_is_refused() {
        assert!(read("[".repeat(1_000_000).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let read = read(&body);
            prop_assert!(read.is_ok() || !body.is_empty());
        }
    }
}
