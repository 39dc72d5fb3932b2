//! Decimal numbers, compared exactly: account numbers and byte counts outgrow floats.

use std::cmp::Ordering;

/// A decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal<'a> {
    negative: bool,
    /// Without leading zeros.
    whole: &'a str,
    /// Without trailing zeros.
    fraction: &'a str,
}

/// Reads a number such as `-12.5`; nothing when it is written any other way.
pub(crate) fn parse(text: &str) -> Option<Decimal<'_>> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let is_zero = whole.is_empty() && fraction.is_empty();
    Some(Decimal { negative: negative && !is_zero, whole, fraction })
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_size = || {
            let by_length = self.whole.len().cmp(&other.whole.len());
            by_length
                .then_with(|| self.whole.cmp(other.whole))
                .then_with(|| self.fraction.cmp(other.fraction))
        };
        match (self.negative, other.negative) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => by_size(),
            (true, true) => by_size().reverse(),
        }
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_only_as_decimals() {
        for text in ["", "-", ".5", "5.", "1e3", "0x10", "+1", "1,0", " 1", "inf", "NaN", "--1"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("-0.00"), parse("0"));
        assert_eq!(parse("007.50"), parse("7.5"));
    }

    #[test]
    fn large_neighbours_are_told_apart() {
        assert!(parse("9007199254740993") > parse("9007199254740992"));
    }

    proptest! {
        #[test]
        fn order_is_the_order_of_numbers(a in -100_000_i64..100_000, b in -100_000_i64..100_000) {
            let text = |n: i64| format!("{}{}.{:02}", if n < 0 { "-" } else { "" }, n.abs() / 100, n.abs() % 100);
            prop_assert_eq!(parse(&text(a)).cmp(&parse(&text(b))), a.cmp(&b));
        }
    }
}
