//! What the statements of one policy say about a request.

use crate::arn::resource_matches;
use crate::condition;
use crate::decision::{self, Decision, Place, Tally};
use crate::glob;
use crate::model::{Actions, Effect, Policy, Resources, Statement};
use crate::pattern::{Pattern, Resolved};
use crate::principal;
use crate::request::Request;
use crate::truth::{Missing, Truth};

impl Policy {
    /// What this policy alone says: a deny wins, then something must allow.
    #[must_use]
    pub fn decide(&self, request: &Request) -> Decision {
        let mut tally = Tally::default();
        count(&mut tally, None, self, request);
        decision::decide(vec![tally])
    }
}

/// Adds what a policy says, under its id, to what its level says.
pub(crate) fn count(tally: &mut Tally, id: Option<&str>, policy: &Policy, request: &Request) {
    for (statement, index) in policy.statements().iter().zip(0..) {
        let truth = applies(statement, request);
        if truth == Truth::No {
            continue;
        }
        let place = Place {
            level: tally.level.clone(),
            policy: id.map(str::to_owned),
            statement: index,
            sid: statement.sid.clone(),
        };
        match (truth, statement.effect) {
            (Truth::No, _) => {}
            (Truth::Yes, Effect::Allow) => tally.allows.push(place),
            (Truth::Yes, Effect::Deny) => tally.denies.push(place),
            (Truth::Open(missing), Effect::Allow) => tally.may_allow.add(missing, Some(place)),
            (Truth::Open(missing), Effect::Deny) => tally.may_deny.add(missing, Some(place)),
        }
    }
}

/// Whether a statement names an action.
pub(crate) fn names(actions: &Actions, asked: &str) -> bool {
    action(actions, &Request::new(asked)) != Truth::No
}

/// Whether a statement is about the request; the cheapest question first.
fn applies(statement: &Statement, request: &Request) -> Truth {
    let questions: [&dyn Fn() -> Truth; 4] = [
        &|| action(&statement.actions, request),
        &|| principal::matches(&statement.principals, request),
        &|| resource(&statement.resources, request),
        &|| condition::holds(&statement.condition, request),
    ];
    Truth::all(questions.iter().map(|question| question()))
}

fn action(actions: &Actions, request: &Request) -> Truth {
    let any = |patterns: &[Pattern]| {
        Truth::any(patterns.iter().map(|pattern| match pattern.globs(request) {
            Resolved::Ready(globs) => glob::takes(&globs, request.action()).into(),
            Resolved::Absent => Truth::No,
            Resolved::Open(truth) => truth,
        }))
    };
    match actions {
        Actions::Only(patterns) => any(patterns),
        Actions::AllBut(patterns) => any(patterns).not(),
    }
}

fn resource(resources: &Resources, request: &Request) -> Truth {
    let any = |patterns: &[Pattern], absent: &dyn Fn() -> Truth| {
        Truth::any(patterns.iter().map(|pattern| {
            if pattern.takes_all() {
                return Truth::Yes;
            }
            match (pattern.globs(request), request.resource()) {
                (Resolved::Ready(globs), Some(found)) => resource_matches(&globs, found),
                (Resolved::Open(truth), Some(_)) => truth,
                (Resolved::Absent, Some(_)) => absent(),
                (_, None) => Truth::open(Missing::Resource),
            }
        }))
    };
    match resources {
        Resources::Unsaid => Truth::Yes,
        Resources::Only(patterns) => any(patterns, &|| Truth::No),
        Resources::AllBut(patterns) => {
            any(patterns, &|| Truth::unclear("NotResource with a variable that is not there")).not()
        }
    }
}
