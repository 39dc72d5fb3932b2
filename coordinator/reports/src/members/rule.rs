//! In which state a member and an organization are. Pure.

use protocol::selection::{Selection, name_matches};

/// How far orgsweep has come with a member of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Member {
    /// It is in the list; nobody has asked for it.
    Discovered,
    /// It is about to be entered.
    Connecting,
    /// It was entered, the last time that this was tried.
    Connected,
    /// The settings leave it out.
    Excluded,
    /// It could not be entered, the last time that this was tried.
    Error,
}

/// How far orgsweep has come with an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connection {
    /// It was seen; nobody has asked for any of its members.
    Discovered,
    /// Members are about to be entered.
    Connecting,
    /// All members that were asked for could be entered.
    Connected,
    /// Some could not, or the list of members is not whole.
    Partial,
    /// None could be entered, or nobody lets us read it.
    Error,
}

impl Member {
    /// All states.
    pub(crate) const ALL: [Self; 5] =
        [Self::Discovered, Self::Connecting, Self::Connected, Self::Excluded, Self::Error];

    /// Its word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Discovered => "discovered",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Excluded => "excluded",
            Self::Error => "error",
        }
    }

    /// The state of a member that is about to be entered or not, that the settings leave out or not, and of which the
    /// last try to enter it ended well or badly, if there was one.
    pub(crate) const fn of(trying: bool, excluded: bool, entered: Option<bool>) -> Self {
        match (trying, excluded, entered) {
            (true, ..) => Self::Connecting,
            (_, true, _) => Self::Excluded,
            (_, _, Some(true)) => Self::Connected,
            (_, _, Some(false)) => Self::Error,
            (_, _, None) => Self::Discovered,
        }
    }
}

impl Connection {
    /// Its word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Discovered => "discovered",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Partial => "partial",
            Self::Error => "error",
        }
    }

    /// The state of an organization with so many members in each state; `whole` is whether their list is.
    pub(crate) fn of(members: &Members, whole: bool) -> Self {
        let count = |state| members.of(state);
        match (count(Member::Connecting), count(Member::Connected), count(Member::Error)) {
            (1.., ..) => Self::Connecting,
            (0, 0, 0) if whole => Self::Discovered,
            (0, 0, _) => Self::Error,
            (0, 1.., 0) if whole => Self::Connected,
            _ => Self::Partial,
        }
    }
}

/// The members of an organization by their states.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Members([u64; Member::ALL.len()]);

impl Members {
    /// Counts one.
    pub(crate) fn add(&mut self, state: Member) {
        self.0[state as usize] += 1;
    }

    /// How many are in a state.
    pub(crate) const fn of(&self, state: Member) -> u64 {
        self.0[state as usize]
    }

    /// All of them.
    pub(crate) fn all(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// What a selection leaves out is told by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) state: &'a str,
    pub(crate) management: bool,
    pub(crate) unit_path: Option<&'a str>,
    pub(crate) unit_id_path: Option<&'a str>,
    pub(crate) tags: &'a [(String, String)],
}

/// Which exclusion of a selection leaves an account out.
pub(crate) fn excluded(selection: &Selection, account: Told<'_>) -> Option<String> {
    let id = selection.exclude_accounts.iter().find(|id| id.as_str() == account.id);
    let name = || {
        let mut patterns = selection.exclude_account_names.iter();
        patterns.find(|pattern| name_matches(pattern, account.name))
    };
    let state = || {
        let mut states = selection.exclude_states.iter().map(|state| state.as_str());
        states.find(|state| *state == account.state)
    };
    let unit = || {
        let paths = [account.unit_path, account.unit_id_path];
        let mut units = selection.exclude_units.iter();
        units.find(|unit| paths.iter().flatten().any(|path| is_in(path, unit)))
    };
    let tag = || selection.exclude_tags.iter().find(|tag| account.tags.contains(tag));
    let management = || selection.no_management_account && account.management;
    id.map(|_| "its id".to_owned())
        .or_else(|| name().map(|pattern| format!("account name {pattern:?}")))
        .or_else(|| state().map(|state| format!("state {state}")))
        .or_else(|| unit().map(|unit| format!("unit {unit:?}")))
        .or_else(|| tag().map(|(key, value)| format!("tag {key}={value}")))
        .or_else(|| management().then(|| "it manages its organization".to_owned()))
}

/// Whether a path is a unit's (a path of names, or one id of a path of ids) or below it.
fn is_in(path: &str, unit: &str) -> bool {
    let below =
        path.strip_prefix(unit).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    below || (is_id(unit) && path.split('/').any(|step| step == unit))
}

/// Whether a text is the id of a root or unit, and not a name.
fn is_id(text: &str) -> bool {
    text.starts_with("r-") || text.starts_with("ou-")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::AccountId;
    use protocol::inventory::AccountState;

    use super::*;

    fn told(tags: &[(String, String)]) -> Told<'_> {
        Told {
            id: "111122223333",
            name: "payments-prod",
            state: "ACTIVE",
            management: true,
            unit_path: Some("Root/Payments/Prod"),
            unit_id_path: Some("r-1/ou-a/ou-b"),
            tags,
        }
    }

    #[test]
    fn each_kind_of_exclusion_is_told_and_others_are_not() {
        let tags = [("env".to_owned(), "prod".to_owned())];
        let none = Selection::default;
        let texts = |text: &str| vec![text.to_owned()];
        let id = AccountId::new("111122223333").expect("an id");
        for (selection, wanted) in [
            (none(), None),
            (Selection { exclude_accounts: vec![id], ..none() }, Some("its id")),
            (
                Selection { exclude_account_names: texts("*-prod"), ..none() },
                Some("account name \"*-prod\""),
            ),
            (
                Selection { exclude_units: texts("Root/Payments"), ..none() },
                Some("unit \"Root/Payments\""),
            ),
            (Selection { exclude_units: texts("ou-a"), ..none() }, Some("unit \"ou-a\"")),
            (Selection { exclude_units: texts("Root/Pay"), ..none() }, None),
            (Selection { exclude_units: texts("ou-c"), ..none() }, None),
            (Selection { exclude_tags: tags.to_vec(), ..none() }, Some("tag env=prod")),
            (
                Selection { no_management_account: true, ..none() },
                Some("it manages its organization"),
            ),
            (
                Selection { exclude_states: vec![AccountState::Active], ..none() },
                Some("state ACTIVE"),
            ),
            (Selection { account_names: texts("web-*"), ..none() }, None),
        ] {
            assert_eq!(excluded(&selection, told(&tags)).as_deref(), wanted, "{selection:?}");
        }
    }

    fn members() -> impl Strategy<Value = Members> {
        prop::array::uniform5(0_u64..3).prop_map(Members)
    }

    proptest! {
        #[test]
        fn an_organization_is_connected_only_if_nothing_of_it_is_missing(members in members(), whole: bool) {
            let state = Connection::of(&members, whole);
            let bad = members.of(Member::Error) > 0 || members.of(Member::Connecting) > 0 || !whole;
            prop_assert!(state != Connection::Connected || !bad);
            let entered = members.of(Member::Connected) > 0;
            prop_assert!(state != Connection::Connected || entered);
            prop_assert!(state != Connection::Error || !entered);
        }

        #[test]
        fn whom_nobody_asked_for_is_never_more_than_discovered(excluded: bool) {
            let state = Member::of(false, excluded, None);
            prop_assert!(matches!(state, Member::Discovered | Member::Excluded));
        }
    }
}
