//! Rules about a probe and how its calls hang together.

use std::collections::BTreeMap;

use protocol::judge::Judgement;

use super::{Notes, call};
use crate::catalog::Catalog;
use crate::entry::{Call, Entry, Origin, Probe};

pub(super) fn check(catalog: &Catalog, entry: &Entry, probe: &Probe, notes: &mut Notes) {
    let place = probe.id.as_str();
    names(entry, probe, notes);
    judgement(entry, probe, notes);
    notes.unless(!probe.resource_type.is_empty(), place, || "resource_type is empty".to_owned());
    notes.unless(!probe.calls.is_empty(), place, || "it has no calls".to_owned());
    let mut above: BTreeMap<&str, &Call> = BTreeMap::new();
    for call in &probe.calls {
        let place = format!("{}/{}", probe.id, call.name);
        let parent = call.for_each.as_deref();
        if let Some(parent) = parent {
            let root = above.get(parent).is_some_and(|above| above.for_each.is_none());
            notes.unless(root, &place, || {
                format!("for_each names {parent:?}, which is not a root call above it")
            });
        }
        call::check(catalog, entry, probe, call, &place, notes);
        let again = above.insert(&call.name, call).is_some();
        notes.unless(!again, &place, || "two calls have this name".to_owned());
    }
    for call in probe.calls.iter().filter(|call| !call.counts && call.for_each.is_none()) {
        let has_children =
            probe.calls.iter().any(|other| other.for_each.as_ref() == Some(&call.name));
        notes.unless(has_children, &format!("{}/{}", probe.id, call.name), || {
            "it does not count and no for_each call uses it".to_owned()
        });
    }
}

fn names(entry: &Entry, probe: &Probe, notes: &mut Notes) {
    let place = probe.id.as_str();
    let service = entry.service.as_str();
    let word = place.strip_prefix(service).map(|rest| rest.strip_prefix('.').unwrap_or(rest));
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    let belongs = probe.id.service() == entry.service
        && word.is_some_and(|word| word.chars().all(plain))
        && !place.ends_with('.');
    notes.unless(belongs, place, || {
        format!("a probe of {service} is named {service:?} or {:?}", format!("{service}.word"))
    });
}

fn judgement(entry: &Entry, probe: &Probe, notes: &mut Notes) {
    let place = probe.id.as_str();
    let listed = probe.judgement == Judgement::Listed;
    match entry.origin {
        Origin::Derived => notes.unless(listed, place, || {
            "a derived entry judges nothing: judgement must be listed".to_owned()
        }),
        Origin::Curated => notes.unless(!listed, place, || {
            "a curated entry judges: judgement must be resources or switch".to_owned()
        }),
    }
    let counting = probe.calls.iter().any(|call| call.counts);
    notes.unless(counting, place, || "none of its calls counts".to_owned());
    let is_switch = probe.judgement == Judgement::Switch;
    let proof = probe.calls.iter().any(|call| call.counts || !call.on.is_empty());
    notes.unless(!is_switch || proof, place, || {
        "a switch needs a call that proves that it is on".to_owned()
    });
}
