//! The shape of a question's things: which values they have, and which conditions are on them.

use catalog::entry::{Call, Condition};

use super::{About, Goal, Role, Slot, ThingShape};
use crate::filler::Expect;
use crate::tree::Node;

impl ThingShape {
    /// Takes in what a call reads of a thing. `items` is the path to the things.
    pub(crate) fn see(&mut self, call: &Call, items: &str) {
        if let Some(id) = &call.id {
            let expect = if id == "@" {
                Expect::of(items.trim_end_matches("[]").trim_end_matches('s'))
            } else {
                Expect::of(id)
            };
            let slot = self.slot(id, Role::Id);
            if let Some(slot) = self.slots.get_mut(slot) {
                slot.expect = if expect.is_unique() { expect } else { Expect::Text };
            }
        }
        if let Some(home) = &call.home {
            self.slot(home, Role::Home);
        }
        for path in call.documents.values().filter(|path| *path != "@") {
            self.slot(path, Role::Document);
        }
        for path in call.keep.values() {
            self.slot(path, Role::Plain);
        }
    }

    /// Takes in a value that a child call is filled with.
    pub(crate) fn see_input(&mut self, path: &str) {
        self.slot(path, Role::Input);
    }

    /// Takes in conditions; answers with them and their slots.
    pub(crate) fn goal(
        &mut self,
        about: About,
        conditions: &[Condition],
    ) -> Vec<(usize, Condition)> {
        let placed: Vec<_> = conditions
            .iter()
            .map(|condition| (self.slot(&condition.path, Role::Plain), condition.clone()))
            .collect();
        for (slot, condition) in &placed {
            if let Some(slot) = self.slots.get_mut(*slot).filter(|slot| slot.role == Role::Plain) {
                slot.expect = expected(condition, slot.expect);
            }
        }
        let same = |goal: &Goal| {
            let texts = |all: &[(usize, Condition)]| format!("{all:?}");
            goal.about == about && texts(&goal.conditions) == texts(&placed)
        };
        if !placed.is_empty() && !self.goals.iter().any(same) {
            self.goals.push(Goal { about, conditions: placed.clone() });
        }
        placed
    }

    pub(crate) fn has_goal(&self, about: About) -> bool {
        self.goals.iter().any(|goal| goal.about == about)
    }

    /// Whose a thing is comes before whether it is on, and that before its children.
    pub(crate) fn order_goals(&mut self) {
        self.goals.sort_by_key(|goal| match goal.about {
            About::Owner => 0,
            About::Switch => 1,
            About::Child => 2,
        });
        self.kinds = self.slots.iter().map(|slot| slot.expect.kind()).collect();
        let mut tree = Node::Nothing;
        for (at, slot) in self.slots.iter().enumerate() {
            tree.grow(&slot.path, Node::Leaf(at));
        }
        self.tree = tree;
    }

    /// The slot of a path; a nobler role replaces a plainer one.
    fn slot(&mut self, path: &str, role: Role) -> usize {
        if let Some(at) = self.slots.iter().position(|slot| slot.path == path) {
            if let Some(slot) = self.slots.get_mut(at).filter(|slot| rank(role) < rank(slot.role)) {
                slot.role = role;
            }
            return at;
        }
        let expect = match (role, Expect::of(path)) {
            (Role::Input, expect) if !expect.is_unique() => Expect::Text,
            (Role::Document | Role::Home, _) => Expect::Text,
            (_, expect) => expect,
        };
        self.slots.push(Slot { path: path.to_owned(), role, expect });
        self.slots.len() - 1
    }

    /// The slot of a role, where a thing has one.
    pub(crate) fn of_role(&self, role: Role) -> Option<usize> {
        self.slots.iter().position(|slot| slot.role == role)
    }

    /// The slot of a path, where a thing has one.
    pub(crate) fn of_path(&self, path: &str) -> Option<usize> {
        self.slots.iter().position(|slot| slot.path == path)
    }
}

/// What a condition lets expect of a value: the words that it compares with tell more than a name.
fn expected(condition: &Condition, by_name: Expect) -> Expect {
    let Condition { equals, one_of, prefix, suffix, contains, .. } = condition;
    let mut words = equals.iter().chain(one_of.iter().flatten()).peekable();
    if words.peek().is_none() {
        let parts = prefix.is_some() || suffix.is_some() || contains.is_some();
        return if parts && by_name != Expect::Arn { Expect::Text } else { by_name };
    }
    if words.clone().all(|word| word == "true" || word == "false") {
        Expect::Truth
    } else if words.all(|word| word.parse::<i64>().is_ok()) {
        Expect::Number
    } else {
        Expect::Text
    }
}

const fn rank(role: Role) -> u8 {
    match role {
        Role::Id => 0,
        Role::Home => 1,
        Role::Input => 2,
        Role::Document => 3,
        Role::Plain => 4,
    }
}
