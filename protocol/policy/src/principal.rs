//! Whom a statement is about, and whether that is who asks.

use std::collections::BTreeMap;

use crate::arn;
use crate::request::{Caller, Request};
use crate::truth::{Missing, Truth};

/// The kinds of principals that a policy can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PrincipalKind {
    /// Accounts, roles, users and sessions.
    Aws,
    /// AWS services.
    Service,
    /// Identity providers.
    Federated,
    /// The S3 name of an account.
    CanonicalUser,
}

impl PrincipalKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Aws, Self::Service, Self::Federated, Self::CanonicalUser];

    /// The kind as policies write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "AWS",
            Self::Service => "Service",
            Self::Federated => "Federated",
            Self::CanonicalUser => "CanonicalUser",
        }
    }
}

/// The principals of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principals {
    /// No element: whoever the policy is attached to.
    Unsaid,
    /// `Principal`: these; `"*"` is the kind AWS with a star.
    Only(BTreeMap<PrincipalKind, Vec<String>>),
    /// `NotPrincipal`: all but these.
    AllBut(BTreeMap<PrincipalKind, Vec<String>>),
}

/// Whether the caller is one that the statement is about.
pub(crate) fn matches(principals: &Principals, request: &Request) -> Truth {
    let caller = request.caller();
    match principals {
        Principals::Unsaid => Truth::Yes,
        Principals::Only(named) => is_named(named, caller),
        Principals::AllBut(named) => match is_named(named, caller) {
            Truth::Yes
                if !is_everyone(named) && matches!(caller, Caller::Aws(_) | Caller::Account(_)) =>
            {
                Truth::unclear("NotPrincipal that names the caller or its account")
            }
            truth => truth.not(),
        },
    }
}

fn is_everyone(named: &BTreeMap<PrincipalKind, Vec<String>>) -> bool {
    named.get(&PrincipalKind::Aws).is_some_and(|names| names.iter().any(|name| name == "*"))
}

fn is_named(named: &BTreeMap<PrincipalKind, Vec<String>>, caller: &Caller) -> Truth {
    Truth::any(named.iter().flat_map(|(kind, names)| {
        names.iter().map(move |name| match (kind, caller) {
            (PrincipalKind::Aws, _) if name == "*" => Truth::Yes,
            (_, Caller::Unknown) => Truth::open(Missing::Principal),
            (PrincipalKind::Aws, Caller::Account(account)) => in_account(name, account),
            (PrincipalKind::Aws, Caller::Aws(caller)) => is_caller(name, caller),
            (PrincipalKind::Service, Caller::Service(service)) => same(name, service),
            (PrincipalKind::Federated, Caller::Federated(provider)) => same(name, provider),
            (PrincipalKind::CanonicalUser, Caller::Account(_) | Caller::Aws(_)) => {
                Truth::open(Missing::Principal)
            }
            _ => Truth::No,
        })
    }))
}

fn same(name: &str, caller: &str) -> Truth {
    if name.contains(['*', '?']) {
        return Truth::unclear(format!("wildcards in the principal {name:?}"));
    }
    (name == caller).into()
}

/// Whether somebody of an account, who is not known, is a principal that the policy names.
fn in_account(name: &str, account: &str) -> Truth {
    match whole_account(name) {
        Some(named) => (named == account).into(),
        None => match arn::account(name) {
            Some(named) if named != account => Truth::No,
            _ => Truth::open(Missing::Principal),
        },
    }
}

/// The account that a name stands for as a whole: its id, or its root's ARN.
fn whole_account(name: &str) -> Option<&str> {
    if arn::is_account(name) {
        return Some(name);
    }
    let arn = arn::parse(name)?;
    (arn.service == "iam" && arn.resource == "root").then(|| arn::account(name)).flatten()
}

/// Whether the caller is a principal that the policy names, both by ARN.
fn is_caller(name: &str, caller: &str) -> Truth {
    if name == caller {
        return Truth::Yes;
    }
    let (Some(account), Some(asking)) = (arn::account(caller), arn::parse(caller)) else {
        return Truth::open(Missing::Principal);
    };
    if let Some(whole) = whole_account(name) {
        return (whole == account).into();
    }
    let Some(named) = arn::parse(name) else {
        return Truth::unclear(format!("the principal {name:?}, which is no ARN"));
    };
    if name.contains(['*', '?']) {
        return Truth::unclear(format!("wildcards in the principal {name:?}"));
    }
    if arn::account(name) != Some(account) || named.partition != asking.partition {
        return Truth::No;
    }
    match (role(named.resource), role(asking.resource)) {
        // Role names are unique in an account whatever their path, and sessions leave it out.
        (Some((wanted, false)), Some((found, true))) => (wanted == found).into(),
        (Some((wanted, true)), Some((found, false))) if wanted == found => {
            Truth::open(Missing::Principal)
        }
        (_, None) if asking.resource.starts_with("federated-user/") => {
            Truth::open(Missing::Principal)
        }
        _ => Truth::No,
    }
}

/// The name of a role, and whether it is a session of it.
fn role(resource: &str) -> Option<(&str, bool)> {
    if let Some(session) = resource.strip_prefix("assumed-role/") {
        return session.split('/').next().map(|name| (name, true));
    }
    let path = resource.strip_prefix("role/")?;
    path.rsplit('/').next().map(|name| (name, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "123456789012";

    fn named(kind: PrincipalKind, name: &str) -> BTreeMap<PrincipalKind, Vec<String>> {
        BTreeMap::from([(kind, vec![name.to_owned()])])
    }

    fn asks(name: &str, caller: Caller) -> Truth {
        let request = Request::new("s3:GetObject").by(caller);
        matches(&Principals::Only(named(PrincipalKind::Aws, name)), &request)
    }

    fn aws(arn: &str) -> Caller {
        Caller::Aws(arn.to_owned())
    }

    #[test]
    fn an_account_stands_for_all_who_are_in_it_in_any_partition() {
        for partition in ["aws", "aws-cn", "aws-us-gov"] {
            let role = || aws(&format!("arn:{partition}:iam::{OURS}:role/team/reader"));
            let root = format!("arn:{partition}:iam::{OURS}:root");
            assert_eq!(asks(&root, role()), Truth::Yes);
            assert_eq!(asks(OURS, role()), Truth::Yes);
            assert_eq!(asks(OURS, Caller::Account(OURS.to_owned())), Truth::Yes);
            assert_eq!(asks("210987654321", role()), Truth::No);
        }
    }

    #[test]
    fn a_role_stands_for_its_sessions_but_a_session_not_for_its_role() {
        let role = "arn:aws:iam::123456789012:role/team/reader";
        let session = "arn:aws:sts::123456789012:assumed-role/reader/nightly";
        assert_eq!(asks(role, aws(session)), Truth::Yes);
        assert_eq!(asks(role, aws("arn:aws:sts::123456789012:assumed-role/Reader/x")), Truth::No);
        assert_eq!(asks(role, aws("arn:aws:sts::210987654321:assumed-role/reader/x")), Truth::No);
        assert_eq!(asks(role, aws("arn:aws-cn:iam::123456789012:role/team/reader")), Truth::No);
        assert_eq!(asks(session, aws(role)), Truth::open(Missing::Principal));
        assert_eq!(asks(role, Caller::Account(OURS.to_owned())), Truth::open(Missing::Principal));
        assert_eq!(asks(role, Caller::Unknown), Truth::open(Missing::Principal));
    }

    #[test]
    fn a_star_is_everyone_and_inner_wildcards_are_not_guessed_at() {
        assert_eq!(asks("*", Caller::Unknown), Truth::Yes);
        assert_eq!(asks("*", Caller::Service("sns.amazonaws.com".to_owned())), Truth::Yes);
        let role = || aws("arn:aws:iam::123456789012:role/reader");
        assert!(matches!(asks("arn:aws:iam::*:root", role()), Truth::Open(_)));
        assert!(matches!(asks("arn:aws:iam::123456789012:role/*", role()), Truth::Open(_)));
        assert!(matches!(asks("AROAEXAMPLEEXAMPLE", role()), Truth::Open(_)));
    }

    #[test]
    fn services_and_providers_are_themselves_only() {
        let service = || Request::new("a:b").by(Caller::Service("sns.amazonaws.com".to_owned()));
        let about = |kind, name| Principals::Only(named(kind, name));
        assert_eq!(
            matches(&about(PrincipalKind::Service, "sns.amazonaws.com"), &service()),
            Truth::Yes
        );
        assert_eq!(
            matches(&about(PrincipalKind::Service, "sqs.amazonaws.com"), &service()),
            Truth::No
        );
        assert_eq!(
            matches(&about(PrincipalKind::Federated, "sns.amazonaws.com"), &service()),
            Truth::No
        );
        assert_eq!(matches(&about(PrincipalKind::Aws, OURS), &service()), Truth::No);
    }

    #[test]
    fn all_but_is_told_only_where_it_is_plain() {
        let role = Request::new("a:b").by(aws("arn:aws:iam::123456789012:role/reader"));
        let but = |name| Principals::AllBut(named(PrincipalKind::Aws, name));
        assert_eq!(matches(&but("*"), &role), Truth::No);
        assert_eq!(matches(&but("210987654321"), &role), Truth::Yes);
        assert!(matches!(matches(&but(OURS), &role), Truth::Open(_)));
    }
}
