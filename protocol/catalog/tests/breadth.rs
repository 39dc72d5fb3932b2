//! How far the catalog reaches, and what a derived entry may not say.

use catalog::Catalog;
use catalog::entry::{Entry, Origin};
use protocol::judge::Judgement;

fn derived(entry: &&Entry) -> bool {
    entry.origin == Origin::Derived
}

#[test]
fn the_catalog_reaches_two_hundred_and_fifty_services() {
    let catalog = Catalog::embedded().expect("the catalog");
    assert!(catalog.entries().count() >= 250, "{}", catalog.entries().count());
}

#[test]
fn a_derived_entry_lists_and_judges_nothing() {
    let catalog = Catalog::embedded().expect("the catalog");
    for entry in catalog.entries().filter(derived) {
        for probe in &entry.probes {
            assert_eq!(probe.judgement, Judgement::Listed, "{}", probe.id);
            let judged = |call: &catalog::entry::Call| !call.own.is_empty() || !call.on.is_empty();
            assert!(!probe.calls.iter().any(judged), "{}", probe.id);
        }
    }
}

#[test]
fn no_derived_entry_asks_what_a_curated_one_asks() {
    let catalog = Catalog::embedded().expect("the catalog");
    let at = |entry: &Entry| {
        let signed = entry.signing_name.clone().unwrap_or_else(|| entry.endpoint_prefix.clone());
        (entry.endpoint_prefix.clone(), signed)
    };
    let curated: Vec<_> = catalog.entries().filter(|entry| !derived(entry)).map(at).collect();
    for entry in catalog.entries().filter(derived) {
        assert!(!curated.contains(&at(entry)), "{} is curated: run derive.py", entry.service);
    }
}
