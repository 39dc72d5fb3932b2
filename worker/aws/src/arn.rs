//! Account ids and ARNs: checked once, at the rim.

use protocol::AccountId;

/// Why a text is not what AWS would take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// It is not twelve digits.
    #[error("{0:?} is not an account id: an account id is twelve digits, like 123456789012")]
    Account(String),
    /// It is not the ARN of a role.
    #[error(
        "{0:?} is not the ARN of a role: one looks like arn:aws:iam::123456789012:role/orgsweep"
    )]
    Role(String),
    /// It is not the name of a role.
    #[error("{0:?} is not the name of a role: at most 512 letters, digits and /+=,.@_-")]
    RoleName(String),
}

/// The ARN of a role, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoleArn {
    /// The whole ARN.
    pub arn: String,
    /// The partition, e.g. `aws`.
    pub partition: String,
    /// The account that the role is in.
    pub account: AccountId,
    /// The name with its path, e.g. `security/orgsweep`.
    pub name: String,
}

/// Takes twelve digits as an account id.
///
/// # Errors
/// [`InvalidName::Account`] for anything else.
pub fn parse_account_id(text: &str) -> Result<AccountId, InvalidName> {
    let invalid = || InvalidName::Account(cut(text));
    let digits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return Err(invalid());
    }
    AccountId::new(text).map_err(|_| invalid())
}

/// Takes the ARN of a role apart.
///
/// # Errors
/// [`InvalidName::Role`] for anything else.
pub fn parse_role_arn(text: &str) -> Result<RoleArn, InvalidName> {
    let invalid = || InvalidName::Role(cut(text));
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts[..] else {
        return Err(invalid());
    };
    let name = resource.strip_prefix("role/").ok_or_else(invalid)?;
    parse_role_name(name).map_err(|_| invalid())?;
    if !is_partition(partition) {
        return Err(invalid());
    }
    Ok(RoleArn {
        arn: text.to_owned(),
        partition: partition.to_owned(),
        account: parse_account_id(account).map_err(|_| invalid())?,
        name: name.to_owned(),
    })
}

/// Checks the name of a role, with or without a path.
///
/// # Errors
/// [`InvalidName::RoleName`] when no role can have it.
pub fn parse_role_name(text: &str) -> Result<&str, InvalidName> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/+=,.@_-".contains(&byte);
    let name = text.rsplit('/').next().unwrap_or_default();
    if !name.is_empty() && text.len() <= 512 && !text.starts_with('/') && text.bytes().all(allowed)
    {
        return Ok(text);
    }
    Err(InvalidName::RoleName(cut(text)))
}

/// Partition and account of any ARN that has both.
pub(crate) fn owner(arn: &str) -> Option<(&str, AccountId)> {
    let mut parts = arn.split(':');
    let ("arn", partition) = (parts.next()?, parts.next()?) else { return None };
    let account = parts.nth(2)?;
    is_partition(partition).then_some(())?;
    Some((partition, parse_account_id(account).ok()?))
}

fn is_partition(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.starts_with("aws") && text.len() <= 32 && text.bytes().all(allowed)
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_account_id_is_twelve_digits() {
        assert!(parse_account_id("123456789012").is_ok());
        for text in ["", "12345678901", "1234567890123", "12345678901x", "１23456789012"] {
            assert!(parse_account_id(text).is_err(), "{text}");
        }
        let told = parse_account_id("prod").expect_err("no id").to_string();
        insta::assert_snapshot!(told, @r#""prod" is not an account id: an account id is twelve digits, like 123456789012"#);
    }

    #[test]
    fn the_arn_of_a_role_is_taken_apart() {
        let arn = parse_role_arn("arn:aws-cn:iam::123456789012:role/a/b").expect("an ARN");
        assert_eq!((arn.partition.as_str(), arn.name.as_str()), ("aws-cn", "a/b"));
        assert_eq!(arn.account.as_str(), "123456789012");
        for text in [
            "",
            "role/x",
            "arn:aws:iam::123456789012:user/x",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/a b",
            "arn:aws:iam:us-east-1:123456789012:role/x",
            "arn:gcp:iam::123456789012:role/x",
            "arn:aws:iam::12345:role/x",
        ] {
            assert!(parse_role_arn(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_callers_arn_names_partition_and_account() {
        let owner = owner("arn:aws-us-gov:sts::123456789012:assumed-role/x/y").expect("an owner");
        assert_eq!((owner.0, owner.1.as_str()), ("aws-us-gov", "123456789012"));
        assert_eq!(super::owner("arn:aws:s3:::bucket"), None);
    }

    proptest! {
        #[test]
        fn what_is_parsed_is_what_was_written(account in "[0-9]{12}", name in "[a-zA-Z0-9+=,.@_-]{1,64}") {
            let text = format!("arn:aws:iam::{account}:role/{name}");
            let arn = parse_role_arn(&text).expect("an ARN");
            prop_assert_eq!((arn.arn, arn.name), (text, name));
        }

        #[test]
        fn no_text_makes_it_panic(text in "(arn:)?[a-z:/0-9 é]{0,40}") {
            prop_assert_eq!(parse_role_arn(&text).is_ok(), parse_role_arn(&text).is_ok());
            prop_assert!(owner(&text).is_none_or(|(partition, _)| partition.starts_with("aws")));
        }
    }
}
