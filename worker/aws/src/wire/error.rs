//! What an answer that is no success says: code, message, request id, how long to wait.
//!
//! The body is sniffed, not believed: some gateways answer JSON services in XML or HTML.

use serde_json::Value;

use super::{Answer, first_byte, json, trim, xml};

/// The longest wait that an answer may ask for, in milliseconds: an hour.
const LONGEST_WAIT_MS: u64 = 3_600_000;

/// The code of a failure inside a success that does not say its own.
const UNNAMED: &str = "FailedInside";

/// An answer that is no success, as facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The code, cut at `#` and `:`; empty where there is none.
    pub code: String,
    /// The message; empty where there is none.
    pub message: String,
    /// The other side's id of the request.
    pub request_id: Option<String>,
    /// How long it asks us to wait.
    pub retry_after_ms: Option<u64>,
    /// The region that S3 names as the bucket's.
    pub bucket_region: Option<String>,
    /// The time that it was answered.
    pub date: Option<String>,
    /// Whether the body is a web page.
    pub html: bool,
}

/// Reads an answer that is no success.
pub(crate) fn read(answer: &Answer) -> Refusal {
    facts(answer, read_body(&answer.body))
}

/// The refusal that an answer holds though it is a success: its code and message.
pub(crate) fn inside(answer: &Answer, (code, message): (String, String)) -> Refusal {
    let code = if code.is_empty() { UNNAMED } else { &code };
    facts(answer, Body { code: bare_code(code), message, ..Body::default() })
}

fn facts(answer: &Answer, body: Body) -> Refusal {
    let header_code = answer.header("x-amzn-errortype").map(bare_code);
    let text = |name: &str| answer.header(name).map(str::to_owned);
    Refusal {
        status: answer.status.as_u16(),
        code: header_code.unwrap_or(body.code),
        message: body.message,
        request_id: text("x-amzn-requestid").or(text("x-amz-request-id")).or(body.request_id),
        retry_after_ms: retry_after(answer),
        bucket_region: text("x-amz-bucket-region").or(body.region),
        date: text("date"),
        html: body.html,
    }
}

#[derive(Default)]
struct Body {
    code: String,
    message: String,
    request_id: Option<String>,
    region: Option<String>,
    html: bool,
}

fn read_body(body: &[u8]) -> Body {
    match first_byte(body) {
        Some(b'{') => json::read(body).map(|value| from_json(&value)).unwrap_or_default(),
        Some(b'<') if is_html(body) => Body { html: true, ..Body::default() },
        Some(b'<') => xml::read(body).map(|xml| from_xml(&xml.value)).unwrap_or_default(),
        _ => Body::default(),
    }
}

fn is_html(body: &[u8]) -> bool {
    let start = trim(body);
    let begins = |with: &str| {
        start.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
    };
    begins("<!doctype html") || begins("<html")
}

fn from_json(value: &Value) -> Body {
    let inner = value.get("Error").or_else(|| value.get("error")).filter(|inner| inner.is_object());
    let find = |names: &[&str]| {
        [Some(value), inner].into_iter().flatten().find_map(|value| first_text(value, names))
    };
    Body {
        code: find(&["__type", "code", "Code"]).map(|code| bare_code(&code)).unwrap_or_default(),
        message: find(&["message", "Message", "errorMessage"]).unwrap_or_default(),
        request_id: find(&["RequestId", "requestId"]),
        ..Body::default()
    }
}

fn from_xml(value: &Value) -> Body {
    let errors = value.get("Errors").map(|errors| first(errors.get("Error").unwrap_or(errors)));
    let error = value.get("Error").map(first).or(errors).unwrap_or(value);
    Body {
        code: first_text(error, &["Code", "code"]).map(|c| bare_code(&c)).unwrap_or_default(),
        message: first_text(error, &["Message", "message"]).unwrap_or_default(),
        request_id: first_text(value, &["RequestId", "RequestID", "requestId"])
            .or_else(|| first_text(error, &["RequestId", "RequestID"])),
        region: first_text(error, &["Region"]),
        html: false,
    }
}

/// The first of a list, or the value itself.
fn first(value: &Value) -> &Value {
    value.as_array().and_then(|list| list.first()).unwrap_or(value)
}

fn first_text(value: &Value, names: &[&str]) -> Option<String> {
    let text = |name: &&str| value.get(name).and_then(catalog::path::text);
    names.iter().find_map(text).map(std::borrow::Cow::into_owned).filter(|text| !text.is_empty())
}

/// The code without the namespace before `#` and what comes after `:`.
fn bare_code(code: &str) -> String {
    let code = code.split(':').next().unwrap_or_default();
    code.rsplit('#').next().unwrap_or_default().trim().to_owned()
}

fn retry_after(answer: &Answer) -> Option<u64> {
    let number = |name: &str| answer.header(name)?.trim().parse::<u64>().ok();
    let wait = number("x-amz-retry-after")
        .or_else(|| number("retry-after").map(|seconds| seconds.saturating_mul(1000)))?;
    Some(wait.min(LONGEST_WAIT_MS))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Answer {
        let header = |&(name, value): &(&'static str, &'static str)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
        };
        Answer {
            status: http::StatusCode::from_u16(status).expect("a status"),
            headers: headers.iter().map(header).collect(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    fn code_and_message(body: &str) -> (String, String) {
        let refusal = read(&answer(400, &[], body));
        (refusal.code, refusal.message)
    }

    #[test]
    fn every_dialect_gives_code_and_message() {
        let denied = ("AccessDenied".to_owned(), "no".to_owned());
        for body in [
            r#"{"__type":"com.amazonaws.x#AccessDenied","message":"no"}"#,
            r#"{"code":"AccessDenied","errorMessage":"no"}"#,
            r#"{"Error":{"Code":"AccessDenied","Message":"no"}}"#,
            "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message>\
             </Error><RequestId>r</RequestId></ErrorResponse>",
            "<?xml version='1.0'?><Response><Errors><Error><Code>AccessDenied</Code><Message>no\
             </Message></Error></Errors><RequestID>r</RequestID></Response>",
            "<Error><Code>AccessDenied</Code><Message>no</Message></Error>",
        ] {
            assert_eq!(code_and_message(body), denied, "{body}");
        }
    }

    #[test]
    fn the_header_names_the_code_first() {
        let refusal = read(&answer(
            403,
            &[
                ("x-amzn-errortype", "AccessDeniedException:http://internal/x"),
                ("retry-after", "2"),
            ],
            r#"{"message":"no"}"#,
        ));
        assert_eq!(refusal.code, "AccessDeniedException");
        assert_eq!(refusal.message, "no");
        assert_eq!(refusal.retry_after_ms, Some(2000));
    }

    #[test]
    fn a_web_page_is_told_as_one() {
        assert!(read(&answer(404, &[], "\n<!DOCTYPE HTML><p>Not found")).html);
        assert!(read(&answer(404, &[], "<html></html>")).html);
        assert!(!read(&answer(404, &[], "<htm")).html);
    }

    #[test]
    fn waits_are_bounded() {
        let wait = |headers: &[_]| read(&answer(429, headers, "")).retry_after_ms;
        assert_eq!(wait(&[("x-amz-retry-after", "1500")]), Some(1500));
        assert_eq!(wait(&[("retry-after", "99999999999999999")]), Some(LONGEST_WAIT_MS));
        assert_eq!(wait(&[("retry-after", "Fri, 31 Dec 2027 23:59:59 GMT")]), None);
    }

    #[test]
    fn s3_names_the_buckets_region() {
        let body =
            "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>";
        assert_eq!(read(&answer(400, &[], body)).bucket_region.as_deref(), Some("eu-west-1"));
        let headers = [("x-amz-bucket-region", "eu-west-2")];
        assert_eq!(read(&answer(301, &headers, "")).bucket_region.as_deref(), Some("eu-west-2"));
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in "\\PC{0,80}|[<{].{0,60}") {
            let refusal = read(&answer(400, &[], &body));
            prop_assert_eq!(refusal.status, 400);
        }
    }
}
