//! Makes one thing: values that make its conditions hold or fail, then plausible ones for the rest.

use std::borrow::Cow;

use catalog::entry::Condition;

use crate::ask::{About, Goal, Question, Role};
use crate::dice::Dice;
use crate::filler::{Expect, Where};
use crate::solve;
use crate::tree::Values;

/// A thing in the making.
pub(super) struct Making<'a> {
    pub(super) question: &'a Question,
    pub(super) at: Where<'a>,
    pub(super) dice: Dice,
    pub(super) unique: String,
    pub(super) index: u64,
    pub(super) home: String,
    /// The id that a detail shares with the thing that it is about.
    pub(super) own_id: Option<&'a str>,
}

impl Making<'_> {
    /// The values of all slots.
    pub(super) fn values(&self, aws: bool, on: bool) -> Values {
        let shape = &self.question.thing;
        let mut values: Vec<Option<Option<String>>> = vec![None; shape.slots.len()];
        let owners = shape.goals.iter().filter(|goal| goal.about == About::Owner).count() as u64;
        let owner = self.dice.and("owner").below(owners);
        let mut nth_owner = 0;
        for goal in &shape.goals {
            let wanted = match goal.about {
                About::Owner => {
                    nth_owner += 1;
                    if nth_owner - 1 != owner {
                        continue;
                    }
                    !aws
                }
                About::Switch => on,
                About::Child => self.dice.and("child").per_mille(800),
            };
            if wanted { self.meet(goal, &mut values) } else { self.miss(goal, &mut values) }
        }
        let filled = values.into_iter().enumerate();
        filled.map(|(slot, value)| value.unwrap_or_else(|| Some(self.filler(slot)))).collect()
    }

    /// Sets free slots so that all conditions hold.
    fn meet(&self, goal: &Goal, values: &mut [Option<Option<String>>]) {
        for (slot, _) in &goal.conditions {
            if values.get(*slot).is_none_or(Option::is_some) {
                continue;
            }
            let same = goal.conditions.iter().filter(|(other, _)| other == slot);
            let same: Vec<_> = same.map(|(_, condition)| self.filled(condition)).collect();
            let conditions: Vec<&Condition> = same.iter().map(AsRef::as_ref).collect();
            let held = solve::hold(&conditions, &self.filler(*slot), self.turn());
            self.set(*slot, held, values);
        }
    }

    /// Sets a free slot so that one condition fails, unless one fails already.
    fn miss(&self, goal: &Goal, values: &mut [Option<Option<String>>]) {
        let failed = goal.conditions.iter().any(|(slot, condition)| {
            let set = values.get(*slot).and_then(Option::as_ref);
            set.is_some_and(|value| !solve::passes(&self.filled(condition), value.as_deref()))
        });
        if failed || goal.conditions.is_empty() {
            return;
        }
        let (before, from) = goal.conditions.split_at(self.turn() % goal.conditions.len());
        let mut turned = from.iter().chain(before);
        let free = turned.find(|(slot, _)| values.get(*slot).is_some_and(Option::is_none));
        if let Some((slot, condition)) = free {
            let failing = solve::fail(&self.filled(condition), &self.filler(*slot), self.turn());
            self.set(*slot, failing, values);
        }
    }

    /// Sets a slot; an id is never taken away, since a thing without one is no thing.
    fn set(
        &self,
        slot: usize,
        value: Option<Option<String>>,
        values: &mut [Option<Option<String>>],
    ) {
        let is_id = self.question.thing.slots.get(slot).is_some_and(|slot| slot.role == Role::Id);
        if let (Some(place), Some(value)) = (values.get_mut(slot), value)
            && !(is_id && value.is_none())
        {
            *place = Some(value);
        }
    }

    fn filled<'c>(&self, condition: &'c Condition) -> Cow<'c, Condition> {
        solve::filled(condition, self.at.account, self.question.called_region(self.at.region))
    }

    fn turn(&self) -> usize {
        usize::try_from(self.index).unwrap_or(0)
    }

    fn filler(&self, slot: usize) -> String {
        let Some(slot) = self.question.thing.slots.get(slot) else { return String::new() };
        match (slot.role, self.own_id) {
            (Role::Id, Some(id)) => id.to_owned(),
            (Role::Home, _) => self.home.clone(),
            (Role::Document, _) => self.document(),
            (Role::Input, _) if slot.expect == Expect::Text => self.unique.clone(),
            _ => {
                let dice = self.dice.and(&slot.path);
                slot.expect.value(self.at, &self.unique, dice, self.question.wire)
            }
        }
    }

    /// A policy, as the service puts it into its answer.
    fn document(&self) -> String {
        let text = policy(self.at.account, &self.unique);
        if self.question.signing == "iam" {
            let all = percent_encoding::NON_ALPHANUMERIC;
            return percent_encoding::utf8_percent_encode(&text, all).to_string();
        }
        text
    }
}

/// A small policy.
pub(crate) fn policy(account: &str, unique: &str) -> String {
    format!(
        "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Sid\":\"s{unique}\",\"Effect\":\"Allow\",\
         \"Principal\":{{\"AWS\":\"arn:aws:iam::{account}:root\"}},\"Action\":\"*\",\"Resource\":\"*\"}}]}}"
    )
}
