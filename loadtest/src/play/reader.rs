//! Reads a request: who signed it for what, how it names its operation, and its parameters.

use bytes::Bytes;
use catalog::entry::Wire;
use http::HeaderMap;
use serde_json::Value;

use crate::ask::{Name, Request};
use crate::known::{Known, Operation};

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) method: http::Method,
    /// The path and query string, as they were sent.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What a request was signed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credential {
    pub(crate) key: String,
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) signing: String,
    pub(crate) signed_headers: String,
    pub(crate) signature: String,
}

/// A request that was understood as far as its wire goes.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) wire: Wire,
    /// What it calls its operation; shown where it is refused.
    pub(crate) said: String,
    /// What botocore's models know by that name.
    pub(crate) operations: Vec<Operation>,
    pub(crate) request: Request,
}

impl Incoming {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The credential of the `Authorization` header.
    pub(crate) fn credential(&self) -> Option<Credential> {
        let rest = self.header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let field = |name: &str| {
            let mut fields = rest.split(',').map(str::trim);
            fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        let mut scope = field("Credential")?.split('/');
        let mut next = || scope.next().map(str::to_owned);
        let credential = Credential {
            key: next()?,
            date: next()?,
            region: next()?,
            signing: next()?,
            signed_headers: field("SignedHeaders")?.to_owned(),
            signature: field("Signature")?.to_owned(),
        };
        (next()? == "aws4_request").then_some(credential)
    }

    /// Reads the request by the wire that its headers and body show.
    pub(crate) fn read(&self, known: &Known, signing: &str) -> Read {
        let content = self.header("content-type").unwrap_or("");
        let headers = self.headers.iter().filter_map(|(name, value)| {
            let name = name.as_str();
            let may_be_parameter = name.starts_with("x-amz") || name == "accept";
            may_be_parameter.then(|| Some((name.to_owned(), value.to_str().ok()?.to_owned())))?
        });
        let mut request = Request {
            path: self.path.clone(),
            query: pairs(&self.query),
            headers: headers.collect(),
            ..Request::default()
        };
        if let Some(target) = self.header("x-amz-target") {
            request.body = members(&self.body);
            let v10 = content.contains("json-1.0");
            return Read {
                wire: if v10 { Wire::Json10 } else { Wire::Json11 },
                said: target.to_owned(),
                operations: known.by_target(target).into_iter().collect(),
                request,
            };
        }
        if content.starts_with("application/x-www-form-urlencoded") {
            return read_form(known, signing, request, &self.body);
        }
        request.body = members(&self.body);
        let operations = known.by_route(signing, self.method.as_str(), &self.path, &request.query);
        let first = operations.first();
        let xml = first.map_or(signing == "s3", |operation| operation.protocol == "rest-xml");
        Read {
            wire: if xml { Wire::RestXml } else { Wire::RestJson },
            said: format!("{signing} {} {}", self.method, self.path),
            operations,
            request,
        }
    }
}

fn read_form(known: &Known, signing: &str, mut request: Request, body: &Bytes) -> Read {
    let mut form = pairs(&String::from_utf8_lossy(body));
    let mut take = |name: &str| {
        let at = form.iter().position(|(key, _)| key == name)?;
        Some(form.swap_remove(at).1)
    };
    let action = take("Action").unwrap_or_default();
    let version = take("Version").unwrap_or_default();
    let operations = known.by_action(signing, &version, &action).into_iter().collect();
    request.form = form;
    Read {
        wire: if signing == "ec2" { Wire::Ec2 } else { Wire::Query },
        said: format!("{signing} {version} {action}"),
        operations,
        request,
    }
}

impl Read {
    /// The name that the catalog's calls go by.
    pub(crate) fn name(&self, operation: &Operation) -> Name {
        match self.wire {
            Wire::Json10 | Wire::Json11 => Name::Target(self.said.clone()),
            Wire::Query | Wire::Ec2 => {
                let mut said = self.said.split(' ');
                let mut next = || said.next().unwrap_or("").to_owned();
                Name::Action(next(), next(), next())
            }
            Wire::RestJson | Wire::RestXml => {
                Name::Route(operation.signing.to_owned(), operation.name.to_owned())
            }
        }
    }
}

/// The members of a JSON body; none where it is not an object.
fn members(body: &Bytes) -> serde_json::Map<String, Value> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => members,
        _ => serde_json::Map::new(),
    }
}

/// The pairs of a query string or form, decoded.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}
