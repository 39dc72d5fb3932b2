//! How the worker behaves, against a scripted cloud, the queue and budgets of one process, and
//! paused time.

mod cloud;
mod drain;
mod lists;
mod preflight;
mod retries;
