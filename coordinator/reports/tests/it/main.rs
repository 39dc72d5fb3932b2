//! The reports of a small scan, in every format, as they are.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

mod checker;
mod differing;
mod later;
mod outlets;
#[cfg(feature = "fleet")]
mod schema;
mod seed;
mod snapshots;
