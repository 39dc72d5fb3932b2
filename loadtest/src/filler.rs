//! Plausible values by the names of their paths: dates, ARNs, sizes, states.

use catalog::entry::Wire;

use crate::dice::Dice;
use crate::tree::Kind;

/// What the name of a path lets expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    Arn,
    Url,
    Moment,
    State,
    Truth,
    Number,
    Name,
    Text,
}

/// Where a thing is: what goes into its values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Where<'a> {
    pub(crate) signing: &'a str,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
}

impl Expect {
    pub(crate) fn of(path: &str) -> Self {
        let last = path.rsplit('.').next().unwrap_or(path).trim_end_matches("[]");
        let lower = last.to_ascii_lowercase();
        let ends = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
        let starts = |starts: &[&str]| starts.iter().any(|start| lower.starts_with(start));
        let capital = |prefix: &str| {
            last.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(char::is_uppercase))
        };
        if ends(&["arn"]) {
            Self::Arn
        } else if ends(&["url", "uri"]) {
            Self::Url
        } else if ends(&["date", "time", "timestamp", "createdat", "updatedat", "modifiedat"])
            || ends(&["_at", "lastused", "created"])
            || starts(&["notafter", "notbefore"])
            || last.ends_with("At")
        {
            Self::Moment
        } else if ends(&["status", "state"]) {
            Self::State
        } else if capital("Is")
            || capital("is")
            || capital("Has")
            || ends(&["enabled", "encrypted", "public", "multiaz", "managed", "isdefault"])
            || starts(&["multiregion", "autoenable", "allsupported"])
        {
            Self::Truth
        } else if ends(&["count", "size", "bytes", "capacity", "port", "days", "sizeingb"])
            || starts(&["numberof", "numof"])
            || path.contains("Size") && last == "Value"
        {
            Self::Number
        } else if ends(&["name"]) {
            Self::Name
        } else {
            Self::Text
        }
    }

    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::Truth | Self::Number | Self::Moment => Kind::Bare,
            _ => Kind::Text,
        }
    }

    /// A value. Where `unique` matters (ids, and what calls are filled with) it stands at the end.
    pub(crate) fn value(self, at: Where<'_>, unique: &str, dice: Dice, wire: Wire) -> String {
        let Where { signing, region, account } = at;
        let region_of_arn = if region == protocol::ids::GLOBAL { "" } else { region };
        match self {
            Self::Arn => format!("arn:aws:{signing}:{region_of_arn}:{account}:thing/{unique}"),
            Self::Url => format!("https://{signing}.{region}.amazonaws.com/{account}/{unique}"),
            Self::Moment => moment(dice, wire),
            Self::State => "ACTIVE".to_owned(),
            Self::Truth => dice.per_mille(500).to_string(),
            Self::Number => dice.between(1, 512).to_string(),
            Self::Name => format!("{}-{unique}", WORDS[dice.below(8) as usize & 7]),
            Self::Text => unique.to_owned(),
        }
    }

    /// Whether its values end with what makes them unique.
    pub(crate) const fn is_unique(self) -> bool {
        matches!(self, Self::Arn | Self::Url | Self::Name | Self::Text)
    }
}

const WORDS: [&str; 8] =
    ["orders", "invoices", "events", "images", "reports", "sessions", "prices", "metrics"];

/// A moment of 2024 or 2025: seconds in JSON, text in XML.
fn moment(dice: Dice, wire: Wire) -> String {
    let seconds = dice.between(1_704_067_200, 1_767_139_200);
    match wire {
        Wire::Json10 | Wire::Json11 | Wire::RestJson => seconds.to_string(),
        Wire::Query | Wire::Ec2 | Wire::RestXml => i64::try_from(seconds)
            .ok()
            .and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0))
            .map_or_else(String::new, |moment| moment.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_to_expect() {
        for (path, expected) in [
            ("Arn", Expect::Arn),
            ("LoadBalancerArn", Expect::Arn),
            ("instanceState.name", Expect::Name),
            ("CreationDate", Expect::Moment),
            ("IsTruncated", Expect::Truth),
            ("Status", Expect::State),
            ("QueueUrls[]", Expect::Text),
            ("Issuer", Expect::Text),
            ("createdAt", Expect::Moment),
        ] {
            assert_eq!(Expect::of(path), expected, "{path}");
        }
    }
}
