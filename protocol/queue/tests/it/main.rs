//! The adapters against real servers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod broker;
mod proxy;
mod rabbitmq;
mod sqs;
mod variables;
