//! IAM policies: read, and asked what they say about a request as far as it is known.
//!
//! Pure: no I/O, no clock. [`Policy::parse`] reads a document, [`Policy::decide`] asks it alone,
//! and [`hierarchy::decide`] asks the policies of an organization from the root down to the
//! account (SCPs on the way of the principal's account, RCPs on that of the resource's).
//! [`organization::Organization`] does that for calls of our own, from what was read of an
//! organization: it knows whom policies exempt and which services RCPs cover.
//!
//! # What is known
//!
//! A [`Request`] holds what the asker knows, and the rest is *not known*, which is not the same
//! as *not there* ([`Request::without`]). For calls of our own these are known: the action, the
//! region (`aws:RequestedRegion`), the role (`aws:PrincipalArn`, `aws:PrincipalAccount`,
//! `aws:PrincipalType`), whose it is (`aws:PrincipalOrgID`, `aws:PrincipalOrgPaths`), that no
//! service calls for us ([`Request::directly`]), and often the resource with its account. Any
//! other key can be said with [`Request::with`].
//!
//! # What is "cannot tell"
//!
//! An answer is [`Decision::CannotTell`] when it would depend on something that is not known, and
//! says on what ([`Missing`]): a condition key, the resource, the principal, a policy whose text
//! could not be read, a level whose policies could not be listed. It also stands for legal forms
//! whose meaning AWS does not document ([`Missing::Meaning`]):
//!
//! - an operator for one value on a key that holds several, and a condition without values;
//! - `ForAnyValue:…IfExists` without the key, and set operators on a key that holds empty text;
//! - numbers, dates, addresses and booleans that do not read as such;
//! - a wildcard of `Resource` that would have to cross a colon, an ARN operator with a pattern
//!   that is no ARN, wildcards inside a principal, the unique ids of principals;
//! - a variable that is malformed, holds several values, or brings wildcards along; an absent
//!   variable in a negated operator;
//! - `NotPrincipal` that names the caller or its account (sessions, roles and accounts would each
//!   have to be named).
//!
//! A definite answer stays when more becomes known; that is tested as a property.
//!
//! # What the asker must know
//!
//! SCPs bind neither the management account nor service-linked roles, RCPs neither resources of
//! the management account nor calls of service-linked roles, and RCPs only the services that
//! support them: pass `exempt`. Documents that IAM returns percent-encoded are decoded first. An
//! identity policy that allows is not yet an access: only one policy, or one hierarchy, is asked.

mod arn;
mod compare;
mod condition;
mod decimal;
mod decision;
mod error;
mod evaluate;
mod glob;
pub mod guards;
pub mod hierarchy;
mod json;
mod model;
mod network;
mod operator;
pub mod organization;
mod parse;
mod pattern;
mod principal;
mod request;
mod time;
mod truth;
mod write;

pub use decision::{Decision, Denial, Doubt, Grant, Place};
pub use error::ParseError;
pub use model::{Actions, Clause, Effect, Policy, Resources, Statement};
pub use operator::{Operator, SetForm};
pub use pattern::Pattern;
pub use principal::{PrincipalKind, Principals};
pub use request::{Caller, Request};
pub use truth::Missing;
