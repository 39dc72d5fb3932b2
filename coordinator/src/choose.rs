//! Which of the accounts that were found are looked at. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use protocol::inventory::{Account, AccountState, Tree};
use protocol::selection::{Selection, name_matches};
use protocol::{AccountId, UnitId};

/// The units above each account, as ids and as paths of names.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    above: BTreeMap<AccountId, Arc<BTreeSet<String>>>,
    units: BTreeSet<String>,
}

impl Paths {
    /// Reads the paths of a tree.
    pub(crate) fn add(&mut self, tree: &Tree) {
        let units: BTreeMap<&UnitId, _> = tree.units.iter().map(|unit| (&unit.id, unit)).collect();
        let mut words: BTreeMap<&UnitId, Arc<BTreeSet<String>>> = BTreeMap::new();
        for unit in &tree.units {
            let mut chain = Vec::new();
            let mut at = Some(unit);
            // A tree is as deep as it has units at most, even if its parents ran in a circle.
            while let Some(unit) = at.filter(|_| chain.len() <= units.len()) {
                chain.push(unit);
                at = unit.parent.as_ref().and_then(|parent| units.get(parent).copied());
            }
            let mut path: Vec<&str> = Vec::new();
            let mut above = BTreeSet::new();
            for unit in chain.iter().rev() {
                path.push(&unit.name);
                above.insert(path.join("/"));
                above.insert(unit.id.to_string());
            }
            self.units.extend([path.join("/"), unit.id.to_string()]);
            words.insert(&unit.id, Arc::new(above));
        }
        for (account, unit) in &tree.placements {
            let above = words.get(unit).cloned().unwrap_or_default();
            self.above.insert(account.clone(), above);
        }
    }

    fn is_below(&self, account: &AccountId, unit: &str) -> bool {
        self.above.get(account).is_some_and(|above| above.contains(unit))
    }
}

/// One entry of a selection.
#[derive(Debug, Clone, Copy)]
enum Rule<'s> {
    Id(&'s AccountId),
    Name(&'s str),
    Unit(&'s str),
    Tag(&'s (String, String)),
    State(AccountState),
}

impl Rule<'_> {
    fn holds(self, account: &Account, paths: &Paths) -> bool {
        match self {
            Self::Id(id) => account.id == *id,
            Self::Name(pattern) => name_matches(pattern, &account.name),
            Self::Unit(unit) => paths.is_below(&account.id, unit),
            Self::Tag(tag) => account.tags.contains(tag),
            Self::State(state) => account.state == state,
        }
    }
}

impl fmt::Display for Rule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "account {id}"),
            Self::Name(pattern) => write!(f, "account name {pattern:?}"),
            Self::Unit(unit) => write!(f, "unit {unit:?}"),
            Self::Tag((key, value)) => write!(f, "tag {key}={value}"),
            Self::State(state) => write!(f, "state {state}"),
        }
    }
}

#[derive(Debug)]
struct Entry<'s> {
    rule: Rule<'s>,
    excludes: bool,
    matched: bool,
}

/// Chooses accounts one by one, and remembers which entries of the selection matched any.
#[derive(Debug)]
pub(crate) struct Chooser<'s> {
    selection: &'s Selection,
    entries: Vec<Entry<'s>>,
    paths: Paths,
    management: bool,
}

impl<'s> Chooser<'s> {
    /// Chooses what `selection` asks for.
    pub(crate) fn new(selection: &'s Selection) -> Self {
        let entries = |excludes, rules: Vec<Rule<'s>>| {
            rules.into_iter().map(move |rule| Entry { rule, excludes, matched: false })
        };
        // A state that is left out is a word of a closed set: that no account is in it is no slip.
        let states = selection.states.iter().copied().map(Rule::State);
        let include =
            rules(&selection.accounts, &selection.account_names, &selection.units, &selection.tags);
        let exclude = rules(
            &selection.exclude_accounts,
            &selection.exclude_account_names,
            &selection.exclude_units,
            &selection.exclude_tags,
        );
        let include = include.into_iter().chain(states).collect();
        let entries = entries(false, include).chain(entries(true, exclude)).collect();
        Self { selection, entries, paths: Paths::default(), management: false }
    }

    /// Learns where the accounts of an organization are.
    pub(crate) fn learn(&mut self, tree: &Tree) {
        self.paths.add(tree);
    }

    /// Whether an account is asked for.
    pub(crate) fn wants(&mut self, account: &Account) -> bool {
        self.management |= account.management;
        for entry in &mut self.entries {
            entry.matched = entry.matched || entry.rule.holds(account, &self.paths);
        }
        let selection = self.selection;
        let below =
            |units: &[String]| units.iter().any(|unit| self.paths.is_below(&account.id, unit));
        selection.may_want(account)
            && (selection.units.is_empty() || below(&selection.units))
            && !below(&selection.exclude_units)
            && selection.tags.iter().all(|tag| account.tags.contains(tag))
            && !selection.exclude_tags.iter().any(|tag| account.tags.contains(tag))
    }

    /// The rule of the selection that leaves an account out; none where it is merely not asked for.
    pub(crate) fn excluded_by(&self, account: &Account) -> Option<String> {
        let states = self.selection.exclude_states.iter().copied().map(Rule::State);
        let mut rules = self
            .entries
            .iter()
            .filter(|entry| entry.excludes)
            .map(|entry| entry.rule)
            .chain(states);
        let rule = rules.find(|rule| rule.holds(account, &self.paths)).map(|rule| rule.to_string());
        let management = self.selection.no_management_account && account.management;
        rule.or_else(|| management.then(|| "--no-management-account".to_owned()))
    }

    /// The entries of the selection that matched no account, as one sentence.
    pub(crate) fn unmatched(&self) -> Option<String> {
        let mut names = Vec::new();
        for entry in self.entries.iter().filter(|entry| !entry.matched) {
            match entry.rule {
                Rule::Unit(unit) if self.paths.units.contains(unit) => {
                    // To leave out an empty unit is no slip.
                    if !entry.excludes {
                        names.push(format!("{} (it holds no account)", entry.rule));
                    }
                }
                rule => names.push(rule.to_string()),
            }
        }
        if self.selection.no_management_account && !self.management {
            names.push("the management account, which is to be left out".to_owned());
        }
        (!names.is_empty()).then(|| {
            format!(
                "the selection names what is not there: {}; `orgsweep plan` without it says what there is",
                names.join(", ")
            )
        })
    }
}

fn rules<'s>(
    ids: &'s [AccountId],
    names: &'s [String],
    units: &'s [String],
    tags: &'s [(String, String)],
) -> Vec<Rule<'s>> {
    let ids = ids.iter().map(Rule::Id);
    let names = names.iter().map(|name| Rule::Name(name));
    let units = units.iter().map(|unit| Rule::Unit(unit));
    ids.chain(names).chain(units).chain(tags.iter().map(Rule::Tag)).collect()
}

#[cfg(test)]
mod tests {
    use protocol::ConnectionId;
    use protocol::inventory::Unit;

    use super::*;

    fn account(id: &str) -> Account {
        Account {
            id: AccountId::new(id).unwrap(),
            name: format!("payments-{id}"),
            email: None,
            state: if id == "3" { AccountState::Suspended } else { AccountState::Active },
            arn: None,
            joined_at: None,
            joined_method: None,
            role: None,
            organization: None,
            management: id == "2",
            connection: ConnectionId::new("source-0").unwrap(),
            tags: if id == "1" { vec![("env".into(), "prod".into())] } else { Vec::new() },
        }
    }

    fn tree() -> Tree {
        let unit = |id: &str, parent: Option<&str>, name: &str| Unit {
            id: UnitId::new(id).unwrap(),
            parent: parent.map(|id| UnitId::new(id).unwrap()),
            name: name.to_owned(),
            arn: None,
        };
        let units = vec![
            unit("r-1", None, "Root"),
            unit("ou-a", Some("r-1"), "Payments"),
            unit("ou-b", Some("ou-a"), "Prod"),
            unit("ou-c", Some("r-1"), "Empty"),
        ];
        let at = |account, unit| (AccountId::new(account).unwrap(), UnitId::new(unit).unwrap());
        Tree { units, placements: vec![at("1", "ou-b"), at("2", "r-1"), at("3", "ou-a")] }
    }

    /// The ids that are chosen of 1 (prod, in Payments/Prod), 2 (management) and 3 (suspended).
    fn chosen(selection: &Selection) -> (Vec<String>, Option<String>) {
        let mut chooser = Chooser::new(selection);
        chooser.learn(&tree());
        let all = ["1", "2", "3"].map(account);
        let wanted = all.iter().filter(|account| chooser.wants(account));
        (wanted.map(|account| account.id.to_string()).collect(), chooser.unmatched())
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_unit_chooses_everything_below_by_id_or_path() {
        for (unit, wanted) in [
            ("ou-a", &["1", "3"][..]),
            ("Root/Payments", &["1", "3"]),
            ("ou-b", &["1"]),
            ("Root/Payments/Prod", &["1"]),
            ("Root", &["1", "2", "3"]),
        ] {
            let selection = Selection { units: texts(&[unit]), ..Selection::default() };
            assert_eq!(chosen(&selection), (texts(wanted), None), "{unit}");
        }
    }

    #[test]
    fn an_excluded_unit_wins() {
        let selection = Selection {
            units: texts(&["Root"]),
            exclude_units: texts(&["Root/Payments", "Root/Empty"]),
            ..Selection::default()
        };
        assert_eq!(chosen(&selection), (texts(&["2"]), None));
    }

    #[test]
    fn names_tags_states_and_rank_choose_and_leave_out() {
        let tag = || vec![("env".to_owned(), "prod".to_owned())];
        let all = Selection::default;
        for (selection, wanted) in [
            (Selection { account_names: texts(&["*-1", "PAYMENTS-3"]), ..all() }, &["1", "3"][..]),
            (Selection { exclude_account_names: texts(&["*-1"]), ..all() }, &["2", "3"]),
            (Selection { tags: tag(), ..all() }, &["1"]),
            (Selection { exclude_tags: tag(), ..all() }, &["2", "3"]),
            (Selection { states: vec![AccountState::Suspended], ..all() }, &["3"]),
            (Selection { exclude_states: vec![AccountState::Closed], ..all() }, &["1", "2", "3"]),
            (Selection { exclude_states: vec![AccountState::Active], ..all() }, &["3"]),
            (Selection { no_management_account: true, ..all() }, &["1", "3"]),
        ] {
            assert_eq!(chosen(&selection), (texts(wanted), None), "{selection:?}");
        }
    }

    #[test]
    fn the_rule_that_leaves_an_account_out_is_named_and_what_is_not_asked_for_has_none() {
        let none = Selection::default;
        for (selection, wanted) in [
            (none(), None),
            (
                Selection { exclude_accounts: vec![AccountId::new("1").unwrap()], ..none() },
                Some("account 1"),
            ),
            (
                Selection { exclude_account_names: texts(&["*-1"]), ..none() },
                Some("account name \"*-1\""),
            ),
            (
                Selection { exclude_units: texts(&["Root/Payments"]), ..none() },
                Some("unit \"Root/Payments\""),
            ),
            (Selection { exclude_units: texts(&["ou-b"]), ..none() }, Some("unit \"ou-b\"")),
            (Selection { exclude_units: texts(&["Root/Pay"]), ..none() }, None),
            (
                Selection { exclude_tags: vec![("env".into(), "prod".into())], ..none() },
                Some("tag env=prod"),
            ),
            (
                Selection { exclude_states: vec![AccountState::Active], ..none() },
                Some("state ACTIVE"),
            ),
            (Selection { no_management_account: true, ..none() }, None),
            (Selection { account_names: texts(&["web-*"]), ..none() }, None),
        ] {
            let mut chooser = Chooser::new(&selection);
            chooser.learn(&tree());
            assert_eq!(chooser.excluded_by(&account("1")).as_deref(), wanted, "{selection:?}");
        }
        let selection = Selection { no_management_account: true, ..none() };
        let management = Chooser::new(&selection).excluded_by(&account("2"));
        assert_eq!(management.as_deref(), Some("--no-management-account"));
    }

    #[test]
    fn every_tag_must_be_there() {
        let tags = vec![("env".into(), "prod".into()), ("env".into(), "dev".into())];
        let (wanted, unmatched) = chosen(&Selection { tags, ..Selection::default() });
        assert!(wanted.is_empty());
        assert!(unmatched.unwrap().contains("tag env=dev;"));
    }

    #[test]
    fn an_entry_that_matches_nothing_is_named() {
        let selection = Selection {
            accounts: vec![AccountId::new("9").unwrap(), AccountId::new("1").unwrap()],
            exclude_account_names: texts(&["web-*"]),
            units: texts(&["Root/Nowhere", "ou-c"]),
            exclude_tags: vec![("team".into(), "x".into())],
            states: vec![AccountState::Closed],
            ..Selection::default()
        };
        let said = chosen(&selection).1.unwrap();
        for part in [
            "account 9,",
            "account name \"web-*\"",
            "unit \"Root/Nowhere\"",
            "unit \"ou-c\" (it holds no account)",
            "tag team=x",
            "state CLOSED",
        ] {
            assert!(said.contains(part), "no {part} in {said}");
        }
        assert!(!said.contains("account 1,"), "{said}");
    }
}
