//! How long the lists of a request may be: what is checked, and what the OpenAPI document promises.
//!
//! A list becomes conditions of a statement, or is compared with each account; both have their bounds.

use protocol::Status;
use protocol::inventory::AccountState;

use super::api::{NewScan, Requeue};
use super::problem::Problem;

/// The most entries of a list that are compared as they are: ids and names.
pub(super) const EXACT: usize = 1000;
/// The most entries of a list that are compared by a rule: units, patterns, tags, codes.
pub(super) const RULED: usize = 100;

/// Checks the lists of a scan.
pub(super) fn check_scan(asked: &NewScan) -> Result<(), Problem> {
    let select = &asked.selection;
    check(&[
        ("connections", asked.connections.len(), EXACT),
        ("selection.accounts", select.accounts.len(), EXACT),
        ("selection.exclude_accounts", select.exclude_accounts.len(), EXACT),
        ("selection.account_names", select.account_names.len(), RULED),
        ("selection.exclude_account_names", select.exclude_account_names.len(), RULED),
        ("selection.units", select.units.len(), RULED),
        ("selection.exclude_units", select.exclude_units.len(), RULED),
        ("selection.tags", select.tags.len(), RULED),
        ("selection.exclude_tags", select.exclude_tags.len(), RULED),
        ("selection.states", select.states.len(), AccountState::ALL.len()),
        ("selection.exclude_states", select.exclude_states.len(), AccountState::ALL.len()),
        ("selection.regions", select.regions.len(), EXACT),
        ("selection.exclude_regions", select.exclude_regions.len(), EXACT),
        ("selection.services", select.services.len(), EXACT),
        ("selection.exclude_services", select.exclude_services.len(), EXACT),
        ("selection.probes", select.probes.len(), EXACT),
    ])
}

/// Checks the lists of a filter of cells.
pub(super) fn check_requeue(asked: &Requeue) -> Result<(), Problem> {
    check(&[
        ("statuses", asked.statuses.len(), Status::ALL.len()),
        ("accounts", asked.accounts.len(), EXACT),
        ("units", asked.units.len(), RULED),
        ("regions", asked.regions.len(), EXACT),
        ("services", asked.services.len(), EXACT),
        ("codes", asked.codes.len(), RULED),
    ])
}

fn check(lists: &[(&str, usize, usize)]) -> Result<(), Problem> {
    match lists.iter().find(|(_, length, most)| length > most) {
        None => Ok(()),
        Some((field, length, most)) => {
            let sentence =
                format!("{field} has {length} entries; name at most {most} in one request");
            Err(Problem::field(*field, sentence))
        }
    }
}
