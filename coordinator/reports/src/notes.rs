//! Sentences that several reports say.

/// What the rate is.
pub(crate) const RATE: &str = "enablement rate = in use / (in use + idle + off), of entries that people curated; \
     unknown is never counted as off, its share stands beside the rate.";
