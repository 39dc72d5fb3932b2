//! The checker's error analyzer: it ran only by hand there, here it is always in the set.

use protocol::Status;
use serde_json::{Value, json};

use super::session::Session;
use super::totals::{Part, Totals};
use crate::recommend::Recommendation;
use crate::render::json::rounded;

/// Functions not found this often are named for removal.
const REMOVE_ABOVE: u64 = 5;
/// How many are named in a list of the worst.
const TOP: usize = 10;

/// `error_analysis_report`.
pub(crate) fn report(session: &Session, totals: &Totals, found: &[Recommendation]) -> Value {
    let accounts = totals.accounts.values().filter(|part| part.errors > 0).count();
    let regions = totals.regions.values().filter(|part| part.errors > 0).count();
    let services = totals.services.values().filter(|part| part.errors > 0).count();
    json!({
        "scan_session_id": session.id,
        "summary": {
            "total_errors": totals.failed,
            "unique_accounts": accounts,
            "unique_services": services,
            "unique_regions": regions,
        },
        "error_categories": totals.categories,
        "top_failing_services": top(&totals.services),
        "top_failing_regions": top(&totals.regions),
        "parameter_validation": functions(totals, "parameter_validation"),
        "function_not_found": functions(totals, "unsupported_operation"),
        "performance": performance(session, totals),
        "recommendations": found.iter().map(recommendation).collect::<Vec<_>>(),
    })
}

/// `service_mapping_fixes`.
pub(crate) fn fixes(session: &Session, totals: &Totals) -> Value {
    let of = |category: &'static str| {
        totals.functions.iter().filter(move |((is, _), _)| *is == category)
    };
    let remove: Vec<&String> = of("unsupported_operation")
        .filter(|(_, function)| function.count > REMOVE_ABOVE)
        .map(|((_, name), _)| name)
        .collect();
    let parameters: serde_json::Map<String, Value> = of("parameter_validation")
        .map(|((_, name), function)| {
            let entry = json!({ "error_count": function.count, "sample_error": function.sample });
            (name.clone(), entry)
        })
        .collect();
    json!({
        "scan_session_id": session.id,
        "functions_to_remove": remove,
        "functions_needing_parameters": parameters,
        "recommended_alternatives": {},
    })
}

fn top(parts: &std::collections::BTreeMap<String, Part>) -> Value {
    let mut worst: Vec<_> = parts.iter().filter(|(_, part)| part.errors > 0).collect();
    worst.sort_by_key(|(_, part)| std::cmp::Reverse(part.errors));
    worst
        .iter()
        .take(TOP)
        .map(|(name, part)| json!({ "name": name, "errors": part.errors }))
        .collect()
}

fn functions(totals: &Totals, category: &'static str) -> Value {
    let mut these: Vec<_> =
        totals.functions.iter().filter(|((is, _), _)| *is == category).collect();
    these.sort_by_key(|(_, function)| std::cmp::Reverse(function.count));
    let worst = these.iter().take(TOP).map(|((_, name), function)| {
        json!({
            "function": name,
            "count": function.count,
            "regions_affected": function.regions,
            "sample_error": function.sample,
        })
    });
    json!({
        "total": these.iter().map(|(_, function)| function.count).sum::<u64>(),
        "functions": worst.collect::<Vec<_>>(),
    })
}

fn performance(session: &Session, totals: &Totals) -> Value {
    let success = totals.success_rate();
    let minutes = (session.seconds() / 60.0).max(1.0 / 60.0);
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    let per_minute = totals.checked as f64 / minutes;
    let error_rate = rounded(100.0 - success, 100.0);
    json!({
        "calls_per_minute": rounded(per_minute, 10.0),
        "success_rate": success,
        "error_rate": error_rate,
        "scan_efficiency": efficiency(success),
        "scan_speed": speed(per_minute),
        "error_impact": impact(error_rate),
        "unknown_cells": totals.all.counts.unknown(),
        "throttled_cells": totals.all.counts.of(Status::Throttled),
    })
}

/// How much was answered, in the checker's words.
fn efficiency(success: f64) -> &'static str {
    match success {
        success if success >= 85.0 => "EXCELLENT",
        success if success >= 70.0 => "GOOD",
        success if success >= 50.0 => "FAIR",
        _ => "POOR",
    }
}

/// How fast it was, in the checker's words.
fn speed(per_minute: f64) -> &'static str {
    match per_minute {
        calls if calls > 100.0 => "FAST",
        calls if calls > 50.0 => "MODERATE",
        _ => "SLOW",
    }
}

/// How much errors matter, in the checker's words.
fn impact(error_rate: f64) -> &'static str {
    match error_rate {
        rate if rate < 10.0 => "LOW",
        rate if rate < 25.0 => "MEDIUM",
        _ => "HIGH",
    }
}

fn recommendation(found: &Recommendation) -> Value {
    json!({
        "priority": found.priority.as_str(),
        "category": found.category,
        "issue": found.issue,
        "description": found.description,
        "solutions": found.solutions,
        "immediate_action": found.immediate_action,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkers_words_change_at_its_thresholds() {
        let words = [85.0, 84.9, 70.0, 69.9, 50.0, 49.9].map(efficiency);
        assert_eq!(words, ["EXCELLENT", "GOOD", "GOOD", "FAIR", "FAIR", "POOR"]);
        assert_eq!([100.1, 100.0, 50.1, 50.0].map(speed), ["FAST", "MODERATE", "MODERATE", "SLOW"]);
        assert_eq!([9.9, 10.0, 24.9, 25.0].map(impact), ["LOW", "MEDIUM", "MEDIUM", "HIGH"]);
    }
}
