//! The five wire protocols: from a catalog's call to a request, from bytes to a value.
//!
//! Requests are values that know nothing of hosts, credentials or sockets; answers are read
//! without a schema, so that one reader serves every service.

pub(crate) mod error;
mod form;
mod json;
mod kept;
mod prepared;
mod request;
mod rest;
pub(crate) mod xml;

use bytes::Bytes;
use catalog::entry::{Entry, Wire};
use http::header::{CONTENT_TYPE, InvalidHeaderValue};
use http::{HeaderName, HeaderValue};
use serde_json::Value;

pub(crate) use kept::{Kept, WHOLE};
pub(crate) use prepared::{Prepared, UNPREPARED};
pub(crate) use request::{Outgoing, Values};

/// An answer as it came.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub status: http::StatusCode,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Answer {
    /// A header's text, where it is there and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Why a body cannot be read as its protocol says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// It should be JSON.
    #[error("the body is not JSON: {0}")]
    Json(String),
    /// It should be XML.
    #[error("the body is not XML: {0}")]
    Xml(String),
}

/// Reads what is to be kept of the body of a good answer.
pub(crate) fn read(
    entry: &Entry,
    operation: &str,
    body: &[u8],
    kept: &Kept,
) -> Result<Value, Unreadable> {
    match entry.protocol {
        Wire::Json10 | Wire::Json11 | Wire::RestJson => json::read_kept(body, kept),
        Wire::Query => form::read_query(operation, body, kept),
        Wire::Ec2 => form::read_ec2(body, kept),
        Wire::RestXml => rest::read_xml(body, kept),
    }
}

/// The headers of a call of a service that speaks JSON.
pub(crate) fn json_headers(
    entry: &Entry,
    operation: &str,
) -> Result<[(HeaderName, HeaderValue); 2], InvalidHeaderValue> {
    let target = HeaderValue::from_str(&json::target(entry, operation))?;
    let content_type = HeaderValue::from_static(json::content_type(entry.protocol));
    Ok([(CONTENT_TYPE, content_type), (HeaderName::from_static("x-amz-target"), target)])
}

/// The first byte that is not white space or a byte order mark.
fn first_byte(body: &[u8]) -> Option<u8> {
    trim(body).first().copied()
}

/// The body without leading white space and byte order mark.
fn trim(body: &[u8]) -> &[u8] {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.trim_ascii()
}
