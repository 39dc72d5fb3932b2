//! One value of the request beside one value of the policy.

use std::cmp::Ordering;

use crate::operator::{Comparison, Operator, Order};
use crate::pattern::{Pattern, Resolved};
use crate::request::Request;
use crate::truth::Truth;
use crate::{arn, decimal, glob, network, time};

/// Whether a value of the request is what a value of the policy says, before any negation.
pub(crate) fn compare(
    operator: Operator,
    found: &str,
    wanted: &Pattern,
    request: &Request,
) -> Truth {
    let plain = wanted.as_str();
    match operator.comparison() {
        Comparison::Text => {
            on(wanted.text(request), operator, |text| (found == text.as_ref()).into())
        }
        Comparison::TextIgnoreCase => on(wanted.text(request), operator, |text| {
            (found.to_lowercase() == text.to_lowercase()).into()
        }),
        Comparison::Like => {
            on(wanted.globs(request), operator, |globs| glob::takes(&globs, found).into())
        }
        Comparison::Arn => {
            on(wanted.globs(request), operator, |globs| arn::arn_matches(&globs, found))
        }
        Comparison::Number(order) => {
            ordered(order, decimal::parse(found), decimal::parse(plain), "number", found, plain)
        }
        Comparison::Date(order) => {
            ordered(order, time::parse(found), time::parse(plain), "date", found, plain)
        }
        Comparison::Bool => match (boolean(found), boolean(plain)) {
            (Some(found), Some(wanted)) => (found == wanted).into(),
            _ => unreadable("boolean", found, plain),
        },
        Comparison::Binary => match (base64(found), base64(plain)) {
            (Some(found), Some(wanted)) => (found == wanted).into(),
            _ => unreadable("base64 text", found, plain),
        },
        Comparison::Ip => network::holds(plain, found)
            .map_or_else(|| unreadable("address or network", found, plain), Truth::from),
        // Presence is decided before values are compared.
        Comparison::Null => unreadable("presence", found, plain),
    }
}

/// Goes on with a pattern that is ready. An absent variable matches nothing; whether that makes a
/// negated operator hold is not documented.
fn on<T>(pattern: Resolved<T>, operator: Operator, go_on: impl FnOnce(T) -> Truth) -> Truth {
    match pattern {
        Resolved::Ready(ready) => go_on(ready),
        Resolved::Open(truth) => truth,
        Resolved::Absent if operator.is_negated() => {
            Truth::unclear(format!("a variable that the request does not have, under {operator}"))
        }
        Resolved::Absent => Truth::No,
    }
}

fn ordered<T: Ord>(
    order: Order,
    found: Option<T>,
    wanted: Option<T>,
    what: &str,
    found_text: &str,
    wanted_text: &str,
) -> Truth {
    let (Some(found), Some(wanted)) = (found, wanted) else {
        return unreadable(what, found_text, wanted_text);
    };
    let ordering = found.cmp(&wanted);
    let holds = match order {
        Order::Equal => ordering == Ordering::Equal,
        Order::Less => ordering == Ordering::Less,
        Order::LessOrEqual => ordering != Ordering::Greater,
        Order::Greater => ordering == Ordering::Greater,
        Order::GreaterOrEqual => ordering != Ordering::Less,
    };
    holds.into()
}

fn unreadable(what: &str, found: &str, wanted: &str) -> Truth {
    Truth::unclear(format!("{found:?} and {wanted:?} do not both read as a {what}"))
}

fn boolean(text: &str) -> Option<bool> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("true") { Some(true) } else { is("false").then_some(false) }
}

/// Base64 without its padding: equal bytes have equal texts.
fn base64(text: &str) -> Option<&str> {
    let digits = text.trim_end_matches('=');
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    digits.bytes().all(is_digit).then_some(digits)
}
