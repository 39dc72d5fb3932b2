//! Rules about an entry as a whole.

use std::collections::BTreeSet;

use protocol::ids::GLOBAL;

use super::{Notes, has_fixture, probe};
use crate::catalog::Catalog;
use crate::entry::{CATEGORIES, Entry, ErrorRow, Origin, Scope, Wire};
use crate::nearest::{hint, nearest};

pub(super) fn check(catalog: &Catalog, file: &str, entry: &Entry, notes: &mut Notes) {
    names(file, entry, notes);
    protocol(entry, notes);
    places(catalog, entry, notes);
    errors("", &entry.errors, notes);
    let mut ids = BTreeSet::new();
    for probe in &entry.probes {
        let place = probe.id.as_str();
        notes.unless(ids.insert(place), place, || "two probes have this id".to_owned());
        probe::check(catalog, entry, probe, notes);
    }
    deciding_probes(entry, notes);
    notes.unless(
        entry.origin != Origin::Curated || has_fixture(entry.service.as_str()),
        "",
        || {
            let service = &entry.service;
            format!(
                "a curated service needs fixtures/{service}.json: run scripts/fixtures.py {service}"
            )
        },
    );
}

fn names(file: &str, entry: &Entry, notes: &mut Notes) {
    let service = entry.service.as_str();
    notes.unless(file == format!("aws/{service}.toml"), "", || {
        format!("the file of service {service:?} must be aws/{service}.toml")
    });
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    notes.unless(service.chars().all(plain), "", || {
        format!("the service {service:?} must be lower-case letters, digits and dashes")
    });
    notes.unless(!entry.title.trim().is_empty(), "", || "the title is empty".to_owned());
    let category = entry.category.as_str();
    notes.unless(CATEGORIES.contains(&category), "", || {
        let near = hint(nearest(category, CATEGORIES.iter().copied()));
        format!("the category {category:?} is none of {}{near}", CATEGORIES.join(", "))
    });
}

fn protocol(entry: &Entry, notes: &mut Notes) {
    let Entry { protocol, target_prefix, api_version, .. } = entry;
    let (target, version) = match protocol {
        Wire::Json10 | Wire::Json11 => (true, false),
        Wire::Query | Wire::Ec2 => (false, true),
        Wire::RestJson | Wire::RestXml => (false, false),
    };
    for (key, needed, present) in [
        ("target_prefix", target, target_prefix.is_some()),
        ("api_version", version, api_version.is_some()),
    ] {
        let needs = if needed { "needs" } else { "has no use for" };
        notes.unless(needed == present, "", || format!("the protocol {needs} {key}"));
    }
    for (key, value) in [
        ("target_prefix", target_prefix.as_ref()),
        ("api_version", api_version.as_ref()),
        ("endpoint_prefix", Some(&entry.endpoint_prefix)),
        ("signing_name", entry.signing_name.as_ref()),
        ("offered_as", entry.offered_as.as_ref()),
    ] {
        let plain = |text: &&String| {
            let fine = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
            text.is_empty() || !text.chars().all(fine)
        };
        if let Some(wrong) = value.filter(plain) {
            notes.add("", format!("{key} {wrong:?} must be letters, digits, dots and dashes"));
        }
    }
    notes.unless(entry.signing_name.as_ref() != Some(&entry.endpoint_prefix), "", || {
        "signing_name repeats endpoint_prefix: leave it out".to_owned()
    });
}

fn places(catalog: &Catalog, entry: &Entry, notes: &mut Notes) {
    for (partition, region) in &entry.home {
        match catalog.partition(partition) {
            None => {
                let names = catalog.partitions().map(|known| known.id.as_str());
                let near = hint(nearest(partition, names));
                notes.add("", format!("home names the partition {partition:?}{near}"));
            }
            Some(known) => notes.unless(known.region(region).is_some(), "", || {
                let names = known.regions.iter().map(|region| region.name.as_str());
                let near = hint(nearest(region, names));
                format!("home of {partition} is {region:?}, which is not a region of it{near}")
            }),
        }
    }
    for region in entry.regions.iter().filter(|region| *region != GLOBAL) {
        if let Err(error) = catalog.known_region(region) {
            notes.add("", format!("regions: {error}"));
        }
    }
    let has_global = entry.scope == Scope::Global
        || entry.probes.iter().any(|probe| probe.scope == Some(Scope::Global));
    let calls_home = has_global || entry.home.is_empty();
    notes.unless(calls_home, "", || "home is for services with a global probe".to_owned());
}

/// Rows about error codes, of an entry or a call.
pub(super) fn errors(place: &str, rows: &[ErrorRow], notes: &mut Notes) {
    let mut seen = BTreeSet::new();
    for row in rows {
        let code = row.code.as_str();
        notes.unless(!code.is_empty(), place, || "an error row has an empty code".to_owned());
        let empty = row.message.as_ref().is_some_and(String::is_empty);
        notes.unless(!empty, place, || format!("the error row of {code} has an empty message"));
        let again = !seen.insert((code, row.message.as_deref()));
        notes.unless(!again, place, || format!("two error rows are about {code}"));
    }
}

/// Some probe decides about the service's enablement, unless none runs by default, and in each scope one at most by
/// default.
fn deciding_probes(entry: &Entry, notes: &mut Notes) {
    let deciding = || entry.probes.iter().filter(|probe| probe.decides);
    let on_demand = entry.probes.iter().all(|probe| !probe.on_by_default);
    notes.unless(on_demand || deciding().next().is_some(), "", || {
        "no probe decides about it".to_owned()
    });
    let mut scopes = Vec::new();
    for probe in deciding().filter(|probe| probe.on_by_default) {
        let scope = probe.scope.unwrap_or(entry.scope);
        notes.unless(!scopes.contains(&scope), probe.id.as_str(), || {
            "a second default probe decides in the same scope: make one of them, or say decides = false"
                .to_owned()
        });
        scopes.push(scope);
    }
}
