//! When a schedule is due: cron expressions of five fields, in UTC.

use chrono::{DateTime, Utc};
use croner::parser::{CronParser, Seconds, Year};

/// The longest expression, in bytes.
const LONGEST: usize = 200;

/// Tells when a cron expression is due next after `now`.
///
/// # Errors
/// A sentence that says what an expression looks like, or that this one is never due.
pub fn next(expression: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    let shown: String = expression.chars().take(80).collect();
    let bad = |why: &str| {
        format!(
            "{shown:?} is not a cron expression: {why}; write minute, hour, day of month, month and day of week, e.g. \"0 2 * * *\" for every night at two, UTC"
        )
    };
    if expression.len() > LONGEST {
        return Err(bad("it is too long"));
    }
    let fields = expression.split_whitespace().count();
    if fields != 5 {
        return Err(bad(&format!("it has {fields} of five fields")));
    }
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron = parser.parse(expression).map_err(|_| bad("a field cannot be read"))?;
    cron.find_next_occurrence(&now, false).map_err(|_| {
        format!("the cron expression {shown:?} is never due; name a day that there is")
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn the_next_time_is_after_now_in_utc() {
        let now = at("2026-11-22T02:00:00Z");
        assert_eq!(next("0 2 * * *", now), Ok(at("2026-11-23T02:00:00Z")));
        assert_eq!(next("*/15 * * * *", now), Ok(at("2026-11-22T02:15:00Z")));
        assert_eq!(next("0 0 1 1 *", now), Ok(at("2027-01-01T00:00:00Z")));
        assert_eq!(next("30 6 * * MON-FRI", now), Ok(at("2026-11-23T06:30:00Z")));
    }

    #[test]
    fn what_is_no_expression_gets_a_sentence_with_an_example() {
        let now = at("2026-11-22T02:00:00Z");
        let wrong = [
            "",
            "daily",
            "* * * *",
            "0 0 2 * * *",
            "61 * * * *",
            "@daily",
            "a b c d e",
            "* * * * * 2026",
        ];
        for wrong in wrong {
            let sentence = next(wrong, now).unwrap_err();
            assert!(sentence.contains("is not a cron expression"), "{sentence}");
            assert!(sentence.contains("\"0 2 * * *\""), "{sentence}");
        }
        assert!(next(&"0 ".repeat(200), now).unwrap_err().contains("too long"));
    }

    #[test]
    fn a_day_that_there_is_not_is_never_due() {
        assert!(next("0 0 30 2 *", at("2026-11-22T02:00:00Z")).unwrap_err().contains("never due"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in ".{0,60}") {
            let now = at("2026-11-22T02:00:00Z");
            if let Ok(due) = next(&text, now) {
                prop_assert!(due > now);
            }
        }

        #[test]
        fn no_five_fields_break_it(fields in prop::collection::vec("[0-9*/,L#W?A-Z-]{1,8}", 5)) {
            let now = at("2026-11-22T02:00:00Z");
            if let Ok(due) = next(&fields.join(" "), now) {
                prop_assert!(due > now);
            }
        }
    }
}
