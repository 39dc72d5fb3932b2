//! The coordinator as a service, with a store in memory, a queue in memory, a scripted cloud and a scripted worker.

#![expect(clippy::expect_used, reason = "a test may end where what it needs is not there")]

mod behind;
mod handing_over;
mod scene;
mod serving;
mod sizes;
mod watched;
