//! What identifies a session of the checker, and the names of its files.

use chrono::{DateTime, Utc};
use protocol::scan::Source;
use serde_json::{Value, json};

use super::row::iso;
use super::totals::Totals;
use crate::context::{AccountFacts, Context};
use crate::render::json::rounded;

/// A session: the checker's view of a scan.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: String,
    /// The stamp in the files' names.
    pub(crate) stamp: String,
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: DateTime<Utc>,
}

impl Session {
    /// The session of a scan: the same each time the files are written.
    pub(crate) fn of(context: &Context<'_>) -> Self {
        let scan = context.scan.id.as_str();
        let start = context.scan.started_at;
        let stamp = start.format("%Y%m%d_%H%M%S").to_string();
        let dice = scan.rsplit_once('-').map_or(scan, |(_, dice)| dice);
        Self { id: format!("enterprise_scan_{stamp}_{dice}"), stamp, start, end: context.end() }
    }

    /// How long it took, in seconds.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 milliseconds")]
    pub(crate) fn seconds(&self) -> f64 {
        (self.end - self.start).num_milliseconds() as f64 / 1000.0
    }

    /// The files, in the order in which the session names them.
    pub(crate) fn files(&self) -> [(&'static str, String); 11] {
        let stamp = &self.stamp;
        [
            ("detailed_results", format!("detailed_enablement_results_{stamp}.json")),
            ("service_matrix", format!("service_enablement_matrix_#{stamp}.json")),
            ("summary", format!("service_enablement_summary_#{stamp}.json")),
            ("session_reference", format!("scan_session_reference_#{stamp}.json")),
            ("account_service_inventory_csv", format!("account_service_inventory_{stamp}.csv")),
            ("session_reference_csv", format!("scan_session_reference_{stamp}.csv")),
            ("error_summary", format!("error_logs/error_summary_{stamp}.json")),
            ("errors_csv", format!("error_logs/errors_summary_{stamp}.csv")),
            (
                "analysis_session_reference",
                format!("error_logs/analysis_session_reference_{stamp}.json"),
            ),
            ("error_analysis", format!("error_analysis_report_{stamp}.json")),
            ("service_mapping_fixes", format!("service_mapping_fixes_{stamp}.json")),
        ]
    }

    /// `scan_metadata` of the detailed results and of the summary.
    pub(crate) fn metadata(&self, accounts: usize, totals: &Totals) -> Value {
        json!({
            "scan_session_id": self.id,
            "scan_start_time": iso(self.start),
            "scan_end_time": iso(self.end),
            "scan_duration_seconds": rounded(self.seconds(), 1000.0),
            "total_accounts": accounts,
            "total_services_checked": totals.all.instances(),
            "total_api_calls": totals.checked,
            "successful_calls": totals.checked - totals.failed,
            "failed_calls": totals.failed,
            "calls_sent": totals.calls,
        })
    }
}

/// How an account was entered, in the checker's words.
pub(crate) fn auth_method(context: &Context<'_>, account: &AccountFacts) -> &'static str {
    let connections = context.scan.settings.connections();
    let source = connections.iter().find(|(id, _)| id.as_str() == account.connection);
    let assumed = account.principal.as_deref().is_some_and(|arn| arn.contains(":assumed-role/"));
    match source.map(|(_, source)| source) {
        Some(Source::Profile { .. }) => "profile",
        Some(Source::Keys { .. }) => "keys",
        Some(Source::Role { .. } | Source::Tenants(_)) => "role",
        Some(Source::Connection { .. } | Source::Current) | None if assumed => "role",
        Some(Source::Connection { .. } | Source::Current) | None => "default",
    }
}
