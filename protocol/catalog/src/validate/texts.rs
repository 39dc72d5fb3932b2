//! Rules about the small languages in a call: paths, conditions, templates.

use protocol::judge::Judgement;

use super::Notes;
use crate::condition::{self, PLACEHOLDERS};
use crate::entry::{Call, Condition, Probe};
use crate::path;
use crate::template::{self, Part};

pub(super) fn check(probe: &Probe, call: &Call, place: &str, notes: &mut Notes) {
    paths(call, place, notes);
    conditions("own", &call.own, place, notes);
    conditions("on", &call.on, place, notes);
    conditions("where", &call.only, place, notes);
    let is_switch = probe.judgement == Judgement::Switch;
    notes.unless(is_switch || call.on.is_empty(), place, || {
        "on is for switches: the probe's judgement is another".to_owned()
    });
    let follows = call.for_each.is_some();
    notes.unless(follows || call.only.is_empty(), place, || {
        "where chooses among a parent's items: it is for for_each calls".to_owned()
    });
    templates(call, place, notes);
}

fn paths(call: &Call, place: &str, notes: &mut Notes) {
    let page = call
        .page
        .iter()
        .flat_map(|page| [("page.output", Some(&page.output)), ("page.more", page.more.as_ref())]);
    let failures = call.failures.iter().flat_map(|failures| {
        [
            ("failures.path", Some(&failures.path)),
            ("failures.code", Some(&failures.code)),
            ("failures.message", failures.message.as_ref()),
        ]
    });
    let single =
        [("items", Some(&call.items)), ("id", call.id.as_ref()), ("home", call.home.as_ref())];
    let named =
        single.into_iter().chain(page).chain(failures).filter_map(|(key, path)| Some((key, path?)));
    let kept = call.keep.values().map(|path| ("keep", path));
    let documents = call.documents.values().map(|path| ("documents", path));
    for (key, path) in named.chain(kept).chain(documents) {
        if let Err(error) = path::check(path) {
            notes.add(place, format!("{key}: {error}"));
        }
    }
    let same = call.failures.as_ref().is_some_and(|failures| failures.path == call.items);
    notes.unless(!same, place, || "failures.path is where the items are".to_owned());
    for name in call.keep.keys().filter(|name| call.documents.contains_key(*name)) {
        notes.add(place, format!("{name:?} is both kept and a document"));
    }
}

fn conditions(key: &str, conditions: &[Condition], place: &str, notes: &mut Notes) {
    for condition in conditions {
        if let Err(error) = path::check(&condition.path) {
            notes.add(place, format!("{key}: {error}"));
        }
        let Condition { equals, one_of, prefix, suffix, contains, exists, .. } = condition;
        let comparisons = [
            equals.is_some(),
            one_of.is_some(),
            prefix.is_some(),
            suffix.is_some(),
            contains.is_some(),
            exists.is_some(),
        ];
        let count = comparisons.into_iter().filter(|told| *told).count();
        notes.unless(count == 1, place, || {
            format!(
                "{key}: the condition on {:?} makes {count} comparisons, not one",
                condition.path
            )
        });
        let empty = one_of.as_ref().is_some_and(Vec::is_empty);
        notes.unless(!empty, place, || format!("{key}: `in` has no values to compare with"));
        condition::texts(condition).for_each(|text| value(key, text, place, notes));
    }
}

/// What a condition compares with: a text, or a template of what all things of an answer share.
fn value(key: &str, text: &str, place: &str, notes: &mut Notes) {
    for part in template::parts(text) {
        match part {
            Err(error) => notes.add(place, format!("{key}: {error}")),
            Ok(Part::Placeholder(name)) => {
                notes.unless(PLACEHOLDERS.contains(&name), place, || {
                    format!(
                        "{key}: {{{name}}} is none of {{account}}, {{partition}} and {{region}}"
                    )
                })
            }
            Ok(Part::Text(_)) => {}
        }
    }
}

fn templates(call: &Call, place: &str, notes: &mut Notes) {
    for text in template::texts(call) {
        for part in template::parts(text) {
            match part {
                Err(error) => notes.add(place, error.to_string()),
                Ok(Part::Placeholder(name)) => placeholder(call, name, place, notes),
                Ok(Part::Text(_)) => {}
            }
        }
    }
}

fn placeholder(call: &Call, name: &str, place: &str, notes: &mut Notes) {
    let of_item = name == "item" || name.starts_with("item.");
    let known = of_item
        || ["account", "region", "partition"].contains(&name)
        || (name == "suffix" && call.host.as_deref().is_some_and(|host| host.contains("{suffix}")));
    notes.unless(known, place, || {
        format!("{{{name}}} is none of {{account}}, {{region}}, {{partition}}, {{item}}, {{item.PATH}}, nor {{suffix}} of a host")
    });
    notes.unless(!of_item || call.for_each.is_some(), place, || {
        format!("{{{name}}} is for for_each calls: this one has no parent")
    });
    if let Some(Err(error)) = name.strip_prefix("item.").map(path::check) {
        notes.add(place, format!("{{{name}}}: {error}"));
    }
}
