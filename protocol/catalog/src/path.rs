//! Paths into answers: `Users.member[]`, `KeyMetadata`, `@`.
//!
//! A path is names separated by dots. A step that ends in `[]` is a list step: it leads to every
//! element of a list, to the value itself where XML made a list of one look like an object, and
//! to nothing where there is nothing. `@` is the answer itself, `@[]` its elements.
//!
//! A path stays text: it is walked from left to right without being taken apart, so that walking
//! costs a look-up for each step and no memory.
//!
//! ```
//! use catalog::path::Path;
//! use serde_json::json;
//!
//! let answer = json!({ "Users": { "member": { "UserName": "ana" } } });
//! let users = Path::parse("Users.member[].UserName").unwrap();
//! assert_eq!(users.select(&answer), [&json!("ana")]);
//! ```

use std::borrow::Cow;
use std::fmt;
use std::ops::ControlFlow;

use serde_json::Value;

/// A path that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path(Box<str>);

/// Why a text is not a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It is empty, or has an empty step.
    #[error("the path {path:?} has an empty step")]
    EmptyStep {
        /// The text.
        path: String,
    },
    /// A step holds a character that no step may hold.
    #[error(
        "the step {step:?} of the path {path:?} is not a name, a name with `[]`, or a leading `@`"
    )]
    BadStep {
        /// The text.
        path: String,
        /// The step.
        step: String,
    },
    /// It is longer than [`Path::LONGEST`] bytes.
    #[error("the path is {length} bytes long, at most {} are allowed", Path::LONGEST)]
    TooLong {
        /// The length in bytes.
        length: usize,
    },
}

impl Path {
    /// The longest path, in bytes.
    pub const LONGEST: usize = 256;

    /// Checks a text and takes it as a path.
    ///
    /// # Errors
    /// [`PathError`] when a step is empty or not a name.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        check(text)?;
        Ok(Self(text.into()))
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Every value that the path leads to, in the order of the answer.
    #[must_use]
    pub fn select<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        select(&self.0, value)
    }

    /// The first value that the path leads to.
    #[must_use]
    pub fn first<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        first(&self.0, value)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks that a text is a path, without keeping it.
///
/// # Errors
/// [`PathError`] when a step is empty or not a name.
pub fn check(text: &str) -> Result<(), PathError> {
    if text.len() > Path::LONGEST {
        return Err(PathError::TooLong { length: text.len() });
    }
    for (index, step) in text.split('.').enumerate() {
        let name = step.strip_suffix("[]").unwrap_or(step);
        if name.is_empty() {
            return Err(PathError::EmptyStep { path: text.to_owned() });
        }
        let root = index == 0 && (text == "@" || step == "@[]");
        let named = !name.contains(|c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '[' | ']' | '{' | '}' | '@')
        });
        if !root && !named {
            return Err(PathError::BadStep { path: text.to_owned(), step: step.to_owned() });
        }
    }
    Ok(())
}

/// Every value that the text of a path leads to; nothing where the text is not a path.
#[must_use]
pub fn select<'v>(path: &str, value: &'v Value) -> Vec<&'v Value> {
    let mut found = Vec::new();
    let end: ControlFlow<()> = walk(path, value, &mut |value| {
        found.push(value);
        ControlFlow::Continue(())
    });
    debug_assert!(end.is_continue(), "nobody stops this walk");
    found
}

/// The first value that the text of a path leads to.
#[must_use]
pub fn first<'v>(path: &str, value: &'v Value) -> Option<&'v Value> {
    walk(path, value, &mut ControlFlow::Break).break_value()
}

/// Shows every value that the text of a path leads to, until one makes the visitor stop.
pub fn walk<'v, T>(
    path: &str,
    value: &'v Value,
    visit: &mut impl FnMut(&'v Value) -> ControlFlow<T>,
) -> ControlFlow<T> {
    let (step, rest) = match path.split_once('.') {
        Some((step, rest)) => (step, Some(rest)),
        None => (path, None),
    };
    let (name, list) = match step.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (step, false),
    };
    let target = if name == "@" { Some(value) } else { value.get(name) };
    let Some(target) = target else { return ControlFlow::Continue(()) };
    let mut go_on = |target: &'v Value| match rest {
        Some(rest) => walk(rest, target, visit),
        None => visit(target),
    };
    match target {
        Value::Null => ControlFlow::Continue(()),
        Value::String(text) if list && text.is_empty() => ControlFlow::Continue(()),
        Value::Array(elements) if list => {
            elements.iter().filter(|element| !element.is_null()).try_for_each(go_on)
        }
        _ => go_on(target),
    }
}

/// A plain value as text, so that JSON's `true` and XML's `true` are the same; none for null,
/// lists and objects.
#[must_use]
pub fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_of_one_looks_like_an_object_and_is_a_list() {
        let one = json!({ "Users": { "member": { "Arn": "a" } } });
        let two = json!({ "Users": { "member": [{ "Arn": "a" }, { "Arn": "b" }] } });
        let empty = json!({ "Users": "" });
        assert_eq!(select("Users.member[].Arn", &one), [&json!("a")]);
        assert_eq!(select("Users.member[].Arn", &two), [&json!("a"), &json!("b")]);
        assert!(select("Users.member[].Arn", &empty).is_empty());
        assert!(select("Users[]", &empty).is_empty());
        assert!(select("Users.member[]", &json!(null)).is_empty());
    }

    #[test]
    fn nested_lists_are_flattened_in_order() {
        let answer = json!({ "set": [{ "item": [1, 2] }, {}, { "item": 3 }, { "item": null }] });
        assert_eq!(select("set[].item[]", &answer), [&json!(1), &json!(2), &json!(3)]);
    }

    #[test]
    fn a_list_without_brackets_is_the_list_itself() {
        let answer = json!({ "ids": ["a", "b"] });
        assert_eq!(select("ids", &answer), [&json!(["a", "b"])]);
        assert!(select("ids.name", &answer).is_empty());
    }

    #[test]
    fn the_answer_itself_is_at() {
        let answer = json!(["a", "b"]);
        assert_eq!(select("@", &answer), [&answer]);
        assert_eq!(select("@[]", &answer), [&json!("a"), &json!("b")]);
        assert_eq!(first("@[]", &answer), Some(&json!("a")));
    }

    #[test]
    fn what_is_not_a_path_is_refused_with_its_step() {
        for text in ["", ".", "a.", ".a", "a..b", "[]", "a.@", "@.a", "a[0]", "a[].", "a b", "{a}"]
        {
            assert!(Path::parse(text).is_err(), "{text:?}");
        }
        for text in ["@", "@[]", "@[].a", "a", "a[]", "a-b_c:d.e[]", "x-amz-thing"] {
            assert!(Path::parse(text).is_ok(), "{text:?}");
        }
        assert!(Path::parse(&"a".repeat(Path::LONGEST + 1)).is_err());
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 64, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-c@]", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn nodes(value: &Value) -> usize {
        1 + match value {
            Value::Array(elements) => elements.iter().map(nodes).sum(),
            Value::Object(map) => map.values().map(nodes).sum(),
            _ => 0,
        }
    }

    proptest! {
        #[test]
        fn no_text_and_no_value_make_it_panic(text in "\\PC{0,40}", value in any_value()) {
            let parsed = Path::parse(&text);
            let found = select(&text, &value);
            prop_assert!(found.len() <= nodes(&value));
            if let Ok(path) = parsed {
                prop_assert_eq!(path.as_str(), &text);
                prop_assert_eq!(path.first(&value), found.first().copied());
            }
        }

        #[test]
        fn a_path_never_finds_more_than_there_is(
            path in "(@|@\\[\\]|[a-c](\\[\\])?)(\\.[a-c](\\[\\])?){0,6}", value in any_value(),
        ) {
            let mut visits = 0;
            let end: ControlFlow<()> = walk(&path, &value, &mut |_| {
                visits += 1;
                ControlFlow::Continue(())
            });
            prop_assert_eq!(end, ControlFlow::Continue(()));
            prop_assert!(visits <= nodes(&value));
        }

        #[test]
        fn a_list_step_finds_the_elements_that_are_there(elements in prop::collection::vec(any_value(), 0..20)) {
            let there = elements.iter().filter(|element| !element.is_null()).count();
            prop_assert_eq!(select("a[]", &json!({ "a": elements })).len(), there);
        }
    }
}
