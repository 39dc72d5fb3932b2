//! Names of things: each its own type, so that a query cannot swap two of them.
//!
//! An id is opaque text of 1 to 256 printable characters; whether it is a *right* id for a
//! cloud is checked by that cloud's provider.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a valid {what}: it must be 1 to 256 printable characters")]
pub struct InvalidId {
    /// The kind of id that was asked for.
    pub what: &'static str,
    /// The text that was refused (cut to 80 characters).
    pub text: String,
}

fn check(what: &'static str, text: &str) -> Result<(), InvalidId> {
    let plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let printable = plain || !text.chars().any(char::is_control);
    if (1..=256).contains(&text.len()) && printable {
        return Ok(());
    }
    let text = text.chars().take(80).collect();
    Err(InvalidId { what, text })
}

/// Reads an id of that name, without a copy that nobody keeps.
struct Text(&'static str);

impl Visitor<'_> for Text {
    type Value = Arc<str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        check(self.0, text).map_err(E::custom)?;
        Ok(Arc::from(text))
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as an id.
            ///
            /// # Errors
            /// [`InvalidId`] when it is empty, longer than 256 bytes or has control characters.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidId> {
                let text = text.as_ref();
                check($what, text)?;
                Ok(Self(Arc::from(text)))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text($what)).map(Self)
            }
        }

        impl From<&$name> for Arc<str> {
            fn from(id: &$name) -> Self {
                Self::clone(&id.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.to_string()
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

id!(
    /// One run over a selection, from the plan to its last re-queue.
    ScanId,
    "scan id"
);
id!(
    /// The customer of an installation; everything belongs to one.
    WorkspaceId,
    "workspace"
);
id!(
    /// An access token's public name.
    TokenId,
    "token id"
);
id!(
    /// A recurring scan's name.
    ScheduleId,
    "schedule"
);
id!(
    /// An account as its provider names it (AWS: twelve digits).
    AccountId,
    "account id"
);
id!(
    /// An organization as its provider names it (AWS: `o-…`).
    OrgId,
    "organization id"
);
id!(
    /// A root or organizational unit as its provider names it (AWS: `r-…`, `ou-…`).
    UnitId,
    "organizational unit id"
);
id!(
    /// A region, or `global` for the services that a partition has once.
    Region,
    "region"
);
id!(
    /// A service of the catalog, e.g. `guardduty`.
    ServiceId,
    "service"
);
id!(
    /// A probe of the catalog: a service's id, or that id, a dot and a word (`s3.policies`).
    ProbeId,
    "probe"
);
id!(
    /// A way to get in, as the settings of coordinator and worker name it.
    ConnectionId,
    "connection"
);
id!(
    /// One worker's work on one batch; who works on the same batch again has another.
    StintId,
    "stint"
);
id!(
    /// The fingerprint of the catalog that a scan was planned with.
    CatalogDigest,
    "catalog digest"
);

/// The text of the region that stands for a partition's global services.
pub const GLOBAL: &str = "global";

impl Region {
    /// The region of services that a partition has once.
    #[must_use]
    pub fn global() -> Self {
        Self(Arc::from(GLOBAL))
    }

    /// Whether this is the region of services that a partition has once.
    #[must_use]
    pub fn is_global(&self) -> bool {
        &*self.0 == GLOBAL
    }
}

impl WorkspaceId {
    /// The workspace of a laptop, and of an installation that has only one.
    #[must_use]
    pub fn main() -> Self {
        Self(Arc::from("default"))
    }
}

impl ProbeId {
    /// The service that the probe belongs to: the part before the first dot.
    #[must_use]
    pub fn service(&self) -> ServiceId {
        let service = self.0.split_once('.').map_or(&*self.0, |(service, _)| service);
        ServiceId(Arc::from(service))
    }
}

impl ScanId {
    /// Makes the id of a new scan from its start and random bits: sortable by time, 20 characters.
    #[must_use]
    pub fn generate(now: chrono::DateTime<chrono::Utc>, dice: u32) -> Self {
        Self(Arc::from(format!("{}-{dice:08x}", now.format("%Y%m%dT%H%M%S"))))
    }
}

impl StintId {
    /// Makes the id of a stint that begins, from bits that no other has.
    #[must_use]
    pub fn generate(dice: u128) -> Self {
        Self(Arc::from(format!("{dice:032x}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_printable_and_bounded() {
        assert!(AccountId::new("").is_err());
        assert!(AccountId::new("a\nb").is_err());
        assert!(AccountId::new("x".repeat(257)).is_err());
        assert_eq!(AccountId::new("123456789012").map(String::from), Ok("123456789012".into()));
    }

    #[test]
    fn an_id_is_read_as_the_text_that_it_is_written_as() {
        for text in ["123456789012", "ou-é-1"] {
            let id = AccountId::new(text).unwrap();
            let written = serde_json::to_string(&id).unwrap();
            assert_eq!(written, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<AccountId>(&written).unwrap(), id);
        }
        let refused = serde_json::from_str::<AccountId>(r#""a\nb""#).unwrap_err().to_string();
        assert!(refused.contains("is not a valid account id"), "{refused}");
        assert!(serde_json::from_str::<AccountId>("7").is_err());
    }

    #[test]
    fn a_probe_names_its_service() {
        let service = |text| ProbeId::new(text).map(|probe| probe.service().to_string());
        assert_eq!(service("s3"), Ok("s3".to_owned()));
        assert_eq!(service("s3.policies"), Ok("s3".to_owned()));
    }
}
