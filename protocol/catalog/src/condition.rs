//! Conditions: whose a thing is, whether a switch is on.
//!
//! ```
//! use catalog::condition::holds;
//! use catalog::entry::Condition;
//! use serde_json::json;
//!
//! let managed: Condition = toml::from_str(r#"path = "KeyManager"
//! equals = "AWS""#).unwrap();
//! assert!(holds(&managed, &json!({ "KeyManager": "AWS" })));
//! assert!(!holds(&managed, &json!({ "KeyManager": "CUSTOMER" })));
//! ```
//!
//! What a condition compares with may be a template of [`PLACEHOLDERS`]: [`filled`] puts the
//! values in, once for a whole answer, before its things are tested.

use std::borrow::Cow;
use std::ops::ControlFlow;

use serde_json::Value;

use crate::entry::Condition;
use crate::path;
use crate::template::{self, TemplateError};

/// What a condition's values may ask for: what is the same for all things of an answer.
pub const PLACEHOLDERS: &[&str] = &["account", "partition", "region"];

/// The conditions with the templates in their values filled; as they are where they have none.
///
/// ```
/// use catalog::condition::{all_hold, filled};
/// use catalog::entry::Condition;
/// use serde_json::json;
///
/// let own: Condition = toml::from_str(r#"path = "OwnerId"
/// equals = "{account}""#).unwrap();
/// let account = |name: &str| (name == "account").then(|| "111122223333".to_owned());
/// let own = filled(&[own], &account).unwrap().into_owned();
/// assert!(all_hold(&own, &json!({ "OwnerId": "111122223333" })));
/// ```
///
/// # Errors
/// [`TemplateError`] for a placeholder without a value.
pub fn filled<'c>(
    conditions: &'c [Condition],
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<Cow<'c, [Condition]>, TemplateError> {
    let has_template = |condition| texts(condition).any(|text| text.contains(['{', '}']));
    if !conditions.iter().any(has_template) {
        return Ok(Cow::Borrowed(conditions));
    }
    conditions
        .iter()
        .map(|condition| fill(condition, value))
        .collect::<Result<_, _>>()
        .map(Cow::Owned)
}

/// The texts that a condition compares with.
pub(crate) fn texts(condition: &Condition) -> impl Iterator<Item = &str> {
    let Condition { equals, one_of, prefix, suffix, contains, .. } = condition;
    let single = [equals, prefix, suffix, contains].into_iter().flatten();
    single.chain(one_of.iter().flatten()).map(String::as_str)
}

fn fill(
    condition: &Condition,
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<Condition, TemplateError> {
    let one =
        |text: &Option<String>| text.as_ref().map(|text| template::fill(text, value)).transpose();
    let all = |texts: &Vec<String>| texts.iter().map(|text| template::fill(text, value)).collect();
    Ok(Condition {
        path: condition.path.clone(),
        equals: one(&condition.equals)?,
        one_of: condition.one_of.as_ref().map(all).transpose()?,
        prefix: one(&condition.prefix)?,
        suffix: one(&condition.suffix)?,
        contains: one(&condition.contains)?,
        exists: condition.exists,
        not: condition.not,
    })
}

/// Whether a thing passes a condition. Where the path leads to several values, one that passes is
/// enough; `not` turns the outcome round, so a missing value passes a negated comparison.
#[must_use]
pub fn holds(condition: &Condition, thing: &Value) -> bool {
    let passed = if condition.exists == Some(false) {
        !any(condition, thing, is_there)
    } else {
        any(condition, thing, |value| compare(condition, value))
    };
    passed != condition.not
}

/// Whether a thing passes all conditions; with none, everything does.
#[must_use]
pub fn all_hold(conditions: &[Condition], thing: &Value) -> bool {
    conditions.iter().all(|condition| holds(condition, thing))
}

fn any(condition: &Condition, thing: &Value, mut passes: impl FnMut(&Value) -> bool) -> bool {
    path::walk(&condition.path, thing, &mut |value| {
        if passes(value) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .is_break()
}

/// Null, empty text and the empty list are not there.
fn is_there(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => true,
    }
}

fn compare(condition: &Condition, value: &Value) -> bool {
    if condition.exists == Some(true) && !is_there(value) {
        return false;
    }
    let Condition { equals, one_of, prefix, suffix, contains, .. } = condition;
    if equals.is_none()
        && one_of.is_none()
        && prefix.is_none()
        && suffix.is_none()
        && contains.is_none()
    {
        return condition.exists.is_some();
    }
    let Some(text) = path::text(value) else { return false };
    equals.as_ref().is_none_or(|wanted| text == wanted.as_str())
        && one_of.as_ref().is_none_or(|wanted| wanted.iter().any(|one| text == one.as_str()))
        && prefix.as_ref().is_none_or(|wanted| text.starts_with(wanted.as_str()))
        && suffix.as_ref().is_none_or(|wanted| text.ends_with(wanted.as_str()))
        && contains.as_ref().is_none_or(|wanted| text.contains(wanted.as_str()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn condition(text: &str) -> Condition {
        toml::from_str(text).expect("a condition")
    }

    #[test]
    fn json_true_and_xml_true_are_the_same() {
        let on = condition("path = 'on'\nequals = 'true'");
        assert!(holds(&on, &json!({ "on": true })));
        assert!(holds(&on, &json!({ "on": "true" })));
        assert!(!holds(&on, &json!({ "on": false })));
        assert!(!holds(&on, &json!({})));
        assert!(holds(&condition("path = 'n'\nequals = '3'"), &json!({ "n": 3 })));
    }

    #[test]
    fn each_comparison_compares_as_it_says() {
        let thing = json!({ "name": "aws/ebs" });
        for (test, expected) in [
            ("equals = 'aws/ebs'", true),
            ("equals = 'aws'", false),
            ("in = ['x', 'aws/ebs']", true),
            ("in = []", false),
            ("prefix = 'aws/'", true),
            ("prefix = 'ebs'", false),
            ("suffix = '/ebs'", true),
            ("suffix = 'aws'", false),
            ("contains = 's/e'", true),
            ("contains = 'S/E'", false),
            ("exists = true", true),
            ("exists = false", false),
        ] {
            let told = condition(&format!("path = 'name'\n{test}"));
            assert_eq!(holds(&told, &thing), expected, "{test}");
            let negated = Condition { not: true, ..told };
            assert_eq!(holds(&negated, &thing), !expected, "not {test}");
        }
    }

    #[test]
    fn a_missing_value_passes_only_a_negated_comparison() {
        let thing = json!({ "other": "x" });
        assert!(!holds(&condition("path = 'name'\nprefix = 'aws'"), &thing));
        assert!(holds(&condition("path = 'name'\nprefix = 'aws'\nnot = true"), &thing));
    }

    #[test]
    fn nothing_empty_exists() {
        for empty in [json!(null), json!(""), json!([])] {
            let thing = json!({ "x": empty });
            assert!(!holds(&condition("path = 'x'\nexists = true"), &thing), "{thing}");
            assert!(holds(&condition("path = 'x'\nexists = false"), &thing), "{thing}");
        }
        assert!(holds(&condition("path = 'x'\nexists = true"), &json!({ "x": {} })));
        assert!(holds(&condition("path = 'x'\nexists = true"), &json!({ "x": false })));
    }

    #[test]
    fn one_of_several_values_is_enough() {
        let states = json!({ "types": [{ "state": "DISABLED" }, { "state": "ENABLED" }] });
        assert!(holds(&condition("path = 'types[].state'\nequals = 'ENABLED'"), &states));
        assert!(!holds(
            &condition("path = 'types[].state'\nequals = 'ENABLED'\nnot = true"),
            &states
        ));
    }

    #[test]
    fn all_must_hold_and_none_asks_for_nothing() {
        let both = [condition("path = 'a'\nequals = '1'"), condition("path = 'b'\nequals = '2'")];
        assert!(all_hold(&both, &json!({ "a": 1, "b": 2 })));
        assert!(!all_hold(&both, &json!({ "a": 1 })));
        assert!(all_hold(&[], &json!(null)));
    }

    fn known(name: &str) -> Option<String> {
        (name == "account").then(|| "111122223333".to_owned())
    }

    #[test]
    fn templates_in_values_are_filled_wherever_a_condition_compares() {
        for (test, told) in [
            ("equals = '{account}'", "111122223333"),
            ("in = ['x', '{account}']", "111122223333"),
            ("prefix = 'arn:{account}:'", "arn:111122223333:thing"),
            ("suffix = ':{account}'", "arn:111122223333"),
            ("contains = ':{account}:'", "arn:111122223333:thing"),
        ] {
            let asked = [condition(&format!("path = '@'\n{test}"))];
            assert!(!all_hold(&asked, &json!(told)), "{test}");
            let asked = filled(&asked, &known).expect("a value");
            assert!(all_hold(&asked, &json!(told)), "{test}");
            assert!(!all_hold(&asked, &json!("444455556666")), "{test}");
        }
    }

    #[test]
    fn conditions_without_templates_stay_as_they_are() {
        let plain = [condition("path = 'a'\nequals = '1'\nnot = true")];
        assert!(matches!(filled(&plain, &known), Ok(Cow::Borrowed(_))));
        let mixed = [plain[0].clone(), condition("path = 'a'\nequals = '{account}'\nnot = true")];
        let mixed = filled(&mixed, &known).expect("a value");
        assert!(all_hold(&mixed, &json!({ "a": "2" })) && !all_hold(&mixed, &json!({ "a": "1" })));
        assert!(filled(&[condition("path = 'a'\nequals = '{item}'")], &known).is_err());
    }

    proptest! {
        #[test]
        fn negation_turns_every_outcome_round(path in "\\PC{0,12}", wanted in "\\PC{0,4}", thing in "\\PC{0,8}") {
            let told = Condition {
                path, equals: Some(wanted), one_of: None, prefix: None, suffix: None,
                contains: None, exists: None, not: false,
            };
            let thing = json!({ "a": thing });
            let negated = Condition { not: true, ..told.clone() };
            prop_assert_ne!(holds(&told, &thing), holds(&negated, &thing));
        }
    }
}
