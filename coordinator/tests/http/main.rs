//! The interface over HTTP, asked over a real listener.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod authority;
mod bad_input;
mod bounds;
mod browser;
mod client;
mod document;
mod encrypted;
mod live;
mod reporting;
mod scanning;
mod server;
mod tending;
