//! Items as people read them.

use std::borrow::Cow;

use chrono::SecondsFormat;

use crate::shape::{Column, Item, Show, Table};

/// An item for people: thousands apart, shares in per cent, durations in units.
pub(crate) fn word(item: &Item) -> Cow<'_, str> {
    match item {
        Item::Nothing => Cow::Borrowed(""),
        Item::Count(count) => Cow::Owned(thousands(*count)),
        Item::Number(number) => Cow::Owned(format!("{number:.1}")),
        Item::Share(share) => Cow::Owned(percent(*share)),
        Item::Millis(millis) => Cow::Owned(duration(*millis)),
        Item::Time(at) => Cow::Owned(at.to_rfc3339_opts(SecondsFormat::Secs, true)),
        Item::Flag(flag) => Cow::Borrowed(if *flag { "yes" } else { "no" }),
        Item::Text(text) => Cow::Borrowed(text),
        Item::List(list) => Cow::Owned(list.join(", ")),
    }
}

/// A share in per cent; one that is not nothing never reads as nothing, nor one that is not all as
/// all.
pub(crate) fn percent(share: f64) -> String {
    match share {
        share if share > 0.0 && share < 0.0005 => "<0.1 %".to_owned(),
        share if share < 1.0 && share > 0.9995 => ">99.9 %".to_owned(),
        share => format!("{:.1} %", share * 100.0),
    }
}

/// A count with its thousands apart.
pub(crate) fn thousands(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::from(if count < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration in its two largest units.
pub(crate) fn duration(millis: u64) -> String {
    let seconds = millis / 1000;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}.{} s", millis % 1000 / 100),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// A name of ours for people.
pub(crate) fn spaced(name: &str) -> String {
    name.strip_suffix("_ms").unwrap_or(name).replace('_', " ")
}

/// Which columns of a table a page has.
pub(crate) fn on_page(table: &Table) -> Vec<usize> {
    let columns = table.columns.iter().enumerate();
    columns.filter(|(_, column)| column.show != Show::Programs).map(|(at, _)| at).collect()
}

/// Which columns of a table a terminal has.
pub(crate) fn in_terminal(table: &Table) -> Vec<usize> {
    let says_something = |at: usize| table.rows.iter().any(|row| !row[at].is_void());
    let is_shown = |(at, column): (usize, &Column)| match column.show {
        Show::Always => Some(at),
        Show::IfAny => says_something(at).then_some(at),
        Show::Page | Show::Programs => None,
    };
    table.columns.iter().enumerate().filter_map(is_shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(-42), "-42");
        assert_eq!(duration(61_400), "1 min 1 s");
        assert_eq!(duration(4_200), "4.2 s");
        assert_eq!(duration(7_260_000), "2 h 1 min");
    }

    #[test]
    fn a_little_is_never_nothing_and_nearly_all_is_never_all() {
        assert_eq!(percent(0.0), "0.0 %");
        assert_eq!(percent(0.000_001), "<0.1 %");
        assert_eq!(percent(0.999_999), ">99.9 %");
        assert_eq!(percent(1.0), "100.0 %");
    }
}
