//! A policy as it was written.

use crate::operator::Operator;
use crate::pattern::Pattern;
use crate::principal::Principals;

/// Whether a statement allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// What it matches is allowed, unless something denies it.
    Allow,
    /// What it matches is denied.
    Deny,
}

impl Effect {
    /// The effect as policies write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

/// The actions of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actions {
    /// `Action`: these.
    Only(Vec<Pattern>),
    /// `NotAction`: all but these.
    AllBut(Vec<Pattern>),
}

/// The resources of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resources {
    /// No element: whatever the policy is attached to.
    Unsaid,
    /// `Resource`: these.
    Only(Vec<Pattern>),
    /// `NotResource`: all but these.
    AllBut(Vec<Pattern>),
}

/// One line of a condition: operator, key and values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// How it compares.
    pub operator: Operator,
    /// The key as written; keys do not tell cases apart.
    pub key: String,
    /// The values, one of which must match (or none, where the operator is negated).
    pub values: Vec<Pattern>,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its name, where it has one.
    pub sid: Option<String>,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Whom it is about.
    pub principals: Principals,
    /// Which actions it is about.
    pub actions: Actions,
    /// Which resources it is about.
    pub resources: Resources,
    /// The condition: every clause must hold.
    pub condition: Vec<Clause>,
}

/// A policy that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub(crate) version: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) statements: Vec<Statement>,
}

impl Policy {
    /// The version of the language in which variables mean something.
    pub(crate) const WITH_VARIABLES: &str = "2012-10-17";
    /// The version that a policy has which names none.
    pub(crate) const WITHOUT_VARIABLES: &str = "2008-10-17";

    /// The version of the policy language, where the policy names it.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The id that the document gives itself.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The statements, in the order of the document.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}
