//! Answers the catalog's calls: finds the question that a request asks and writes its page.

use catalog::entry::Wire;

use super::credentials::Caller;
use super::reply::Reply;
use super::stage::{Asked, Stage};
use crate::ask::{Captured, MORE, Question, Request, TOKEN, captured};
use crate::dice::Dice;
use crate::known::Operation;
use crate::tree::{Answer, Values};
use crate::world::{Cell, Parent, Worded};

/// The sizes that a service may give its pages, whatever is asked for.
const PAGE_SIZES: &[usize] = &[25, 50, 100, 250, 1000];
/// So many of a thousand lists begin with an empty page.
const EMPTY_FIRST: u32 = 60;

/// The question that a request asks, with what its templates were filled with.
pub(crate) fn question<'s>(
    stage: &'s Stage,
    asked: &Asked<'_>,
    operation: &Operation,
) -> Option<(usize, &'s Question, Captured)> {
    let known = |name: &str| match name {
        "account" => Some(asked.caller.account_id.clone()),
        "region" => Some(asked.region.to_owned()),
        "partition" => Some("aws".to_owned()),
        _ => None,
    };
    let questions = stage.world.questions();
    let fitting = questions.named(&asked.read.name(operation)).iter().filter_map(|at| {
        let question = questions.all.get(*at)?;
        let (found, fixed) = captured(question, &asked.read.request, &known)?;
        Some((fixed, *at, question, found))
    });
    let best = fitting.max_by_key(|(fixed, at, ..)| (*fixed, std::cmp::Reverse(*at)))?;
    Some((best.1, best.2, best.3))
}

/// Answers a question.
pub(crate) fn answer(
    stage: &Stage,
    asked: &Asked<'_>,
    at: usize,
    question: &Question,
    found: &Captured,
) -> Reply {
    let wire = question.wire;
    let error =
        |status, worded: &Worded| Reply::error(wire, &question.signing, status, worded, &asked.id);
    let cell = Cell { account: asked.caller.account, region: question.cell_region(asked.region) };
    let parent = match question.parent {
        None => None,
        Some(above) => match parent(stage, above, cell, found, asked.caller) {
            Some((parent, region)) => {
                let goes_to = region.filter(|_| question.call.region.is_some());
                if let Some(region) = goes_to.filter(|region| region != asked.region) {
                    let mut reply = error(301, &moved(&region));
                    reply.headers.push(("x-amz-bucket-region", region));
                    return reply;
                }
                Some(parent)
            }
            None if stage.world.outcome(above, cell, None).is_err() => None,
            None => {
                stage
                    .limits
                    .count_refusal(format!("{}: of a thing that is not there", asked.read.said));
                let message = "The thing that was asked for does not exist.";
                return error(404, &Worded::new("ResourceNotFoundException", message));
            }
        },
    };
    let population = match stage.world.outcome(at, cell, parent.as_ref()) {
        Ok(population) => population,
        Err(fault) => {
            let (status, worded) = fault.words(question, &asked.caller.arn());
            return error(status, &worded);
        }
    };
    let all = usize::try_from(population.all()).unwrap_or(usize::MAX);
    let list = list_dice(stage, question, cell, parent.as_ref());
    let endless = parent.is_none() && stage.world.is_endless(&question.service, cell);
    let Some(window) = window(question, &asked.read.request, list, all, endless) else {
        let (code, message) = ("InvalidNextToken", "The token is not one that this list gave.");
        return error(400, &Worded::new(code, message));
    };
    let things: Vec<Values> = (window.from..window.to)
        .map(|index| stage.world.thing(at, cell, parent.as_ref(), population, index as u64).values)
        .collect();
    if question.body_is_document {
        let unique = format!("{:016x}", list.bits());
        let policy = crate::world::policy(&asked.caller.account_id, &unique);
        return Reply::new(200, "application/json", policy);
    }
    let mut values: Values = vec![None; 2];
    if let Some(slot) = values.get_mut(TOKEN) {
        slot.clone_from(&window.next);
    }
    if let Some(slot) = values.get_mut(MORE) {
        *slot = Some(window.next.is_some().to_string());
    }
    let written = Answer {
        outer: &question.outer,
        values: &values,
        thing: &question.thing.tree,
        kinds: &question.thing.kinds,
        things: &things,
        ballast: if stage.ways.full_bodies { &question.ballast } else { "" },
    };
    let members = match wire {
        Wire::Json10 | Wire::Json11 | Wire::RestJson => written.json(),
        Wire::Query | Wire::Ec2 | Wire::RestXml => written.xml(),
    };
    Reply::success(wire, &question.operation, &members, &asked.id)
}

fn moved(region: &str) -> Worded {
    let message = format!("The bucket you are attempting to access is in {region}.");
    Worded::new("PermanentRedirect", message)
}

fn list_dice(stage: &Stage, question: &Question, cell: Cell<'_>, parent: Option<&Parent>) -> Dice {
    let dice = stage.world.organization().dice().and("pages").nth(cell.account as u64);
    let above = parent.map_or(u64::MAX, |parent| parent.index);
    dice.and(cell.region).nth(question.tag).nth(above)
}

/// The thing that a child's request is about, and the region that the request must go to.
fn parent(
    stage: &Stage,
    above: usize,
    cell: Cell<'_>,
    found: &Captured,
    caller: &Caller,
) -> Option<(Parent, Option<String>)> {
    let population = stage.world.outcome(above, cell, None).ok()?;
    let thing = stage.world.find(above, cell, found)?;
    let home = stage.world.home_of(above, &thing);
    Some((stage.world.as_parent(above, population, &thing, &caller.account_id), home))
}

/// The part of a list that a page holds.
struct Window {
    from: usize,
    to: usize,
    next: Option<String>,
}

fn window(
    question: &Question,
    request: &Request,
    list: Dice,
    all: usize,
    endless: bool,
) -> Option<Window> {
    let Some(page) = &question.page else { return Some(Window { from: 0, to: all, next: None }) };
    if question.single || question.call.items.starts_with('@') {
        return Some(Window { from: 0, to: all, next: None });
    }
    let asked = page.size.as_ref().and_then(|size| request.text(&size.input));
    let asked: usize = asked.and_then(|text| text.parse().ok()).unwrap_or(100);
    let own = list.and("size").pick(PAGE_SIZES).copied().unwrap_or(100);
    let size = asked.min(own).max(1);
    let token = |from: usize| format!("{from:x}-{:08x}", list.nth(from as u64).bits() >> 32);
    let from = match request.text(&page.input).filter(|text| !text.is_empty()) {
        None if all > 0 && list.and("empty first").per_mille(EMPTY_FIRST) => {
            return Some(Window { from: 0, to: 0, next: Some(token(0)) });
        }
        None => 0,
        Some(given) => {
            let from = usize::from_str_radix(given.split('-').next()?, 16).ok()?;
            (token(from) == given && (from <= all || endless)).then_some(from)?
        }
    };
    if endless && from >= all {
        return Some(Window { from: all, to: all, next: Some(token(from + 1)) });
    }
    let to = (from + size).min(all);
    Some(Window { from, to, next: (to < all || endless).then(|| token(to)) })
}
