//! Why a text is not a policy: what, where, and what would be right.

/// Why a text is not a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The text is longer than any policy of AWS.
    #[error("the policy has {length} bytes, more than the {limit} that are read")]
    TooLarge {
        /// Its length in bytes.
        length: usize,
        /// The most that is read.
        limit: usize,
    },
    /// The text is not JSON, nests too deep, or gives a key twice.
    #[error("the policy is not JSON: {message}")]
    NotJson {
        /// What the reader says, with line and column.
        message: String,
    },
    /// An element that the policy language does not have.
    #[error("{at} has an unknown element {name:?}: it may have {}", .known.join(", "))]
    UnknownElement {
        /// Where, e.g. `Statement[2]`.
        at: String,
        /// The element, cut to 80 characters.
        name: String,
        /// The elements that it may have.
        known: &'static [&'static str],
    },
    /// A condition operator that the policy language does not have.
    #[error("{at} has an unknown condition operator {name:?}")]
    UnknownOperator {
        /// Where, e.g. `Statement[2].Condition`.
        at: String,
        /// The operator, cut to 80 characters.
        name: String,
    },
    /// An element is missing.
    #[error("{at} has no {element}")]
    Missing {
        /// Where.
        at: String,
        /// What must be there.
        element: &'static str,
    },
    /// Two elements, or two spellings of one, exclude each other.
    #[error("{at} has both {one} and {other}: leave one out")]
    Both {
        /// Where.
        at: String,
        /// The first.
        one: String,
        /// The second.
        other: String,
    },
    /// A value is not what must stand there.
    #[error("{at} must be {expected}, but is {found}")]
    Wrong {
        /// Where, e.g. `Statement[2].Effect`.
        at: String,
        /// What must stand there.
        expected: &'static str,
        /// What stands there, cut to 80 characters.
        found: String,
    },
}

/// The text, cut so that a hostile document cannot fill a log.
pub(crate) fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}
