//! The AWS stand-in and the synthetic organization that it plays.
//!
//! [`synthetic`] makes an organization from a seed; [`World`] knows what every cell of it holds and
//! what a right scan must find there; [`serve`] plays it over loopback HTTP, in the protocols of
//! AWS, and refuses whatever botocore's models do not know.

mod ask;
mod ballast;
mod dice;
mod filler;
mod known;
mod latency;
mod play;
mod server;
mod solve;
pub mod synthetic;
mod tree;
mod world;

pub use latency::Latency;
pub use play::{BucketCalls, ClassCount, Counters, Keys, ShareUse};
pub use server::{Manner, Recorded, Recording, Running, Tls, serve, truth_lines};
pub use synthetic::{Account, Fat, Organization, Shape, Trouble, Unit};
pub use world::{TruthCell, World};
