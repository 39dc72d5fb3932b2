//! The policies of an organization as they were read, asked about calls of our own.
//!
//! Who asks is an account of the organization that is looked at by a role of its own ([`Subject`]), so that SCPs and RCPs
//! are those along the same path. Known of a call are its action, its region and its caller; nothing is known of the
//! resource, nor of any other key.

mod memo;
mod probe;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use protocol::holding::{self, Holding};
use serde::Serialize;

use crate::decision::{Decision, Denial, Doubt, Grant};
use crate::error::ParseError;
use crate::hierarchy::{self, Attached, Level};
use crate::model::Policy;
use crate::request::{Caller, Request};
use crate::truth::Missing;
use memo::Memo;
pub use probe::{Prediction, goes_to};

/// The name of the level of the account itself; the others are called by their ids.
pub const ACCOUNT: &str = "account";

/// The name of the levels of an account whose units are not known.
const ABOVE: &str = "the units above the account";

/// What the path of a role begins with that a service made for itself.
const SERVICE_LINKED: &str = ":role/aws-service-role/";

/// The services that resource control policies are known to cover. More are added now and then: of others nobody can
/// tell.
const COVERED: &[&str] = &["aoss", "ecr", "kms", "s3", "secretsmanager", "sqs", "sts"];

/// The kinds of policies that deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Kind {
    /// What principals of accounts may do.
    ServiceControl,
    /// What may be done to resources of accounts.
    ResourceControl,
}

/// A policy that was read, as far as that went.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its id.
    pub id: String,
    /// Its ARN, where it is known.
    pub arn: Option<String>,
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The policy; none where its document could not be had, an error where it is no policy.
    pub policy: Option<Result<Policy, ParseError>>,
    /// What it is attached to; none where that could not be read.
    pub targets: Option<Vec<holding::Target>>,
}

/// An account as policies see it. The same account is always described alike.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its id.
    pub account: &'a str,
    /// The ids of the units above it from the root down, joined by `/`; none where they are not known.
    pub path: Option<&'a str>,
    /// The ARN of the role that asks, where it is known.
    pub role: Option<&'a str>,
    /// Its partition, where it is known.
    pub partition: Option<&'a str>,
}

/// The policies of an organization.
#[derive(Debug)]
pub struct Organization {
    id: String,
    management: String,
    policies: Vec<Known>,
    standing: BTreeMap<Kind, Standing>,
    /// The places of the policies that are attached to a root, a unit or an account.
    attached: HashMap<String, Vec<usize>>,
    memo: Memo,
}

/// Whether policies of a kind bind anybody, and whether all of them are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Off,
    Unknown,
    On { complete: bool },
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::ServiceControl, Self::ResourceControl];

    /// The kind as Organizations writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServiceControl => "SERVICE_CONTROL_POLICY",
            Self::ResourceControl => "RESOURCE_CONTROL_POLICY",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Known {
    /// The name of a statement: its own, else its place, counted from 1 as people do.
    #[must_use]
    pub fn statement_name(&self, index: usize) -> String {
        let read = self.policy.as_ref().and_then(|read| read.as_ref().ok());
        let named = read.and_then(|policy| policy.statements().get(index)?.sid.clone());
        named.unwrap_or_else(|| format!("#{}", index + 1))
    }
}

impl Organization {
    /// The organization of an id, managed by an account, with the policies that were read. Where not `complete`, there
    /// may be more, attached to anything.
    #[must_use]
    pub fn new(id: &str, management: &str, read: Holding, complete: bool) -> Self {
        let mut policies = Vec::new();
        for one in read.policies {
            let Some(kind) = Kind::parse(&one.kind) else { continue };
            let policy = one.content.as_deref().map(Policy::parse);
            let (id, arn, name, targets) = (one.id, one.arn, one.name, one.targets);
            policies.push(Known { id, arn, kind, name, policy, targets });
        }
        let complete = complete && read.missing.is_empty();
        let standing = |kind: Kind| {
            let mut types = read.policy_types.iter().filter(|known| known.kind == kind.as_str());
            let attached = |known: &Known| known.kind != kind || known.targets.is_some();
            match types.next().map(|known| known.status.as_str()) {
                Some("ENABLED") => {
                    Standing::On { complete: complete && policies.iter().all(attached) }
                }
                None if complete || !read.policy_types.is_empty() => Standing::Off,
                _ => Standing::Unknown,
            }
        };
        let standing = Kind::ALL.into_iter().map(|kind| (kind, standing(kind))).collect();
        let mut attached: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, policy) in policies.iter().enumerate() {
            for target in policy.targets.iter().flatten() {
                attached.entry(target.id.clone()).or_default().push(at);
            }
        }
        let (id, management) = (id.to_owned(), management.to_owned());
        Self { id, management, policies, standing, attached, memo: Memo::default() }
    }

    /// Its policies of these kinds.
    #[must_use]
    pub fn policies(&self) -> &[Known] {
        &self.policies
    }

    /// The policy of an id.
    #[must_use]
    pub fn policy(&self, id: &str) -> Option<&Known> {
        self.policies.iter().find(|policy| policy.id == id)
    }

    /// What its policies of a kind say when an account asks for an action in a region.
    #[must_use]
    pub fn decide(
        &mut self,
        kind: Kind,
        subject: Subject<'_>,
        action: &str,
        region: Option<&str>,
    ) -> Arc<Decision> {
        let is_linked = subject.role.is_some_and(|role| role.contains(SERVICE_LINKED));
        if subject.account == self.management || is_linked {
            return Arc::new(Decision::Allowed(Grant::Exempt));
        }
        let decision = self.remembered(kind, subject, action, region);
        let service = action.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let is_covered = kind == Kind::ServiceControl || COVERED.contains(&service.as_str());
        match &*decision {
            Decision::Denied(denial) if !is_covered => {
                let statements = match denial {
                    Denial::Statements(places) => places.clone(),
                    Denial::Unallowed { .. } => Vec::new(),
                };
                let missing = [Missing::Coverage(service)].into();
                Arc::new(Decision::CannotTell(Doubt { missing, statements }))
            }
            _ => decision,
        }
    }

    /// An answer that does not rest on who asks holds for all accounts below the same units; one that does is asked
    /// anew.
    fn remembered(
        &mut self,
        kind: Kind,
        subject: Subject<'_>,
        action: &str,
        region: Option<&str>,
    ) -> Arc<Decision> {
        let kin = self.memo.kin(&self.policies, action);
        let own = self.attached.get(subject.account).map(Vec::as_slice).unwrap_or_default();
        let class = self.memo.class(subject.path, own);
        let any = (kind, class, kin, region.map(str::to_owned));
        let known = self.memo.of_class(&any).unwrap_or_else(|| {
            let request = self.request(subject.path, action, region);
            Arc::new(self.ask(kind, subject, &request))
        });
        self.memo.keep_of_class(any, &known);
        if !matches!(&*known, Decision::CannotTell(_)) {
            return known;
        }
        let this = (kind, subject.account.to_owned(), kin, region.map(str::to_owned));
        let known = self.memo.of_account(&this).unwrap_or_else(|| {
            let request = self.request(subject.path, action, region);
            let request = match subject.role {
                Some(role) => request.by_role(role),
                None => request
                    .by(Caller::Account(subject.account.to_owned()))
                    .with("aws:PrincipalAccount", [subject.account]),
            };
            Arc::new(self.ask(kind, subject, &request))
        });
        self.memo.keep_of_account(this, &known);
        known
    }

    fn request(&self, path: Option<&str>, action: &str, region: Option<&str>) -> Request {
        let request = Request::new(action).directly();
        let request = match path {
            Some(path) => request.from_organization(&self.id, &format!("{}/{path}/", self.id)),
            None => request.with("aws:PrincipalOrgID", [self.id.as_str()]),
        };
        match region {
            Some(region) => request.in_region(region),
            None => request,
        }
    }

    fn ask(&self, kind: Kind, subject: Subject<'_>, request: &Request) -> Decision {
        let complete = match self.standing.get(&kind).copied().unwrap_or(Standing::Unknown) {
            Standing::Off => return hierarchy::decide(&[], request, false),
            Standing::Unknown => {
                let nothing = Level { name: ABOVE, policies: &[], complete: false };
                return hierarchy::decide(&[nothing], request, false);
            }
            Standing::On { complete } => complete,
        };
        let mut targets: Vec<(&str, &str, bool)> = match subject.path {
            Some(path) => path.split('/').map(|unit| (unit, unit, complete)).collect(),
            None => vec![(ABOVE, "", false)],
        };
        targets.push((ACCOUNT, subject.account, complete));
        let policies: Vec<Vec<Attached<'_>>> =
            targets.iter().map(|(_, target, _)| self.attached_to(kind, target)).collect();
        let levels: Vec<Level<'_>> = targets
            .iter()
            .zip(&policies)
            .map(|((name, _, complete), policies)| Level { name, policies, complete: *complete })
            .collect();
        hierarchy::decide(&levels, request, false)
    }

    fn attached_to(&self, kind: Kind, target: &str) -> Vec<Attached<'_>> {
        let places = self.attached.get(target).into_iter().flatten();
        let known = places.filter_map(|at| self.policies.get(*at)).filter(|one| one.kind == kind);
        known
            .map(|one| Attached {
                id: &one.id,
                policy: one.policy.as_ref().and_then(|read| read.as_ref().ok()),
            })
            .collect()
    }
}
