//! The AWS provider against loopback servers: fixtures, faults, getting in.

#![expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod access;
mod faults;
mod fixtures;
mod holdings;
mod house;
mod organization;
mod server;
mod tenants;
mod upload;
mod web_identity;
