//! Finds values that make conditions hold or fail: how things become the customer's own or AWS's.
//!
//! This judges conditions by itself, not with the catalog's evaluator, so that the two cannot
//! share a mistake.

use std::borrow::Cow;

use catalog::entry::Condition;

/// A condition with its account, region and partition put in.
pub(crate) fn filled<'c>(
    condition: &'c Condition,
    account: &str,
    region: &str,
) -> Cow<'c, Condition> {
    let Condition { equals, one_of, prefix, suffix, contains, .. } = condition;
    let single = [equals, prefix, suffix, contains].into_iter().flatten();
    if !single.chain(one_of.iter().flatten()).any(|text| text.contains('{')) {
        return Cow::Borrowed(condition);
    }
    let fill = |text: &String| {
        let text = text.replace("{account}", account).replace("{region}", region);
        text.replace("{partition}", "aws")
    };
    let mut filled = condition.clone();
    let Condition { equals, prefix, suffix, contains, .. } = &mut filled;
    for text in [equals, prefix, suffix, contains].into_iter().flatten() {
        *text = fill(text);
    }
    filled.one_of.iter_mut().flatten().for_each(|text| *text = fill(text));
    Cow::Owned(filled)
}

/// Whether a value passes a condition.
pub(crate) fn passes(condition: &Condition, value: Option<&str>) -> bool {
    let value = value.filter(|text| !text.is_empty());
    let passed = match (condition.exists, value) {
        (Some(false), value) => value.is_none(),
        (_, None) => false,
        (_, Some(text)) => compares(condition, text),
    };
    passed != condition.not
}

fn compares(condition: &Condition, text: &str) -> bool {
    let Condition { equals, one_of, prefix, suffix, contains, .. } = condition;
    equals.as_deref().is_none_or(|wanted| text == wanted)
        && one_of.as_deref().is_none_or(|list| list.iter().any(|one| one == text))
        && prefix.as_deref().is_none_or(|start| text.starts_with(start))
        && suffix.as_deref().is_none_or(|end| text.ends_with(end))
        && contains.as_deref().is_none_or(|part| text.contains(part))
}

/// The value that makes all of `conditions` on one path hold; none inside where it must be absent,
/// none outside where nothing that was tried does.
pub(crate) fn hold(conditions: &[&Condition], filler: &str, turn: usize) -> Option<Option<String>> {
    first(conditions, filler, turn, |value| conditions.iter().all(|one| passes(one, value)))
}

/// The value that makes one condition fail.
pub(crate) fn fail(condition: &Condition, filler: &str, turn: usize) -> Option<Option<String>> {
    first(&[condition], filler, turn, |value| !passes(condition, value))
}

fn first(
    conditions: &[&Condition],
    filler: &str,
    turn: usize,
    wanted: impl Fn(Option<&str>) -> bool,
) -> Option<Option<String>> {
    let tried = conditions.iter().flat_map(|condition| candidates(condition, filler, turn));
    tried.chain([Some(filler.to_owned()), None]).find(|value| wanted(value.as_deref()))
}

/// Values worth trying: one that the comparison asks for, then one that means the contrary.
fn candidates(condition: &Condition, filler: &str, turn: usize) -> [Option<String>; 2] {
    let listed = condition.one_of.as_deref().unwrap_or_default();
    let listed = listed.get(turn.checked_rem(listed.len()).unwrap_or(0)).cloned();
    let exact = condition.equals.clone().or(listed);
    let contrary = exact.as_deref().and_then(contrary_of).map(str::to_owned);
    let built = || {
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        let (prefix, suffix) = (part(&condition.prefix), part(&condition.suffix));
        format!("{prefix}{}{filler}{suffix}", part(&condition.contains))
    };
    [Some(exact.unwrap_or_else(built)), contrary]
}

/// The word that a service uses for the contrary.
fn contrary_of(word: &str) -> Option<&'static str> {
    const PAIRS: &[(&str, &str)] = &[
        ("true", "false"),
        ("ENABLED", "DISABLED"),
        ("Enabled", "Disabled"),
        ("enabled", "disabled"),
        ("ACTIVE", "INACTIVE"),
        ("active", "inactive"),
        ("AWS", "CUSTOMER"),
        ("COMPLETED", "FAILED"),
        ("terminated", "running"),
        ("deleted", "available"),
        ("deleting", "available"),
        ("DELETED", "ACTIVE"),
        ("DELETING", "ACTIVE"),
    ];
    PAIRS.iter().find_map(|(one, other)| match word {
        _ if word == *one => Some(*other),
        _ if word == *other => Some(*one),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn condition() -> impl Strategy<Value = Condition> {
        let word = || prop::option::of(prop::sample::select(vec!["true", "ENABLED", "aws/", "x"]));
        let exists = prop::option::of(any::<bool>());
        (word(), word(), word(), word(), any::<bool>(), exists, 0..4).prop_map(
            |(equals, prefix, suffix, contains, not, exists, pick)| Condition {
                path: "a".to_owned(),
                equals: equals.filter(|_| pick == 0).map(str::to_owned),
                one_of: (pick == 1).then(|| vec!["docdb".to_owned(), "neptune".to_owned()]),
                prefix: prefix.filter(|_| pick == 2).map(str::to_owned),
                suffix: suffix.filter(|_| pick == 2).map(str::to_owned),
                contains: contains.filter(|_| pick == 3).map(str::to_owned),
                exists: exists.filter(|_| pick == 0 && equals.is_none()),
                not,
            },
        )
    }

    #[test]
    fn templates_are_filled_wherever_a_condition_compares() {
        let condition: Condition =
            serde_json::from_value(json!({ "path": "a", "in": ["{account}", ":{region}:"] }))
                .expect("a condition");
        let filled = filled(&condition, "1", "eu");
        assert!(passes(&filled, Some("1")) && passes(&filled, Some(":eu:")));
        assert!(!passes(&filled, Some("{account}")));
    }

    fn says_something(condition: &Condition) -> bool {
        condition.equals.is_some()
            || condition.one_of.is_some()
            || condition.prefix.is_some()
            || condition.suffix.is_some()
            || condition.contains.is_some()
            || condition.exists.is_some()
    }

    proptest! {
        #[test]
        fn the_catalogs_evaluator_agrees(condition in condition(), turn in 0..3_usize) {
            prop_assume!(says_something(&condition));
            let thing = |value: &Option<String>| {
                value.as_ref().map_or_else(|| json!({}), |text| json!({ "a": text }))
            };
            if let Some(value) = hold(&[&condition], "filler-01", turn) {
                prop_assert!(catalog::condition::holds(&condition, &thing(&value)), "{value:?}");
            }
            let failing = fail(&condition, "filler-01", turn);
            prop_assert!(failing.is_some());
            prop_assert!(!catalog::condition::holds(&condition, &thing(&failing.flatten())));
        }
    }
}
