//! From a catalog's call to a request that is not signed yet.

use std::collections::BTreeMap;

use bytes::Bytes;
use catalog::entry::{Call, Entry, Paging, Place, Wire};
use catalog::template::{TemplateError, fill};
use http::{HeaderName, HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::provider::Item;
use serde_json::{Map, Value};

use super::{form, json, rest};

/// What stays as it is in paths and query strings: letters, digits and `-._~`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request before it has a host and a signature.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outgoing {
    /// The method.
    pub method: Method,
    /// The path, encoded.
    pub path: String,
    /// The query string, encoded; empty where there is none.
    pub query: String,
    /// The headers that the protocol and the call ask for.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Bytes,
    /// The host that the call asks for, if it is not the service's own.
    pub host: Option<String>,
}

/// What templates may ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a> {
    /// The account.
    pub account: &'a str,
    /// The region that is called.
    pub region: &'a str,
    /// The partition's id.
    pub partition: &'a str,
    /// The partition's DNS suffix.
    pub suffix: &'a str,
    /// The parent's thing, for `for_each` calls.
    pub item: Option<&'a Item>,
}

impl Values<'_> {
    /// The value of a placeholder.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let text = match name {
            "account" => self.account,
            "region" => self.region,
            "partition" => self.partition,
            "suffix" => self.suffix,
            "item" => &self.item?.object.id,
            _ => self.item?.inputs.get(name.strip_prefix("item.")?)?,
        };
        Some(text.to_owned())
    }
}

/// Why a call of the catalog makes no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unbuildable {
    /// A template has no value here.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The method is none.
    #[error("{0:?} is not a method")]
    Method(String),
    /// A header cannot be sent.
    #[error("the header {0:?} cannot be sent")]
    Header(String),
    /// A form has a parameter that is not a plain value.
    #[error("the parameter {0:?} of a form is not a plain value")]
    Parameter(String),
}

/// Builds the request for one page of a call, with what is `known` of what its templates ask for.
pub(crate) fn build(
    entry: &Entry,
    call: &Call,
    known: &dyn Fn(&str) -> Option<String>,
    token: Option<&str>,
) -> Result<Outgoing, Unbuildable> {
    let encoded = |name: &str| known(name).map(|value| encode(&value));
    let rest = matches!(entry.protocol, Wire::RestJson | Wire::RestXml);
    let method = match (rest, rest::method(call.method.as_deref())) {
        (false, _) => Method::POST,
        (true, Some(method)) => method,
        (true, None) => return Err(Unbuildable::Method(call.method.clone().unwrap_or_default())),
    };
    let mut query = BTreeMap::new();
    for (name, value) in &call.query {
        query.insert(name.clone(), fill(value, known)?);
    }
    let mut headers = BTreeMap::new();
    for (name, value) in &call.headers {
        headers.insert(name.clone(), fill(value, known)?);
    }
    let mut params = fill_map(&call.params, known)?;
    if let Some(page) = &call.page {
        let place = page.place.unwrap_or(usual_place(entry.protocol, &method));
        for (name, value) in paging(page, token) {
            match (place, &value) {
                (Place::Body, _) => drop(params.insert(name, value)),
                (Place::Query, _) => drop(query.insert(name, plain(&value))),
                (Place::Header, _) => drop(headers.insert(name, plain(&value))),
            }
        }
    }
    let body = body(entry, call, params, &mut headers)?;
    let path = call.path.as_deref().filter(|_| rest).unwrap_or("/");
    Ok(Outgoing {
        method,
        path: fill(path, &encoded)?,
        query: query_string(&query),
        headers: headers.into_iter().map(header).collect::<Result<_, _>>()?,
        body,
        host: call.host.as_deref().map(|host| fill(host, known)).transpose()?,
    })
}

/// Where page parameters go, where the catalog does not say.
fn usual_place(wire: Wire, method: &Method) -> Place {
    match wire {
        Wire::Json10 | Wire::Json11 | Wire::Query | Wire::Ec2 => Place::Body,
        Wire::RestJson if method != Method::GET => Place::Body,
        Wire::RestJson | Wire::RestXml => Place::Query,
    }
}

/// The parameters that ask for a page.
fn paging(page: &Paging, token: Option<&str>) -> Vec<(String, Value)> {
    let size = page.size.as_ref().map(|size| (size.input.clone(), Value::from(size.value)));
    let token = token.map(|token| (page.input.clone(), Value::from(token)));
    size.into_iter().chain(token).collect()
}

/// The body, with the headers that go with it.
fn body(
    entry: &Entry,
    call: &Call,
    params: Map<String, Value>,
    headers: &mut BTreeMap<String, String>,
) -> Result<Bytes, Unbuildable> {
    let mut typed = |content_type: &str| {
        headers.entry("content-type".to_owned()).or_insert_with(|| content_type.to_owned());
    };
    match entry.protocol {
        Wire::Json10 | Wire::Json11 => {
            typed(json::content_type(entry.protocol));
            headers.insert("x-amz-target".to_owned(), json::target(entry, &call.operation));
            Ok(Bytes::from(Value::Object(params).to_string()))
        }
        Wire::Query | Wire::Ec2 => {
            typed(form::CONTENT_TYPE);
            form_body(entry, call, &params)
        }
        Wire::RestJson | Wire::RestXml if params.is_empty() => Ok(Bytes::new()),
        Wire::RestJson | Wire::RestXml => {
            typed(json::content_type(entry.protocol));
            Ok(Bytes::from(Value::Object(params).to_string()))
        }
    }
}

fn form_body(
    entry: &Entry,
    call: &Call,
    params: &Map<String, Value>,
) -> Result<Bytes, Unbuildable> {
    let mut body = format!("Action={}", encode(&call.operation));
    if let Some(version) = &entry.api_version {
        body.push_str("&Version=");
        body.push_str(&encode(version));
    }
    for (name, value) in params {
        if matches!(value, Value::Null | Value::Array(_) | Value::Object(_)) {
            return Err(Unbuildable::Parameter(name.clone()));
        }
        body.push('&');
        body.push_str(&encode(name));
        body.push('=');
        body.push_str(&encode(&plain(value)));
    }
    Ok(Bytes::from(body))
}

fn query_string(query: &BTreeMap<String, String>) -> String {
    let pair = |(name, value): (&String, &String)| match value.as_str() {
        "" => encode(name),
        value => format!("{}={}", encode(name), encode(value)),
    };
    query.iter().map(pair).collect::<Vec<_>>().join("&")
}

fn header((name, value): (String, String)) -> Result<(HeaderName, HeaderValue), Unbuildable> {
    let bad = || Unbuildable::Header(name.clone());
    let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
    Ok((key, HeaderValue::from_str(&value).map_err(|_| bad())?))
}

fn fill_map(
    params: &Map<String, Value>,
    known: &dyn Fn(&str) -> Option<String>,
) -> Result<Map<String, Value>, TemplateError> {
    params.iter().map(|(name, value)| Ok((name.clone(), fill_value(value, known)?))).collect()
}

fn fill_value(
    value: &Value,
    known: &dyn Fn(&str) -> Option<String>,
) -> Result<Value, TemplateError> {
    Ok(match value {
        Value::String(text) => Value::String(fill(text, known)?),
        Value::Array(list) => {
            list.iter().map(|value| fill_value(value, known)).collect::<Result<_, _>>()?
        }
        Value::Object(map) => Value::Object(fill_map(map, known)?),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    })
}

fn plain(value: &Value) -> String {
    catalog::path::text(value).map(std::borrow::Cow::into_owned).unwrap_or_default()
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(protocol: &str, call: &str) -> Entry {
        toml::from_str(&format!(
            "service = 'x'\ntitle = 'X'\ncategory = 'other'\norigin = 'curated'\n\
             protocol = '{protocol}'\nendpoint_prefix = 'x'\napi_version = '2020'\nscope = 'regional'\n\
             [[probe]]\nid = 'x'\njudgement = 'resources'\nresource_type = 'T'\n\
             [[probe.call]]\nname = 'c'\noperation = 'Op'\nitems = '@'\niam = []\n{call}"
        ))
        .expect("an entry")
    }

    fn built(protocol: &str, call: &str, account: &str) -> Result<Outgoing, Unbuildable> {
        let entry = entry(protocol, call);
        let values = Values { account, region: "r", partition: "aws", suffix: "s", item: None };
        build(&entry, &entry.probes[0].calls[0], &|name| values.get(name), Some("t&1"))
    }

    #[test]
    fn values_in_paths_are_encoded_whole() {
        let out = built("rest-json", "path = '/a/{account}/b'", "x/y:z é~").expect("a request");
        assert_eq!(out.path, "/a/x%2Fy%3Az%20%C3%A9~/b");
        assert_eq!((out.method, out.body.len()), (Method::GET, 0));
    }

    #[test]
    fn page_parameters_go_where_the_protocol_has_them() {
        let page = "page = { input = 'Next', output = 'N', size = { input = 'Max', value = 5 } }";
        let of = |protocol, more: &str| {
            let out = built(protocol, &format!("{page}\n{more}"), "a").expect("a request");
            (out.query, String::from_utf8_lossy(&out.body).into_owned())
        };
        let pair = |query: &str, body: &str| (query.to_owned(), body.to_owned());
        assert_eq!(of("json-1.1", ""), pair("", r#"{"Max":5,"Next":"t&1"}"#));
        assert_eq!(of("ec2", ""), pair("", "Action=Op&Version=2020&Max=5&Next=t%261"));
        assert_eq!(of("rest-xml", ""), pair("Max=5&Next=t%261", ""));
        assert_eq!(of("rest-json", "method = 'POST'"), pair("", r#"{"Max":5,"Next":"t&1"}"#));
    }

    #[test]
    fn what_cannot_be_sent_is_refused_by_name() {
        let told = |protocol, call| built(protocol, call, "a").expect_err("no request").to_string();
        assert_eq!(told("rest-json", "method = 'B AD'"), "\"B AD\" is not a method");
        let header = told("rest-json", "headers = { a = \"x\\ny\" }");
        assert_eq!(header, "the header \"a\" cannot be sent");
        let list = told("query", "params = { a = [1] }");
        assert_eq!(list, "the parameter \"a\" of a form is not a plain value");
        assert!(told("rest-json", "path = '/{item}'").contains("{item}"));
    }

    proptest! {
        #[test]
        fn no_value_makes_it_panic_or_leaves_its_place(account in "\\PC{0,30}") {
            let out = built("rest-json", "path = '/{account}'", &account).expect("a request");
            prop_assert!(!out.path[1..].contains(['/', '?', '#', ' ']));
            let decoded = percent_encoding::percent_decode_str(&out.path[1..]).decode_utf8();
            prop_assert_eq!(decoded.unwrap_or_default(), account);
        }
    }
}
