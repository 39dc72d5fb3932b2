//! Times as people type them: `10s`, `1500ms`, `2m`.

use std::time::Duration;

/// Reads a time.
///
/// # Errors
/// A sentence that says what a time looks like.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let bad = || format!("{text:?} is not a time: write it as 10s, 1500ms or 2m");
    let number: u64 = number.parse().map_err(|_| bad())?;
    let millis = match unit {
        "ms" => Some(number),
        "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60_000),
        _ => None,
    };
    let millis = millis.filter(|millis| (1..=3_600_000).contains(millis)).ok_or_else(bad)?;
    Ok(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        assert_eq!(parse("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(parse("1500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse("2m"), Ok(Duration::from_secs(120)));
        for bad in ["", "10", "s", "-1s", "0s", "99999999999999999999s", "2h"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
