//! The fixtures: what botocore's parser finds in an answer, the catalog's paths find too.
//!
//! Answers in JSON are read here; those in XML are read where XML is (the AWS provider).

#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use catalog::entry::{Call, Origin, Wire};
use catalog::{Catalog, ProbeView, Variant, condition, path};
use protocol::ProbeId;
use serde_json::Value;

/// What the fixtures are about (a condition asks for a region only where there is one).
fn known(name: &str) -> Option<String> {
    let values = [("account", "123456789012"), ("partition", "aws"), ("region", "eu-west-1")];
    values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
}

fn rows_of(service: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("aws/fixtures");
    let text = fs::read_to_string(folder.join(format!("{service}.json"))).expect("a fixture");
    serde_json::from_str(&text).expect("JSON")
}

fn curated(catalog: &Catalog) -> Vec<&catalog::entry::Entry> {
    catalog.entries().filter(|entry| entry.origin == Origin::Curated).collect()
}

fn call<'c>(catalog: &'c Catalog, row: &Value) -> (ProbeView<'c>, &'c Call) {
    let name = |key: &str| row[key].as_str().expect("a name");
    let probe = ProbeId::new(name("probe")).expect("a probe's id");
    let view = catalog.probe(&probe).unwrap_or_else(|| panic!("{probe} is no probe"));
    let call = view.probe.calls.iter().find(|call| call.name == name("call"));
    (view, call.unwrap_or_else(|| panic!("{probe} has no call {}", name("call"))))
}

fn texts(values: &Value) -> Vec<&str> {
    values.as_array().expect("a list").iter().map(|value| value.as_str().expect("text")).collect()
}

#[test]
fn every_call_of_a_curated_service_has_an_answer_and_no_answer_is_stale() {
    let catalog = Catalog::embedded().expect("the catalog");
    for entry in curated(&catalog) {
        let rows = rows_of(entry.service.as_str());
        let answered: BTreeSet<(String, String)> = rows
            .iter()
            .map(|row| {
                let (view, call) = call(&catalog, row);
                assert_eq!(row["operation"], *call.operation, "{}/{}", view.probe.id, call.name);
                (view.probe.id.to_string(), call.name.clone())
            })
            .collect();
        for probe in &entry.probes {
            for call in &probe.calls {
                let key = (probe.id.to_string(), call.name.clone());
                assert!(answered.contains(&key), "{}/{} has no fixture", key.0, key.1);
            }
        }
    }
}

#[test]
fn paths_and_conditions_find_in_json_what_botocore_finds() {
    let catalog = Catalog::embedded().expect("the catalog");
    let json = |wire| matches!(wire, Wire::Json10 | Wire::Json11 | Wire::RestJson);
    let mut read = 0;
    for entry in curated(&catalog).into_iter().filter(|entry| json(entry.protocol)) {
        for row in rows_of(entry.service.as_str()) {
            let (view, call) = call(&catalog, &row);
            let place = format!("{}/{} {}", view.probe.id, call.name, row["case"]);
            let body = row["http"]["body"].as_str().expect("a body");
            let Ok(answer) = serde_json::from_str::<Value>(body) else { continue };
            check(&answer, call, &row, &place);
            read += 1;
        }
    }
    assert!(read > 100, "only {read} answers were read");
}

fn check(answer: &Value, call: &Call, row: &Value, place: &str) {
    let Some(id) = &call.id else { return };
    let things = path::select(&call.items, answer);
    let id_of = |thing: &&Value| {
        let id = path::first(id, thing).and_then(path::text);
        id.unwrap_or_else(|| panic!("{place}: a thing has no id")).into_owned()
    };
    let ids: Vec<String> = things.iter().map(id_of).collect();
    assert_eq!(ids, texts(&row["expected_ids"]), "{place}");
    let conditions = condition::filled(&call.own, &known).expect("values");
    let own = things.iter().filter(|thing| condition::all_hold(&conditions, thing));
    let own: Vec<String> = own.map(id_of).collect();
    assert_eq!(own, texts(&row["own_ids"]), "{place}");
    if let Some(page) = &call.page {
        let token = path::select(&page.output, answer).last().and_then(|value| path::text(value));
        let token = token.filter(|token| !token.is_empty());
        let more = page.more.as_ref().map(|more| path::first(more, answer).and_then(path::text));
        let ended = more.is_some_and(|more| more.as_deref() != Some("true"));
        let next = token.filter(|_| !ended);
        assert_eq!(next.as_deref(), row["next_token"].as_str(), "{place}");
    }
}

#[test]
fn requests_go_to_the_host_and_are_signed_as_botocore_does() {
    let catalog = Catalog::embedded().expect("the catalog");
    let mut asked = 0;
    for entry in curated(&catalog) {
        for row in rows_of(entry.service.as_str()) {
            let (view, call) = call(&catalog, &row);
            let request = &row["request"];
            if request.is_null() || call.host.is_some() || call.region.is_some() {
                continue;
            }
            let place = format!("{}/{}", view.probe.id, call.name);
            let region = request["region"].as_str().expect("a region");
            let endpoint =
                catalog.endpoint(entry, region, Variant::default()).expect("an endpoint");
            // botocore still uses S3's oldest name for its oldest region.
            let host = request["host"].as_str().expect("a host");
            let host = host.replace("s3.amazonaws.com", "s3.us-east-1.amazonaws.com");
            assert_eq!(endpoint.host, host, "{place}");
            assert_eq!(endpoint.signing_region, request["signing_region"], "{place}");
            let name = entry.signing_name.as_ref().unwrap_or(&entry.endpoint_prefix);
            assert_eq!(name.as_str(), request["signing_name"], "{place}");
            asked += 1;
        }
    }
    assert!(asked > 100, "only {asked} requests were compared");
}
