//! Signature version 4.
//!
//! Requests are made here and nowhere else, so their parts are known: paths and query strings are encoded, header values plain.
//! That makes signing a quarter of what it costs where any request may come.

use std::borrow::Cow;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use bytes::Bytes;
use chrono::{DateTime, Datelike, Timelike, Utc};
use http::header::{AUTHORIZATION, HOST, HeaderMap, InvalidHeaderValue, USER_AGENT};
use http::{HeaderName, HeaderValue};
use http_body_util::Full;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::signing_key::{SigningKeys, mac};

/// What stays as it is in a canonical path.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
/// What stays as it is in a canonical query string.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const CONTENT: HeaderName = HeaderName::from_static("x-amz-content-sha256");

/// What a signature is for.
#[derive(Clone, Copy)]
pub(crate) struct Signing<'a> {
    /// The service's signing name.
    pub name: &'a str,
    /// The region.
    pub region: &'a str,
    /// The moment.
    pub time: SystemTime,
    /// By whom.
    pub credentials: &'a Credentials,
    /// The keys of these credentials.
    pub keys: &'a SigningKeys,
}

/// Why a request cannot be signed: the credentials are none.
#[derive(Debug, thiserror::Error)]
#[error("the request cannot be signed: {0}")]
pub(crate) struct Unsignable(#[from] InvalidHeaderValue);

/// The request with its signature in its headers.
pub(crate) fn signed(
    mut request: http::Request<Full<Bytes>>,
    body: &Bytes,
    signing: Signing<'_>,
) -> Result<http::Request<Full<Bytes>>, Unsignable> {
    let Signing { name, region, time, credentials, keys } = signing;
    let moment = moment(time);
    let day = &moment[..8];
    let payload = hex(Sha256::digest(body));
    if !request.headers().contains_key(HOST) {
        let host = request.uri().authority().map_or("", |authority| authority.as_str());
        let host = HeaderValue::from_str(host)?;
        request.headers_mut().insert(HOST, host);
    }
    let headers = request.headers_mut();
    headers.insert(DATE, HeaderValue::from_str(&moment)?);
    if let Some(token) = credentials.session_token() {
        let mut token = HeaderValue::from_str(token)?;
        token.set_sensitive(true);
        headers.insert(TOKEN, token);
    }
    // S3 takes the path as it is and wants the body's hash in a header; all others the opposite.
    let s3 = matches!(name, "s3" | "s3-outposts" | "s3express" | "s3-object-lambda");
    if s3 {
        headers.insert(CONTENT, HeaderValue::from_bytes(&payload)?);
    }
    let path = request.uri().path();
    let path = if s3 { Cow::Borrowed(path) } else { canonical_path(path) };
    // The canonical request is only ever hashed, and so never put together.
    let mut canonical = Sha256::new();
    let query = canonical_query(request.uri().query().unwrap_or_default());
    for line in [request.method().as_str(), &path, &query] {
        canonical.update(line);
        canonical.update("\n");
    }
    let names = push_headers(&mut canonical, request.headers());
    canonical.update("\n");
    canonical.update(&names);
    canonical.update("\n");
    canonical.update(payload);
    let digest = hex(canonical.finalize());
    let scope = format!("{day}/{region}/{name}/aws4_request");
    let key = keys.key(credentials.secret_access_key(), day, region, name);
    let to_sign = ["AWS4-HMAC-SHA256\n", &moment, "\n", &scope, "\n"].map(str::as_bytes);
    let signature = hex(mac(&key, to_sign.into_iter().chain([&digest[..]])));
    let id = credentials.access_key_id().as_bytes();
    let parts: [&[u8]; 8] = [
        b"AWS4-HMAC-SHA256 Credential=",
        id,
        b"/",
        scope.as_bytes(),
        b", SignedHeaders=",
        names.as_bytes(),
        b", Signature=",
        &signature,
    ];
    let mut authorization = HeaderValue::try_from(parts.concat())?;
    authorization.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, authorization);
    Ok(request)
}

/// A moment as `20261122T051920Z`.
fn moment(time: SystemTime) -> String {
    let at = DateTime::<Utc>::from(time);
    let (date, clock) = (at.date_naive(), at.time());
    let day = date.year().unsigned_abs() * 10_000 + date.month() * 100 + date.day();
    let second = clock.hour() * 10_000 + clock.minute() * 100 + clock.second();
    // Two numbers are written faster than six fields.
    format!("{day:08}T{second:06}Z")
}

/// The path, encoded once more, without empty steps and steps back.
fn canonical_path(path: &str) -> Cow<'_, str> {
    let odd = |step: &str| matches!(step, "" | "." | "..");
    let inner = path.strip_prefix('/').unwrap_or(path);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    let path = if inner.is_empty() || !inner.split('/').any(odd) {
        Cow::Borrowed(path)
    } else {
        Cow::Owned(normal(path))
    };
    match path {
        Cow::Borrowed(path) => utf8_percent_encode(path, PATH).into(),
        Cow::Owned(path) => Cow::Owned(utf8_percent_encode(&path, PATH).to_string()),
    }
}

/// A path without empty steps and steps back.
fn normal(path: &str) -> String {
    let mut steps = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    let end = if path.ends_with('/') && !steps.is_empty() { "/" } else { "" };
    format!("/{}{end}", steps.join("/"))
}

/// The query string in its order, every name with its `=`.
fn canonical_query(query: &str) -> String {
    if query.is_empty() {
        return String::new();
    }
    let encoded = |text: &str| -> String {
        let text = percent_decode_str(text).decode_utf8_lossy();
        utf8_percent_encode(&text, QUERY).collect()
    };
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut pairs: Vec<(String, String)> =
        pairs.map(|(name, value)| (encoded(name), encoded(value))).collect();
    pairs.sort_unstable();
    let pairs: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// Adds the headers in their order; returns their names.
fn push_headers(canonical: &mut Sha256, headers: &HeaderMap) -> String {
    let signed = headers.iter().filter(|(name, _)| *name != USER_AGENT);
    let mut signed: Vec<(&str, &HeaderValue)> =
        signed.map(|(name, value)| (name.as_str(), value)).collect();
    signed.sort_unstable_by_key(|(name, _)| *name);
    let mut names = String::with_capacity(128);
    for (name, value) in signed {
        canonical.update(name);
        canonical.update(":");
        push_words(canonical, value.to_str().unwrap_or_default());
        canonical.update("\n");
        if !names.is_empty() {
            names.push(';');
        }
        names.push_str(name);
    }
    names
}

/// Adds a value with one space between its words; most have one word, and tokens of sessions are long.
fn push_words(canonical: &mut Sha256, value: &str) {
    if !value.contains(' ') && !value.contains('\t') {
        canonical.update(value);
        return;
    }
    for (nth, word) in value.split_ascii_whitespace().enumerate() {
        if nth > 0 {
            canonical.update(" ");
        }
        canonical.update(word);
    }
}

/// Bytes as their hexadecimal digits.
fn hex(bytes: impl Into<[u8; 32]>) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [0; 64];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes.into()) {
        pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    digits
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::{DateTime, Utc};
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct File {
        access_key_id: String,
        secret_access_key: String,
        time: DateTime<Utc>,
        vectors: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        case: String,
        signing_name: String,
        region: String,
        method: String,
        url: String,
        headers: BTreeMap<String, String>,
        body: String,
        token: Option<String>,
        authorization: String,
    }

    #[test]
    fn a_moment_has_all_its_digits() {
        let at: DateTime<Utc> = "2026-01-02T03:04:05.678Z".parse().expect("a moment");
        assert_eq!(moment(at.into()), "20260102T030405Z");
    }

    #[test]
    fn a_path_is_encoded_once_more_without_empty_steps_and_steps_back() {
        for (path, canonical) in [
            ("/", "/"),
            ("/detector", "/detector"),
            ("/a%3Ab/c~d", "/a%253Ab/c~d"),
            ("//a//b/", "/a/b/"),
            ("/a/./b/../c", "/a/c"),
            ("/..", "/"),
        ] {
            assert_eq!(canonical_path(path), canonical, "{path}");
        }
    }

    #[test]
    fn a_query_string_is_in_order_and_whole() {
        assert_eq!(canonical_query("policy"), "policy=");
        assert_eq!(canonical_query("b=2&a=1&b=1&A="), "A=&a=1&b=1&b=2");
        assert_eq!(canonical_query("t=a%2Fb%3D&arn=x:y"), "arn=x%3Ay&t=a%2Fb%3D");
    }

    /// The vectors are made by `scripts/sigv4_vectors.py`.
    #[test]
    fn signatures_are_botocores() {
        let text = include_str!("../tests/vectors/sigv4.json");
        let file: File = serde_json::from_str(text).expect("the vectors");
        for vector in file.vectors {
            let body = Bytes::from(vector.body);
            let mut request = http::Request::builder()
                .method(vector.method.as_str())
                .uri(&vector.url)
                .header("user-agent", "is not signed")
                .body(Full::new(body.clone()))
                .expect("a request");
            for (name, value) in &vector.headers {
                let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a name");
                request.headers_mut().insert(name, value.parse().expect("a value"));
            }
            let (id, secret) = (&file.access_key_id, &file.secret_access_key);
            let credentials = Credentials::new(id, secret, vector.token, None, "test");
            let signing = Signing {
                name: &vector.signing_name,
                region: &vector.region,
                time: file.time.into(),
                credentials: &credentials,
                keys: &SigningKeys::default(),
            };
            let signed = signed(request, &body, signing).expect("a signature");
            let ours = signed.headers().get("authorization").and_then(|v| v.to_str().ok());
            assert_eq!(ours, Some(vector.authorization.as_str()), "{}", vector.case);
        }
    }
}
