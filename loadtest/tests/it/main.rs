//! The stand-in over its socket: a small scanner of its own must find exactly the truth.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod client;
mod control;
mod organization;
mod probe;
mod server;
mod truth;
