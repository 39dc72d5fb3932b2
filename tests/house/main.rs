//! The whole house: the command itself, scanning a synthetic organization on the stand-in.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod accounts;
mod command;
mod demo;
mod denials;
mod differing;
#[cfg(feature = "fleet")]
mod enumerating;
#[cfg(feature = "fleet")]
mod fleet;
mod graph;
mod help;
mod input;
mod inventory;
mod killed;
#[cfg(feature = "fleet")]
mod remote;
mod requeue;
mod selecting;
mod stopped;
mod truth;
