//! Every fixture of the catalog: our requests are botocore's, and so is what we read of answers.
//!
//! Each call goes the whole way, over a socket: built, signed, sent, read. The format is told in
//! `protocol/catalog/scripts/fixtures.py`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use catalog::entry::{Call, Entry, Wire};
use catalog::{Catalog, Variant};
use percent_encoding::percent_decode_str;
use protocol::provider::{Page, PageRequest, Provider};
use protocol::scan::Settings;
use protocol::{Failure, ProbeId};
use serde::Deserialize;
use serde_json::Value;

use crate::house::{HUB, aws, hub_identity, item, place};
use crate::server::{Reply, Seen, Server};

#[derive(Debug, Clone, Deserialize)]
struct Row {
    probe: ProbeId,
    call: String,
    case: String,
    item: Option<Parent>,
    request: Option<Request>,
    http: Http,
    /// The failure that the answer holds though it is a success.
    failure: Option<Told>,
    expected_ids: Vec<String>,
    own_ids: Vec<String>,
    on: bool,
    next_token: Option<Value>,
}

#[derive(Debug, Clone, Deserialize)]
struct Parent {
    id: String,
    #[serde(default)]
    inputs: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Request {
    region: String,
    host: String,
    signing_name: String,
    signing_region: String,
    method: String,
    uri: String,
    target: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<Value>,
}

#[derive(Debug, Clone, Deserialize)]
struct Told {
    code: String,
    message: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Http {
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: String,
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocol/catalog/aws/fixtures");
    let entries = std::fs::read_dir(folder).expect("the folder of fixtures");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.file_name().is_some_and(|name| name != "ABOUT.json"));
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

#[tokio::test]
async fn requests_and_answers_are_botocores() {
    let answer = Arc::new(Mutex::new(hub_identity()));
    let next = answer.clone();
    let server = Server::start(move |seen| {
        if seen.body.contains("GetCallerIdentity") {
            return hub_identity();
        }
        next.lock().expect("no panic").clone()
    })
    .await;
    let catalog = Catalog::embedded().expect("the catalog");
    let provider = aws(&server.endpoint, &Settings::default(), catalog.clone());
    let (mut wrong, mut rows_read) = (Vec::new(), 0);
    for file in files() {
        let text = std::fs::read_to_string(&file).expect("a fixture");
        let rows: Vec<Row> = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut first: BTreeMap<String, Request> = BTreeMap::new();
        let mut tokens: BTreeMap<String, String> = BTreeMap::new();
        for row in rows {
            let name = format!("{} {} {}", row.probe, row.call, row.case);
            let key = format!("{} {}", row.probe, row.call);
            let Some(view) = catalog.probe(&row.probe) else {
                wrong.push(format!("{name}: the catalog has no such probe"));
                continue;
            };
            let Some(call) = view.probe.calls.iter().position(|call| call.name == row.call) else {
                wrong.push(format!("{name}: the catalog has no such call"));
                continue;
            };
            if let (Some(request), true) = (&row.request, row.case != "last") {
                first.entry(key.clone()).or_insert_with(|| request.clone());
            }
            let Some(request) = row.request.clone().or_else(|| first.get(&key).cloned()) else {
                wrong.push(format!("{name}: no row has its request"));
                continue;
            };
            *answer.lock().expect("no panic") = reply(&row.http);
            let parent = row.item.as_ref().map(|parent| item(&parent.id, parent.inputs.clone()));
            let token = tokens.get(&key).filter(|_| row.case == "last").map(String::as_str);
            let asked = PageRequest { probe: &row.probe, call, item: parent.as_ref(), token };
            let outcome = provider.page(&place(HUB, &request.region), asked).await;
            rows_read += 1;
            let seen = server.seen().pop().unwrap_or_default();
            let mut told = other_host(&catalog, view.entry, &view.probe.calls[call], &request);
            told.extend(differences(view.entry, &request, &seen, call_region(&row, &request)));
            match outcome {
                Err(failure) if row.failure.is_some() => {
                    told.extend(other_failure(row.failure.as_ref(), &failure));
                }
                Ok(_) if row.failure.is_some() => {
                    told.push("a failure inside it was read as a page".to_owned());
                }
                Err(failure) if row.http.status >= 400 => {
                    let known = failure.status().is_known();
                    told.extend((!known).then(|| format!("no answer, but a failure: {failure}")));
                }
                Err(failure) => told.push(format!("failed: {failure}")),
                Ok(_) if row.http.status >= 400 => {
                    told.push("an error was read as a page".to_owned())
                }
                Ok(page) => {
                    if let Some(next) = &page.next {
                        tokens.insert(key.clone(), next.clone());
                    }
                    told.extend(disagreements(&row, &page));
                }
            }
            wrong.extend(told.into_iter().map(|what| format!("{name}: {what}")));
        }
    }
    assert!(wrong.is_empty(), "{} of {rows_read} rows:\n{}", wrong.len(), wrong.join("\n"));
    assert!(rows_read > 0, "there are no fixtures");
}

/// A call that names a region of its own is signed for that one, which the fixture leaves open.
fn call_region(row: &Row, request: &Request) -> Option<String> {
    let parent = row.item.as_ref()?;
    parent.inputs.values().find(|value| **value != request.signing_region).cloned()
}

fn reply(http: &Http) -> Reply {
    let request_id = http.headers.get("x-amzn-RequestId").cloned().unwrap_or_default();
    let mut headers = vec![("x-amzn-requestid", request_id)];
    if let Some(code) = http.headers.get("x-amzn-errortype") {
        headers.push(("x-amzn-errortype", code.clone()));
    }
    Reply::Answer(http.status, headers, http.body.clone())
}

/// What differs from the failure that botocore finds inside an answer, which is never known.
fn other_failure(told: Option<&Told>, failure: &Failure) -> Option<String> {
    let same = told
        .is_some_and(|told| told.code == failure.code && told.message == failure.message)
        && !failure.status().is_known();
    (!same).then(|| format!("failed with {failure}, botocore says {told:?}"))
}

fn disagreements(row: &Row, page: &Page) -> Vec<String> {
    let ids: Vec<&str> = page.items.iter().map(|item| item.object.id.as_str()).collect();
    let own = page.items.iter().filter(|item| item.object.own);
    let own: Vec<&str> = own.map(|item| item.object.id.as_str()).collect();
    let on = page.items.iter().any(|item| item.on);
    let expected = row.next_token.as_ref().and_then(|token| match token {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    });
    let mut told = Vec::new();
    if ids != row.expected_ids {
        told.push(format!("ids {ids:?}, botocore says {:?}", row.expected_ids));
    }
    if own != row.own_ids {
        told.push(format!("own {own:?}, expected {:?}", row.own_ids));
    }
    if on != row.on {
        told.push(format!("on {on}, expected {}", row.on));
    }
    if page.next != expected {
        told.push(format!("next {:?}, botocore says {expected:?}", page.next));
    }
    told
}

fn differences(
    entry: &Entry,
    request: &Request,
    seen: &Seen,
    other_region: Option<String>,
) -> Vec<String> {
    let mut told = Vec::new();
    let mut same = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            told.push(format!("{what} {ours:?}, botocore sends {theirs:?}"));
        }
    };
    let (name, region) = seen.scope();
    same("method", seen.method.clone(), request.method.clone());
    same("uri", format!("{:?}", uri(&seen.uri)), format!("{:?}", uri(&request.uri)));
    same("signing name", name, request.signing_name.clone());
    if other_region.as_deref() != Some(region.as_str()) {
        same("signing region", region, request.signing_region.clone());
    }
    let target = request.target.clone().unwrap_or_default();
    same("target", seen.header("x-amz-target").to_owned(), target);
    for (name, value) in &request.headers {
        same(name, seen.header(name).to_owned(), value.clone());
    }
    let ours = body(entry.protocol, &seen.body);
    same("body", ours.to_string(), request.body.clone().unwrap_or_default().to_string());
    told
}

/// The host that AWS would be asked at. (S3 has two names for its home.)
fn other_host(catalog: &Catalog, entry: &Entry, call: &Call, request: &Request) -> Vec<String> {
    let found = catalog.endpoint(entry, &request.region, Variant::default());
    let ours = found.map_or_else(|error| error.to_string(), |endpoint| endpoint.host);
    let theirs = request.host.replace("s3.amazonaws.com", "s3.us-east-1.amazonaws.com");
    let same = ours == theirs || call.host.is_some();
    (!same).then(|| format!("host {ours:?}, botocore asks {theirs:?}")).into_iter().collect()
}

/// The path, and the parameters as a set.
fn uri(text: &str) -> (String, BTreeSet<(String, String)>) {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    });
    (path.to_owned(), pairs.collect())
}

fn body(wire: Wire, text: &str) -> Value {
    match wire {
        _ if text.is_empty() => Value::Null,
        Wire::Query | Wire::Ec2 => {
            let (_, pairs) = uri(&format!("?{text}"));
            pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect()
        }
        _ => serde_json::from_str(text).expect("JSON"),
    }
}
