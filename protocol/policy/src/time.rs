//! Dates as policies write them: ISO 8601 with a zone, a plain day, or seconds since 1970.

/// A moment: seconds since 1970, and nanoseconds.
pub(crate) type Moment = (i64, u32);

/// Reads a moment; nothing when it could be read in two ways or in none.
pub(crate) fn parse(text: &str) -> Option<Moment> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_count = digits.len() > 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_count {
        return text.parse().ok().map(|seconds| (seconds, 0));
    }
    let Some((date, clock)) = text.split_once('T') else { return Some((day(text)? * 86_400, 0)) };
    let at = clock.find(['Z', '+', '-'])?;
    let (clock, zone) = clock.split_at_checked(at)?;
    let (seconds, nanos) = of_day(clock)?;
    Some((day(date)? * 86_400 + seconds - offset(zone)?, nanos))
}

/// A number of just so many digits within bounds.
fn number(text: &str, digits: usize, least: i64, most: i64) -> Option<i64> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = plain.then(|| text.parse::<i64>().ok()).flatten()?;
    (least..=most).contains(&number).then_some(number)
}

/// Days since 1970 of a `YYYY-MM-DD`.
fn day(text: &str) -> Option<i64> {
    let mut fields = text.splitn(3, '-');
    let year = number(fields.next()?, 4, 0, 9999)?;
    let month = number(fields.next()?, 2, 1, 12)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let day = number(fields.next()?, 2, 1, length)?;
    // Years that begin in March, so that the leap day is the last: no table is needed.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Seconds and nanoseconds of a `hh:mm`, `hh:mm:ss` or `hh:mm:ss.fff`.
fn of_day(text: &str) -> Option<(i64, u32)> {
    let mut fields = text.splitn(3, ':');
    let hour = number(fields.next()?, 2, 0, 23)?;
    let minute = number(fields.next()?, 2, 0, 59)?;
    let (second, fraction) = match fields.next() {
        None => ("00", None),
        Some(last) => match last.split_once('.') {
            None => (last, None),
            Some((second, fraction)) => (second, Some(fraction)),
        },
    };
    let nanos = match fraction {
        None => 0,
        Some(digits) if (1..=9).contains(&digits.len()) => {
            number(&format!("{digits:0<9}"), 9, 0, 999_999_999)?
        }
        Some(_) => return None,
    };
    let seconds = hour * 3_600 + minute * 60 + number(second, 2, 0, 59)?;
    Some((seconds, u32::try_from(nanos).ok()?))
}

/// Seconds that a zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, rest) = match zone.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, zone.strip_prefix('+')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    Some(sign * (number(hours, 2, 0, 23)? * 3_600 + number(minutes, 2, 0, 59)? * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_is_read_from_all_its_spellings() {
        for text in [
            "2020-04-01T00:00:00Z",
            "2020-04-01T00:00Z",
            "2020-04-01",
            "2020-04-01T02:00:00+02:00",
            "2020-03-31T23:30:00.000-00:30",
            "1585699200",
        ] {
            assert_eq!(parse(text), Some((1_585_699_200, 0)), "{text}");
        }
        assert_eq!(parse("1970-01-01T00:00:00.5Z"), Some((0, 500_000_000)));
        assert_eq!(parse("1969-12-31T23:59:59Z"), Some((-1, 0)));
        assert_eq!(parse("2000-02-29"), Some((951_782_400, 0)));
    }

    #[test]
    fn what_is_no_moment_or_could_be_two_is_none() {
        for text in [
            "",
            "2020",
            "2020-04",
            "2021-02-29",
            "1900-02-29",
            "2020-04-31",
            "2020-04-01T00:00:00",
            "2020-04-01T24:00:00Z",
            "2020-04-01T00:00:00.0000000001Z",
            "2020-04-01T00:00:00+2",
            "yesterday",
            "2020-04-01TäZ",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
