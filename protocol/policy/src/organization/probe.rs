//! The calls of a probe: where they go, and whether SCPs deny all of them for certain.

use std::sync::Arc;

use protocol::Region;
use protocol::plan::{CallFacts, ProbeFacts};

use super::{Kind, Organization, Subject};
use crate::decision::{Decision, Denial};

/// Why a cell will be denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    /// What denies the first of its calls.
    pub denial: Denial,
    /// The operation of that call.
    pub operation: String,
    /// Its action.
    pub action: String,
}

impl Organization {
    /// Why service control policies deny a probe's cell in a region for certain; none where they do not, or nobody can
    /// tell. All calls that are made in any case are denied each of their actions: then nothing else is called either.
    #[must_use]
    pub fn predict(
        &mut self,
        subject: Subject<'_>,
        probe: &ProbeFacts,
        region: &Region,
    ) -> Option<Prediction> {
        let mut first = None;
        for call in probe.calls.iter().filter(|call| call.root) {
            let goes_to = goes_to(subject, probe, call, region);
            if call.actions.is_empty() {
                return None;
            }
            for action in &call.actions {
                let decision = self.decide(Kind::ServiceControl, subject, action, goes_to);
                let Decision::Denied(_) = &*decision else { return None };
                first.get_or_insert((decision, &call.operation, action));
            }
        }
        let (decision, operation, action) = first?;
        let Decision::Denied(denial) = Arc::unwrap_or_clone(decision) else { return None };
        Some(Prediction { denial, operation: operation.clone(), action: action.clone() })
    }
}

/// The region that a call of a cell goes to, where it is known.
#[must_use]
pub fn goes_to<'a>(
    subject: Subject<'_>,
    probe: &'a ProbeFacts,
    call: &CallFacts,
    region: &'a Region,
) -> Option<&'a str> {
    if call.follows {
        return None;
    }
    match region.is_global() {
        true => probe.homes.get(subject.partition?).map(Region::as_str),
        false => Some(region.as_str()),
    }
}
