//! A row of the checker: one service in one region of one account.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use protocol::{FailureKind, Status};
use serde::Serialize;

use crate::recommend::NO_FUNCTION;
use crate::rollup::roll_up;

/// A cell as the checker's files need it.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) region: String,
    pub(crate) service: String,
    pub(crate) probe: String,
    pub(crate) global: bool,
    pub(crate) status: Status,
    pub(crate) evidence: String,
    pub(crate) resource_count: u64,
    pub(crate) at_least: bool,
    pub(crate) sample: Vec<String>,
    pub(crate) failure: Option<Fault>,
    pub(crate) calls: u64,
    pub(crate) observed_at: Option<DateTime<Utc>>,
}

/// Why a cell is unknown.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) kind: FailureKind,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) operation: Option<String>,
    pub(crate) denied_by: Option<String>,
    pub(crate) policy_arn: Option<String>,
}

/// A thing of the account's own.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Thing {
    pub(crate) identifier: String,
    pub(crate) service: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) region: String,
}

/// A row of `detailed_enablement_results`; the keys below `resource_identifier` mend defects.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CheckRow {
    pub(crate) service: String,
    pub(crate) region: String,
    pub(crate) account_id: String,
    pub(crate) account_name: String,
    /// True or false where that is known; null where it is not.
    pub(crate) enabled: Option<bool>,
    pub(crate) functions_checked: usize,
    pub(crate) functions_successful: usize,
    pub(crate) functions_failed: usize,
    pub(crate) success_rate: f64,
    pub(crate) successful_functions: Vec<String>,
    pub(crate) failed_functions: Vec<String>,
    pub(crate) client_type: String,
    pub(crate) check_function: String,
    pub(crate) scope: &'static str,
    pub(crate) resource_count: u64,
    pub(crate) resources: Vec<Thing>,
    pub(crate) resource_identifier: String,
    pub(crate) timestamp: Option<String>,
    pub(crate) status: Status,
    pub(crate) evidence: String,
    pub(crate) count_is: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) denied_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_arn: Option<String>,
    /// The record of each function that failed.
    #[serde(skip)]
    pub(crate) errors: Vec<ErrorRecord>,
    #[serde(skip)]
    pub(crate) calls: u64,
}

/// A record of an error, with the checker's names.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ErrorRecord {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) service: String,
    pub(crate) function: String,
    pub(crate) error_type: &'static str,
    pub(crate) error_message: String,
    pub(crate) timestamp: Option<String>,
    pub(crate) scan_session_id: String,
}

/// Whose rows are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whose<'a> {
    pub(crate) account_id: &'a str,
    pub(crate) account_name: &'a str,
    pub(crate) session: &'a str,
}

/// What is known to be enabled; nothing where it is unknown, or listed but not judged.
pub(crate) const fn enabled(status: Status) -> Option<bool> {
    match status {
        Status::InUse => Some(true),
        Status::Idle | Status::Off | Status::NotOffered | Status::RegionOff => Some(false),
        _ => None,
    }
}

/// The checker's category of a failure; without one nothing was run.
pub(crate) fn category(status: Status, fault: Option<&Fault>) -> &'static str {
    if status == Status::RoleFailed {
        return "credentials_error";
    }
    let Some(fault) = fault else { return "not_run" };
    match fault.kind {
        _ if NO_FUNCTION.contains(&fault.code.as_str()) => "unsupported_operation",
        FailureKind::Denied => "access_denied",
        FailureKind::Off | FailureKind::RegionOff => "service_not_enabled",
        FailureKind::Invalid => "parameter_validation",
        FailureKind::Throttled | FailureKind::Transient => "service_unavailable",
        FailureKind::Absent => "resource_not_found",
        FailureKind::Unreachable if fault.code.to_ascii_lowercase().contains("timeout") => {
            "timeout"
        }
        FailureKind::Unreachable | FailureKind::NotOffered => "endpoint_connection_error",
        FailureKind::RoleFailed | FailureKind::Expired => "credentials_error",
        FailureKind::Other => "unknown",
    }
}

/// A moment as the files write it.
pub(crate) fn iso(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string()
}

/// Makes the rows of an account from its cells, which come by region and service.
pub(crate) fn rows(
    whose: Whose<'_>,
    cells: &[Answered],
    things: &BTreeMap<(String, String), Vec<Thing>>,
) -> Vec<CheckRow> {
    let same = |one: &Answered, other: &Answered| {
        one.region == other.region && one.service == other.service
    };
    cells.chunk_by(same).map(|cells| row(whose, cells, things)).collect()
}

fn row(
    whose: Whose<'_>,
    cells: &[Answered],
    things: &BTreeMap<(String, String), Vec<Thing>>,
) -> CheckRow {
    let first = &cells[0];
    let status = roll_up(cells.iter().map(|cell| cell.status)).unwrap_or(Status::NotRun);
    let worst = cells.iter().find(|cell| cell.status == status).unwrap_or(first);
    let names = |known: bool| -> Vec<String> {
        let these = cells.iter().filter(|cell| cell.status.is_known() == known);
        these.map(|cell| cell.probe.clone()).collect()
    };
    let (successful, failed) = (names(true), names(false));
    let mut resources = Vec::new();
    for cell in cells {
        match things.get(&(cell.region.clone(), cell.probe.clone())) {
            Some(kept) => resources.extend(kept.iter().cloned()),
            // Only ids were kept with the cell.
            None => resources.extend(cell.sample.iter().map(|id| Thing {
                identifier: id.clone(),
                service: cell.service.clone(),
                kind: String::new(),
                region: cell.region.clone(),
            })),
        }
    }
    let fault = worst.failure.as_ref().filter(|_| !status.is_known());
    let unknown = !status.is_known();
    let at_least = cells.iter().any(|cell| cell.at_least || !cell.status.is_known());
    let said = |fault: &Fault| format!("{}: {}", fault.code, fault.message);
    #[expect(clippy::cast_precision_loss, reason = "a handful of probes")]
    let success_rate = successful.len() as f64 / cells.len() as f64;
    CheckRow {
        service: first.service.clone(),
        region: first.region.clone(),
        account_id: whose.account_id.to_owned(),
        account_name: whose.account_name.to_owned(),
        enabled: enabled(status),
        functions_checked: cells.len(),
        functions_successful: successful.len(),
        functions_failed: failed.len(),
        success_rate: crate::render::json::rounded(success_rate, 10_000.0),
        check_function: successful.iter().chain(&failed).next().cloned().unwrap_or_default(),
        successful_functions: successful,
        failed_functions: failed,
        client_type: first.service.clone(),
        scope: if first.global { "global" } else { "regional" },
        resource_count: cells.iter().map(|cell| cell.resource_count).sum(),
        resource_identifier: resources.first().map(|thing| thing.kind.clone()).unwrap_or_default(),
        resources,
        timestamp: cells.iter().filter_map(|cell| cell.observed_at).max().map(iso),
        status,
        evidence: worst.evidence.clone(),
        count_is: if at_least { "at_least" } else { "exact" },
        error: unknown.then(|| fault.map_or_else(|| "no answer".to_owned(), said)),
        error_type: unknown.then(|| category(status, fault)),
        denied_by: fault.and_then(|fault| fault.denied_by.clone()),
        policy_arn: fault.and_then(|fault| fault.policy_arn.clone()),
        errors: cells
            .iter()
            .filter(|cell| !cell.status.is_known())
            .map(|cell| record(whose, cell))
            .collect(),
        calls: cells.iter().map(|cell| cell.calls).sum(),
    }
}

fn record(whose: Whose<'_>, cell: &Answered) -> ErrorRecord {
    let fault = cell.failure.as_ref();
    let operation = fault.and_then(|fault| fault.operation.clone());
    ErrorRecord {
        account: whose.account_id.to_owned(),
        region: cell.region.clone(),
        service: cell.service.clone(),
        function: operation.unwrap_or_else(|| cell.probe.clone()),
        error_type: category(cell.status, fault),
        error_message: fault.map_or_else(
            || "no answer".to_owned(),
            |fault| format!("{}: {}", fault.code, fault.message),
        ),
        timestamp: cell.observed_at.map(iso),
        scan_session_id: whose.session.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(probe: &str, status: Status) -> Answered {
        Answered {
            region: "eu-west-1".to_owned(),
            service: "ec2".to_owned(),
            probe: probe.to_owned(),
            global: false,
            status,
            evidence: "empty".to_owned(),
            resource_count: 0,
            at_least: false,
            sample: vec![],
            failure: None,
            calls: 1,
            observed_at: None,
        }
    }

    fn made(cells: &[Answered]) -> Vec<CheckRow> {
        let whose = Whose { account_id: "1", account_name: "one", session: "s" };
        rows(whose, cells, &BTreeMap::new())
    }

    #[test]
    fn unknown_is_neither_enabled_nor_disabled() {
        let unknown = Status::ALL.iter().filter(|status| !status.is_known());
        for status in unknown {
            assert_eq!(enabled(*status), None, "{status}");
        }
        let rows = made(&[cell("ec2", Status::Idle), cell("ec2.more", Status::Denied)]);
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].enabled, rows[0].functions_failed), (None, 1));
        assert_eq!(rows[0].errors.len(), 1);
    }

    #[test]
    fn an_empty_answer_does_not_mean_enabled() {
        assert_eq!(made(&[cell("ec2", Status::Idle)])[0].enabled, Some(false));
    }
}
