//! How the worker behaves, against a scripted cloud, the queue and budgets of one process, and
//! paused time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bench;
mod brittle;
mod cloud;
mod drain;
mod entering;
mod handed_back;
mod lists;
mod numbering;
mod outages;
mod poison;
mod preflight;
mod retries;
mod telling;
