//! An IAM policy document, as IAM writes it.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// A policy or trust document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Document {
    /// The version of IAM's language; there is one.
    pub version: &'static str,
    /// What it says.
    pub statement: Vec<Statement>,
}

impl Document {
    /// A document of these statements.
    #[must_use]
    pub fn new(statement: Vec<Statement>) -> Self {
        Self { version: "2012-10-17", statement }
    }

    /// How many characters IAM counts: all but white space.
    #[must_use]
    pub fn size(&self) -> usize {
        self.compact().chars().filter(|c| !c.is_whitespace()).count()
    }

    /// The document on one line.
    #[must_use]
    pub fn compact(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<&'static str>,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Whom a trust document lets in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Principal>,
    /// The actions, sorted.
    #[serde(serialize_with = "one_or_many")]
    pub action: Vec<String>,
    /// The resources; a trust document has none.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "one_or_many")]
    pub resource: Vec<String>,
    /// What must hold besides.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: BTreeMap<&'static str, Condition>,
}

/// Keys of the request and the values that they must have.
pub type Condition = BTreeMap<&'static str, String>;

/// Whether a statement allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever else allows.
    Deny,
}

/// Whom a trust document lets in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Principal {
    /// A role's ARN.
    #[serde(rename = "AWS")]
    pub aws: String,
}

impl Statement {
    /// A statement about actions on resources.
    #[must_use]
    pub fn new(effect: Effect, action: Vec<String>, resource: Vec<String>) -> Self {
        let condition = BTreeMap::new();
        Self { sid: None, effect, principal: None, action, resource, condition }
    }

    /// The same statement under a name.
    #[must_use]
    pub fn named(mut self, sid: &'static str) -> Self {
        self.sid = Some(sid);
        self
    }
}

/// One text as a text, several as a list: shorter, and what people write.
///
/// # Errors
/// Those of the serializer.
pub fn one_or_many<S: Serializer>(texts: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    match texts {
        [one] => one.serialize(serializer),
        many => many.serialize(serializer),
    }
}
