//! Why a document cannot be made.

/// Why the documents of a role cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The purpose is not one of those that there are.
    #[error("{0:?} is not a role; it must be member, runner, organization or outputs")]
    Purpose(String),
    /// The actions are too many for the managed policies that a role may hold.
    #[error(
        "{actions} actions need {policies} managed policies, but a role holds {limit}; select \
         fewer services with --services, or make a role for each half"
    )]
    TooMany {
        /// The actions.
        actions: usize,
        /// The policies that they need.
        policies: usize,
        /// The policies that a role holds.
        limit: usize,
    },
    /// One action alone does not fit into a policy.
    #[error("the action {action} does not fit into a policy of {limit} characters")]
    TooLong {
        /// The action.
        action: String,
        /// The most characters of a policy.
        limit: usize,
    },
    /// An entry of the catalog names a read that is banned.
    #[error("the probe {probe} calls {action}, which is banned ({by}); leave it out")]
    Banned {
        /// The probe.
        probe: String,
        /// The action.
        action: String,
        /// The line of the list.
        by: &'static str,
    },
    /// A name is not what it should be.
    #[error("{text:?} is not {what}")]
    Name {
        /// The name, cut.
        text: String,
        /// What it should be.
        what: &'static str,
    },
}
