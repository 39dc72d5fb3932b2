//! The AWS provider against loopback servers: fixtures, faults, getting in.

mod access;
mod faults;
mod fixtures;
mod house;
mod organization;
mod server;
