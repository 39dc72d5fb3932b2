//! The rules that keep the catalog honest, for `catalog check`.

mod call;
mod entry;
mod probe;
mod texts;

use std::fmt;

use crate::catalog::Catalog;
use crate::error::CatalogError;
use crate::files::FIXTURES;

/// Something that is wrong with the catalog.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, e.g. `aws/s3.toml`.
    pub file: String,
    /// Where in it: a probe, or a probe and a call (`s3.policies/policy`); empty for the whole.
    pub place: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, place, message } = self;
        if place.is_empty() {
            write!(f, "{file}: {message}")
        } else {
            write!(f, "{file}, {place}: {message}")
        }
    }
}

/// Everything that is wrong with a catalog, in the order of its files; nothing when it is right.
#[must_use]
pub fn check(catalog: &Catalog) -> Vec<Problem> {
    let mut problems: Vec<Problem> = catalog.broken().iter().map(broken).collect();
    for loaded in catalog.loaded() {
        let mut notes = Notes::default();
        entry::check(catalog, &loaded.file, &loaded.entry, &mut notes);
        problems.extend(notes.0.into_iter().map(|(place, message)| Problem {
            file: loaded.file.clone(),
            place,
            message,
        }));
    }
    problems.sort();
    problems
}

fn broken(error: &CatalogError) -> Problem {
    let (file, place, message) = match error {
        CatalogError::Broken { file, line, key, message } if key.is_empty() => {
            (file.clone(), format!("line {line}"), message.clone())
        }
        CatalogError::Broken { file, line, key, message } => {
            (file.clone(), format!("line {line}, key {key:?}"), message.clone())
        }
        other => (String::new(), String::new(), other.to_string()),
    };
    Problem { file, place, message }
}

/// Whether a service has a fixture: answers in its true wire format.
fn has_fixture(service: &str) -> bool {
    FIXTURES.contains(&service)
}

/// What is wrong with one entry: place and message.
#[derive(Debug, Default)]
struct Notes(Vec<(String, String)>);

impl Notes {
    fn add(&mut self, place: &str, message: impl Into<String>) {
        self.0.push((place.to_owned(), message.into()));
    }

    /// Notes a message unless `right`.
    fn unless(&mut self, right: bool, place: &str, message: impl FnOnce() -> String) {
        if !right {
            self.add(place, message());
        }
    }
}
