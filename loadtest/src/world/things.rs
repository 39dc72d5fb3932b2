//! The things of a cell: how many there are, whose they are, and what each says.

use catalog::entry::Condition;
use protocol::FailureKind;

use super::{Cell, Fault, FIRST_REGION, Mood, Parts, World};
use crate::ask::{About, Captured, Goal, Question, Role};
use crate::dice::Dice;
use crate::filler::{Expect, Where};
use crate::solve;
use crate::tree::Values;

/// A thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Thing {
    pub(crate) index: u64,
    /// Whether it was made as AWS's own.
    pub(crate) aws: bool,
    pub(crate) values: Values,
}

/// The thing that a child call is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parent {
    pub(crate) index: u64,
    pub(crate) aws: bool,
    /// Whether it is the first of the customer's own.
    pub(crate) first: bool,
    pub(crate) id: String,
}

/// How many things there are: AWS's own come first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Population {
    pub(crate) aws: u64,
    pub(crate) customers: u64,
}

impl Population {
    pub(crate) const fn all(self) -> u64 {
        self.aws + self.customers
    }
}

impl World {
    /// What a question is answered with for good: how many things, or a fault.
    pub(crate) fn outcome(
        &self,
        at: usize,
        cell: Cell<'_>,
        parent: Option<&Parent>,
    ) -> Result<Population, Fault> {
        let question = self.question(at).ok_or(Fault::Broken)?;
        self.0.outcome(at, question, cell, parent)
    }

    /// One thing of a question.
    pub(crate) fn thing(
        &self,
        at: usize,
        cell: Cell<'_>,
        parent: Option<&Parent>,
        population: Population,
        index: u64,
    ) -> Thing {
        self.question(at).map_or_else(
            || Thing { index, aws: false, values: Values::new() },
            |question| self.0.thing(question, cell, parent, population, index),
        )
    }

    pub(crate) fn question(&self, at: usize) -> Option<&Question> {
        self.0.questions.all.get(at)
    }

    /// The thing of a root question that a child's request names.
    pub(crate) fn find(&self, at: usize, cell: Cell<'_>, captured: &Captured) -> Option<Thing> {
        let question = self.question(at)?;
        let population = self.0.outcome(at, question, cell, None).ok()?;
        let names = |thing: &Thing| names_thing(question, thing, captured);
        let thing = |index| self.0.thing(question, cell, None, population, index);
        let hinted = captured.values().filter_map(|text| {
            let tail = text.get(text.len().checked_sub(4)?..)?;
            u64::from_str_radix(tail, 16).ok()
        });
        let in_range = hinted.filter(|index| *index < population.all()).map(thing);
        in_range.chain((0..population.all()).map(thing)).find(names)
    }

    /// The region that a thing says it is in, where it says so.
    pub(crate) fn home_of(&self, at: usize, thing: &Thing) -> Option<String> {
        let slot = self.question(at)?.thing.of_role(Role::Home)?;
        thing.values.get(slot).cloned().flatten()
    }

    /// A thing as the parent of a child call.
    pub(crate) fn as_parent(
        &self,
        at: usize,
        population: Population,
        thing: &Thing,
        account: &str,
    ) -> Parent {
        let id = self.question(at).and_then(|question| question.thing.of_role(Role::Id));
        let id = id.and_then(|slot| thing.values.get(slot).cloned().flatten());
        Parent {
            index: thing.index,
            aws: thing.aws,
            first: thing.index == population.aws,
            id: id.unwrap_or_else(|| account.to_owned()),
        }
    }
}

fn names_thing(question: &Question, thing: &Thing, captured: &Captured) -> bool {
    captured.iter().all(|(name, text)| {
        let slot = match name.strip_prefix("item.") {
            Some(path) => question.thing.of_path(path),
            None => question.thing.of_role(Role::Id),
        };
        let value = slot.and_then(|slot| thing.values.get(slot));
        value.is_some_and(|value| value.as_deref() == Some(text))
    })
}

/// How many of AWS's own things can stand beside each other: an id that a condition fixes
/// (`primary`) can be there only once.
pub(super) fn distinct_defaults(parts: &Parts, at: usize) -> u64 {
    let Some(question) = parts.questions.all.get(at) else { return 0 };
    let Some(slot) = question.thing.of_role(Role::Id) else { return 1 };
    let cell = Cell { account: 0, region: FIRST_REGION };
    let population = Population { aws: 3, customers: 0 };
    let id = |index| {
        let mut thing = parts.thing(question, cell, None, population, index);
        thing.values.get_mut(slot).and_then(Option::take)
    };
    let ids: Vec<_> = (0..3).map(id).collect();
    let fresh = |at: usize| ids.get(at).is_some_and(|id| !ids.iter().take(at).any(|old| old == id));
    (0..3).take_while(|at| fresh(*at)).count() as u64
}

impl Parts {
    fn outcome(
        &self,
        at: usize,
        question: &Question,
        cell: Cell<'_>,
        parent: Option<&Parent>,
    ) -> Result<Population, Fault> {
        if self.is_not_offered(question, cell.region) {
            return Err(Fault::NotOffered);
        }
        let mood = self.mood(question, cell);
        match mood {
            Mood::DeniedByScp(_) | Mood::DeniedByRole => return Err(Fault::Denied(mood)),
            Mood::Broken => return Err(Fault::Broken),
            Mood::HalfDenied(root) if root == at => return Err(Fault::Denied(mood)),
            Mood::Off => {
                if let Some(worded) = question.row(FailureKind::Off).filter(|_| parent.is_none()) {
                    return Err(Fault::Says(worded));
                }
            }
            Mood::HalfDenied(_) | Mood::Normal => {}
        }
        let dice = self.dice(cell).and(&question.tag);
        let used = self.in_use(&question.service, cell);
        match parent {
            Some(parent) => children(question, dice.nth(parent.index), used, parent),
            None => roots(question, dice, used, self.aws_most.get(at).copied().unwrap_or(0)),
        }
    }

    fn thing(
        &self,
        question: &Question,
        cell: Cell<'_>,
        parent: Option<&Parent>,
        population: Population,
        index: u64,
    ) -> Thing {
        let above = parent.map_or(u64::MAX, |parent| parent.index);
        let dice = self.dice(cell).and(&question.tag).nth(above).and("thing").nth(index);
        let aws = index < population.aws;
        let used = self.in_use(&question.service, cell);
        let first = match parent {
            Some(parent) if question.single => parent.first,
            _ => index == population.aws,
        };
        let on = used && !aws && (first || dice.and("on").per_mille(700));
        let making = Making {
            question,
            at: Where {
                signing: &question.signing,
                region: cell.region,
                account: self.account_id(cell),
            },
            dice,
            unique: format!("{:012x}{index:04x}", dice.bits() >> 16),
            index,
            home: self.home_of(question, cell, dice),
            own_id: parent.filter(|_| question.single).map(|parent| parent.id.as_str()),
        };
        Thing { index, aws, values: making.values(aws, on) }
    }

    /// The region that a thing itself is in: one that is open to the account.
    fn home_of(&self, question: &Question, cell: Cell<'_>, dice: Dice) -> String {
        if question.cell_region(cell.region) != protocol::ids::GLOBAL {
            return cell.region.to_owned();
        }
        let open: Vec<&str> = self
            .regions
            .iter()
            .filter(|(name, opt_in)| {
                !opt_in && self.org.denied_region(cell.account, name).is_none()
            })
            .map(|(name, _)| name.as_str())
            .collect();
        dice.and("home").pick(&open).map_or(FIRST_REGION, |name| *name).to_owned()
    }
}

fn roots(question: &Question, dice: Dice, used: bool, most: u64) -> Result<Population, Fault> {
    let row = || question.row(FailureKind::Off).or_else(|| question.row(FailureKind::Absent));
    if question.single {
        if used {
            return Ok(Population { aws: 0, customers: 1 });
        }
        let told_apart = question.is_switch || question.tells_owner;
        return match row() {
            Some(worded) if !can_be_off(question) || dice.per_mille(500) => {
                Err(Fault::Says(worded))
            }
            _ if told_apart => Ok(Population { aws: 1, customers: 0 }),
            _ => Ok(Population { aws: 0, customers: 1 }),
        };
    }
    let aws = if question.tells_owner { dice.and("aws").below(most + 1) } else { 0 };
    let customers = if used {
        if question.children.is_empty() { many(dice) } else { dice.between(1, 5) }
    } else {
        u64::from(question.is_switch && dice.and("not on").per_mille(400))
    };
    match question.row(FailureKind::Absent) {
        Some(worded) if aws + customers == 0 => Err(Fault::Says(worded)),
        _ => Ok(Population { aws, customers }),
    }
}

fn children(
    question: &Question,
    dice: Dice,
    used: bool,
    parent: &Parent,
) -> Result<Population, Fault> {
    if let Some(worded) = question.row(FailureKind::Absent)
        && !parent.first
        && dice.and("absent").per_mille(350)
    {
        return Err(Fault::Says(worded));
    }
    if question.single {
        let aws = u64::from(parent.aws);
        return Ok(Population { aws, customers: 1 - aws });
    }
    let some = used && (parent.first || dice.and("some").per_mille(600));
    let customers = if some {
        dice.between(1, 4)
    } else {
        u64::from(question.is_switch && dice.and("not on").per_mille(400))
    };
    Ok(Population { aws: 0, customers })
}

/// A few mostly, some hundreds at times.
fn many(dice: Dice) -> u64 {
    let dice = dice.and("many");
    match dice.below(100) {
        0..70 => dice.nth(1).between(1, 6),
        70..94 => dice.nth(2).between(7, 60),
        94..99 => dice.nth(3).between(61, 250),
        _ => dice.nth(4).between(251, 700),
    }
}

/// Whether a thing can be there and say that it is off or AWS's, without losing its id.
fn can_be_off(question: &Question) -> bool {
    let decides = |goal: &&Goal| goal.about != About::Child;
    question.thing.goals.iter().filter(decides).flat_map(|goal| &goal.conditions).any(
        |(slot, condition)| {
            let is_id = question.thing.slots.get(*slot).is_some_and(|slot| slot.role == Role::Id);
            matches!(solve::fail(condition, "other", 0), Some(value) if value.is_some() || !is_id)
        },
    )
}

/// A thing in the making.
struct Making<'a> {
    question: &'a Question,
    at: Where<'a>,
    dice: Dice,
    unique: String,
    index: u64,
    home: String,
    /// The id that a detail shares with the thing that it is about.
    own_id: Option<&'a str>,
}

impl Making<'_> {
    fn values(&self, aws: bool, on: bool) -> Values {
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
            let conditions: Vec<&Condition> = same.map(|(_, condition)| condition).collect();
            let held = solve::hold(&conditions, &self.filler(*slot), self.turn());
            self.set(*slot, held, values);
        }
    }

    /// Sets a free slot so that one condition fails, unless one fails already.
    fn miss(&self, goal: &Goal, values: &mut [Option<Option<String>>]) {
        let failed = goal.conditions.iter().any(|(slot, condition)| {
            let set = values.get(*slot).and_then(Option::as_ref);
            set.is_some_and(|value| !solve::passes(condition, value.as_deref()))
        });
        if failed || goal.conditions.is_empty() {
            return;
        }
        let (before, from) = goal.conditions.split_at(self.turn() % goal.conditions.len());
        let mut turned = from.iter().chain(before);
        let free = turned.find(|(slot, _)| values.get(*slot).is_some_and(Option::is_none));
        if let Some((slot, condition)) = free {
            let failing = solve::fail(condition, &self.filler(*slot), self.turn());
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
