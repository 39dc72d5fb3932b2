//! Whether a clause of a condition holds: presence first, then the values.

use crate::compare::compare;
use crate::model::Clause;
use crate::operator::{Comparison, Operator, SetForm};
use crate::request::{Fact, Request};
use crate::truth::{Missing, Truth};

/// Whether every clause holds.
pub(crate) fn holds(condition: &[Clause], request: &Request) -> Truth {
    Truth::all(condition.iter().map(|clause| clause_holds(clause, request)))
}

fn clause_holds(clause: &Clause, request: &Request) -> Truth {
    let operator = clause.operator;
    if clause.values.is_empty() {
        return Truth::unclear(format!("{operator} on {} without a value", clause.key));
    }
    match request.fact(&clause.key) {
        Fact::Unknown => Truth::open(Missing::Key(clause.key.clone())),
        found if operator.comparison() == Comparison::Null => is_null(clause, found),
        Fact::Absent => without_the_key(operator, &clause.key),
        Fact::Values(values) => with_values(clause, values, request),
    }
}

/// `Null`: "true" holds without the key, "false" with it.
fn is_null(clause: &Clause, found: Fact<'_>) -> Truth {
    let wanted = clause.values.iter().map(|value| match value.as_str() {
        text if text.eq_ignore_ascii_case("true") => Truth::from(found == Fact::Absent),
        text if text.eq_ignore_ascii_case("false") => Truth::from(found != Fact::Absent),
        text => Truth::unclear(format!("Null on {} with the value {text:?}", clause.key)),
    });
    Truth::any(wanted)
}

fn without_the_key(operator: Operator, key: &str) -> Truth {
    match (operator.set, operator.if_exists) {
        (Some(SetForm::ForAllValues), _) => Truth::Yes,
        (Some(SetForm::ForAnyValue), false) => Truth::No,
        // The two sentences of the documentation contradict each other here.
        (Some(SetForm::ForAnyValue), true) => {
            Truth::unclear(format!("{operator} on {key}, which the request does not have"))
        }
        (None, if_exists) => (if_exists || operator.is_negated()).into(),
    }
}

fn with_values(clause: &Clause, values: &[String], request: &Request) -> Truth {
    let operator = clause.operator;
    let matches = |found: &String| {
        let compared = clause.values.iter().map(|wanted| compare(operator, found, wanted, request));
        let any = Truth::any(compared);
        if operator.is_negated() { any.not() } else { any }
    };
    match (operator.set, values) {
        (Some(_), values) if values.iter().any(String::is_empty) => {
            Truth::unclear(format!("{operator} on {}, which holds empty text", clause.key))
        }
        (Some(SetForm::ForAllValues), values) => Truth::all(values.iter().map(matches)),
        (Some(SetForm::ForAnyValue), values) => Truth::any(values.iter().map(matches)),
        (None, [one]) => matches(one),
        (None, _) => {
            Truth::unclear(format!("{operator} on {}, which holds several values", clause.key))
        }
    }
}
