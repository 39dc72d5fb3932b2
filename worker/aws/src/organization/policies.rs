//! Policies: of every type that a root has enabled, with their documents and what they are attached to.

use std::collections::BTreeSet;

use aws_sdk_organizations::types::{PolicyTargetSummary, PolicyType as Type, Root};
use protocol::holding::{Holding, Policy, PolicyType, Target};
use protocol::{Failure, FailureKind, UnitId};

use super::{PAGE_SIZE, Reader};

/// The most policies that are read: ten times as many as AWS lets an organization have of a type.
const MOST_POLICIES: usize = 100_000;

/// Something that a role may be denied for all policies of a type: it is asked for until then.
struct Asked {
    what: String,
    denied: bool,
}

impl Reader<'_> {
    /// The types that are enabled and all policies of these.
    pub(super) async fn all_policies(&self) -> Holding {
        let mut holding = Holding::default();
        if let Err(failure) = self.policy_types(&mut holding.policy_types).await {
            holding.lack("the types of policies that are enabled", failure);
        }
        let kinds: BTreeSet<String> =
            holding.policy_types.iter().map(|known| known.kind.clone()).collect();
        for kind in kinds {
            let mut found = Vec::new();
            if let Err(failure) = self.listed(&kind, &mut found).await {
                holding.lack(format!("the list of {kind} policies"), failure);
            }
            let mut contents = Asked::new(format!("contents of {kind} policies"));
            let mut targets = Asked::new(format!("targets of {kind} policies"));
            for mut policy in found {
                if holding.policies.len() >= MOST_POLICIES {
                    let message = format!("there are more than {MOST_POLICIES} policies");
                    let failure = Failure::new(FailureKind::Other, "PolicyCap", message);
                    holding.lack(format!("{kind} policies"), failure);
                    break;
                }
                if !contents.denied {
                    let read = self.content(&policy.id).await;
                    policy.content = contents.keep(&policy.id, read, &mut holding);
                }
                if !targets.denied {
                    let read = self.targets(&policy.id).await;
                    policy.targets = targets.keep(&policy.id, read, &mut holding);
                }
                holding.policies.push(policy);
            }
        }
        holding
    }

    async fn policy_types(&self, types: &mut Vec<PolicyType>) -> Result<(), Failure> {
        self.pages(
            "ListRoots",
            |client, token| client.list_roots().set_next_token(token).send(),
            |answer| {
                types.extend(answer.roots.iter().flatten().flat_map(types_of));
                answer.next_token
            },
        )
        .await
    }

    async fn listed(&self, kind: &str, found: &mut Vec<Policy>) -> Result<(), Failure> {
        self.pages(
            "ListPolicies",
            |client, token| {
                let request = client.list_policies().filter(Type::from(kind));
                request.max_results(PAGE_SIZE).set_next_token(token).send()
            },
            |answer| {
                found.extend(answer.policies.unwrap_or_default().into_iter().filter_map(|one| {
                    let id = one.id?;
                    Some(Policy {
                        name: one.name.unwrap_or_else(|| id.clone()),
                        id,
                        arn: one.arn,
                        kind: kind.to_owned(),
                        description: one.description.filter(|text| !text.is_empty()),
                        provided: one.aws_managed,
                        content: None,
                        targets: None,
                    })
                }));
                answer.next_token
            },
        )
        .await
    }

    async fn content(&self, policy: &str) -> Result<String, Failure> {
        const OPERATION: &str = "DescribePolicy";
        let answer = self
            .read(OPERATION, |client| client.describe_policy().policy_id(policy).send())
            .await?;
        answer.policy.and_then(|policy| policy.content).ok_or_else(|| {
            let message = "the answer has no document";
            Failure::new(FailureKind::Transient, "UnreadableBody", message).during(OPERATION)
        })
    }

    async fn targets(&self, policy: &str) -> Result<Vec<Target>, Failure> {
        let mut targets = Vec::new();
        self.pages(
            "ListTargetsForPolicy",
            |client, token| {
                let request = client.list_targets_for_policy().policy_id(policy);
                request.max_results(PAGE_SIZE).set_next_token(token).send()
            },
            |answer| {
                let listed = answer.targets.unwrap_or_default();
                targets.extend(listed.into_iter().filter_map(target));
                answer.next_token
            },
        )
        .await?;
        Ok(targets)
    }
}

impl Asked {
    fn new(what: String) -> Self {
        Self { what, denied: false }
    }

    /// What was read; else names what is missing: all that follow too, where access is denied.
    fn keep<T>(
        &mut self,
        policy: &str,
        read: Result<T, Failure>,
        holding: &mut Holding,
    ) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(failure) => {
                self.denied = failure.kind == FailureKind::Denied;
                let what = match self.denied {
                    true => self.what.clone(),
                    false => format!("{}: {policy}", self.what),
                };
                holding.lack(what, failure);
                None
            }
        }
    }
}

fn types_of(root: &Root) -> impl Iterator<Item = PolicyType> {
    let id = root.id().and_then(|id| UnitId::new(id).ok());
    root.policy_types().iter().filter_map(move |known| {
        Some(PolicyType {
            root: id.clone()?,
            kind: known.r#type()?.as_str().to_owned(),
            status: known.status()?.as_str().to_owned(),
        })
    })
}

fn target(listed: PolicyTargetSummary) -> Option<Target> {
    let kind = listed.r#type().map_or("", |kind| kind.as_str()).to_owned();
    let id = listed.target_id?;
    Some(Target { name: listed.name.unwrap_or_else(|| id.clone()), id, kind })
}
