//! Schemas of the house's own words, for the OpenAPI document.

use protocol::Status;
use protocol::inventory::AccountState;
use protocol::registry::Scope;
use protocol::scan::{Detail, Priority, ScanState};
use utoipa::openapi::schema::{Array, ArrayBuilder, Object, ObjectBuilder, Type};

use crate::http::lists::{EXACT, RULED};

fn word(texts: &[&'static str]) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(texts.iter().copied())).build()
}

/// One of the states of a scan.
pub(super) fn state() -> Object {
    word(ScanState::TEXTS)
}

/// How much is kept.
pub(super) fn detail() -> Object {
    word(Detail::TEXTS)
}

/// Where a scan stands among others.
pub(super) fn priority() -> Object {
    word(Priority::TEXTS)
}

/// What a token may do.
pub(super) fn scope() -> Object {
    word(Scope::TEXTS)
}

/// A list of statuses.
pub(super) fn statuses() -> Array {
    ArrayBuilder::new().items(word(Status::TEXTS)).max_items(Some(Status::ALL.len())).build()
}

/// A list of states of accounts.
pub(super) fn account_states() -> Array {
    let all = AccountState::ALL.len();
    ArrayBuilder::new().items(word(AccountState::TEXTS)).max_items(Some(all)).build()
}

/// An id: opaque text.
pub(super) fn id() -> Object {
    ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(256)).build()
}

/// A list of ids in an answer.
pub(super) fn ids() -> Array {
    ArrayBuilder::new().items(id()).build()
}

/// A list of ids or names in a request.
pub(super) fn exact() -> Array {
    ArrayBuilder::new().items(id()).max_items(Some(EXACT)).build()
}

/// A list of units, patterns or codes in a request.
pub(super) fn ruled() -> Array {
    ArrayBuilder::new().items(id()).max_items(Some(RULED)).build()
}
