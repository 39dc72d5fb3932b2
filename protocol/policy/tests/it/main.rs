//! Policies from the outside: documents in, decisions out.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod documented;
mod documents;
mod hierarchy;
mod laws;
mod organization;
mod shapes;

use policy::{Decision, Denial, Policy};

/// Reads a policy that must be right.
fn read(text: &str) -> Policy {
    Policy::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What a decision says, without its reasons: allowed, denied, or nothing.
fn verdict(decision: &Decision) -> Option<bool> {
    match decision {
        Decision::Allowed(_) => Some(true),
        Decision::Denied(_) => Some(false),
        Decision::CannotTell(_) => None,
    }
}

/// Whether nothing allows it, and nothing denies it for certain.
fn is_unallowed(decision: &Decision) -> bool {
    matches!(decision, Decision::Denied(Denial::Unallowed { .. }))
}

/// What a decision depends on, as sentences.
fn missing(decision: &Decision) -> Vec<String> {
    match decision {
        Decision::CannotTell(doubt) => doubt.missing.iter().map(ToString::to_string).collect(),
        Decision::Allowed(_) | Decision::Denied(_) => Vec::new(),
    }
}
