//! A text of a policy in which wildcards and variables may stand.

use std::borrow::Cow;

use crate::glob::{self, Glob, push_text, push_wild};
use crate::request::{Fact, Request};
use crate::truth::{Missing, Truth};

/// A text of a policy, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    compiled: Compiled,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Compiled {
    Plain(Vec<Glob>),
    Template(Vec<Part>),
    Broken,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Text in which `*` and `?` are wildcards.
    Wild(String),
    /// Text that means itself: `${*}`, `${?}`, `${$}`.
    Literal(&'static str),
    /// `${key}` or `${key, 'default'}`.
    Variable { key: String, default: Option<String> },
}

/// What a pattern has become for one request.
pub(crate) enum Resolved<T> {
    Ready(T),
    /// It needs a variable that the request does not have.
    Absent,
    Open(Truth),
}

impl Pattern {
    /// Compiles a text; variables mean something only in the newer version of the language.
    pub(crate) fn new(text: String, variables: bool) -> Self {
        let compiled = if variables && text.contains("${") {
            parts(&text).map_or(Compiled::Broken, Compiled::Template)
        } else {
            Compiled::Plain(glob::compile(&text))
        };
        Self { text, compiled }
    }

    /// Compiles a text that matches any spelling of an action.
    pub(crate) fn action(text: String) -> Self {
        let compiled = Compiled::Plain(glob::compile(&text.to_lowercase()));
        Self { text, compiled }
    }

    /// The text as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it takes everything: `*`.
    #[must_use]
    pub fn takes_all(&self) -> bool {
        matches!(&self.compiled, Compiled::Plain(globs) if glob::takes_all(globs))
    }

    /// The pattern with its wildcards, for one request.
    pub(crate) fn globs(&self, request: &Request) -> Resolved<Cow<'_, [Glob]>> {
        let parts = match &self.compiled {
            Compiled::Plain(globs) => return Resolved::Ready(Cow::Borrowed(globs)),
            Compiled::Template(parts) => parts,
            Compiled::Broken => return self.broken(),
        };
        let mut globs = Vec::new();
        for part in parts {
            match part {
                Part::Wild(text) => push_wild(&mut globs, text),
                Part::Literal(text) => push_text(&mut globs, text),
                Part::Variable { key, default } => match value(request, key, default.as_deref()) {
                    Resolved::Ready(text) if text.contains(['*', '?']) => {
                        return Resolved::Open(Truth::unclear(format!(
                            "the variable {key} brings wildcards into {:?}",
                            self.text
                        )));
                    }
                    Resolved::Ready(text) => push_text(&mut globs, text),
                    Resolved::Absent => return Resolved::Absent,
                    Resolved::Open(truth) => return Resolved::Open(truth),
                },
            }
        }
        Resolved::Ready(Cow::Owned(globs))
    }

    /// The text without wildcards, for one request.
    pub(crate) fn text(&self, request: &Request) -> Resolved<Cow<'_, str>> {
        let parts = match &self.compiled {
            Compiled::Plain(_) => return Resolved::Ready(Cow::Borrowed(&self.text)),
            Compiled::Template(parts) => parts,
            Compiled::Broken => return self.broken(),
        };
        let mut whole = String::new();
        for part in parts {
            match part {
                Part::Wild(text) => whole.push_str(text),
                Part::Literal(text) => whole.push_str(text),
                Part::Variable { key, default } => match value(request, key, default.as_deref()) {
                    Resolved::Ready(text) => whole.push_str(text),
                    Resolved::Absent => return Resolved::Absent,
                    Resolved::Open(truth) => return Resolved::Open(truth),
                },
            }
        }
        Resolved::Ready(Cow::Owned(whole))
    }

    fn broken<T>(&self) -> Resolved<T> {
        Resolved::Open(Truth::unclear(format!("the variable in {:?} is malformed", self.text)))
    }
}

/// What a variable holds.
fn value<'v>(request: &'v Request, key: &str, default: Option<&'v str>) -> Resolved<&'v str> {
    match (request.fact(key), default) {
        (Fact::Unknown, _) => Resolved::Open(Truth::open(Missing::Key(key.to_owned()))),
        (Fact::Absent, Some(default)) => Resolved::Ready(default),
        (Fact::Absent, None) => Resolved::Absent,
        (Fact::Values([one]), _) => Resolved::Ready(one),
        (Fact::Values(_), _) => {
            Resolved::Open(Truth::unclear(format!("the variable {key} holds several values")))
        }
    }
}

/// Takes a text with variables apart; nothing when one is malformed.
fn parts(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (inside, after) = after.split_once('}')?;
        parts.push(Part::Wild(before.to_owned()));
        parts.push(match inside {
            "*" => Part::Literal("*"),
            "?" => Part::Literal("?"),
            "$" => Part::Literal("$"),
            _ => variable(inside)?,
        });
        rest = after;
    }
    parts.push(Part::Wild(rest.to_owned()));
    Some(parts)
}

fn variable(inside: &str) -> Option<Part> {
    let (key, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((key, rest)) => {
            let quoted = rest.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            (key, Some(quoted.to_owned()))
        }
    };
    let key = key.trim();
    let is_key = key.contains(':') && !key.contains(['$', '{', '*', '?']);
    is_key.then(|| Part::Variable { key: key.to_owned(), default })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pattern: &str, request: &Request) -> Option<String> {
        match Pattern::new(pattern.to_owned(), true).text(request) {
            Resolved::Ready(text) => Some(text.into_owned()),
            Resolved::Absent | Resolved::Open(_) => None,
        }
    }

    fn takes(pattern: &str, request: &Request, text: &str) -> Option<bool> {
        match Pattern::new(pattern.to_owned(), true).globs(request) {
            Resolved::Ready(globs) => Some(glob::takes(&globs, text)),
            Resolved::Absent | Resolved::Open(_) => None,
        }
    }

    fn request() -> Request {
        Request::new("s3:GetObject")
            .with("aws:username", ["ann"])
            .with("aws:PrincipalTag/Star", ["a*"])
            .without("aws:PrincipalTag/Team")
    }

    #[test]
    fn variables_are_replaced_whatever_their_case_and_defaults_stand_in() {
        assert_eq!(text("home/${aws:userName}/x", &request()).as_deref(), Some("home/ann/x"));
        assert_eq!(text("${aws:PrincipalTag/team, 'all'}", &request()).as_deref(), Some("all"));
        assert_eq!(text("${aws:PrincipalTag/team}", &request()), None);
        assert_eq!(text("${aws:PrincipalTag/Other}", &request()), None);
        assert_eq!(text("a${$}${*}${?}", &request()).as_deref(), Some("a$*?"));
    }

    #[test]
    fn an_escaped_star_is_no_wildcard() {
        assert_eq!(takes("a${*}*", &request(), "a*b"), Some(true));
        assert_eq!(takes("a${*}*", &request(), "abb"), Some(false));
        assert_eq!(takes("${aws:PrincipalTag/Star}", &request(), "a*"), None);
    }

    #[test]
    fn the_older_version_knows_no_variables() {
        let old = Pattern::new("${aws:username}".to_owned(), false);
        assert!(matches!(old.text(&request()), Resolved::Ready(text) if text == "${aws:username}"));
    }

    #[test]
    fn malformed_variables_are_not_guessed_at() {
        for broken in ["${", "${}", "${aws:username", "${aws:username, all}", "${a}", "${${aws:b}}"]
        {
            assert_eq!(text(broken, &request()), None, "{broken}");
        }
    }
}
