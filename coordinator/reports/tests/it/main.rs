//! The reports of a small scan, in every format, as they are.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

mod accounts;
mod checker;
mod denials;
mod differing;
mod graph;
mod inventory;
mod later;
mod members;
mod organization;
mod outlets;
#[cfg(feature = "fleet")]
mod schema;
mod seed;
mod snapshots;
mod trend;
