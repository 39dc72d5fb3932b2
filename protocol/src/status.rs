//! The closed set of things a cell can end as, and what proves it.

/// A text that names none of a closed set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {what}: one of {}", .all.join(", "))]
pub struct UnknownWord {
    /// What the text should have been.
    pub what: &'static str,
    /// The text.
    pub text: String,
    /// The words that are allowed.
    pub all: &'static [&'static str],
}

/// Declares a closed set of words: the enum, its texts, parsing and `ALL`.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$item_doc:meta])* $item:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$item_doc])* #[serde(rename = $text)] $item,)+
        }

        impl $name {
            /// Every word of the set, in the order of the documentation.
            pub const ALL: &'static [$name] = &[$($name::$item,)+];
            /// The texts of [`Self::ALL`].
            pub const TEXTS: &'static [&'static str] = &[$($text,)+];

            /// The word as it stands in stores, messages and reports.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$item => $text,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::status::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$item),)+
                    _ => Err($crate::status::UnknownWord { what: $what, text: text.to_owned(), all: Self::TEXTS }),
                }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What became of a cell; a closed set.
    Status, "status" {
        /// The account has resources of its own there, or the service's switch is on.
        InUse = "in_use",
        /// Everything asked was answered and nothing of the customer's own is there.
        Idle = "idle",
        /// A derived entry listed things; whose they are is not judged.
        Listed = "listed",
        /// Not enabled, not subscribed, or a switch that is off.
        Off = "off",
        /// The service does not exist in that region or partition.
        NotOffered = "not_offered",
        /// The region is not opted in for that account; no call was made.
        RegionOff = "region_off",
        /// Some calls or pages answered, others not, and what answered proves nothing.
        Partial = "partial",
        /// Access was denied.
        Denied = "denied",
        /// The account could not be entered.
        RoleFailed = "role_failed",
        /// Still throttled after the last attempt.
        Throttled = "throttled",
        /// DNS, connect, TLS or time-out.
        Unreachable = "unreachable",
        /// Any other failure, with its code.
        Error = "error",
        /// Planned, and there is no answer (yet).
        NotRun = "not_run",
    }
}

words! {
    /// What a status rests on.
    Evidence, "evidence" {
        /// Resources of the customer's own were listed.
        Resources = "resources",
        /// The service's own switch said on or off.
        Switch = "switch",
        /// Every call answered and nothing of the customer's own was in it.
        Empty = "empty",
        /// An error code that is an answer (not subscribed, not enabled, unknown operation).
        Code = "code",
        /// The account's own list of regions.
        RegionList = "region_list",
        /// The catalog's table of where a service is offered.
        RegionTable = "region_table",
        /// A failure: nothing is known.
        Failure = "failure",
        /// A policy that is predicted to deny; nothing was called.
        Predicted = "predicted",
        /// No answer yet.
        Missing = "missing",
    }
}

impl Status {
    /// Whether the truth of the cell is known; unknown is never shown as off.
    #[must_use]
    pub const fn is_known(self) -> bool {
        matches!(
            self,
            Self::InUse
                | Self::Idle
                | Self::Listed
                | Self::Off
                | Self::NotOffered
                | Self::RegionOff
        )
    }

    /// Whether the cell is in the denominator of the enablement rate: in_use, idle and off.
    #[must_use]
    pub const fn counts_in_rate(self) -> bool {
        matches!(self, Self::InUse | Self::Idle | Self::Off)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_reads_back_from_its_text() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse::<Status>(), Ok(*status));
        }
        assert!("disabled".parse::<Status>().is_err());
    }

    #[test]
    fn only_known_statuses_count_in_the_rate() {
        for status in Status::ALL.iter().filter(|status| status.counts_in_rate()) {
            assert!(status.is_known(), "{status}");
        }
    }
}
