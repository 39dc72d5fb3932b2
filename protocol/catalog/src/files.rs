//! The files of the catalog, as they are built into the program.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use protocol::CatalogDigest;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::error::CatalogError;

/// Name and bytes of each file, as `build.rs` found them.
static EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The services that have fixtures.
pub(crate) static FIXTURES: &[&str] = include!(concat!(env!("OUT_DIR"), "/fixtures.rs"));

/// Files by name (`aws/s3.toml`, `data/buckets.toml`), in the order of their names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files(BTreeMap<String, Cow<'static, [u8]>>);

/// The folder of entries.
pub(crate) const ENTRIES: &str = "aws/";

impl Files {
    /// Every file that is built in.
    pub(crate) fn embedded() -> Self {
        Self(embedded().collect())
    }

    /// These entries, with the tables that are built in.
    pub(crate) fn of_entries(entries: impl IntoIterator<Item = (String, String)>) -> Self {
        let entries = entries
            .into_iter()
            .map(|(name, text)| (format!("{ENTRIES}{name}"), Cow::Owned(text.into_bytes())));
        let tables = embedded().filter(|(name, _)| !name.starts_with(ENTRIES));
        Self(tables.chain(entries).collect())
    }

    /// The entries' files: name and bytes.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0
            .iter()
            .filter(|(name, _)| name.starts_with(ENTRIES))
            .map(|(name, bytes)| (name.as_str(), bytes.as_ref()))
    }

    /// The text of a built-in entry.
    pub(crate) fn source(file: &str) -> Option<&'static str> {
        let found = EMBEDDED.iter().find(|(name, _)| *name == file);
        found.and_then(|(_, bytes)| std::str::from_utf8(bytes).ok())
    }

    /// Reads the table of a name.
    pub(crate) fn table<T: DeserializeOwned>(&self, name: &str) -> Result<T, CatalogError> {
        let bytes =
            self.0.get(name).ok_or_else(|| CatalogError::NoFile { file: name.to_owned() })?;
        read(name, bytes)
    }

    /// The fingerprint of all names and bytes.
    pub(crate) fn digest(&self) -> CatalogDigest {
        let mut hash = Sha256::new();
        for (name, bytes) in &self.0 {
            hash.update(name);
            hash.update(b"\0");
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
        let text = hash.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
            // Writing to a text cannot fail.
            if write!(text, "{byte:02x}").is_err() {
                unreachable!()
            }
            text
        });
        CatalogDigest::new(text).unwrap_or_else(|_| unreachable!())
    }
}

/// Reads a TOML file.
pub(crate) fn read<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, CatalogError> {
    let text = std::str::from_utf8(bytes).map_err(|error| CatalogError::Broken {
        file: name.to_owned(),
        line: bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1,
        key: String::new(),
        message: "the file is not UTF-8".to_owned(),
    })?;
    toml::from_str(text).map_err(|error| CatalogError::broken(name, text, &error))
}

fn embedded() -> impl Iterator<Item = (String, Cow<'static, [u8]>)> {
    EMBEDDED.iter().map(|(name, bytes)| ((*name).to_owned(), Cow::Borrowed(*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Entry;

    fn files(name: &str, text: &str) -> Files {
        Files::of_entries([(name.to_owned(), text.to_owned())])
    }

    #[test]
    fn the_digest_changes_with_a_name_and_with_a_byte() {
        let digest = files("a.toml", "x").digest();
        assert_eq!(digest.as_str().len(), 32);
        assert_eq!(files("a.toml", "x").digest(), digest);
        assert_ne!(files("a.toml", "y").digest(), digest);
        assert_ne!(files("b.toml", "x").digest(), digest);
        assert_ne!(files("a.tomlx", "").digest(), digest);
    }

    #[test]
    fn a_file_that_is_not_text_is_named_with_its_line() {
        let told = read::<toml::Table>("aws/x.toml", b"a = 1\nb = '\xff'\n");
        let told = told.expect_err("not text").to_string();
        assert_eq!(told, "aws/x.toml line 2: the file is not UTF-8");
    }

    #[test]
    fn a_file_that_is_cut_anywhere_is_whole_or_told_with_a_line_that_it_has() {
        for (name, whole) in Files::embedded().entries().step_by(20) {
            let lines = whole.split(|byte| *byte == b'\n').count();
            for end in (0..whole.len()).step_by(7) {
                match read::<Entry>(name, &whole[..end]) {
                    Err(CatalogError::Broken { file, line, .. }) => {
                        assert!(
                            file == name && (1..=lines).contains(&line),
                            "{name} {end}: {line}"
                        );
                    }
                    other => assert!(other.is_ok(), "{name} {end}: {other:?}"),
                }
            }
        }
    }

    #[test]
    fn fixtures_are_not_entries() {
        for (name, _) in Files::embedded().entries() {
            assert_eq!(name.matches('/').count(), 1, "{name}");
        }
    }
}
