//! The store as its users see it: one suite for every database, and what is special to each.

#![expect(clippy::expect_used, reason = "a test may end where what it needs is not there")]

mod conformance;
mod sqlite;
mod world;
