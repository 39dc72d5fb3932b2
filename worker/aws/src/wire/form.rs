//! Forms in, XML out: the protocols `query` and `ec2`.

use serde_json::{Map, Value};

use super::{Kept, Unreadable, xml};

/// The content type of a request.
pub(super) const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// Reads an answer of `query`: the root is stripped, then `<Op>Result`, where there is one.
pub(super) fn read_query(operation: &str, body: &[u8], kept: &Kept) -> Result<Value, Unreadable> {
    if super::trim(body).is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let result = format!("{operation}Result");
    match xml::read_below(body, Some(&result), kept)?.value {
        Value::Object(answer) => Ok(Value::Object(answer)),
        _ => Ok(Value::Object(Map::new())),
    }
}

/// Reads an answer of `ec2`: the root is stripped.
pub(super) fn read_ec2(body: &[u8], kept: &Kept) -> Result<Value, Unreadable> {
    if super::trim(body).is_empty() {
        return Ok(Value::Null);
    }
    Ok(xml::read_below(body, None, kept)?.value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::WHOLE;

    #[test]
    fn query_strips_the_root_and_the_result() {
        let body = b"<ListUsersResponse><ListUsersResult><IsTruncated>false</IsTruncated>\
                     </ListUsersResult><ResponseMetadata/></ListUsersResponse>";
        assert_eq!(read_query("ListUsers", body, &WHOLE), Ok(json!({ "IsTruncated": "false" })));
        assert_eq!(
            read_query("X", b"<XResponse><a>1</a></XResponse>", &WHOLE),
            Ok(json!({ "a": "1" }))
        );
        assert_eq!(read_query("X", b"", &WHOLE), Ok(json!({})));
    }

    #[test]
    fn ec2_strips_the_root() {
        let body = b"<R><requestId>r</requestId><set><item><id>1</id></item></set></R>";
        assert_eq!(
            read_ec2(body, &WHOLE),
            Ok(json!({ "requestId": "r", "set": { "item": { "id": "1" } } }))
        );
    }
}
