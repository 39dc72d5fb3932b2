//! Method and path in: what `rest-json` and `rest-xml` have in common, and the answers of the latter.

use http::Method;
use serde_json::{Map, Value};

use super::{Kept, Unreadable, first_byte, json, xml};

/// The method of a call; `GET` where the catalog names none.
pub(super) fn method(name: Option<&str>) -> Option<Method> {
    name.map_or(Some(Method::GET), |name| Method::from_bytes(name.as_bytes()).ok())
}

/// Reads an answer of `rest-xml`: the root is stripped. S3 answers policies in JSON.
pub(super) fn read_xml(body: &[u8], kept: &Kept) -> Result<Value, Unreadable> {
    match first_byte(body) {
        None => Ok(Value::Object(Map::new())),
        Some(b'{') => json::read_kept(body, kept),
        Some(_) => Ok(xml::read_below(body, None, kept)?.value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::WHOLE;

    #[test]
    fn a_policy_in_json_is_read_though_the_service_speaks_xml() {
        assert_eq!(read_xml(b" {\"Version\":\"x\"}", &WHOLE), Ok(json!({ "Version": "x" })));
        assert_eq!(read_xml(b"<L><a>1</a></L>", &WHOLE), Ok(json!({ "a": "1" })));
        assert_eq!(read_xml(b"", &WHOLE), Ok(json!({})));
        assert!(read_xml(b"no", &WHOLE).is_err());
    }

    #[test]
    fn the_method_is_get_where_none_is_named() {
        assert_eq!(method(None), Some(Method::GET));
        assert_eq!(method(Some("POST")), Some(Method::POST));
        assert_eq!(method(Some("B AD")), None);
    }
}
