//! Times as people type them: `10s`, `1500ms`, `2m`, `12h`, `90d`.

use std::time::Duration;

/// The longest deadline, in milliseconds: an hour.
const HOUR: u64 = 3_600_000;
/// The longest time, in milliseconds: ten years.
const TEN_YEARS: u64 = 10 * 365 * 24 * HOUR;

/// Reads a time up to an hour.
///
/// # Errors
/// A sentence that says what a time looks like.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    read(text, HOUR).ok_or_else(|| {
        format!("{text:?} is not a time up to an hour: write it as 10s, 1500ms or 2m")
    })
}

/// Reads a time up to ten years.
///
/// # Errors
/// A sentence that says what a time looks like.
pub(crate) fn parse_long(text: &str) -> Result<Duration, String> {
    read(text, TEN_YEARS).ok_or_else(|| {
        format!("{text:?} is not a time up to ten years: write it as 90s, 15m, 12h or 90d")
    })
}

fn read(text: &str, longest: u64) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let millis = match unit {
        "ms" => number,
        "s" => number.checked_mul(1000)?,
        "m" => number.checked_mul(60_000)?,
        "h" => number.checked_mul(HOUR)?,
        "d" => number.checked_mul(24 * HOUR)?,
        _ => return None,
    };
    (1..=longest).contains(&millis).then(|| Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        assert_eq!(parse("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(parse("1500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse("2m"), Ok(Duration::from_secs(120)));
        for bad in ["", "10", "s", "-1s", "0s", "99999999999999999999s", "2h", "1d"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_long_time_may_be_days() {
        assert_eq!(parse_long("90d"), Ok(Duration::from_secs(90 * 86_400)));
        assert_eq!(parse_long("12h"), Ok(Duration::from_secs(43_200)));
        for bad in ["", "3651d", "99999999999999999999d", "1w", "0d"] {
            assert!(parse_long(bad).is_err(), "{bad}");
        }
    }
}
