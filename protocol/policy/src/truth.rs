//! Three-valued truth: yes, no, or "it depends on these".

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

/// What an answer depends on and nobody has told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// A condition key of the request.
    Key(String),
    /// Which resource the request touches.
    Resource,
    /// Who asks.
    Principal,
    /// The form is legal, but AWS does not say what it means; the sentence says which form.
    Meaning(String),
    /// Whether resource control policies cover a service.
    Coverage(String),
    /// The text of a policy that is attached.
    Policy {
        /// The level that it is attached to.
        level: String,
        /// Its id.
        id: String,
    },
    /// Which policies are attached to a level.
    Attachments {
        /// The level.
        level: String,
    },
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, "the condition key {key}"),
            Self::Resource => f.write_str("the resource"),
            Self::Principal => f.write_str("the principal"),
            Self::Meaning(what) => write!(f, "a form without a documented meaning: {what}"),
            Self::Coverage(service) => {
                write!(f, "whether resource control policies cover {service}")
            }
            Self::Policy { level, id } => write!(f, "the text of policy {id} at {level}"),
            Self::Attachments { level } => write!(f, "the policies that are attached to {level}"),
        }
    }
}

/// A truth by Kleene's logic; not known holds what it depends on, never nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Truth {
    Yes,
    No,
    Open(BTreeSet<Missing>),
}

impl Truth {
    /// Not known for want of one thing.
    pub(crate) fn open(missing: Missing) -> Self {
        Self::Open(BTreeSet::from([missing]))
    }

    /// Not known because AWS does not say what the form means.
    pub(crate) fn unclear(what: impl Into<String>) -> Self {
        Self::open(Missing::Meaning(what.into()))
    }

    /// The other way round.
    pub(crate) fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            open @ Self::Open(_) => open,
        }
    }

    /// Whether one holds; nothing is asked after a yes.
    pub(crate) fn any(truths: impl IntoIterator<Item = Self>) -> Self {
        Self::until(&Self::Yes, Self::No, truths)
    }

    /// Whether all hold; nothing is asked after a no.
    pub(crate) fn all(truths: impl IntoIterator<Item = Self>) -> Self {
        Self::until(&Self::No, Self::Yes, truths)
    }

    fn until(end: &Self, otherwise: Self, truths: impl IntoIterator<Item = Self>) -> Self {
        let mut missing = BTreeSet::new();
        for truth in truths {
            match truth {
                Self::Open(more) => missing.extend(more),
                definite if definite == *end => return definite,
                _ => {}
            }
        }
        if missing.is_empty() { otherwise } else { Self::Open(missing) }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn truth() -> impl Strategy<Value = Truth> {
        prop_oneof![
            Just(Truth::Yes),
            Just(Truth::No),
            "[ab]".prop_map(|key| Truth::open(Missing::Key(key))),
        ]
    }

    fn knows_at_least(more: &Truth, less: &Truth) -> bool {
        matches!(less, Truth::Open(_)) || more == less
    }

    proptest! {
        #[test]
        fn de_morgan_holds(truths in proptest::collection::vec(truth(), 0..5)) {
            let denied = truths.iter().cloned().map(Truth::not);
            prop_assert_eq!(Truth::any(truths.clone()).not(), Truth::all(denied));
        }

        #[test]
        fn knowing_more_never_flips_a_definite_answer(
            truths in proptest::collection::vec((truth(), any::<bool>()), 0..5),
        ) {
            let learned = |(truth, learned): &(Truth, bool)| match truth {
                Truth::Open(_) => Truth::from(*learned),
                known => known.clone(),
            };
            let before = || truths.iter().map(|(truth, _)| truth.clone());
            let after = || truths.iter().map(learned);
            prop_assert!(knows_at_least(&Truth::any(after()), &Truth::any(before())));
            prop_assert!(knows_at_least(&Truth::all(after()), &Truth::all(before())));
        }

        #[test]
        fn the_order_does_not_matter(mut truths in proptest::collection::vec(truth(), 0..5)) {
            let forward = (Truth::any(truths.clone()), Truth::all(truths.clone()));
            truths.reverse();
            prop_assert_eq!(forward, (Truth::any(truths.clone()), Truth::all(truths)));
        }
    }
}
