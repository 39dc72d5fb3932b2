//! The whole house: the command itself, scanning a synthetic organization on the stand-in.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod command;
mod demo;
mod differing;
#[cfg(feature = "fleet")]
mod fleet;
mod help;
mod input;
mod killed;
#[cfg(feature = "fleet")]
mod remote;
mod requeue;
mod selecting;
mod stopped;
mod truth;
