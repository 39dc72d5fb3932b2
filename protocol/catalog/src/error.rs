//! What can be wrong about the catalog or with a question to it.

use std::ops::Range;

use chrono::NaiveDate;

use crate::nearest::hint;

/// Why the catalog cannot be read or cannot answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// A file is not what it should be.
    #[error("{file} line {line}{}: {message}", at_key(.key))]
    Broken {
        /// The file, e.g. `aws/s3.toml`.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The key at fault, where one can be told.
        key: String,
        /// What is wrong.
        message: String,
    },
    /// A table that the crate needs is not embedded.
    #[error("the catalog has no file {file}")]
    NoFile {
        /// The file.
        file: String,
    },
    /// A service is not in the catalog.
    #[error("the catalog has no service {name:?}{}", hint(.nearest.as_deref()))]
    UnknownService {
        /// The name that was asked for.
        name: String,
        /// The nearest right one.
        nearest: Option<String>,
    },
    /// A probe is not in the catalog.
    #[error("the catalog has no probe {name:?}{}", hint(.nearest.as_deref()))]
    UnknownProbe {
        /// The name that was asked for.
        name: String,
        /// The nearest right one.
        nearest: Option<String>,
    },
    /// A region is in no partition.
    #[error("there is no region {name:?}{}", hint(.nearest.as_deref()))]
    UnknownRegion {
        /// The name that was asked for.
        name: String,
        /// The nearest right one.
        nearest: Option<String>,
    },
    /// A service has no endpoint of the kind that is wanted.
    #[error(
        "{service} has no {kind} in {place} that the table of {made_on} knows; set \
         AWS_ENDPOINT_URL_{variable} if it has one, or leave the service out"
    )]
    NoEndpoint {
        /// The service.
        service: String,
        /// The region, or `global`.
        place: String,
        /// The kind of endpoint.
        kind: &'static str,
        /// When the table was made.
        made_on: NaiveDate,
        /// The end of the name of the variable that overrides the endpoint.
        variable: String,
    },
}

impl CatalogError {
    /// A broken file, told from what the TOML reader says about its text.
    pub(crate) fn broken(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or(0..0);
        let (line, key) = locate(text, &span);
        let message = error.message().replace('\n', " ");
        Self::Broken { file: file.to_owned(), line, key, message }
    }
}

fn at_key(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!(", key {key:?}") }
}

/// The line of a span, from 1, and the key that it begins with or belongs to.
fn locate(text: &str, span: &Range<usize>) -> (usize, String) {
    let start = (0..=span.start.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    let (before, after) = text.split_at(start.unwrap_or(0));
    let line = before.matches('\n').count() + 1;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let on_line = &before[line_start..];
    let next = after.lines().next().unwrap_or_default();
    let key_here = next.split(['=', ']', ',', '}']).next().unwrap_or_default();
    let key_before = on_line.rsplit_once('=').map(|(before, _)| before).unwrap_or_default();
    let is_value = !key_before.is_empty() && !next[key_here.len()..].starts_with('=');
    let key = if is_value {
        key_before.rsplit(['{', ',', '[']).next().unwrap_or_default()
    } else {
        key_here.trim_start_matches('[')
    };
    (line, key.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use crate::entry::Entry;

    use super::*;

    fn broken(text: &str) -> String {
        let error = toml::from_str::<Entry>(text).expect_err("broken");
        CatalogError::broken("aws/x.toml", text, &error).to_string()
    }

    #[test]
    fn an_unknown_key_is_told_with_file_and_line() {
        let told = broken("service = \"x\"\ntitel = \"X\"\n");
        assert!(
            told.starts_with("aws/x.toml line 2, key \"titel\": unknown field `titel`"),
            "{told}"
        );
    }

    #[test]
    fn a_wrong_value_is_told_with_its_key() {
        let told = broken("service = \"x\"\ntitle = 3\n");
        assert!(told.starts_with("aws/x.toml line 2, key \"title\": invalid type"), "{told}");
    }

    #[test]
    fn a_file_that_is_not_toml_is_told_with_its_line() {
        let told = broken("service = \"x\"\n\ntitle = \n");
        assert!(told.starts_with("aws/x.toml line 3"), "{told}");
    }
}
