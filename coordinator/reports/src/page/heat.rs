//! The data of the heat map: small enough to stand in the page for a thousand accounts.
//!
//! The regions of a pair (account, service) are a text with a letter for each region; most pairs
//! share one of a few such texts, so a pair is just the index of its text.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Status;
use protocol::plan::ProbeFacts;
use serde::Serialize;

use crate::advice::{Cause, advise};
use crate::census::{AccountCells, Names, service_of};
use crate::context::Context;
use crate::enablement::{pairs, whole};
use crate::error::ReportError;
use crate::page::chart::Bar;
use crate::unknown::Unknown;

/// One account's row.
#[derive(Default, Serialize)]
struct Line {
    /// For each service the number of its pattern, and -1 where it was not asked.
    p: Vec<i64>,
    /// Things: service, region, count, 1 if there may be more; again and again.
    n: Vec<u64>,
    /// Why regions are unknown: service, cause, number of regions, the regions; again and again.
    w: Vec<usize>,
}

/// Collects the data.
pub(crate) struct Heat<'c> {
    context: &'c Context<'c>,
    names: Names,
    /// For each combination of (region, status) its number.
    patterns: BTreeMap<Vec<(usize, Status)>, usize>,
    rolled: Vec<Status>,
    causes: BTreeMap<Cause, usize>,
    lines: BTreeMap<String, Line>,
    /// Why cells are unknown, by account, service and cause; in regions.
    reasons: BTreeMap<(String, String, usize), BTreeSet<String>>,
    /// Accounts that use a service, by its number.
    used: BTreeMap<usize, u64>,
}

#[derive(Serialize)]
struct Data<'d> {
    statuses: Vec<&'static str>,
    known: Vec<bool>,
    regions: Vec<String>,
    /// Id, title, category, 1 if curated.
    services: Vec<(String, String, String, u8)>,
    /// The letters of a pattern, and the status of the whole.
    patterns: Vec<(String, usize)>,
    /// Status, code, denier, policy, advice.
    causes: Vec<(usize, String, &'d str, String, &'static str)>,
    /// Id, name, unit.
    accounts: Vec<(String, String, String)>,
    lines: Vec<Line>,
}

impl<'c> Heat<'c> {
    /// Begins with the accounts of the scan.
    pub(crate) fn new(context: &'c Context<'c>) -> Self {
        Self {
            context,
            names: Names::default(),
            patterns: BTreeMap::new(),
            rolled: Vec::new(),
            causes: BTreeMap::new(),
            lines: BTreeMap::new(),
            reasons: BTreeMap::new(),
            used: BTreeMap::new(),
        }
    }

    /// Adds an account.
    pub(crate) fn see(&mut self, names: &Names, account: &AccountCells) {
        let mut line = Line::default();
        for (service, mut places) in pairs(names, account) {
            places.sort_unstable_by_key(|place| place.region);
            let status = whole(&places);
            for place in places.iter().filter(|place| place.resources > 0) {
                let more = u64::from(place.at_least);
                line.n.extend([service as u64, place.region as u64, place.resources, more]);
            }
            let pattern: Vec<_> =
                places.into_iter().map(|place| (place.region, place.status)).collect();
            let next = self.patterns.len();
            let number = *self.patterns.entry(pattern).or_insert(next);
            if number == next {
                self.rolled.push(status);
            }
            if line.p.len() <= service {
                line.p.resize(service + 1, -1);
            }
            line.p[service] = i64::try_from(number).unwrap_or(-1);
            if status == Status::InUse {
                *self.used.entry(service).or_default() += 1;
            }
        }
        self.lines.insert(account.account.clone(), line);
    }

    /// Adds why a cell is unknown.
    pub(crate) fn explain(&mut self, unknown: &Unknown) {
        let decides = |facts: &ProbeFacts| facts.decides;
        let decides = self.context.probes.get(&unknown.probe).is_none_or(decides);
        if unknown.cause.status.is_known() || !decides {
            return;
        }
        let next = self.causes.len();
        let cause = *self.causes.entry(unknown.cause.clone()).or_insert(next);
        let service = service_of(&unknown.probe).to_owned();
        let regions = self.reasons.entry((unknown.account.clone(), service, cause)).or_default();
        regions.insert(unknown.region.clone());
    }

    /// Takes the names, once all accounts are seen.
    pub(crate) fn name(&mut self, names: Names) {
        self.names = names;
        for ((account, service, cause), regions) in std::mem::take(&mut self.reasons) {
            let Some(line) = self.lines.get_mut(&account) else { continue };
            line.w.extend([self.names.services.of(&service), cause, regions.len()]);
            line.w.extend(regions.iter().map(|region| self.names.regions.of(region)));
        }
    }

    /// The services that the most accounts use.
    pub(crate) fn most_used(&self, most: usize) -> Vec<Bar> {
        let name = |(service, accounts): (&usize, &u64)| {
            (self.names.services.texts[*service].as_str(), *accounts)
        };
        let mut used: Vec<_> = self.used.iter().map(name).collect();
        used.sort_by_key(|(service, accounts)| (std::cmp::Reverse(*accounts), *service));
        used.truncate(most);
        used.into_iter().map(|(service, count)| Bar::new(service, count, Status::InUse)).collect()
    }

    /// Accounts that have cells.
    pub(crate) fn accounts_seen(&self) -> usize {
        self.lines.len()
    }

    /// The data as JSON that may stand in a script element.
    pub(crate) fn into_json(self) -> Result<String, ReportError> {
        let context = self.context;
        let services = self.names.services.texts;
        let width = services.len();
        let regions = self.names.regions.texts;
        let mut patterns = vec![(String::new(), 0); self.patterns.len()];
        for (places, at) in &self.patterns {
            patterns[*at] = (letters(places, regions.len()), self.rolled[*at] as usize);
        }
        let mut causes: Vec<_> = self.causes.iter().collect();
        causes.sort_by_key(|(_, at)| **at);
        let (mut accounts, mut lines) = (Vec::new(), Vec::new());
        for (id, mut line) in self.lines {
            let facts = context.accounts.get(&id);
            let name = facts.map_or(id.as_str(), |facts| &facts.name);
            let unit = facts.and_then(|facts| facts.unit_path.clone()).unwrap_or_default();
            accounts.push((
                context.redactor.account(&id).into_owned(),
                context.redactor.text(name).into_owned(),
                context.redactor.text(&unit).into_owned(),
            ));
            line.p.resize(width, -1);
            lines.push(line);
        }
        let data = Data {
            statuses: Status::TEXTS.to_vec(),
            known: Status::ALL.iter().map(|status| status.is_known()).collect(),
            regions,
            services: services.into_iter().map(|service| titled(context, service)).collect(),
            patterns,
            causes: causes.into_iter().map(|(cause, _)| worded(context, cause)).collect(),
            accounts,
            lines,
        };
        Ok(for_script(&serde_json::to_string(&data)?))
    }
}

/// A letter for each region: `a` for the first status and so on, a dot where it was not asked.
fn letters(places: &[(usize, Status)], regions: usize) -> String {
    let mut letters = vec![b'.'; regions];
    for (region, status) in places {
        letters[*region] = b'a' + *status as u8;
    }
    letters.into_iter().map(char::from).collect()
}

fn titled(context: &Context<'_>, service: String) -> (String, String, String, u8) {
    let facts = context.service(&service);
    let title = facts.map_or_else(|| service.clone(), |facts| facts.title.clone());
    let category = facts.map_or_else(|| "other".to_owned(), |facts| facts.category.clone());
    let curated = facts.is_some_and(|facts| facts.curated);
    (service, title, category, u8::from(curated))
}

fn worded<'d>(
    context: &Context<'_>,
    cause: &Cause,
) -> (usize, String, &'d str, String, &'static str) {
    let text = |text: &Option<String>| {
        context.redactor.text(text.as_deref().unwrap_or_default()).into_owned()
    };
    let denied_by = cause.denied_by.map_or("", protocol::DeniedBy::as_str);
    (cause.status as usize, text(&cause.code), denied_by, text(&cause.policy_arn), advise(cause))
}

/// JSON in which no text can end its script element or begin a comment.
pub(crate) fn for_script(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for char in json.chars() {
        match char {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn json_in_a_script_reads_back_and_cannot_leave_it(text in "\\PC{0,40}|</script><!--") {
            let json = for_script(&serde_json::to_string(&text).expect("text"));
            prop_assert!(!json.contains('<') && !json.contains('>'));
            prop_assert_eq!(serde_json::from_str::<String>(&json).expect("json"), text);
        }
    }
}
