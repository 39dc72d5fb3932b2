//! What was asked before: an organization has thousands of accounts, and few different answers.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Kind, Known};
use crate::decision::Decision;
use crate::evaluate::names;

/// The most answers that are remembered of each sort.
const MOST: usize = 1 << 17;

/// The kind of policies, for whom, actions that are alike, and the region.
type Asked<Who> = (Kind, Who, usize, Option<String>);

/// What was asked before.
#[derive(Debug, Default)]
pub(super) struct Memo {
    kins: HashMap<String, usize>,
    /// Which statements name an action; what the same statements name gets the same answers.
    named: HashMap<Vec<bool>, usize>,
    classes: HashMap<(Option<String>, Vec<usize>), usize>,
    of_class: HashMap<Asked<usize>, Arc<Decision>>,
    of_account: HashMap<Asked<String>, Arc<Decision>>,
}

impl Memo {
    /// The number of the actions that all policies treat like this one.
    pub(super) fn kin(&mut self, policies: &[Known], action: &str) -> usize {
        if let Some(known) = self.kins.get(action) {
            return *known;
        }
        let read = policies.iter().filter_map(|known| known.policy.as_ref()?.as_ref().ok());
        let statements = read.flat_map(|policy| policy.statements());
        let named = statements.map(|statement| names(&statement.actions, action)).collect();
        let next = self.named.len();
        let kin = *self.named.entry(named).or_insert(next);
        if self.kins.len() < MOST {
            self.kins.insert(action.to_owned(), kin);
        }
        kin
    }

    /// The number of the accounts below the same units to which the same policies are attached.
    pub(super) fn class(&mut self, path: Option<&str>, own: &[usize]) -> usize {
        let next = self.classes.len();
        *self.classes.entry((path.map(str::to_owned), own.to_vec())).or_insert(next)
    }

    pub(super) fn of_class(&self, asked: &Asked<usize>) -> Option<Arc<Decision>> {
        self.of_class.get(asked).cloned()
    }

    pub(super) fn of_account(&self, asked: &Asked<String>) -> Option<Arc<Decision>> {
        self.of_account.get(asked).cloned()
    }

    pub(super) fn keep_of_class(&mut self, asked: Asked<usize>, known: &Arc<Decision>) {
        if self.of_class.len() >= MOST {
            self.of_class.clear();
        }
        self.of_class.insert(asked, Arc::clone(known));
    }

    pub(super) fn keep_of_account(&mut self, asked: Asked<String>, known: &Arc<Decision>) {
        if self.of_account.len() >= MOST {
            self.of_account.clear();
        }
        self.of_account.insert(asked, Arc::clone(known));
    }
}
