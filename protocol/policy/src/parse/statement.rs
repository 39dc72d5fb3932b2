//! Reading a statement.

use std::collections::BTreeMap;

use super::cut;
use super::value::{Elements, found, object, texts, values, wrong};
use crate::error::ParseError;
use crate::json::Json;
use crate::model::{Actions, Clause, Effect, Resources, Statement};
use crate::operator::Operator;
use crate::pattern::Pattern;
use crate::principal::{PrincipalKind, Principals};

const ELEMENTS: &[&str] = &[
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];
const KINDS: &[&str] = &["AWS", "Service", "Federated", "CanonicalUser"];

/// Reads a statement; `at` says which.
pub(super) fn read(json: Json, at: &str, variables: bool) -> Result<Statement, ParseError> {
    let mut elements = Elements::new(json, at, ELEMENTS)?;
    let sid = elements.take_text("Sid")?;
    let effect = effect(&elements.need("Effect")?, &elements.at_element("Effect"))?;
    let principals = match elements.either("Principal", "NotPrincipal")? {
        None => Principals::Unsaid,
        Some((json, false)) => Principals::Only(named(json, &elements.at_element("Principal"))?),
        Some((json, true)) => {
            Principals::AllBut(named(json, &elements.at_element("NotPrincipal"))?)
        }
    };
    let (json, but) = elements
        .either("Action", "NotAction")?
        .ok_or_else(|| ParseError::Missing { at: at.to_owned(), element: "Action or NotAction" })?;
    let name = if but { "NotAction" } else { "Action" };
    let actions = texts(json, &elements.at_element(name))?.into_iter().map(Pattern::action);
    let actions = actions.collect();
    let pattern = |text| Pattern::new(text, variables);
    let resources = match elements.either("Resource", "NotResource")? {
        None => Resources::Unsaid,
        Some((json, but)) => {
            let name = if but { "NotResource" } else { "Resource" };
            let texts = texts(json, &elements.at_element(name))?;
            let patterns = texts.into_iter().map(pattern).collect();
            if but { Resources::AllBut(patterns) } else { Resources::Only(patterns) }
        }
    };
    let condition = match elements.take("Condition") {
        None => Vec::new(),
        Some(json) => condition(json, &elements.at_element("Condition"), variables)?,
    };
    let actions = if but { Actions::AllBut(actions) } else { Actions::Only(actions) };
    Ok(Statement { sid, effect, principals, actions, resources, condition })
}

fn effect(json: &Json, at: &str) -> Result<Effect, ParseError> {
    match json {
        Json::Text(text) if text == "Allow" => Ok(Effect::Allow),
        Json::Text(text) if text == "Deny" => Ok(Effect::Deny),
        Json::Text(text) => Err(found(at, "Allow or Deny", &format!("{text:?}"))),
        other => Err(wrong(at, "Allow or Deny", other)),
    }
}

/// Reads principals: a map by kind; texts without a kind are of the kind AWS.
fn named(json: Json, at: &str) -> Result<BTreeMap<PrincipalKind, Vec<String>>, ParseError> {
    if !matches!(json, Json::Object(_)) {
        return Ok(BTreeMap::from([(PrincipalKind::Aws, texts(json, at)?)]));
    }
    let mut elements = Elements::new(json, at, KINDS)?;
    let mut named = BTreeMap::new();
    for kind in PrincipalKind::ALL {
        if let Some(json) = elements.take(kind.as_str()) {
            named.insert(kind, texts(json, &elements.at_element(kind.as_str()))?);
        }
    }
    if named.is_empty() {
        return Err(found(at, "\"*\" or an object of principals", "an empty object"));
    }
    Ok(named)
}

fn condition(json: Json, at: &str, variables: bool) -> Result<Vec<Clause>, ParseError> {
    let mut clauses: Vec<Clause> = Vec::new();
    let mut seen = BTreeMap::new();
    for (name, json) in object(json, at)? {
        let Some(operator) = Operator::parse(&name) else {
            return Err(ParseError::UnknownOperator { at: at.to_owned(), name: cut(&name) });
        };
        let at = format!("{at}.{name}");
        for (key, json) in object(json, &at)? {
            if key.is_empty() {
                return Err(found(
                    &at,
                    "an object by condition keys",
                    "an object with an empty key",
                ));
            }
            let spelling = format!("{name} {key}");
            let same = (operator.to_string(), key.to_lowercase());
            if let Some(other) = seen.insert(same, spelling.clone()) {
                let (one, other) = (cut(&other), cut(&spelling));
                return Err(ParseError::Both { at: cut(&at), one, other });
            }
            let values = values(json, &format!("{at}.{key}"))?;
            let values = values.into_iter().map(|text| Pattern::new(text, variables)).collect();
            clauses.push(Clause { operator, key, values });
        }
    }
    // The order of an object says nothing: equal conditions are equal.
    clauses.sort_by_cached_key(|clause| (clause.operator.to_string(), clause.key.clone()));
    Ok(clauses)
}
