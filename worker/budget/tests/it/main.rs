//! The budgets of a fleet, against real servers.
#![cfg(feature = "fleet")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

mod away;
mod bad;
mod cluster;
mod server;
mod shared;
