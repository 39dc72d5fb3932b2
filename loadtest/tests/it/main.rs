//! The stand-in over its socket: a small scanner of its own must find exactly the truth.

mod client;
mod control;
mod probe;
mod server;
mod truth;
