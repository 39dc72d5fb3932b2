//! The things of a cell: how many there are, whose they are, and what each says.

use protocol::FailureKind;

use super::making::Making;
use super::{Cell, FIRST_REGION, Fault, Mood, Parts, World};
use crate::ask::{About, Captured, Goal, Question, Role};
use crate::dice::Dice;
use crate::filler::Where;
use crate::solve;
use crate::synthetic::Fat;
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
    /// Whether the customer uses the service there.
    pub(crate) used: bool,
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

/// How many of AWS's own things can stand beside each other: an id, or what a child call is filled
/// with, that a condition fixes (`primary`) can be there only once.
pub(super) fn distinct_defaults(parts: &Parts, at: usize) -> u64 {
    let Some(question) = parts.questions.all.get(at) else { return 0 };
    let named = |role| matches!(role, Role::Id | Role::Input);
    let slots = question.thing.slots.iter().enumerate();
    let slots: Vec<usize> = slots.filter(|(_, one)| named(one.role)).map(|(at, _)| at).collect();
    let cell = question.answered_by(Cell { account: 0, region: FIRST_REGION });
    let population = Population { aws: 3, customers: 0, used: true };
    let things: Vec<Thing> =
        (0..3).map(|index| parts.thing(question, cell, None, population, index)).collect();
    let differ = |one: &Thing, other: &Thing| {
        slots.iter().all(|slot| one.values.get(*slot) != other.values.get(*slot))
    };
    let fresh = |at: &usize| {
        let before = things.iter().take(*at);
        things.get(*at).is_some_and(|thing| before.clone().all(|other| differ(thing, other)))
    };
    let most = (0..things.len()).take_while(fresh).count() as u64;
    if question.thing.of_role(Role::Id).is_none() { most.min(1) } else { most }
}

impl Parts {
    fn outcome(
        &self,
        at: usize,
        question: &Question,
        cell: Cell<'_>,
        parent: Option<&Parent>,
    ) -> Result<Population, Fault> {
        if question.not_offered.contains(cell.region) {
            return Err(Fault::NotOffered);
        }
        if let Some(fat) = self.fat(question, cell).filter(|_| parent.is_none()) {
            return Ok(Population { aws: 0, customers: fat.things, used: true });
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
        let dice = self.dice(cell).nth(question.tag);
        let used = self.in_use(&question.service, cell);
        match parent {
            Some(parent) => children(question, dice.nth(parent.index), used, parent),
            None => roots(question, dice, used, self.aws_most.get(at).copied().unwrap_or(0)),
        }
    }

    /// The list that is very long, where this is it.
    fn fat(&self, question: &Question, cell: Cell<'_>) -> Option<&Fat> {
        let fat = self.org.shape.fat.as_ref().filter(|_| cell.account == Fat::ACCOUNT)?;
        let asks = question.entries.iter().any(|entry| entry.as_str() == fat.service);
        (asks && !question.single && cell.region == fat.region).then_some(fat)
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
        let dice = self.dice(cell).nth(question.tag).nth(above).and("thing").nth(index);
        let aws = index < population.aws;
        let used = population.used;
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
            return Ok(Population { aws: 0, customers: 1, used });
        }
        let told_apart = question.is_switch || question.tells_owner;
        return match row() {
            Some(worded) if !can_be_off(question) || dice.per_mille(500) => {
                Err(Fault::Says(worded))
            }
            _ if told_apart => Ok(Population { aws: 1, customers: 0, used }),
            _ => Ok(Population { aws: 0, customers: 1, used }),
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
        _ => Ok(Population { aws, customers, used }),
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
        return Ok(Population { aws, customers: 1 - aws, used });
    }
    let some = used && (parent.first || dice.and("some").per_mille(600));
    let customers = if some {
        dice.between(1, 4)
    } else {
        u64::from(question.is_switch && dice.and("not on").per_mille(400))
    };
    Ok(Population { aws: 0, customers, used })
}

/// A few mostly, some hundreds at times.
fn many(dice: Dice) -> u64 {
    let dice = dice.and("many");
    match dice.below(100) {
        0..75 => dice.nth(1).between(1, 6),
        75..96 => dice.nth(2).between(7, 40),
        96..99 => dice.nth(3).between(41, 200),
        _ => dice.nth(4).between(201, 600),
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
