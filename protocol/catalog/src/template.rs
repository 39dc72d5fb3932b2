//! Templates: texts of a call with `{account}`, `{region}`, `{item}`, `{item.PATH}` in them.
//!
//! ```
//! use catalog::template::fill;
//!
//! let value = |name: &str| (name == "item").then(|| "d-1".to_owned());
//! assert_eq!(fill("/detector/{item}", &value).unwrap(), "/detector/d-1");
//! assert!(fill("/detector/{items}", &value).is_err());
//! ```

use std::collections::BTreeSet;

use serde_json::Value;

use crate::entry::Call;

/// Why a template cannot be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace has no partner.
    #[error("the template {template:?} has a brace without a partner")]
    Unbalanced {
        /// The template.
        template: String,
    },
    /// A placeholder has no value.
    #[error("the template {template:?} asks for {{{name}}}, which has no value here")]
    Missing {
        /// The template.
        template: String,
        /// The placeholder.
        name: String,
    },
}

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'t> {
    /// Text that stays.
    Text(&'t str),
    /// The name between two braces.
    Placeholder(&'t str),
}

/// Replaces every placeholder by its value; `value` answers with none for what it does not know.
///
/// Values are put in as they are: encoding them for a path or a host is the caller's business.
///
/// # Errors
/// [`TemplateError`] for a brace without a partner or a placeholder without a value.
pub fn fill(
    template: &str,
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<String, TemplateError> {
    let mut filled = String::with_capacity(template.len());
    for part in parts(template) {
        match part? {
            Part::Text(text) => filled.push_str(text),
            Part::Placeholder(name) => {
                let value = value(name).ok_or_else(|| TemplateError::Missing {
                    template: template.to_owned(),
                    name: name.to_owned(),
                })?;
                filled.push_str(&value);
            }
        }
    }
    Ok(filled)
}

/// Takes a template apart; ends after an error.
pub fn parts(template: &str) -> impl Iterator<Item = Result<Part<'_>, TemplateError>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        match next_part(rest) {
            Some((part, after)) => {
                rest = after;
                Some(Ok(part))
            }
            None => {
                rest = "";
                Some(Err(TemplateError::Unbalanced { template: template.to_owned() }))
            }
        }
    })
}

/// The first part of a text that is not empty and what comes after it; none for a lone brace.
fn next_part(text: &str) -> Option<(Part<'_>, &str)> {
    if let Some(inside) = text.strip_prefix('{') {
        let (name, after) = inside.split_once('}')?;
        return (!name.contains('{')).then_some((Part::Placeholder(name), after));
    }
    let end = text.find(['{', '}']).unwrap_or(text.len());
    let (plain, after) = text.split_at(end);
    (!plain.is_empty()).then_some((Part::Text(plain), after))
}

/// The paths that a call's templates need of its parent's items, those of `{item.PATH}`.
#[must_use]
pub fn inputs(call: &Call) -> BTreeSet<String> {
    texts(call)
        .into_iter()
        .flat_map(parts)
        .filter_map(|part| match part {
            Ok(Part::Placeholder(name)) => name.strip_prefix("item.").map(str::to_owned),
            // What is not a template is reported by `validate`, and refused by `fill`.
            Ok(Part::Text(_)) | Err(_) => None,
        })
        .collect()
}

/// Every text of a call that is a template.
#[must_use]
pub fn texts(call: &Call) -> Vec<&str> {
    let mut texts: Vec<&str> = [&call.path, &call.host, &call.region]
        .into_iter()
        .filter_map(Option::as_deref)
        .chain(call.query.values().map(String::as_str))
        .chain(call.headers.values().map(String::as_str))
        .collect();
    call.params.values().for_each(|value| gather(value, &mut texts));
    texts
}

fn gather<'v>(value: &'v Value, texts: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(elements) => elements.iter().for_each(|element| gather(element, texts)),
        Value::Object(map) => map.values().for_each(|value| gather(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(name: &str) -> Option<String> {
        match name {
            "account" => Some("111122223333".to_owned()),
            "item.BucketRegion" => Some("eu-west-1".to_owned()),
            "nested" => Some("{account}".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn placeholders_become_their_values_once() {
        assert_eq!(fill("", &known).as_deref(), Ok(""));
        assert_eq!(fill("/", &known).as_deref(), Ok("/"));
        assert_eq!(
            fill("{account}.s3.{item.BucketRegion}", &known).as_deref(),
            Ok("111122223333.s3.eu-west-1")
        );
        assert_eq!(fill("a{nested}b", &known).as_deref(), Ok("a{account}b"));
    }

    #[test]
    fn what_has_no_value_is_named() {
        let missing = fill("/x/{itme}", &known).expect_err("no value").to_string();
        assert_eq!(missing, "the template \"/x/{itme}\" asks for {itme}, which has no value here");
        for lone in ["{", "}", "{a", "a}", "{a{b}", "x{}}"] {
            assert!(fill(lone, &known).is_err(), "{lone}");
        }
    }

    #[test]
    fn inputs_are_found_wherever_a_call_has_a_template() {
        let call: Call = toml::from_str(
            r#"
            name = "policy"
            operation = "GetPolicy"
            path = "/{item}/{item.Name}"
            query = { a = "{item.A}" }
            headers = { b = "{item.B.C[]}" }
            params = { list = [{ deep = "{item.Deep}" }], account = "{account}", n = 1 }
            region = "{item.BucketRegion}"
            items = "@"
            iam = []
            "#,
        )
        .expect("a call");
        let found: Vec<String> = inputs(&call).into_iter().collect();
        assert_eq!(found, ["A", "B.C[]", "BucketRegion", "Deep", "Name"]);
    }

    proptest! {
        #[test]
        fn a_text_without_braces_stays_as_it_is(text in "[^{}]{0,60}") {
            prop_assert_eq!(fill(&text, &|_| None), Ok(text));
        }

        #[test]
        fn parts_put_together_again_are_the_template(text in "[a-c{}]{0,30}") {
            let all: Result<String, _> = parts(&text)
                .map(|part| part.map(|part| match part {
                    Part::Text(text) => text.to_owned(),
                    Part::Placeholder(name) => format!("{{{name}}}"),
                }))
                .collect();
            match all {
                Ok(again) => prop_assert_eq!(again, text),
                Err(error) => prop_assert_eq!(error, TemplateError::Unbalanced { template: text }),
            }
        }

        #[test]
        fn no_template_makes_it_panic(text in "\\PC{0,60}") {
            if let Err(error) = fill(&text, &known) {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}
