//! How the worker behaves, against a scripted cloud, the queue and budgets of one process, and
//! paused time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cloud;
mod drain;
mod lists;
mod preflight;
mod retries;
