//! A question: who asks for which action on what, and what is known about the request.

use std::collections::BTreeMap;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nothing is known.
    Unknown,
    /// Somebody of this account.
    Account(String),
    /// A user, role, session or root, by ARN.
    Aws(String),
    /// An AWS service, e.g. `cloudtrail.amazonaws.com`.
    Service(String),
    /// A user of an identity provider, by the provider's name or ARN.
    Federated(String),
}

/// What is known about a condition key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact<'r> {
    Unknown,
    Absent,
    Values(&'r [String]),
}

/// A request as far as it is known; what was not said is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// In lower case: actions do not tell cases apart.
    action: String,
    resource: Option<String>,
    caller: Caller,
    /// By key in lower case; an empty list is a key that the request does not have.
    facts: BTreeMap<String, Vec<String>>,
}

impl Request {
    /// Asks for an action, e.g. `s3:GetObject`; nothing else is known yet.
    #[must_use]
    pub fn new(action: &str) -> Self {
        Self {
            action: action.to_lowercase(),
            resource: None,
            caller: Caller::Unknown,
            facts: BTreeMap::new(),
        }
    }

    /// Says which resource; `*` for an action that has no resource of its own (most lists).
    #[must_use]
    pub fn on(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// Says who asks, for `Principal` and `NotPrincipal`; the keys are said apart.
    #[must_use]
    pub fn by(mut self, caller: Caller) -> Self {
        self.caller = caller;
        self
    }

    /// Says that a role asks, by the role's own ARN: the caller and the keys that follow from it
    /// (`aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`).
    #[must_use]
    pub fn by_role(self, arn: &str) -> Self {
        let asked = self
            .by(Caller::Aws(arn.to_owned()))
            .with("aws:PrincipalArn", [arn])
            .with("aws:PrincipalType", ["AssumedRole"]);
        match crate::arn::account(arn) {
            Some(account) => asked.with("aws:PrincipalAccount", [account]),
            None => asked,
        }
    }

    /// Says that the principal calls by itself, not an AWS service on its behalf.
    #[must_use]
    pub fn directly(self) -> Self {
        self.with("aws:PrincipalIsAWSService", ["false"])
            .with("aws:ViaAWSService", ["false"])
            .without("aws:CalledVia")
    }

    /// Says where the call goes (`aws:RequestedRegion`); global services have a home region.
    #[must_use]
    pub fn in_region(self, region: &str) -> Self {
        self.with("aws:RequestedRegion", [region])
    }

    /// Says whose the principal is: the organization's id and the path of the account in it, as
    /// `o-a1b2/r-ab12/ou-ab12-11111111/`.
    #[must_use]
    pub fn from_organization(self, id: &str, path: &str) -> Self {
        self.with("aws:PrincipalOrgID", [id]).with("aws:PrincipalOrgPaths", [path])
    }

    /// Says in which account and where in which organization the resource is.
    #[must_use]
    pub fn to_organization(self, account: &str, id: &str, path: &str) -> Self {
        self.with("aws:ResourceAccount", [account])
            .with("aws:ResourceOrgID", [id])
            .with("aws:ResourceOrgPaths", [path])
    }

    /// Says what a condition key holds; no value at all is the same as [`Self::without`].
    #[must_use]
    pub fn with<V: Into<String>>(mut self, key: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.facts.insert(key.to_lowercase(), values.into_iter().map(Into::into).collect());
        self
    }

    /// Says that the request does not have a condition key.
    #[must_use]
    pub fn without(self, key: &str) -> Self {
        self.with::<String>(key, [])
    }

    /// The action, in lower case.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The resource, where it is known.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }

    /// Who asks.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(crate) fn fact(&self, key: &str) -> Fact<'_> {
        match self.facts.get(&key.to_lowercase()) {
            None => Fact::Unknown,
            Some(values) if values.is_empty() => Fact::Absent,
            Some(values) => Fact::Values(values),
        }
    }
}
