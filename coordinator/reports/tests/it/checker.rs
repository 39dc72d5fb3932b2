//! The enablement checker's files: their names, their keys, their contents.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::seed::{options, scan_id, store};

async fn written(dir: &Path) -> Vec<String> {
    let store = store().await;
    let paths = reports::write_enablement_files(&*store, &scan_id(), dir, &options())
        .await
        .expect("the files");
    let name = |path: &std::path::PathBuf| {
        path.strip_prefix(dir).expect("in the folder").to_string_lossy().into_owned()
    };
    paths.iter().map(name).collect()
}

fn json(dir: &Path, name: &str) -> Value {
    let text = fs::read_to_string(dir.join(name)).expect("a file");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"))
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn holds(value: &Value, wanted: &[&str]) {
    let keys = keys(value);
    for key in wanted {
        assert!(keys.contains(key), "{key} is missing among {keys:?}");
    }
}

#[tokio::test]
async fn the_files_have_the_checkers_names() {
    let dir = tempfile::tempdir().expect("a folder");
    let names = written(dir.path()).await;
    let nine = [
        "detailed_enablement_results_20261122_100000.json",
        "service_enablement_matrix_#20261122_100000.json",
        "service_enablement_summary_#20261122_100000.json",
        "scan_session_reference_#20261122_100000.json",
        "account_service_inventory_20261122_100000.csv",
        "scan_session_reference_20261122_100000.csv",
        "error_logs/error_summary_20261122_100000.json",
        "error_logs/errors_summary_20261122_100000.csv",
        "error_logs/analysis_session_reference_20261122_100000.json",
    ];
    assert_eq!(&names[..9], nine);
    let analyzer = [
        "error_analysis_report_20261122_100000.json",
        "service_mapping_fixes_20261122_100000.json",
    ];
    assert_eq!(&names[9..], analyzer);
    let left = fs::read_dir(dir.path()).expect("a folder").count();
    assert_eq!(left, 9, "eight files and the folder of errors, no drafts");
}

#[tokio::test]
async fn the_files_hold_the_checkers_keys() {
    let dir = tempfile::tempdir().expect("a folder");
    let names = written(dir.path()).await;
    let detailed = json(dir.path(), &names[0]);
    holds(&detailed, &["scan_metadata", "accounts", "results"]);
    holds(
        &detailed["scan_metadata"],
        &[
            "scan_session_id",
            "scan_start_time",
            "scan_end_time",
            "scan_duration_seconds",
            "total_accounts",
            "total_services_checked",
            "total_api_calls",
            "successful_calls",
            "failed_calls",
        ],
    );
    let account = ["name", "account_id", "user_arn", "auth_method", "enabled_regions"];
    holds(&detailed["accounts"][0], &account);
    let row = [
        "service",
        "region",
        "account_id",
        "account_name",
        "enabled",
        "functions_checked",
        "functions_successful",
        "functions_failed",
        "success_rate",
        "successful_functions",
        "failed_functions",
        "client_type",
        "check_function",
        "scope",
        "resource_count",
        "resources",
        "resource_identifier",
        "timestamp",
    ];
    for result in detailed["results"].as_array().expect("rows") {
        holds(result, &row);
        let known = result["enabled"].is_boolean();
        let listed = result["status"] == "listed";
        assert!(known || listed || result["error"].is_string(), "{result}");
    }
    let matrix = json(dir.path(), &names[1]);
    let cell = [
        "Account_ID",
        "Service_Name",
        "Region_Name",
        "Enabled",
        "Resource_Count",
        "Scope",
        "Resources",
    ];
    holds(&matrix[0], &cell);
    let summary = json(dir.path(), &names[2]);
    holds(
        &summary,
        &[
            "scan_metadata",
            "executive_summary",
            "account_service_inventory",
            "legacy_breakdowns",
            "error_analysis",
        ],
    );
    holds(
        &summary["executive_summary"],
        &[
            "total_service_instances",
            "enabled_service_instances",
            "overall_enablement_rate",
            "total_resources_discovered",
            "unique_services",
            "unique_regions",
            "global_services_count",
            "regional_services_count",
        ],
    );
    let inventory = &summary["account_service_inventory"]["111111111111"];
    holds(
        inventory,
        &["account_name", "account_id", "regions", "global_services", "account_summary"],
    );
    holds(&inventory["regions"]["eu-west-1"], &["services", "region_summary"]);
    holds(
        &inventory["global_services"]["s3"],
        &[
            "service_name",
            "enabled",
            "resource_count",
            "resource_identifier_type",
            "resource_identifiers",
            "scope",
        ],
    );
    holds(
        &inventory["account_summary"],
        &["total_services", "enabled_services", "total_resources", "enablement_rate"],
    );
    holds(&summary["legacy_breakdowns"], &["service_summary", "region_summary"]);
    let errors = ["total_errors", "error_categories"];
    holds(&summary["error_analysis"], &errors);
    let by = ["errors_by_service", "errors_by_account", "errors_by_region"];
    holds(&summary["error_analysis"], &by);
    let reference = json(dir.path(), &names[3]);
    holds(
        &reference,
        &["scan_session_id", "success_rate", "files_generated", "quick_stats", "csv_files"],
    );
    let record = &json(dir.path(), &names[6])["errors"][0];
    let wanted = [
        "Account",
        "Region",
        "Service",
        "Function",
        "ErrorType",
        "ErrorMessage",
        "Timestamp",
        "ScanSessionId",
    ];
    assert_eq!(keys(record), BTreeSet::from(wanted));
}

#[tokio::test]
async fn unknown_is_never_filed_as_disabled_and_places_that_are_not_there_are_not_counted() {
    let dir = tempfile::tempdir().expect("a folder");
    let names = written(dir.path()).await;
    let detailed = json(dir.path(), &names[0]);
    let rows = detailed["results"].as_array().expect("rows");
    let of = |account: &str, region: &str, service: &str| {
        let is_it = |row: &&Value| {
            row["account_id"] == account && row["region"] == region && row["service"] == service
        };
        rows.iter().find(is_it)
    };
    let denied = of("222222222222", "eu-west-1", "ec2").expect("a row");
    assert_eq!(
        (&denied["enabled"], &denied["error_type"]),
        (&Value::Null, &"access_denied".into())
    );
    let locked = of("333333333333", "eu-west-1", "ec2").expect("a row");
    assert_eq!(locked["enabled"], Value::Null);
    assert_eq!(of("111111111111", "eu-west-1", "ec2").expect("a row")["enabled"], false);
    assert_eq!(of("111111111111", "eu-west-1", "guardduty").expect("a row")["enabled"], true);
    assert!(of("111111111111", "eu-west-1", "polly").is_none(), "polly is not offered there");
    assert!(of("111111111111", "ap-east-1", "ec2").is_none(), "the region is off");
}

#[tokio::test]
async fn the_files_are_as_they_were() {
    let dir = tempfile::tempdir().expect("a folder");
    for name in written(dir.path()).await {
        let text = fs::read_to_string(dir.path().join(&name)).expect("a file");
        insta::assert_snapshot!(name.replace(['/', '#'], "_"), text);
    }
}
