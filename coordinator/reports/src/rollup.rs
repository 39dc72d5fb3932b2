//! From many cells to one word and one rate: the only place where statuses are combined.
//!
//! Several cells (regions, probes) make one status: use that is proven anywhere wins, then
//! anything unknown, then what was listed, then idle, then off. The rule is the largest of a fixed
//! order, so it does not matter in which order or in which groups cells are combined.

use protocol::Status;

use crate::shape::{Column, Item, Kind, column, if_any, paged, programs};

/// How much a status says about a whole that it is a part of; the highest speaks for all.
const fn weight(status: Status) -> u8 {
    match status {
        Status::InUse => 12,
        Status::Denied => 11,
        Status::RoleFailed => 10,
        Status::Throttled => 9,
        Status::Unreachable => 8,
        Status::Error => 7,
        Status::Partial => 6,
        Status::NotRun => 5,
        Status::Listed => 4,
        Status::Idle => 3,
        Status::Off => 2,
        Status::RegionOff => 1,
        Status::NotOffered => 0,
    }
}

/// The one status of several cells; none for no cells.
#[must_use]
pub fn roll_up(cells: impl IntoIterator<Item = Status>) -> Option<Status> {
    cells.into_iter().max_by_key(|status| weight(*status))
}

/// Cells of one kind, as a query counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Group {
    /// Their status.
    pub(crate) status: Status,
    /// Whether their entry judges whose the things are.
    pub(crate) curated: bool,
    /// How many they are.
    pub(crate) cells: u64,
    /// Things of the customer's own that they count.
    pub(crate) resources: u64,
    /// Cells among them whose count is only a floor.
    pub(crate) floors: u64,
}

/// The count of cells by what became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    by_status: [u64; Status::ALL.len()],
    /// Cells of derived entries that listed nothing: answered, but never judged.
    empty: u64,
    resources: u64,
    floors: u64,
}

impl Counts {
    /// Adds cells.
    pub(crate) fn add(&mut self, group: Group) {
        let judged = group.curated || !group.status.counts_in_rate();
        match group.status {
            Status::Idle | Status::Off if !judged => self.empty += group.cells,
            status => self.by_status[status as usize] += group.cells,
        }
        self.resources += group.resources;
        self.floors += group.floors;
    }

    /// Adds other counts.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.by_status.iter_mut().zip(other.by_status) {
            *mine += theirs;
        }
        self.empty += other.empty;
        self.resources += other.resources;
        self.floors += other.floors;
    }

    /// Cells of one status (of curated entries, for idle and off).
    pub(crate) fn of(&self, status: Status) -> u64 {
        self.by_status[status as usize]
    }

    /// All cells.
    pub(crate) fn cells(&self) -> u64 {
        self.by_status.iter().sum::<u64>() + self.empty
    }

    /// Cells whose truth is not known.
    pub(crate) fn unknown(&self) -> u64 {
        self.sum(|status| !status.is_known())
    }

    /// Things of the customer's own.
    pub(crate) fn resources(&self) -> u64 {
        self.resources
    }

    /// Whether there may be more things than were counted: a list was cut, or a cell is unknown.
    pub(crate) fn at_least(&self) -> bool {
        self.floors > 0 || self.unknown() > 0
    }

    /// In use, of the cells that are in use, idle or off by a curated entry; none where there are
    /// none.
    pub(crate) fn rate(&self) -> Option<f64> {
        share(self.of(Status::InUse), self.sum(Status::counts_in_rate))
    }

    /// The share of cells that are unknown; none where there are no cells.
    pub(crate) fn unknown_share(&self) -> Option<f64> {
        share(self.unknown(), self.cells())
    }

    fn sum(&self, wanted: impl Fn(Status) -> bool) -> u64 {
        Status::ALL.iter().filter(|status| wanted(**status)).map(|status| self.of(*status)).sum()
    }

    /// The columns that every report about cells has; their numbers sum to `cells`.
    pub(crate) fn columns() -> Vec<Column> {
        let mut columns = vec![
            paged("cells", Kind::Number),
            column("in_use", Kind::Number),
            column("idle", Kind::Number),
            column("off", Kind::Number),
            if_any("listed", Kind::Number),
            paged("empty", Kind::Number),
            paged("not_offered", Kind::Number),
            paged("region_off", Kind::Number),
            column("unknown", Kind::Number),
        ];
        columns.extend(unknowns().map(|status| programs(status.as_str(), Kind::Number)));
        columns.extend([
            column("enablement_rate", Kind::Number),
            column("unknown_share", Kind::Number),
            column("resources", Kind::Number),
            programs("resources_are", Kind::Word),
        ]);
        columns
    }

    /// The items under [`Self::columns`].
    pub(crate) fn items(&self) -> Vec<Item> {
        let of = |status| Item::count(self.of(status));
        let mut items = vec![
            Item::count(self.cells()),
            of(Status::InUse),
            of(Status::Idle),
            of(Status::Off),
            of(Status::Listed),
            Item::count(self.empty),
            of(Status::NotOffered),
            of(Status::RegionOff),
            Item::count(self.unknown()),
        ];
        items.extend(unknowns().map(of));
        items.extend([
            Item::share(self.rate()),
            Item::share(self.unknown_share()),
            Item::count(self.resources),
            Item::text(if self.at_least() { "at_least" } else { "exact" }),
        ]);
        items
    }
}

fn unknowns() -> impl Iterator<Item = Status> {
    Status::ALL.iter().copied().filter(|status| !status.is_known())
}

/// A part of a whole, 0 to 1; none of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub(crate) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn statuses() -> impl Strategy<Value = Vec<Status>> {
        prop::collection::vec(prop::sample::select(Status::ALL), 1..20)
    }

    fn groups() -> impl Strategy<Value = Vec<Group>> {
        let group =
            (prop::sample::select(Status::ALL), any::<bool>(), 0_u64..1000, 0_u64..1000, 0_u64..3)
                .prop_map(|(status, curated, cells, resources, floors)| Group {
                    status,
                    curated,
                    cells,
                    resources,
                    floors,
                });
        prop::collection::vec(group, 0..20)
    }

    fn count(groups: &[Group]) -> Counts {
        let mut counts = Counts::default();
        groups.iter().for_each(|group| counts.add(*group));
        counts
    }

    #[test]
    fn nothing_rolls_up_to_nothing() {
        assert_eq!(roll_up([]), None);
    }

    #[test]
    fn every_status_has_a_weight_of_its_own() {
        let mut weights: Vec<u8> = Status::ALL.iter().map(|status| weight(*status)).collect();
        weights.sort_unstable();
        weights.dedup();
        assert_eq!(weights.len(), Status::ALL.len());
    }

    #[test]
    fn a_derived_idle_cell_does_not_dilute_the_rate() {
        let group =
            |status, curated, cells| Group { status, curated, cells, resources: 0, floors: 0 };
        let counts = count(&[
            group(Status::InUse, true, 1),
            group(Status::Idle, true, 1),
            group(Status::Idle, false, 98),
        ]);
        assert_eq!(counts.rate(), Some(0.5));
        assert_eq!(counts.cells(), 100);
    }

    proptest! {
        #[test]
        fn use_anywhere_is_use(cells in statuses()) {
            let whole = roll_up(cells.iter().copied());
            prop_assert_eq!(whole == Some(Status::InUse), cells.contains(&Status::InUse));
        }

        #[test]
        fn a_whole_with_an_unknown_part_is_never_shown_as_off(cells in statuses()) {
            let unknown = cells.iter().any(|status| !status.is_known());
            let whole = roll_up(cells).expect("there are cells");
            if unknown && whole != Status::InUse {
                prop_assert!(!whole.is_known(), "{whole}");
            }
            if !unknown {
                prop_assert!(whole.is_known(), "{whole}");
            }
        }

        #[test]
        fn neither_order_nor_grouping_matters(cells in statuses(), cut in 0_usize..20) {
            let whole = roll_up(cells.iter().copied());
            prop_assert!(whole.is_some_and(|whole| cells.contains(&whole)));
            prop_assert_eq!(roll_up(cells.iter().rev().copied()), whole);
            let (left, right) = cells.split_at(cut.min(cells.len()));
            let parts = [roll_up(left.iter().copied()), roll_up(right.iter().copied())];
            prop_assert_eq!(roll_up(parts.into_iter().flatten()), whole);
        }

        #[test]
        fn the_counts_sum_to_the_cells_and_rates_are_shares(groups in groups()) {
            let counts = count(&groups);
            prop_assert_eq!(counts.cells(), groups.iter().map(|group| group.cells).sum::<u64>());
            for share in [counts.rate(), counts.unknown_share()].into_iter().flatten() {
                prop_assert!((0.0..=1.0).contains(&share));
            }
            prop_assert_eq!(Counts::columns().len(), counts.items().len());
        }

        #[test]
        fn merging_equals_counting_together(left in groups(), right in groups()) {
            let mut merged = count(&left);
            merged.merge(&count(&right));
            prop_assert_eq!(merged, count(&[left, right].concat()));
        }
    }
}
