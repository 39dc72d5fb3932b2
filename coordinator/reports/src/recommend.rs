//! Ranked recommendations by rule: what to mend first.
//!
//! The first five rules are those of the enablement checker, with "failed" meaning unknown; the
//! others are about what it could not tell apart.

use protocol::{DeniedBy, Evidence, FailureKind, Status};

use crate::advice::{Cause, advise, rerun};
use crate::render::words::thousands;
use crate::rollup::share;

/// How much a recommendation matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Priority {
    High,
    Medium,
    Low,
}

impl Priority {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::High => "HIGH",
            Self::Medium => "MEDIUM",
            Self::Low => "LOW",
        }
    }
}

/// Something to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recommendation {
    pub(crate) priority: Priority,
    pub(crate) category: &'static str,
    pub(crate) issue: String,
    pub(crate) description: String,
    pub(crate) solutions: Vec<String>,
    pub(crate) immediate_action: String,
    /// Cells that it is about.
    pub(crate) cells: u64,
}

/// What the rules look at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Findings {
    pub(crate) scan: String,
    pub(crate) planned: u64,
    pub(crate) known: u64,
    pub(crate) minutes: u64,
    /// Unknown cells by cause.
    pub(crate) causes: Vec<(Cause, u64)>,
    /// Unknown cells by service, most first.
    pub(crate) services: Vec<(String, u64)>,
}

impl Findings {
    fn cells(&self, wanted: impl Fn(&Cause) -> bool) -> u64 {
        self.causes.iter().filter(|(cause, _)| wanted(cause)).map(|(_, cells)| cells).sum()
    }
}

/// So many cells, in words.
fn many(cells: u64) -> String {
    match cells {
        1 => "1 cell".to_owned(),
        cells => format!("{} cells", thousands(i64::try_from(cells).unwrap_or(i64::MAX))),
    }
}

/// Codes that say the operation does not exist there.
pub(crate) const NO_FUNCTION: &[&str] =
    &["InvalidAction", "UnknownOperationException", "UnsupportedOperation", "UnknownOperation"];

/// Applies every rule; the gravest first, then those about the most cells.
pub(crate) fn recommend(findings: &Findings) -> Vec<Recommendation> {
    let mut all: Vec<Recommendation> = [
        little_success(findings),
        long_run(findings),
        parameters(findings),
        functions(findings),
        roles(findings),
        region_policies(findings),
        missing_permissions(findings),
        throttles(findings),
        stopped(findings),
    ]
    .into_iter()
    .flatten()
    .chain(services(findings))
    .collect();
    all.sort_by(|one, two| {
        (one.priority, two.cells, &one.issue).cmp(&(two.priority, one.cells, &two.issue))
    });
    all
}

fn little_success(findings: &Findings) -> Option<Recommendation> {
    let known = share(findings.known, findings.planned)?;
    let unknown = findings.planned - findings.known;
    (known < 0.70).then(|| Recommendation {
        priority: Priority::High,
        category: "success_rate",
        issue: format!("only {:.1} % of the cells are known", known * 100.0),
        description: "Below 70 % a report says little about the organization.".to_owned(),
        solutions: vec![
            "mend the causes with the most cells first (report `failures`)".to_owned(),
            "run `orgsweep check-access` before the next scan".to_owned(),
        ],
        immediate_action: format!("orgsweep report failures --scan {}", findings.scan),
        cells: unknown,
    })
}

fn long_run(findings: &Findings) -> Option<Recommendation> {
    (findings.minutes > 30).then(|| Recommendation {
        priority: Priority::Medium,
        category: "performance",
        issue: format!("the scan took {} minutes", findings.minutes),
        description: "Longer than 30 minutes.".to_owned(),
        solutions: vec![
            "leave out regions and services that are closed (--exclude-region, --exclude-service)"
                .to_owned(),
            "raise --budget-share where the accounts' own workloads allow it".to_owned(),
        ],
        immediate_action: "orgsweep plan".to_owned(),
        cells: 0,
    })
}

fn parameters(findings: &Findings) -> Option<Recommendation> {
    let cells = findings.cells(|cause| cause.kind == Some(FailureKind::Invalid));
    (cells > 50).then(|| Recommendation {
        priority: Priority::High,
        category: "parameter_validation",
        issue: format!("{} failed because a request was wrong", many(cells)),
        description: "The catalog is at fault, not the accounts.".to_owned(),
        solutions: vec!["report the services and codes, or mend their catalog entries".to_owned()],
        immediate_action: "orgsweep catalog check".to_owned(),
        cells,
    })
}

fn functions(findings: &Findings) -> Option<Recommendation> {
    let cells = findings
        .cells(|cause| cause.code.as_deref().is_some_and(|code| NO_FUNCTION.contains(&code)));
    (cells > 20).then(|| Recommendation {
        priority: Priority::Medium,
        category: "function_not_found",
        issue: format!("{} asked for an operation that does not exist there", many(cells)),
        description: "The service does not offer the operation in those regions.".to_owned(),
        solutions: vec![
            "report the services and regions, so that they become `not_offered`".to_owned(),
        ],
        immediate_action: "orgsweep catalog check".to_owned(),
        cells,
    })
}

fn services(findings: &Findings) -> impl Iterator<Item = Recommendation> + '_ {
    let worst = findings.services.iter().take(3).filter(|(_, cells)| *cells > 30);
    worst.map(|(service, cells)| Recommendation {
        priority: Priority::Medium,
        category: "service_specific",
        issue: format!("{service}: {} unknown", many(*cells)),
        description: "One of the three services with the most unknown cells.".to_owned(),
        solutions: vec![format!("look at its causes, then run it again: --service {service}")],
        immediate_action: format!("orgsweep requeue {} --service {service}", findings.scan),
        cells: *cells,
    })
}

fn roles(findings: &Findings) -> Option<Recommendation> {
    let role = |cause: &Cause| cause.status == Status::RoleFailed;
    by_cause(findings, Priority::High, "access", role, |cells| {
        format!("{} unknown since accounts could not be entered", many(cells))
    })
}

fn region_policies(findings: &Findings) -> Option<Recommendation> {
    let scp = |cause: &Cause| {
        cause.status != Status::RoleFailed
            && matches!(cause.denied_by, Some(DeniedBy::Scp | DeniedBy::Rcp))
    };
    by_cause(findings, Priority::Medium, "organization_policy", scp, |cells| {
        format!("{} denied by a policy of the organization", many(cells))
    })
}

fn missing_permissions(findings: &Findings) -> Option<Recommendation> {
    let lacking = |cause: &Cause| {
        cause.status != Status::RoleFailed
            && cause.kind == Some(FailureKind::Denied)
            && !matches!(cause.denied_by, Some(DeniedBy::Scp | DeniedBy::Rcp))
    };
    by_cause(findings, Priority::High, "access_denied", lacking, |cells| {
        format!("{} denied to the role", many(cells))
    })
}

fn throttles(findings: &Findings) -> Option<Recommendation> {
    let throttled = |cause: &Cause| cause.status == Status::Throttled;
    by_cause(findings, Priority::Medium, "throttling", throttled, |cells| {
        format!("{} still throttled after the last attempt", many(cells))
    })
}

fn stopped(findings: &Findings) -> Option<Recommendation> {
    let left = |cause: &Cause| {
        cause.status == Status::NotRun
            && cause.kind.is_none()
            && cause.evidence != Evidence::Predicted
    };
    by_cause(findings, Priority::Low, "unfinished", left, |cells| {
        format!("{} not run", many(cells))
    })
}

/// A recommendation about all causes of one sort: what to do about the largest of them stands for all.
fn by_cause(
    findings: &Findings,
    priority: Priority,
    category: &'static str,
    wanted: impl Fn(&Cause) -> bool,
    issue: impl Fn(u64) -> String,
) -> Option<Recommendation> {
    let these = || findings.causes.iter().filter(|(cause, _)| wanted(cause));
    let (largest, _) = these().max_by_key(|(_, cells)| *cells)?;
    let cells = these().map(|(_, cells)| cells).sum();
    let mut solutions: Vec<String> = these().map(|(cause, _)| advise(cause).to_owned()).collect();
    solutions.sort();
    solutions.dedup();
    Some(Recommendation {
        priority,
        category,
        issue: issue(cells),
        description: advise(largest).to_owned(),
        solutions,
        immediate_action: rerun(&findings.scan, largest),
        cells,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(status: Status, kind: FailureKind) -> Cause {
        Cause {
            status,
            kind: Some(kind),
            code: None,
            denied_by: None,
            policy_arn: None,
            evidence: Evidence::Failure,
        }
    }

    fn categories(findings: &Findings) -> Vec<&'static str> {
        recommend(findings).iter().map(|found| found.category).collect()
    }

    #[test]
    fn the_checkers_thresholds_hold() {
        let at = |known, minutes, invalid, service| Findings {
            planned: 1000,
            known,
            minutes,
            causes: vec![(cause(Status::Error, FailureKind::Invalid), invalid)],
            services: vec![("ec2".to_owned(), service)],
            ..Findings::default()
        };
        assert_eq!(categories(&at(700, 30, 50, 30)), Vec::<&str>::new());
        let all = ["success_rate", "parameter_validation", "service_specific", "performance"];
        assert_eq!(categories(&at(699, 31, 51, 31)), all);
    }

    #[test]
    fn only_the_three_worst_services_are_named() {
        let services = ["a", "b", "c", "d"].map(|name| (name.to_owned(), 31));
        let findings = Findings {
            planned: 1000,
            known: 900,
            services: services.into(),
            ..Findings::default()
        };
        assert_eq!(categories(&findings).len(), 3);
    }

    #[test]
    fn an_empty_scan_needs_nothing() {
        assert!(recommend(&Findings::default()).is_empty());
    }
}
