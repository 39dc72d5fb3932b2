//! Documents that are kept whole: policies, in whatever wrapping they come.

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A document as compact JSON with sorted keys, so that the same policy has the same digest
/// everywhere; text that is no JSON is kept as it is. None for nothing.
///
/// IAM percent-encodes its documents, KMS answers JSON in a text, S3 a body that is JSON itself.
pub(crate) fn read(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(from_text(text)),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Some(value.to_string())
        }
    }
}

fn from_text(text: &str) -> String {
    if let Some(document) = parse(text) {
        return document;
    }
    let decoded = percent_decode_str(text).decode_utf8().ok();
    decoded.and_then(|decoded| parse(&decoded)).unwrap_or_else(|| text.to_owned())
}

fn parse(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    (value.is_object() || value.is_array()).then(|| value.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn one_policy_in_three_wrappings_is_one_document() {
        let policy = json!({ "Version": "2012-10-17", "Statement": [] });
        let text = json!("{ \"Version\": \"2012-10-17\",\n \"Statement\": [] }");
        let encoded = json!("%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D");
        let document = Some(r#"{"Statement":[],"Version":"2012-10-17"}"#.to_owned());
        for wrapping in [policy, text, encoded] {
            assert_eq!(read(&wrapping), document, "{wrapping}");
        }
    }

    #[test]
    fn what_is_no_json_stays_and_nothing_is_nothing() {
        assert_eq!(read(&json!("100%25 text")), Some("100%25 text".to_owned()));
        assert_eq!(read(&json!(null)), None);
        assert_eq!(read(&json!(" ")), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[%{}\"0-9A-Fa-f ]{0,40}") {
            prop_assert_eq!(read(&json!(text)).is_none(), text.trim().is_empty());
        }
    }
}
