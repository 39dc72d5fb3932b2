//! In which state a member and an organization are. Pure.

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
