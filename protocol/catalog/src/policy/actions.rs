//! The IAM actions that list or read, and which of the two AWS counts them as.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Made by `scripts/iam_actions.py`, which says from what; the first lines say which version.
const DATA: &str = include_str!("../../data/iam_actions.txt");

/// How much an action shows, in AWS's own grading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// That things are there.
    List,
    /// What is in them.
    Read,
}

static LEVELS: LazyLock<HashMap<String, Level>> = LazyLock::new(|| all().collect());

/// The level of an action, e.g. `kms:ListKeys`; none where it does not exist, or writes.
#[must_use]
pub fn level(action: &str) -> Option<Level> {
    LEVELS.get(action).copied()
}

/// Every action that lists or reads.
pub fn all() -> impl Iterator<Item = (String, Level)> {
    DATA.lines().filter(|line| !line.starts_with('#')).flat_map(|line| {
        let mut words = line.split(' ');
        let prefix = words.next().unwrap_or_default();
        let level = if words.next() == Some("L") { Level::List } else { Level::Read };
        words.map(move |name| (format!("{prefix}:{name}"), level))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::banned::rule;
    use crate::catalog::Catalog;

    #[test]
    fn every_action_of_every_entry_lists_or_reads_and_is_not_banned() {
        let catalog = Catalog::embedded().expect("the catalog");
        for entry in catalog.entries() {
            for action in entry.probes.iter().flat_map(|probe| &probe.calls).flat_map(|c| &c.iam) {
                assert!(level(action).is_some(), "{}: {action} is no read", entry.service);
                let (service, name) = action.split_once(':').expect("a prefix");
                assert_eq!(rule(service, name), None, "{}: {action}", entry.service);
            }
        }
    }

    #[test]
    fn actions_that_are_not_operations_are_known() {
        assert_eq!(level("s3:ListAllMyBuckets"), Some(Level::List));
        assert_eq!(level("apigateway:GET"), Some(Level::Read));
        assert_eq!(level("iam:CreateUser"), None);
    }
}
