//! Why the command ends: a sentence for people and a code for programs.

use std::fmt;
use std::process::ExitCode;

use protocol::store::StoreError;

/// An exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Every cell is known.
    Known = 0,
    /// Anything else.
    Failed = 1,
    /// Bad usage or bad input.
    Usage = 2,
    /// Finished, some cells are unknown.
    Unknowns = 3,
    /// Cancelled or interrupted; resumable.
    Interrupted = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The end of a command that could not do its work.
#[derive(Debug)]
pub(crate) struct Stop {
    /// The code.
    pub(crate) exit: Exit,
    /// The sentence.
    pub(crate) message: String,
}

impl Stop {
    /// Bad usage or bad input.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Usage, message: message.to_string() }
    }

    /// Anything else.
    pub(crate) fn failed(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Failed, message: message.to_string() }
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Failed(_) => Self::failed(error),
            _ => Self::usage(error),
        }
    }
}

impl From<coordinator::Error> for Stop {
    fn from(error: coordinator::Error) -> Self {
        match error {
            coordinator::Error::Store(error) => error.into(),
            coordinator::Error::Queue(_)
            | coordinator::Error::Policies(_)
            | coordinator::Error::Panicked(_) => Self::failed(error),
            coordinator::Error::Discover(_)
            | coordinator::Error::Selection(_)
            | coordinator::Error::Catalog { .. } => Self::usage(error),
        }
    }
}
