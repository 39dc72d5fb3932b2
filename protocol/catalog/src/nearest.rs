//! The right name that is nearest to a wrong one.

/// The candidate that is most like `wrong`, where one is like it at all.
///
/// ```
/// assert_eq!(catalog::nearest::nearest("gardduty", ["guardduty", "glue"]), Some("guardduty"));
/// assert_eq!(catalog::nearest::nearest("zzz", ["guardduty", "glue"]), None);
/// ```
pub fn nearest<'c>(wrong: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    const LIKE_ENOUGH: f64 = 0.75;
    let wrong = wrong.to_ascii_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&wrong, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= LIKE_ENOUGH)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// The end of a sentence that names the nearest right name: `; did you mean "x"?`, or nothing.
pub(crate) fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean {name:?}?"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let services = ["s3", "sns", "sqs", "securityhub", "secretsmanager", "ec2", "ecr", "ecs"];
        assert_eq!(nearest("security-hub", services), Some("securityhub"));
        assert_eq!(nearest("SNS", services), Some("sns"));
        assert_eq!(nearest("secretmanager", services), Some("secretsmanager"));
        assert_eq!(nearest("", services), None);
        assert_eq!(nearest("eu-west-1", ["eu-west-1"]), Some("eu-west-1"));
    }

    proptest! {
        #[test]
        fn the_nearest_of_a_name_is_the_name(names in prop::collection::btree_set("[a-z0-9-]{1,12}", 1..20)) {
            for name in &names {
                prop_assert_eq!(nearest(name, names.iter().map(String::as_str)), Some(name.as_str()));
            }
        }
    }
}
