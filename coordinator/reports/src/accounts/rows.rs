//! The rows of a listing, why cells of them are not known, and what there is to say of them all.

use std::collections::{BTreeMap, BTreeSet};

use super::Ask;
use super::cells::{NOT_ASKED, Source, Told, UNKNOWN};
use super::facts::{Facts, Record};
use super::field::What;
use super::regions::{RegionsFrom, Used};
use crate::context::Context;
use crate::shape::Item;

/// A row, with the organization that its account is in.
pub(super) type Row = (Option<String>, Vec<Item>);

/// The rows and what is to be said of them.
pub(super) struct Listed {
    pub(super) rows: Vec<Row>,
    pub(super) notes: Vec<Row>,
    pub(super) sentences: Vec<String>,
    pub(super) whole: bool,
}

/// Makes the rows.
pub(super) fn rows(
    context: &Context<'_>,
    ask: &Ask,
    facts: &Facts,
    regions: Option<&BTreeMap<String, Used>>,
) -> Listed {
    let reads_tags = context.scan.settings.account_tags;
    let source = Source { facts, ask, regions, reads_tags };
    let mut listed = Listed { rows: vec![], notes: vec![], sentences: vec![], whole: true };
    let mut not_asked: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let is_listed =
        |account: &&Record| ask.only.as_ref().is_none_or(|only| only.contains(&account.id));
    for account in facts.accounts.iter().filter(is_listed) {
        let mut items = Vec::with_capacity(ask.fields.len());
        let mut notes: Vec<(String, &str, String)> = Vec::new();
        for field in &ask.fields {
            let mut note = |word, why: String| notes.push((field.name().into_owned(), word, why));
            if let Some(why) = source.contradiction(account, field.what()) {
                note("note", why);
            }
            items.push(match source.tell(account, field.what()) {
                Told::Is(item) => item,
                Told::Partly(item, why) => {
                    note("unknown", why);
                    item
                }
                Told::Unknown(why) => {
                    note("unknown", why);
                    Item::text(UNKNOWN)
                }
                Told::NotAsked(why) => {
                    not_asked.entry(why).or_default().insert(&account.id);
                    Item::text(NOT_ASKED)
                }
            });
        }
        let told: Vec<String> =
            notes.iter().map(|(field, _, why)| format!("{field}: {why}")).collect();
        for (field, item) in ask.fields.iter().zip(&mut items) {
            if field.what() == What::Notes {
                *item = Item::List(told.clone());
            }
        }
        listed.whole &= notes.iter().all(|(_, word, _)| *word != "unknown");
        listed.notes.extend(notes.into_iter().map(|(field, word, why)| {
            let items =
                vec![Item::text(&account.id), Item::Text(field), Item::text(word), Item::Text(why)];
            (account.organization.clone(), items)
        }));
        listed.rows.push((account.organization.clone(), items));
    }
    let told = |(why, accounts): (String, BTreeSet<&str>)| {
        format!("{NOT_ASKED} in {} of {} accounts: {why}", accounts.len(), listed.rows.len())
    };
    listed.sentences = not_asked.into_iter().map(told).collect();
    listed.sentences.extend(about_regions(context, ask, &listed.rows, facts, regions));
    listed.sentences.extend(facts.missing.iter().map(|what| format!("could not be read: {what}")));
    listed
}

/// What to know about the regions that are told.
fn about_regions(
    context: &Context<'_>,
    ask: &Ask,
    rows: &[Row],
    facts: &Facts,
    regions: Option<&BTreeMap<String, Used>>,
) -> Vec<String> {
    let Some(regions) = regions.filter(|_| !rows.is_empty()) else { return Vec::new() };
    let mut told = Vec::new();
    if ask.regions == RegionsFrom::Tagging {
        told.push(
            "Only a resource that has a tag, or had one, tells by the tagging API that its region is used.".to_owned(),
        );
    }
    let selection = &context.scan.settings.selection;
    if !selection.regions.is_empty() || !selection.exclude_regions.is_empty() {
        told.push(
            "The scan did not look at all regions: those that it left out are not told.".to_owned(),
        );
    }
    let mut unmapped: BTreeMap<&String, u64> = BTreeMap::new();
    let is_listed = |id: &String| ask.only.as_ref().is_none_or(|only| only.contains(id));
    for account in facts.accounts.iter().filter(|account| is_listed(&account.id)) {
        let used = regions.get(&account.id).into_iter().flat_map(|used| &used.used);
        for region in used.filter(|region| !ask.groups.knows(region)) {
            *unmapped.entry(region).or_default() += 1;
        }
    }
    if !unmapped.is_empty() {
        let named = unmapped.iter().map(|(region, count)| format!("{region} ({count} accounts)"));
        told.push(format!(
            "In no group of regions, and in use: {}; [region_groups] in orgsweep.toml puts them into one.",
            named.collect::<Vec<_>>().join(", ")
        ));
    }
    told
}
