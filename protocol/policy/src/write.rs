//! A policy as JSON again: what was read, in one form. One entry stands alone, several in a list.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::model::{Actions, Clause, Policy, Resources, Statement};
use crate::pattern::Pattern;
use crate::principal::{PrincipalKind, Principals};

impl Policy {
    /// The policy as a document; reading it again gives an equal policy.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut document = Map::new();
        if let Some(version) = &self.version {
            document.insert("Version".to_owned(), json!(version));
        }
        if let Some(id) = &self.id {
            document.insert("Id".to_owned(), json!(id));
        }
        let statements: Vec<Value> = self.statements.iter().map(statement).collect();
        document.insert("Statement".to_owned(), Value::Array(statements));
        Value::Object(document)
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

fn statement(statement: &Statement) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    if let Some(sid) = &statement.sid {
        put("Sid", json!(sid));
    }
    put("Effect", json!(statement.effect.as_str()));
    match &statement.principals {
        Principals::Unsaid => None,
        Principals::Only(named) => put("Principal", principals(named)),
        Principals::AllBut(named) => put("NotPrincipal", principals(named)),
    };
    match &statement.actions {
        Actions::Only(patterns) => put("Action", one_or_many(patterns, Pattern::as_str)),
        Actions::AllBut(patterns) => put("NotAction", one_or_many(patterns, Pattern::as_str)),
    };
    match &statement.resources {
        Resources::Unsaid => None,
        Resources::Only(patterns) => put("Resource", one_or_many(patterns, Pattern::as_str)),
        Resources::AllBut(patterns) => put("NotResource", one_or_many(patterns, Pattern::as_str)),
    };
    if !statement.condition.is_empty() {
        put("Condition", condition(&statement.condition));
    }
    Value::Object(object)
}

fn principals(named: &BTreeMap<PrincipalKind, Vec<String>>) -> Value {
    let entry = |(kind, names): (&PrincipalKind, &Vec<String>)| {
        (kind.as_str().to_owned(), one_or_many(names, String::as_str))
    };
    Value::Object(named.iter().map(entry).collect())
}

fn condition(clauses: &[Clause]) -> Value {
    let mut operators: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for clause in clauses {
        let keys = operators.entry(clause.operator.to_string()).or_default();
        keys.insert(clause.key.clone(), one_or_many(&clause.values, Pattern::as_str));
    }
    json!(operators)
}

fn one_or_many<T>(items: &[T], text: impl Fn(&T) -> &str) -> Value {
    match items {
        [one] => json!(text(one)),
        many => many.iter().map(text).collect(),
    }
}
