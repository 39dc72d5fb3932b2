//! The store as its users see it: one suite for every database, and what is special to each.

#![expect(clippy::expect_used, reason = "a test may end where what it needs is not there")]

mod conformance;
#[cfg(feature = "fleet")]
mod imposter;
#[cfg(feature = "fleet")]
mod postgres;
#[cfg(feature = "fleet")]
mod schema;
mod sqlite;
mod world;
