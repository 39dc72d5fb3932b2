//! The name that somebody probably meant.

/// The name that is most like `wanted`; the first of those that are equally like it, and empty
/// where there are no names.
pub(crate) fn nearest(wanted: &str, names: impl IntoIterator<Item = &'static str>) -> &'static str {
    let wanted: String = wanted.chars().take(80).collect();
    let likeness = |name: &str| -> i64 {
        // Whole thousandths order totally; a float does not.
        #[expect(clippy::cast_possible_truncation, reason = "0 to 1000")]
        let thousandths = (strsim::jaro_winkler(&wanted, name) * 1000.0) as i64;
        -thousandths
    };
    names.into_iter().min_by_key(|name| likeness(name)).unwrap_or_default()
}
