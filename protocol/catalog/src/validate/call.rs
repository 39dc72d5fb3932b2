//! Rules about one call.

use serde_json::Value;

use super::{Notes, entry, texts};
use crate::banned;
use crate::catalog::Catalog;
use crate::entry::{Call, Entry, Place, Probe, Wire};
use crate::nearest::{hint, nearest};
use crate::policy::actions;

/// What the name of an operation that only reads begins with.
const READS: &[&str] =
    &["List", "Describe", "Get", "Search", "Lookup", "BatchGet", "BatchDescribe"];

/// The most items a `for_each` call may be made for, and the most that a cell may be expected to cost.
const MOST_ITEMS: u32 = 10_000;

pub(super) fn check(
    catalog: &Catalog,
    entry: &Entry,
    probe: &Probe,
    call: &Call,
    place: &str,
    notes: &mut Notes,
) {
    only_reads(entry, call, place, notes);
    let rest = matches!(entry.protocol, Wire::RestJson | Wire::RestXml);
    if rest {
        rest_request(call, place, notes);
    } else {
        flat_request(entry, call, place, notes);
    }
    paging(rest, call, place, notes);
    texts::check(probe, call, place, notes);
    entry::errors(place, &call.errors, notes);
    numbers(call, place, notes);
    notes.unless(catalog.bucket(&call.bucket).is_some(), place, || {
        let near = hint(nearest(&call.bucket, catalog.bucket_names()));
        format!("data/buckets.toml has no bucket {:?}{near}", call.bucket)
    });
    let one_thing = !call.items.ends_with("[]") || call.for_each.is_some();
    notes.unless(call.id.is_some() || one_thing, place, || {
        "a list needs the path to the id of its things".to_owned()
    });
}

fn only_reads(entry: &Entry, call: &Call, place: &str, notes: &mut Notes) {
    let operation = call.operation.as_str();
    let reads = READS.iter().any(|verb| {
        operation
            .strip_prefix(verb)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
    });
    let plain = operation.chars().all(|c| c.is_ascii_alphanumeric());
    notes.unless(reads && plain, place, || {
        format!("the operation {operation:?} does not begin with one of {}", READS.join(", "))
    });
    let signed = entry.signing_name.as_ref().unwrap_or(&entry.endpoint_prefix);
    if let Some(rule) = banned::rule(signed, operation) {
        notes.add(place, format!("the operation {operation} is banned by {rule}"));
    }
    notes.unless(!call.iam.is_empty(), place, || "it names no IAM action".to_owned());
    for action in &call.iam {
        match action.split_once(':') {
            Some((service, name)) if is_action(service, name) => {
                if let Some(rule) = banned::rule(service, name) {
                    notes.add(place, format!("the IAM action {action} is banned by {rule}"));
                }
                notes.unless(actions::level(action).is_some(), place, || {
                    format!("the IAM action {action} is not one that lists or reads (data/iam_actions.txt)")
                });
            }
            _ => notes.add(place, format!("the IAM action {action:?} is not a service:Action")),
        }
    }
}

fn is_action(service: &str, name: &str) -> bool {
    let of_service = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !service.is_empty()
        && service.chars().all(of_service)
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}

fn rest_request(call: &Call, place: &str, notes: &mut Notes) {
    let path = call.path.as_deref().unwrap_or_default();
    notes.unless(path.starts_with('/'), place, || "a rest call needs a path, from /".to_owned());
    notes.unless(!path.contains(['?', '#', ' ']), place, || {
        format!("the path {path:?} holds more than a path: parameters go into query")
    });
    let method = call.method.as_deref().unwrap_or("GET");
    notes.unless(["GET", "POST", "PUT"].contains(&method), place, || {
        format!("the method {method:?} is not GET, POST or PUT")
    });
    notes.unless(call.method.as_deref() != Some("GET"), place, || {
        "GET is what a call without method is made with: leave it out".to_owned()
    });
    notes.unless(method != "GET" || call.params.is_empty(), place, || {
        "params go into a body, and GET has none: use query".to_owned()
    });
}

fn flat_request(entry: &Entry, call: &Call, place: &str, notes: &mut Notes) {
    let rest_only = call.path.is_some() || call.method.is_some() || !call.query.is_empty();
    notes.unless(!rest_only, place, || {
        "path, method and query are for rest protocols only".to_owned()
    });
    let forms = matches!(entry.protocol, Wire::Query | Wire::Ec2);
    let nested =
        |value: &&Value| !matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_));
    if forms && call.params.values().any(|value| nested(&value)) {
        notes.add(place, "params of a form are flat: Name.member.1 = \"x\"");
    }
}

fn paging(rest: bool, call: &Call, place: &str, notes: &mut Notes) {
    let Some(page) = &call.page else { return };
    notes.unless(!page.input.is_empty(), place, || "page.input is empty".to_owned());
    let fixed = |name: &String| call.params.contains_key(name) || call.query.contains_key(name);
    notes.unless(!fixed(&page.input), place, || {
        format!("{} is a fixed parameter and the page's", page.input)
    });
    if let Some(size) = &page.size {
        notes.unless(size.value > 0 && !size.input.is_empty(), place, || {
            "page.size needs a parameter and a value above 0".to_owned()
        });
        notes.unless(!fixed(&size.input), place, || {
            format!("{} is a fixed parameter and the page's size", size.input)
        });
    }
    let get = rest && call.method.as_deref().unwrap_or("GET") == "GET";
    let right = match page.place {
        None => true,
        Some(Place::Body) => !get,
        Some(Place::Query | Place::Header) => rest,
    };
    notes.unless(right, place, || {
        format!("page.place {:?} is not a place of such a request", page.place)
    });
}

fn numbers(call: &Call, place: &str, notes: &mut Notes) {
    let expect = call.expect.is_finite() && (0.0..=f64::from(MOST_ITEMS)).contains(&call.expect);
    notes.unless(expect, place, || format!("expect must be from 0 to {MOST_ITEMS}"));
    notes.unless((1..=MOST_ITEMS).contains(&call.max_items), place, || {
        format!("max_items must be from 1 to {MOST_ITEMS}")
    });
}
