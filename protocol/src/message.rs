//! How messages between coordinator and workers are read: by their version, so that one that a newer
//! build wrote is told from one that is broken.

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A message with a version.
pub trait Versioned: DeserializeOwned {
    /// What it is called in an error.
    const WHAT: &'static str;
    /// The newest version that this build reads; it reads all earlier ones too.
    const VERSION: u16;

    /// The version that it says it is of.
    fn version(&self) -> u16;
}

/// Why a message cannot be read; it is parked, never dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A newer build wrote it.
    #[error("the {what} is of version {found}, this build reads up to {known}")]
    Newer {
        /// What it is.
        what: &'static str,
        /// Its version.
        found: u16,
        /// The newest version that this build reads.
        known: u16,
    },
    /// It is no such message.
    #[error("it is no {what}: {why}")]
    Malformed {
        /// What it should have been.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

#[derive(Deserialize)]
struct Head {
    version: u16,
}

/// Reads a message.
///
/// # Errors
/// [`Unreadable`] when it is of a version that this build does not know, or no such message.
pub fn read<T: Versioned>(body: &[u8]) -> Result<T, Unreadable> {
    let newer = |found| Unreadable::Newer { what: T::WHAT, found, known: T::VERSION };
    // Once where it can be read, since pages are large; its version alone where it cannot.
    match serde_json::from_slice::<T>(body) {
        Ok(message) if message.version() > T::VERSION => Err(newer(message.version())),
        Ok(message) => Ok(message),
        Err(error) => match serde_json::from_slice(body) {
            Ok(Head { version }) if version > T::VERSION => Err(newer(version)),
            _ => Err(Unreadable::Malformed { what: T::WHAT, why: error.to_string() }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Batch;
    use crate::result::ResultPage;

    #[test]
    fn a_newer_version_is_told_from_a_broken_message() {
        let newer = read::<ResultPage>(br#"{"version":99,"pages":[]}"#);
        let known = ResultPage::VERSION;
        assert_eq!(newer, Err(Unreadable::Newer { what: "result page", found: 99, known }));
        let alike = read::<ResultPage>(br#"{"version":99,"scan":"s","round":1,"answers":[]}"#);
        assert_eq!(alike, newer, "though this build could make something of it");
        assert!(matches!(read::<Batch>(b"hello"), Err(Unreadable::Malformed { .. })));
        assert!(matches!(read::<Batch>(br#"{"version":1}"#), Err(Unreadable::Malformed { .. })));
    }

    #[test]
    fn yesterdays_bytes_still_parse() {
        let batch = br#"{"version":1,"scan":"s","round":1,"dispatch":2,"catalog":"c","account":"123456789012",
            "connection":"source-0","region":"eu-west-1",
            "work":{"probes":[{"probe":"s3","attempt":0,"throttled":0}]}}"#;
        let batch = read::<Batch>(batch).expect("a batch of version 1");
        assert_eq!((batch.pace, batch.trace), (crate::batch::BatchPace::default(), None));
        let page = br#"{"version":1,"scan":"s","round":1,"answers":[
            {"settled":{"account":"123456789012","region":"eu-west-1","dispatch":2}}]}"#;
        let page = read::<ResultPage>(page).expect("a page of version 1");
        assert_eq!((page.part, page.answers.len()), (None, 1));
    }
}
