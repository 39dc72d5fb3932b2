//! From what is known of an account to the cells of its row, each with the reason where it is not known. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::Ask;
use super::facts::{Facts, Known, Record};
use super::field::What;
use super::groups::Group;
use super::regions::Used;
use super::spellings::Meaning;
use crate::shape::Item;

/// What stands where something was asked for and could not be read.
pub const UNKNOWN: &str = "#unknown";
/// What stands where nobody asked.
pub const NOT_ASKED: &str = "#not_asked";

/// What a cell tells.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Told {
    Is(Item),
    /// As much as is known, and why that is not all.
    Partly(Item, String),
    Unknown(String),
    NotAsked(String),
}

/// Everything that rows are made from.
pub(super) struct Source<'a> {
    pub(super) facts: &'a Facts,
    pub(super) ask: &'a Ask,
    /// Nothing where regions were not asked for.
    pub(super) regions: Option<&'a BTreeMap<String, Used>>,
    /// Whether the scan was to read the tags of accounts.
    pub(super) reads_tags: bool,
}

impl Source<'_> {
    /// The cell of an account in a column; notes are the caller's to fill in.
    pub(super) fn tell(&self, account: &Record, what: What<'_>) -> Told {
        let text = |text: &str| Told::Is(Item::text(text));
        match what {
            What::Id => text(&account.id),
            What::Name => text(&account.name),
            What::State => text(&account.state),
            What::Connection => text(&account.connection),
            What::Cloud => text("AWS"),
            What::Management => Told::Is(Item::Flag(account.management)),
            What::Notes => Told::Is(Item::Nothing),
            What::Email => self.of_organization(account, account.email.clone().into()),
            What::Arn => self.of_organization(account, account.arn.clone().into()),
            What::JoinedMethod => {
                self.of_organization(account, account.joined_method.clone().into())
            }
            What::JoinedAt => {
                let at = account.joined_at.map_or(Item::Nothing, Item::Time);
                self.of_organization(account, at)
            }
            What::Organization => {
                self.of_organization(account, account.organization.clone().into())
            }
            What::ManagementAccount => {
                let organization = account.organization.as_ref();
                let manages = organization.and_then(|id| self.facts.management.get(id)).cloned();
                self.of_organization(account, manages.into())
            }
            What::Path => told(self.facts.unit(account), account.path.clone().into()),
            What::IdPath => told(self.facts.unit(account), account.id_path.clone().into()),
            What::Environment => self.meant(account, Meaning::Environment),
            What::Application => self.meant(account, Meaning::Application),
            What::Owner => self.meant(account, Meaning::Owner),
            What::NameTag => self.meant(account, Meaning::Name),
            What::Tag(key) => {
                let value = account.tags.iter().find(|(known, _)| known == key);
                let value = value.map(|(_, value)| value.clone());
                told(self.facts.tags(account, self.reads_tags), value.into())
            }
            What::Tags => {
                let tags: BTreeMap<_, _> = account.tags.iter().cloned().collect();
                let tags = serde_json::json!(tags).to_string();
                told(self.facts.tags(account, self.reads_tags), Item::Text(tags))
            }
            What::Regions => self.listed(account, Item::List),
            What::RegionsText => self.listed(account, |regions| match regions.len() {
                0 => Item::Nothing,
                _ => Item::Text(regions.join(", ")),
            }),
            What::RegionGroup => self.group(account),
        }
    }

    /// Tags that mean the same and do not say the same.
    pub(super) fn contradiction(&self, account: &Record, what: What<'_>) -> Option<String> {
        let meaning = match what {
            What::Environment => Meaning::Environment,
            What::Application => Meaning::Application,
            What::Owner => Meaning::Owner,
            What::NameTag => Meaning::Name,
            _ => return None,
        };
        let found = self.ask.spellings.find(meaning, &account.tags)?;
        (!found.others.is_empty()).then(|| {
            format!("tag {:?} is taken; {} says otherwise", found.key, quoted(&found.others))
        })
    }

    fn of_organization(&self, account: &Record, item: Item) -> Told {
        told(self.facts.organization(account), item)
    }

    fn meant(&self, account: &Record, meaning: Meaning) -> Told {
        let found = self.ask.spellings.find(meaning, &account.tags);
        let value = found.map(|found| found.value.to_owned());
        told(self.facts.tags(account, self.reads_tags), value.into())
    }

    /// The regions of an account; whatever there is to say where there are none to tell.
    fn used(&self, account: &Record) -> Result<&Used, Told> {
        let not_asked = |why: &str| Err(Told::NotAsked(why.to_owned()));
        let Some(all) = self.regions else {
            return not_asked(
                "regions were not asked for: --regions-from says from what to tell them",
            );
        };
        match all.get(&account.id) {
            Some(used) => Ok(used),
            None if account.state != "ACTIVE" => {
                not_asked("the account is not active: nobody enters it")
            }
            None => not_asked("the scan did not look at the account"),
        }
    }

    fn listed(&self, account: &Record, item: impl Fn(Vec<String>) -> Item) -> Told {
        let used = match self.used(account) {
            Ok(used) => used,
            Err(told) => return told,
        };
        let mut regions: Vec<String> = used.used.iter().cloned().collect();
        match why(used) {
            None => Told::Is(item(regions)),
            Some(why) if regions.is_empty() => Told::Unknown(why),
            Some(why) => {
                regions.push(UNKNOWN.to_owned());
                Told::Partly(item(regions), why)
            }
        }
    }

    fn group(&self, account: &Record) -> Told {
        let used = match self.used(account) {
            Ok(used) => used,
            Err(told) => return told,
        };
        let maybe: BTreeSet<String> = used.maybe.keys().cloned().collect();
        match self.ask.groups.of(&used.used, &maybe) {
            Group::None => Told::Is(Item::Nothing),
            Group::Named(name) => Told::Is(Item::Text(name)),
            Group::Unknown => Told::Unknown(why(used).unwrap_or_default()),
        }
    }
}

/// The regions of which nothing is known, those with the same reason together.
fn why(used: &Used) -> Option<String> {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (region, why) in &used.maybe {
        by_reason.entry(why).or_default().push(region);
    }
    let told = by_reason.iter().map(|(why, regions)| format!("{}: {why}", regions.join(", ")));
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn told(known: Known, item: Item) -> Told {
    match known {
        Known::Whole => Told::Is(item),
        Known::Unread(why) => Told::Unknown(why),
        Known::NotAsked(why) => Told::NotAsked(why),
    }
}

fn quoted(keys: &[&str]) -> String {
    keys.iter().map(|key| format!("{key:?}")).collect::<Vec<_>>().join(", ")
}
