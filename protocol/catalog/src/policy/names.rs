//! The names that documents hold: roles, ids, places.

use super::error::PolicyError;

/// Whether a text may stand in a document.
type Rule = fn(&str) -> bool;

/// What the documents are made for. What is not given is left out of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The partition of the ARNs.
    pub partition: String,
    /// The name (with path) of the role in every member account.
    pub member_role: String,
    /// The exact role that enters: the only principal that trust documents let in. Without it
    /// there is no trust document, since anybody else would be too many.
    pub hub_role: Option<String>,
    /// The external id that it must bring.
    pub external_id: Option<String>,
    /// The organization that it, and every account that is entered, must be in.
    pub organization: Option<String>,
    /// The role that reads the organization, if the runner has to assume one.
    pub organization_role: Option<String>,
    /// The bucket (and prefix, `bucket/prefix`) that results go to; any where absent.
    pub bucket: Option<String>,
    /// The table of tenants; any where absent.
    pub tenants_table: Option<String>,
    /// The name (with path) of the role in every tenant's management account, if the runner enters tenants.
    pub tenants_role: Option<String>,
}

impl Names {
    /// The names of a partition with this member role, and nothing else.
    #[must_use]
    pub fn new(partition: &str, member_role: &str) -> Self {
        Self {
            partition: partition.to_owned(),
            member_role: member_role.to_owned(),
            hub_role: None,
            external_id: None,
            organization: None,
            organization_role: None,
            bucket: None,
            tenants_table: None,
            tenants_role: None,
        }
    }

    /// The names, if each is what IAM takes: nothing in them may widen what a document allows.
    pub(crate) fn checked(&self) -> Result<&Self, PolicyError> {
        check("a partition, e.g. aws", &self.partition, partition)?;
        check(
            "a role's name of at most 64 letters, digits and _+=,.@-, with its path",
            &self.member_role,
            role_name,
        )?;
        let rules: [(&'static str, &Option<String>, Rule); 6] = [
            (
                "a role's ARN, e.g. arn:aws:iam::123456789012:role/orgsweep",
                &self.hub_role,
                role_arn,
            ),
            (
                "a role's ARN, e.g. arn:aws:iam::123456789012:role/orgsweep",
                &self.organization_role,
                role_arn,
            ),
            (
                "an external id of 2 to 1224 letters, digits and _+=,.@:/-",
                &self.external_id,
                external_id,
            ),
            ("an organization's id, e.g. o-a1b2c3d4e5", &self.organization, organization),
            ("a bucket's name, a prefix behind a slash if need be", &self.bucket, bucket),
            ("a table's name of 3 to 255 letters, digits and _.-", &self.tenants_table, table),
        ];
        if let Some(role) = &self.tenants_role {
            check("a role's name, as that of the member role", role, role_name)?;
        }
        for (what, name, rule) in rules {
            if let Some(name) = name {
                check(what, name, rule)?;
            }
        }
        Ok(self)
    }
}

fn check(what: &'static str, text: &str, rule: Rule) -> Result<(), PolicyError> {
    if rule(text) {
        return Ok(());
    }
    Err(PolicyError::Name { text: text.chars().take(80).collect(), what })
}

fn all(text: &str, least: usize, most: usize, others: &str) -> bool {
    (least..=most).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

fn partition(text: &str) -> bool {
    text.starts_with("aws") && all(text, 3, 20, "-")
}

fn role_name(text: &str) -> bool {
    let name = text.rsplit('/').next().unwrap_or_default();
    all(name, 1, 64, "_+=,.@-") && all(text, 1, 512, "_+=,.@-/")
}

fn role_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, of, iam, region, account, resource] = parts[..] else { return false };
    let digits = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
    let role = resource.strip_prefix("role/").is_some_and(role_name);
    arn == "arn" && partition(of) && iam == "iam" && region.is_empty() && digits && role
}

fn external_id(text: &str) -> bool {
    all(text, 2, 1224, "_+=,.@:/-")
}

fn organization(text: &str) -> bool {
    text.strip_prefix("o-").is_some_and(|rest| all(rest, 10, 32, ""))
}

fn bucket(text: &str) -> bool {
    let (name, prefix) = text.split_once('/').unwrap_or((text, ""));
    all(name, 3, 63, ".-") && all(prefix, 0, 512, "!-_.()/")
}

fn table(text: &str) -> bool {
    all(text, 3, 255, "_.-")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(change: fn(&mut Names)) -> Result<(), String> {
        let mut names = Names::new("aws", "orgsweep-member");
        change(&mut names);
        names.checked().map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn names_that_iam_takes_are_taken() {
        assert_eq!(with(|_| ()), Ok(()));
        assert_eq!(with(|n| n.member_role = "security/orgsweep-member".into()), Ok(()));
        assert_eq!(
            with(|n| n.hub_role = Some("arn:aws-cn:iam::123456789012:role/a/b".into())),
            Ok(())
        );
        assert_eq!(with(|n| n.bucket = Some("results/scans".into())), Ok(()));
    }

    #[test]
    fn a_name_that_would_widen_a_document_is_refused_and_told() {
        let told = with(|n| n.member_role = "*".into()).expect_err("a star");
        assert!(told.starts_with("\"*\" is not a role's name"), "{told}");
        assert!(with(|n| n.hub_role = Some("arn:aws:iam::123456789012:root".into())).is_err());
        assert!(with(|n| n.hub_role = Some("*".into())).is_err());
        assert!(with(|n| n.organization = Some("o-*".into())).is_err());
        assert!(with(|n| n.external_id = Some(String::new())).is_err());
        assert!(with(|n| n.bucket = Some("*".into())).is_err());
    }

    proptest! {
        #[test]
        fn no_text_with_a_star_is_a_name(head in "[a-z0-9:/-]{0,40}", tail in ".{0,40}") {
            let text = format!("{head}*{tail}");
            for rule in [partition, role_name, role_arn, external_id, organization, bucket, table] {
                prop_assert!(!rule(&text));
            }
        }
    }
}
