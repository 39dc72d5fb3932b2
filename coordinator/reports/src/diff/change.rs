//! What became of a cell from one scan to another: one rule, by which unknown is never a change in AWS.

use std::collections::BTreeSet;

use super::pairs::{Pair, Side};

/// What became of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Known in both, with the same status and count.
    Unchanged,
    /// Known in both, with another status or another count.
    Changed,
    /// Unknown before, known now.
    BecameVisible,
    /// Known before, unknown now.
    BecameInvisible,
    /// Unknown in both.
    StillUnknown,
    /// Known in both, but a count is only a floor, or the catalog judges the probe otherwise.
    Undecided,
    /// Planned only in the later scan.
    NewlyPlanned,
    /// Planned only in the earlier scan.
    NoLongerPlanned,
}

impl Change {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 8] = [
        Self::Unchanged,
        Self::Changed,
        Self::BecameVisible,
        Self::BecameInvisible,
        Self::StillUnknown,
        Self::Undecided,
        Self::NewlyPlanned,
        Self::NoLongerPlanned,
    ];

    /// Its word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Changed => "changed",
            Self::BecameVisible => "became_visible",
            Self::BecameInvisible => "became_invisible",
            Self::StillUnknown => "still_unknown",
            Self::Undecided => "undecided",
            Self::NewlyPlanned => "newly_planned",
            Self::NoLongerPlanned => "no_longer_planned",
        }
    }
}

/// Compares a cell; `rejudged` are the probes that the two catalogs judge differently.
pub(crate) fn change(pair: &Pair<'_>, rejudged: &BTreeSet<String>) -> Change {
    let (before, after) = match (&pair.before, &pair.after) {
        (Some(before), Some(after)) => (before, after),
        (None, _) => return Change::NewlyPlanned,
        (_, None) => return Change::NoLongerPlanned,
    };
    match (before.status.is_known(), after.status.is_known()) {
        (false, false) => Change::StillUnknown,
        (false, true) => Change::BecameVisible,
        (true, false) => Change::BecameInvisible,
        (true, true) => known(before, after, rejudged.contains(pair.probe)),
    }
}

fn known(before: &Side<'_>, after: &Side<'_>, rejudged: bool) -> Change {
    if before.status != after.status {
        return if rejudged { Change::Undecided } else { Change::Changed };
    }
    let (old, new) = (before.resources, after.resources);
    match (before.at_least, after.at_least) {
        (false, false) if old == new => Change::Unchanged,
        (false, false) if rejudged => Change::Undecided,
        (false, false) => Change::Changed,
        // A floor that is above the exact count of the other scan proves a change; else nothing is proven.
        (true, false) if old > new && !rejudged => Change::Changed,
        (false, true) if new > old && !rejudged => Change::Changed,
        _ => Change::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::Status;

    use super::*;

    fn sides() -> impl Strategy<Value = Option<Side<'static>>> {
        let side = (prop::sample::select(Status::ALL), 0_u64..3, any::<bool>());
        prop::option::of(side.prop_map(|(status, resources, at_least)| Side {
            status,
            resources,
            at_least,
            ..Side::UNSAID
        }))
    }

    fn compared(before: Option<Side<'_>>, after: Option<Side<'_>>) -> Change {
        change(&Pair { region: "r", probe: "p", before, after }, &BTreeSet::new())
    }

    #[test]
    fn a_floor_proves_a_change_only_where_it_is_above_the_other_count() {
        let side = |resources, at_least| {
            Some(Side { status: Status::InUse, resources, at_least, ..Side::UNSAID })
        };
        assert_eq!(compared(side(5, true), side(3, false)), Change::Changed);
        assert_eq!(compared(side(3, false), side(5, true)), Change::Changed);
        assert_eq!(compared(side(3, true), side(5, false)), Change::Undecided);
        assert_eq!(compared(side(3, true), side(3, true)), Change::Undecided);
        assert_eq!(compared(side(3, false), side(4, false)), Change::Changed);
    }

    #[test]
    fn another_judgement_is_no_change_in_aws() {
        let side = |status| Some(Side { status, resources: 1, ..Side::UNSAID });
        let (before, after) = (side(Status::Listed), side(Status::InUse));
        let rejudged = BTreeSet::from(["p".to_owned()]);
        let pair = Pair { region: "r", probe: "p", before, after };
        assert_eq!(change(&pair, &rejudged), Change::Undecided);
        assert_eq!(change(&pair, &BTreeSet::new()), Change::Changed);
    }

    proptest! {
        #[test]
        fn only_what_both_scans_know_can_have_changed(before in sides(), after in sides()) {
            let change = compared(before, after);
            let known = |side: Option<Side<'_>>| side.is_some_and(|side| side.status.is_known());
            if matches!(change, Change::Changed | Change::Unchanged | Change::Undecided) {
                prop_assert!(known(before) && known(after));
            }
        }

        #[test]
        fn backwards_is_the_mirror(before in sides(), after in sides()) {
            prop_assume!(before.is_some() || after.is_some());
            let mirrored = match compared(after, before) {
                Change::BecameVisible => Change::BecameInvisible,
                Change::BecameInvisible => Change::BecameVisible,
                Change::NewlyPlanned => Change::NoLongerPlanned,
                Change::NoLongerPlanned => Change::NewlyPlanned,
                same => same,
            };
            prop_assert_eq!(compared(before, after), mirrored);
        }

        #[test]
        fn a_scan_does_not_differ_from_itself(side in sides()) {
            let change = compared(side, side);
            prop_assert_ne!(change, Change::Changed);
        }
    }
}
