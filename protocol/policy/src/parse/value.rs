//! Shapes that stand everywhere in a policy: elements of an object, one text or a list.

use super::cut;
use crate::error::ParseError;
use crate::json::Json;

/// The elements of an object, all of them known.
pub(super) struct Elements {
    at: String,
    left: Vec<(String, Json)>,
}

impl Elements {
    /// Takes an object whose elements are all known.
    pub(super) fn new(
        json: Json,
        at: &str,
        known: &'static [&'static str],
    ) -> Result<Self, ParseError> {
        let left = object(json, at)?;
        match left.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(Self { at: at.to_owned(), left }),
            Some((name, _)) => {
                Err(ParseError::UnknownElement { at: at.to_owned(), name: cut(name), known })
            }
        }
    }

    /// Takes an element out, if it is there.
    pub(super) fn take(&mut self, name: &str) -> Option<Json> {
        let index = self.left.iter().position(|(found, _)| found == name)?;
        Some(self.left.swap_remove(index).1)
    }

    /// Takes an element out that must be there.
    pub(super) fn need(&mut self, name: &'static str) -> Result<Json, ParseError> {
        self.take(name).ok_or_else(|| ParseError::Missing { at: self.at.clone(), element: name })
    }

    /// Takes a text out, if it is there.
    pub(super) fn take_text(&mut self, name: &str) -> Result<Option<String>, ParseError> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(other) => Err(wrong(&self.at_element(name), "a string", &other)),
        }
    }

    /// Takes one of two elements out, and says whether it was the second.
    pub(super) fn either(
        &mut self,
        one: &'static str,
        other: &'static str,
    ) -> Result<Option<(Json, bool)>, ParseError> {
        match (self.take(one), self.take(other)) {
            (None, None) => Ok(None),
            (Some(json), None) => Ok(Some((json, false))),
            (None, Some(json)) => Ok(Some((json, true))),
            (Some(_), Some(_)) => Err(ParseError::Both {
                at: self.at.clone(),
                one: one.to_owned(),
                other: other.to_owned(),
            }),
        }
    }

    /// Where an element stands.
    pub(super) fn at_element(&self, name: &str) -> String {
        if self.at.starts_with("Statement") {
            format!("{}.{name}", self.at)
        } else {
            name.to_owned()
        }
    }
}

/// Takes an object.
pub(super) fn object(json: Json, at: &str) -> Result<Vec<(String, Json)>, ParseError> {
    match json {
        Json::Object(entries) => Ok(entries),
        other => Err(wrong(at, "an object", &other)),
    }
}

/// Takes one text or a list of texts, none of them empty, and at least one.
pub(super) fn texts(json: Json, at: &str) -> Result<Vec<String>, ParseError> {
    let expected = "a string or a list of strings";
    let items = match json {
        Json::List(items) if items.is_empty() => {
            return Err(found(at, "a string or a list of at least one", "an empty list"));
        }
        Json::List(items) => items,
        one => vec![one],
    };
    let text = |item| match item {
        Json::Text(text) if text.is_empty() => Err(found(at, expected, "empty text")),
        Json::Text(text) => Ok(text),
        other => Err(wrong(at, expected, &other)),
    };
    items.into_iter().map(text).collect()
}

/// Takes the values of a condition: also numbers and booleans, also empty, also none.
pub(super) fn values(json: Json, at: &str) -> Result<Vec<String>, ParseError> {
    let items = match json {
        Json::List(items) => items,
        one => vec![one],
    };
    let value = |item| match item {
        Json::Text(text) | Json::Number(text) => Ok(text),
        Json::Bool(holds) => Ok(holds.to_string()),
        other => Err(wrong(at, "a string, number or boolean, or a list of them", &other)),
    };
    items.into_iter().map(value).collect()
}

/// Refuses a value of another kind.
pub(super) fn wrong(at: &str, expected: &'static str, json: &Json) -> ParseError {
    found(at, expected, json.kind())
}

/// Refuses what was found.
pub(super) fn found(at: &str, expected: &'static str, found: &str) -> ParseError {
    ParseError::Wrong { at: cut(at), expected, found: cut(found) }
}
