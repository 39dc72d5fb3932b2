//! The trees of all organizations of a scan, with what was found in each unit and below it.

use std::collections::BTreeMap;

use crate::context::{AccountFacts, Context};
use crate::error::ReportError;
use crate::overview::{Overview, Part};
use crate::row::Fields;

/// A root, a unit, or the accounts of whom no unit is known.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) organization: Option<String>,
    pub(crate) name: String,
    pub(crate) path: String,
    /// None where it is no unit.
    pub(crate) id_path: Option<String>,
    /// How many units are above it.
    pub(crate) depth: usize,
    /// The units directly in it.
    pub(crate) units: Vec<usize>,
    /// The accounts directly in it, by name.
    pub(crate) accounts: Vec<String>,
    /// All accounts in it and below.
    pub(crate) below: u64,
    /// What was found there.
    pub(crate) part: Part,
    parent: Option<usize>,
}

/// All trees.
#[derive(Debug, Default)]
pub(crate) struct Forest {
    pub(crate) nodes: Vec<Node>,
    pub(crate) tops: Vec<usize>,
    /// The units by their paths of ids.
    places: BTreeMap<String, usize>,
}

/// A unit as it is stored.
#[derive(Debug, Clone, Default)]
struct Unit {
    organization: String,
    id: String,
    parent: Option<String>,
    name: String,
    path: String,
    id_path: String,
}

/// Reads the trees and counts what is in them.
pub(crate) async fn read(context: &Context<'_>) -> Result<Forest, ReportError> {
    let overview = context.overview().await?;
    let mut units = Vec::new();
    for row in context.rows(include_str!("units.sql")).await? {
        let mut fields = Fields::of(row);
        units.push(Unit {
            organization: fields.text("an organization")?,
            id: fields.text("a unit")?,
            parent: fields.maybe_text(),
            name: fields.text("a unit's name")?,
            path: fields.text("a path")?,
            id_path: fields.text("a path of ids")?,
        });
    }
    let mut forest = Forest::of(units);
    for account in context.accounts.values() {
        forest.place(account, overview);
    }
    forest.settle(&context.accounts);
    Ok(forest)
}

impl Forest {
    /// Links units to trees; one whose parent is not among them is a tree of its own. A parent's path is shorter, so
    /// that no line of parents runs in a circle.
    fn of(units: Vec<Unit>) -> Self {
        let lengths: BTreeMap<String, (usize, usize)> = units
            .iter()
            .enumerate()
            .map(|(at, unit)| (unit.id.clone(), (at, unit.id_path.len())))
            .collect();
        let mut forest = Self::default();
        for unit in units {
            let parent = unit.parent.and_then(|parent| lengths.get(&parent));
            let parent = parent.filter(|(_, length)| *length < unit.id_path.len());
            let parent = parent.map(|(at, _)| *at);
            forest.places.insert(unit.id_path.clone(), forest.nodes.len());
            forest.nodes.push(Node {
                organization: Some(unit.organization),
                name: unit.name,
                path: unit.path,
                id_path: Some(unit.id_path),
                parent,
                ..Node::default()
            });
        }
        for at in 0..forest.nodes.len() {
            match forest.nodes[at].parent {
                Some(parent) => forest.nodes[parent].units.push(at),
                None => forest.tops.push(at),
            }
        }
        forest
    }

    /// Puts an account where it is, and counts it there and in all units above.
    fn place(&mut self, account: &AccountFacts, overview: &Overview) {
        let unit = account.unit_id_path.as_ref().and_then(|path| self.places.get(path).copied());
        let at = unit.unwrap_or_else(|| self.nowhere(account.organization.as_deref()));
        self.nodes[at].accounts.push(account.id.clone());
        let found = overview.accounts.get(&account.id);
        let mut next = Some(at);
        while let Some(at) = next {
            let node = &mut self.nodes[at];
            node.below += 1;
            if let Some(found) = found {
                node.part.merge(found);
            }
            next = node.parent;
        }
    }

    /// The place of accounts of whom no unit is known, by organization.
    fn nowhere(&mut self, organization: Option<&str>) -> usize {
        let is_it = |at: &usize| {
            let node = &self.nodes[*at];
            node.id_path.is_none() && node.organization.as_deref() == organization
        };
        if let Some(at) = self.tops.iter().copied().find(is_it) {
            return at;
        }
        let name = if organization.is_some() { "(unit unknown)" } else { "(in no organization)" };
        self.nodes.push(Node {
            organization: organization.map(str::to_owned),
            name: name.to_owned(),
            path: name.to_owned(),
            ..Node::default()
        });
        self.tops.push(self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    /// Numbers the levels, and orders the trees by organization and accounts by name.
    fn settle(&mut self, accounts: &BTreeMap<String, AccountFacts>) {
        let nodes = &self.nodes;
        self.tops.sort_by_key(|at| {
            let node = &nodes[*at];
            (node.organization.is_none(), node.organization.clone(), node.id_path.is_none(), *at)
        });
        let name = |id: &String| accounts.get(id).map(|facts| facts.name.clone());
        for node in &mut self.nodes {
            node.accounts.sort_by_cached_key(|id| (name(id), id.clone()));
        }
        let mut next: Vec<(usize, usize)> = self.tops.iter().map(|at| (*at, 0)).collect();
        while let Some((at, depth)) = next.pop() {
            self.nodes[at].depth = depth;
            next.extend(self.nodes[at].units.iter().map(|unit| (*unit, depth + 1)));
        }
    }

    /// All nodes, each before those below it.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = usize> + '_ {
        let mut next: Vec<usize> = self.tops.iter().rev().copied().collect();
        std::iter::from_fn(move || {
            let at = next.pop()?;
            next.extend(self.nodes[at].units.iter().rev());
            Some(at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(id: &str, parent: Option<&str>, id_path: &str) -> Unit {
        Unit {
            organization: "o-1".to_owned(),
            id: id.to_owned(),
            parent: parent.map(str::to_owned),
            name: id.to_owned(),
            path: id_path.to_owned(),
            id_path: id_path.to_owned(),
        }
    }

    fn account(id: &str, organization: Option<&str>, place: Option<&str>) -> AccountFacts {
        AccountFacts {
            id: id.to_owned(),
            name: format!("name of {id}"),
            email: None,
            state: "ACTIVE".to_owned(),
            unit_path: place.map(str::to_owned),
            unit_id_path: place.map(str::to_owned),
            connection: "source-0".to_owned(),
            planned: true,
            principal: None,
            organization: organization.map(str::to_owned),
            joined_at: None,
        }
    }

    fn grown(units: Vec<Unit>, accounts: &[AccountFacts]) -> Forest {
        let mut forest = Forest::of(units);
        let overview = Overview::default();
        accounts.iter().for_each(|account| forest.place(account, &overview));
        let facts = accounts.iter().map(|account| (account.id.clone(), account.clone())).collect();
        forest.settle(&facts);
        forest
    }

    fn told(forest: &Forest) -> Vec<(&str, usize, u64)> {
        let nodes = forest.in_order().map(|at| &forest.nodes[at]);
        nodes.map(|node| (node.path.as_str(), node.depth, node.below)).collect()
    }

    #[test]
    fn an_account_counts_in_its_unit_and_in_all_above_and_an_empty_unit_is_there() {
        let units = vec![
            unit("r-1", None, "r-1"),
            unit("ou-a", Some("r-1"), "r-1/ou-a"),
            unit("ou-b", Some("ou-a"), "r-1/ou-a/ou-b"),
            unit("ou-c", Some("r-1"), "r-1/ou-c"),
        ];
        let accounts = [
            account("1", Some("o-1"), Some("r-1/ou-a/ou-b")),
            account("2", Some("o-1"), Some("r-1")),
        ];
        let forest = grown(units, &accounts);
        let wanted =
            [("r-1", 0, 2), ("r-1/ou-a", 1, 1), ("r-1/ou-a/ou-b", 2, 1), ("r-1/ou-c", 1, 0)];
        assert_eq!(told(&forest), wanted);
    }

    #[test]
    fn who_has_no_unit_stands_at_the_end_of_its_organization() {
        let accounts = [
            account("1", None, None),
            account("2", Some("o-2"), None),
            account("3", Some("o-1"), None),
            account("4", Some("o-1"), Some("r-1")),
        ];
        let forest = grown(vec![unit("r-1", None, "r-1")], &accounts);
        let wanted = [
            ("r-1", 0, 1),
            ("(unit unknown)", 0, 1),
            ("(unit unknown)", 0, 1),
            ("(in no organization)", 0, 1),
        ];
        assert_eq!(told(&forest), wanted);
    }

    #[test]
    fn parents_that_run_in_a_circle_lose_nobody() {
        let units = vec![unit("ou-a", Some("ou-b"), "a"), unit("ou-b", Some("ou-a"), "b")];
        let forest = grown(units, &[account("1", Some("o-1"), Some("a"))]);
        assert_eq!(told(&forest), [("a", 0, 1), ("b", 0, 0)]);
    }
}
