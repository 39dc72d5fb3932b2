//! Forms in, XML out: the protocols `query` and `ec2`.

use serde_json::{Map, Value};

use super::{Unreadable, xml};

/// The content type of a request.
pub(super) const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// Reads an answer of `query`: the root is stripped, then `<Op>Result`, where there is one.
pub(super) fn read_query(operation: &str, body: &[u8]) -> Result<Value, Unreadable> {
    let Some(Value::Object(mut answer)) = value(body)? else {
        return Ok(Value::Object(Map::new()));
    };
    let result = answer.remove(&format!("{operation}Result"));
    Ok(result.unwrap_or(Value::Object(answer)))
}

/// Reads an answer of `ec2`: the root is stripped.
pub(super) fn read_ec2(body: &[u8]) -> Result<Value, Unreadable> {
    Ok(value(body)?.unwrap_or_default())
}

fn value(body: &[u8]) -> Result<Option<Value>, Unreadable> {
    if super::trim(body).is_empty() {
        return Ok(None);
    }
    Ok(Some(xml::read(body)?.value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn query_strips_the_root_and_the_result() {
        let body = b"<ListUsersResponse><ListUsersResult><IsTruncated>false</IsTruncated>\
                     </ListUsersResult><ResponseMetadata/></ListUsersResponse>";
        assert_eq!(read_query("ListUsers", body), Ok(json!({ "IsTruncated": "false" })));
        assert_eq!(read_query("X", b"<XResponse><a>1</a></XResponse>"), Ok(json!({ "a": "1" })));
        assert_eq!(read_query("X", b""), Ok(json!({})));
    }

    #[test]
    fn ec2_strips_the_root() {
        let body = b"<R><requestId>r</requestId><set><item><id>1</id></item></set></R>";
        assert_eq!(
            read_ec2(body),
            Ok(json!({ "requestId": "r", "set": { "item": { "id": "1" } } }))
        );
    }
}
