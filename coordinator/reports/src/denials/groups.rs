//! Denied cells that have their ground in common.

use std::collections::{BTreeMap, BTreeSet};

use policy::guards::{Ground, Guards};

use super::explain::{Cell, Explained, How};
use crate::census::service_of;

/// What cells of a group have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) ground: Option<Ground>,
    /// The ARN that AWS gave of a policy that was not read.
    pub(super) arn: Option<String>,
    pub(super) kind: Option<&'static str>,
    pub(super) why: Option<String>,
}

/// Cells that are denied by the same.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) accounts: BTreeSet<String>,
    pub(super) regions: BTreeSet<String>,
    pub(super) services: BTreeSet<String>,
    pub(super) actions: BTreeSet<String>,
    pub(super) also: BTreeSet<Ground>,
    pub(super) by_arn: u64,
    pub(super) evaluated: u64,
    pub(super) predicted: u64,
    pub(super) unexplained: u64,
    /// The message of the first cell that has one.
    pub(super) message: Option<String>,
}

/// All groups.
#[derive(Debug, Default)]
pub(super) struct Groups(BTreeMap<Key, Group>);

impl Groups {
    /// Adds a cell.
    pub(super) fn add(&mut self, cell: Cell, explained: Explained) {
        let arn = cell.arn.filter(|_| explained.ground.is_none());
        let (ground, kind, why) = (explained.ground, explained.kind, explained.why);
        let group = self.0.entry(Key { ground, arn, kind, why }).or_default();
        group.services.insert(service_of(&cell.probe).to_owned());
        group.accounts.insert(cell.account);
        group.regions.insert(cell.region);
        group.actions.extend(explained.actions);
        group.also.extend(explained.also);
        group.message = group.message.take().or(cell.message);
        *match explained.how {
            How::Arn => &mut group.by_arn,
            How::Evaluated => &mut group.evaluated,
            How::Predicted => &mut group.predicted,
            How::Unexplained => &mut group.unexplained,
        } += 1;
    }

    /// The groups, those with the most cells first.
    pub(super) fn largest_first(&self) -> Vec<(&Key, &Group)> {
        let mut groups: Vec<_> = self.0.iter().collect();
        groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.cells()));
        groups
    }

    /// Whether some were not called.
    pub(super) fn has_predicted(&self) -> bool {
        self.0.values().any(|group| group.predicted > 0)
    }

    /// All cells, and those of which it is known what denies them.
    pub(super) fn count(&self) -> (u64, u64) {
        let all: u64 = self.0.values().map(Group::cells).sum();
        let open: u64 = self.0.values().map(|group| group.unexplained).sum();
        (all, all - open)
    }
}

impl Group {
    pub(super) const fn cells(&self) -> u64 {
        self.by_arn + self.evaluated + self.predicted + self.unexplained
    }

    /// In which ways it is known what denies.
    pub(super) fn how(&self) -> String {
        let ways = [
            (self.by_arn, "arn"),
            (self.evaluated, "evaluated"),
            (self.predicted, "predicted"),
            (self.unexplained, "unexplained"),
        ];
        let ways: Vec<&str> =
            ways.iter().filter(|(cells, _)| *cells > 0).map(|(_, way)| *way).collect();
        ways.join(", ")
    }
}

impl Key {
    /// The name of the policy, or its id where it was not read.
    pub(super) fn policy_name(&self, guards: &Guards) -> Option<String> {
        let ground = self.ground.as_ref();
        let known = ground.and_then(|ground| guards.policy(ground)).map(|known| known.name.clone());
        let of_arn = || self.arn.as_deref()?.rsplit('/').next().map(str::to_owned);
        known.or_else(|| ground?.policy.clone()).or_else(of_arn)
    }
}
