//! The rules of the house, as tests: what a reader may rely on everywhere.
//!
//! They read the work tree, not the program: each test names every place that breaks its rule.
//! A rule is changed here, with its reason, or it is kept. ARCHITECTURE.md says what they are for.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a tree that cannot be read is a failed test"
)]

mod code;
mod files;
mod floors;
mod locked;
mod registered;
mod tests_of_others;
mod tree;
