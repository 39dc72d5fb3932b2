//! Why a cell is denied: the policy that AWS named, else what the policies that were read say about the call.

use std::collections::BTreeSet;

use policy::Decision;
use policy::guards::{Ground, Guarded, Guards};
use policy::organization::{Kind, Organization, Subject, goes_to};
use protocol::plan::CallFacts;
use protocol::{DeniedBy, Evidence, FailureKind, ProbeId, Region, Status};

use crate::unknown::Unknown;

/// A denied cell, or one that was not called because it is predicted to be denied.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) probe: String,
    pub(super) predicted: bool,
    pub(super) denied_by: Option<DeniedBy>,
    pub(super) arn: Option<String>,
    pub(super) operation: Option<String>,
    pub(super) message: Option<String>,
}

/// How it is known what denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// AWS named the policy.
    Arn,
    /// The policies that were read deny the call for certain.
    Evaluated,
    /// The same, and the call was not made.
    Predicted,
    /// It is not known.
    Unexplained,
}

/// What denies a cell.
#[derive(Debug)]
pub(super) struct Explained {
    pub(super) how: How,
    pub(super) kind: Option<&'static str>,
    pub(super) ground: Option<Ground>,
    /// Others that deny it too, as far as it is known.
    pub(super) also: Vec<Ground>,
    pub(super) actions: BTreeSet<String>,
    /// What is missing, or what AWS says instead.
    pub(super) why: Option<String>,
}

impl Cell {
    /// The cell, if it was denied or predicted to be.
    pub(super) fn of(unknown: Unknown) -> Option<Self> {
        let cause = unknown.cause;
        let predicted = cause.evidence == Evidence::Predicted;
        let denied = matches!(cause.status, Status::Denied | Status::Partial)
            && cause.kind == Some(FailureKind::Denied);
        (denied || predicted).then_some(Self {
            account: unknown.account,
            region: unknown.region,
            probe: unknown.probe,
            predicted,
            denied_by: cause.denied_by,
            arn: cause.policy_arn,
            operation: unknown.operation,
            message: unknown.message,
        })
    }
}

/// Says what denies a cell.
pub(super) fn explain(guards: &mut Guards, cell: &Cell) -> Explained {
    let asked = asked(guards, cell);
    let actions = asked.iter().map(|(action, _)| action.clone()).collect();
    let (ground, also, how, kind, why) = match &cell.arn {
        Some(arn) if !cell.predicted => by_arn(guards, cell, &asked, arn),
        _ => by_asking(guards, cell, &asked),
    };
    let how = if cell.predicted && how == How::Evaluated { How::Predicted } else { how };
    Explained { how, kind, ground, also, actions, why }
}

/// The actions that the failed call needs, each with the region that it goes to, where that is known.
fn asked(guards: &mut Guards, cell: &Cell) -> Vec<(String, Option<String>)> {
    let (Ok(probe), Ok(region)) = (cell.probe.parse::<ProbeId>(), cell.region.parse::<Region>())
    else {
        return Vec::new();
    };
    let Some(probe) = guards.probe(&probe).cloned() else { return Vec::new() };
    let is_it = |call: &&CallFacts| cell.operation.as_ref() == Some(&call.operation);
    let place = guards.account(&cell.account).cloned().unwrap_or_default();
    let subject = Subject {
        account: &cell.account,
        path: None,
        role: None,
        partition: place.partition.as_deref(),
    };
    let mut asked = Vec::new();
    for call in probe.calls.iter().filter(is_it) {
        let region = goes_to(subject, &probe, call, &region).map(str::to_owned);
        asked.extend(call.actions.iter().map(|action| (action.clone(), region.clone())));
    }
    asked
}

type Reasons = (Option<Ground>, Vec<Ground>, How, Option<&'static str>, Option<String>);

/// By the policy that AWS named: its statement, and where on the account's path it is attached.
fn by_arn(
    guards: &mut Guards,
    cell: &Cell,
    asked: &[(String, Option<String>)],
    arn: &str,
) -> Reasons {
    let named = cell.denied_by.map(DeniedBy::as_str);
    let guarded = guards.account(&cell.account).cloned();
    let found = guards.ask(&cell.account, |organization, subject| {
        let id = arn.rsplit('/').next().unwrap_or(arn);
        let is_it = |known: &&policy::organization::Known| {
            known.arn.as_deref() == Some(arn) || known.id == id
        };
        let known = organization.policies().iter().find(is_it)?;
        let (id, kind) = (known.id.clone(), known.kind);
        let targets = known.targets.clone().unwrap_or_default();
        let place = statement_of(organization, subject, kind, &id, asked);
        Some((id, kind, targets, place))
    });
    let (Some(Some((id, kind, targets, place))), Some(guarded)) = (found, guarded) else {
        let is_ours = arn.split(':').nth(2) == Some("organizations");
        let why = if is_ours {
            "AWS names a policy that was not read"
        } else {
            "it is no policy of the organization"
        };
        return (None, Vec::new(), How::Arn, named, Some(why.to_owned()));
    };
    let attached = |guarded: &Guarded| {
        targets.iter().find_map(|target| guarded.has_level(&cell.account, &target.id))
    };
    let (statement, level) = match place {
        Some((statement, level)) => (Some(statement), level),
        None => (None, attached(&guarded)),
    };
    let why = match (&statement, &level) {
        (None, None) => Some("AWS names it, but it was not attached when it was read".to_owned()),
        (None, Some(_)) => Some("AWS names it; which of its statements cannot be told".to_owned()),
        (Some(_), _) => None,
    };
    let organization = guarded.organization;
    let ground = Ground { organization, policy: Some(id), statement, level };
    (Some(ground), Vec::new(), How::Arn, Some(word(kind)), why)
}

/// The statement of a policy that denies, or the only one that may; and its level.
fn statement_of(
    organization: &mut Organization,
    subject: Subject<'_>,
    kind: Kind,
    policy: &str,
    asked: &[(String, Option<String>)],
) -> Option<(usize, Option<String>)> {
    for (action, region) in asked {
        let decision = organization.decide(kind, subject, action, region.as_deref());
        let places = match &*decision {
            Decision::Denied(policy::Denial::Statements(places)) => places,
            Decision::CannotTell(doubt) => &doubt.statements,
            Decision::Denied(policy::Denial::Unallowed { .. }) | Decision::Allowed(_) => continue,
        };
        let of_it = places.iter().filter(|place| place.policy.as_deref() == Some(policy));
        let of_it: Vec<_> = of_it.map(|place| (place.statement, place.level.clone())).collect();
        let statements: BTreeSet<usize> = of_it.iter().map(|(statement, _)| *statement).collect();
        let is_sure = matches!(&*decision, Decision::Denied(_)) || statements.len() == 1;
        if let Some(first) = of_it.into_iter().next().filter(|_| is_sure) {
            return Some(first);
        }
    }
    None
}

/// By what the policies that were read say, of the kinds that AWS does not rule out.
fn by_asking(guards: &mut Guards, cell: &Cell, asked: &[(String, Option<String>)]) -> Reasons {
    let named = cell.denied_by.map(DeniedBy::as_str);
    let unexplained =
        |why: String| -> Reasons { (None, Vec::new(), How::Unexplained, named, Some(why)) };
    let kinds: &[Kind] = match cell.denied_by {
        Some(DeniedBy::Scp) => &[Kind::ServiceControl],
        Some(DeniedBy::Rcp) => &[Kind::ResourceControl],
        Some(DeniedBy::Unstated) | None => &Kind::ALL,
        Some(other) => return unexplained(other_than_ours(other).to_owned()),
    };
    let Some(guarded) = guards.account(&cell.account).cloned() else {
        return unexplained("the account is in no organization that was read".to_owned());
    };
    if asked.is_empty() {
        return unexplained("which action was denied is not recorded".to_owned());
    }
    let mut open = BTreeSet::new();
    for kind in kinds {
        for (action, region) in asked {
            let decision = guards.ask(&cell.account, |organization, subject| {
                organization.decide(*kind, subject, action, region.as_deref())
            });
            let Some(decision) = decision else {
                return unexplained("the account is in no organization that was read".to_owned());
            };
            match &*decision {
                Decision::Denied(denial) => {
                    let mut grounds = Ground::all(&guarded.organization, denial).into_iter();
                    let first = grounds.next();
                    let nothing_allows = first.as_ref().is_some_and(|one| one.policy.is_none());
                    let why = nothing_allows.then(|| "nothing there allows it".to_owned());
                    return (first, grounds.collect(), How::Evaluated, Some(word(*kind)), why);
                }
                Decision::CannotTell(doubt) => {
                    open.extend(doubt.missing.iter().map(ToString::to_string));
                }
                Decision::Allowed(_) => {}
            }
        }
    }
    if !open.is_empty() {
        let open: Vec<String> = open.into_iter().collect();
        return unexplained(format!("cannot tell: it depends on {}", open.join(", ")));
    }
    unexplained(match cell.denied_by {
        Some(DeniedBy::Scp | DeniedBy::Rcp) => {
            "AWS says that a policy of the organization denies it, but those that were read let it through".to_owned()
        }
        _ => "the organization's policies let it through: a policy of the role, of the session or of the resource denies it".to_owned(),
    })
}

const fn other_than_ours(denied_by: DeniedBy) -> &'static str {
    match denied_by {
        DeniedBy::Boundary => "the permissions boundary of the role denies it",
        DeniedBy::Session => "the session policy denies it",
        DeniedBy::Identity => "no policy of the role allows it, or one denies it",
        DeniedBy::Resource => "the policy of the resource, or of the endpoint, denies it",
        DeniedBy::Scp | DeniedBy::Rcp | DeniedBy::Unstated => "the organization's policies",
    }
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::ServiceControl => DeniedBy::Scp.as_str(),
        Kind::ResourceControl => DeniedBy::Rcp.as_str(),
    }
}
