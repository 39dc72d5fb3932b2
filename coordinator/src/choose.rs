//! Which of the accounts that were found are looked at. Pure.

use std::collections::{BTreeMap, BTreeSet};

use protocol::inventory::{Account, Tree};
use protocol::selection::Selection;
use protocol::{AccountId, UnitId};

/// The units above each account, as ids and as paths of names.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    above: BTreeMap<AccountId, BTreeSet<String>>,
}

impl Paths {
    /// Reads the paths of a tree.
    pub(crate) fn add(&mut self, tree: &Tree) {
        let units: BTreeMap<&UnitId, _> = tree.units.iter().map(|unit| (&unit.id, unit)).collect();
        let mut names: BTreeMap<&UnitId, BTreeSet<String>> = BTreeMap::new();
        for unit in &tree.units {
            let mut words = BTreeSet::new();
            let mut path: Vec<&str> = Vec::new();
            let mut chain = Vec::new();
            let mut at = Some(unit);
            // A tree is as deep as it has units at most, even if its parents ran in a circle.
            while let Some(unit) = at.filter(|_| chain.len() <= units.len()) {
                chain.push(unit);
                at = unit.parent.as_ref().and_then(|parent| units.get(parent).copied());
            }
            for unit in chain.iter().rev() {
                path.push(&unit.name);
                words.insert(path.join("/"));
                words.insert(unit.id.to_string());
            }
            names.insert(&unit.id, words);
        }
        for (account, unit) in &tree.placements {
            let above = names.get(unit).cloned().unwrap_or_default();
            self.above.insert(account.clone(), above);
        }
    }

    fn are_below(&self, account: &AccountId, units: &[String]) -> bool {
        let above = self.above.get(account);
        above.is_some_and(|above| units.iter().any(|unit| above.contains(unit)))
    }

    fn know(&self, unit: &String) -> bool {
        self.above.values().any(|above| above.contains(unit))
    }
}

/// Whether an account is asked for.
pub(crate) fn is_chosen(account: &Account, selection: &Selection, paths: &Paths) -> bool {
    let units = &selection.units;
    selection.wants_account(&account.id)
        && (units.is_empty() || paths.are_below(&account.id, units))
        && !paths.are_below(&account.id, &selection.exclude_units)
        && selection.tags.iter().all(|tag| account.tags.contains(tag))
}

/// The entries of a selection that match nothing that was found, as one sentence.
pub(crate) fn unmatched(
    selection: &Selection,
    found: &BTreeSet<AccountId>,
    paths: &Paths,
) -> Option<String> {
    let accounts = selection.accounts.iter().chain(&selection.exclude_accounts);
    let accounts = accounts.filter(|id| !found.contains(*id)).map(|id| format!("account {id}"));
    let units = selection.units.iter().chain(&selection.exclude_units);
    let units = units.filter(|unit| !paths.know(unit)).map(|unit| format!("unit {unit:?}"));
    let names: Vec<String> = accounts.chain(units).collect();
    (!names.is_empty()).then(|| {
        format!(
            "the selection names what is not there: {}; `orgsweep plan` without it lists what there is",
            names.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use protocol::ConnectionId;
    use protocol::inventory::{AccountState, Unit};

    use super::*;

    fn account(id: &str) -> Account {
        Account {
            id: AccountId::new(id).unwrap(),
            name: id.to_owned(),
            email: None,
            state: AccountState::Active,
            joined_at: None,
            organization: None,
            management: false,
            connection: ConnectionId::new("source-0").unwrap(),
            tags: vec![("env".into(), "prod".into())],
        }
    }

    fn paths() -> Paths {
        let unit = |id: &str, parent: Option<&str>, name: &str| Unit {
            id: UnitId::new(id).unwrap(),
            parent: parent.map(|id| UnitId::new(id).unwrap()),
            name: name.to_owned(),
        };
        let units = vec![
            unit("r-1", None, "Root"),
            unit("ou-a", Some("r-1"), "Payments"),
            unit("ou-b", Some("ou-a"), "Prod"),
        ];
        let placements = vec![
            (AccountId::new("1").unwrap(), UnitId::new("ou-b").unwrap()),
            (AccountId::new("2").unwrap(), UnitId::new("r-1").unwrap()),
        ];
        let mut paths = Paths::default();
        paths.add(&Tree { units, placements });
        paths
    }

    #[test]
    fn a_unit_chooses_everything_below_by_id_or_path() {
        for unit in ["ou-a", "Root/Payments", "ou-b", "Root/Payments/Prod", "Root"] {
            let selection = Selection { units: vec![unit.into()], ..Selection::default() };
            assert!(is_chosen(&account("1"), &selection, &paths()), "{unit}");
        }
        let selection = Selection { units: vec!["ou-a".into()], ..Selection::default() };
        assert!(!is_chosen(&account("2"), &selection, &paths()));
    }

    #[test]
    fn an_excluded_unit_wins() {
        let selection = Selection {
            units: vec!["Root".into()],
            exclude_units: vec!["Root/Payments".into()],
            ..Selection::default()
        };
        assert!(!is_chosen(&account("1"), &selection, &paths()));
        assert!(is_chosen(&account("2"), &selection, &paths()));
    }

    #[test]
    fn every_tag_must_be_there() {
        let with = |tag: (&str, &str)| Selection {
            tags: vec![(tag.0.into(), tag.1.into())],
            ..Selection::default()
        };
        assert!(is_chosen(&account("1"), &with(("env", "prod")), &paths()));
        assert!(!is_chosen(&account("1"), &with(("env", "dev")), &paths()));
    }

    #[test]
    fn an_entry_that_matches_nothing_is_named() {
        let selection = Selection {
            accounts: vec![AccountId::new("9").unwrap()],
            units: vec!["Root/Nowhere".into()],
            ..Selection::default()
        };
        let message = unmatched(&selection, &BTreeSet::new(), &paths()).unwrap();
        assert!(message.contains("account 9") && message.contains("Root/Nowhere"), "{message}");
    }
}
