//! What stands behind an account: which services it uses where, and why the rest is unknown.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Status;

use crate::advice::Cause;
use crate::census::{self, Index, service_of};
use crate::context::Context;
use crate::enablement::pairs;
use crate::error::ReportError;
use crate::overview::Counting;
use crate::unknown;

/// What stands behind one account; services, regions and causes are numbers.
#[derive(Debug, Default)]
pub(crate) struct Detail {
    /// Services in use with the regions where they are.
    pub(crate) used: Vec<(usize, Vec<usize>)>,
    /// Why cells are unknown, most first.
    pub(crate) unknown: Vec<Why>,
}

/// Cells of an account that are unknown for one cause.
#[derive(Debug, Default)]
pub(crate) struct Why {
    pub(crate) cause: usize,
    pub(crate) cells: u64,
    pub(crate) services: BTreeSet<usize>,
    pub(crate) regions: BTreeSet<usize>,
}

/// What stands behind all accounts, and the names behind the numbers.
#[derive(Debug, Default)]
pub(crate) struct Details {
    pub(crate) services: Index,
    pub(crate) regions: Index,
    pub(crate) causes: Vec<Cause>,
    accounts: BTreeMap<String, Detail>,
}

impl Details {
    /// What stands behind an account; none where it has no cells.
    pub(crate) fn of(&self, account: &str) -> Option<&Detail> {
        self.accounts.get(account)
    }
}

/// Reads it in two passes over the cells.
pub(crate) async fn read(context: &Context<'_>) -> Result<Details, ReportError> {
    let mut accounts: BTreeMap<String, Detail> = BTreeMap::new();
    let mut counting = Counting::default();
    let names = census::read(context, |names, account| {
        counting.add(names, account);
        let mut detail = Detail::default();
        for (service, places) in pairs(names, account) {
            let in_use = places.iter().filter(|place| place.status == Status::InUse);
            let regions: Vec<usize> = in_use.map(|place| place.region).collect();
            if !regions.is_empty() {
                detail.used.push((service, regions));
            }
        }
        detail.used.sort_by_cached_key(|(service, _)| names.services.texts[*service].clone());
        accounts.insert(account.account.clone(), detail);
        Ok(())
    })
    .await?;
    context.keep_overview(counting.named(&names));
    let mut details =
        Details { services: names.services, regions: names.regions, ..Details::default() };
    let mut causes: BTreeMap<Cause, usize> = BTreeMap::new();
    unknown::read(context, |unknown| {
        let decides = context.probes.get(&unknown.probe).is_none_or(|facts| facts.decides);
        if unknown.cause.status.is_known() || !decides {
            return;
        }
        let next = causes.len();
        let cause = *causes.entry(unknown.cause).or_insert(next);
        let service = details.services.of(service_of(&unknown.probe));
        let region = details.regions.of(&unknown.region);
        let detail = accounts.entry(unknown.account).or_default();
        let at = match detail.unknown.iter().position(|why| why.cause == cause) {
            Some(at) => at,
            None => {
                detail.unknown.push(Why { cause, ..Why::default() });
                detail.unknown.len() - 1
            }
        };
        let why = &mut detail.unknown[at];
        why.cells += 1;
        why.services.insert(service);
        why.regions.insert(region);
    })
    .await?;
    for detail in accounts.values_mut() {
        detail.unknown.sort_by_key(|why| std::cmp::Reverse(why.cells));
    }
    let mut causes: Vec<_> = causes.into_iter().collect();
    causes.sort_by_key(|(_, at)| *at);
    details.causes = causes.into_iter().map(|(cause, _)| cause).collect();
    details.accounts = accounts;
    Ok(details)
}
