//! What holds for every outlet: nothing leaks, nothing runs, nothing is half-written.

use std::fs;

use protocol::ScanId;
use reports::{ENABLEMENT_FILES, Format, NAMES, Options, Redaction, ReportError};

use crate::seed::{self, HOSTILE, MANAGEMENT, PAYMENTS, options, scan_id, store};

async fn rendered(name: &str, format: Format, options: &Options) -> String {
    let store = store().await;
    let mut out = Vec::new();
    reports::write(&*store, &scan_id(), name, format, options, &mut out).await.expect("a report");
    String::from_utf8(out).expect("text")
}

fn redacted(salt: &str) -> Options {
    Options { redact: Some(Redaction { salt: salt.as_bytes().to_vec() }), ..options() }
}

#[tokio::test]
async fn no_account_id_survives_redaction_in_any_outlet() {
    let options = redacted("salt");
    for name in NAMES.iter().filter(|name| **name != ENABLEMENT_FILES) {
        for format in Format::ALL {
            let text = rendered(name, *format, &options).await;
            // A terminal breaks long texts over lines.
            let broken = *format == Format::Table;
            let text = if broken { text.replace(['\n', ' '], "") } else { text };
            for id in [MANAGEMENT, PAYMENTS] {
                assert!(!text.contains(id), "{id} is in {name} as {}", format.as_str());
            }
        }
    }
}

#[tokio::test]
async fn no_account_id_survives_redaction_in_any_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let (store, options) = (store().await, redacted("salt"));
    let mut paths =
        reports::write_set(&*store, &scan_id(), dir.path(), &options).await.expect("a set");
    let files = reports::write_enablement_files(&*store, &scan_id(), dir.path(), &options).await;
    paths.extend(files.expect("files"));
    for path in paths {
        let text = fs::read_to_string(&path).expect("a file");
        for id in [MANAGEMENT, PAYMENTS] {
            assert!(!text.contains(id), "{id} is in {}", path.display());
        }
    }
}

#[tokio::test]
async fn pseudonyms_are_the_same_in_every_report() {
    let options = redacted("salt");
    let csv = rendered("by-account", Format::Csv, &options).await;
    let pseudonym = csv.lines().nth(1).and_then(|line| line.split(',').next()).expect("an id");
    assert!(pseudonym.starts_with("account-"), "{csv}");
    assert!(rendered("cells", Format::Jsonl, &options).await.contains(pseudonym));
    assert!(rendered("enablement", Format::Html, &options).await.contains(pseudonym));
    assert!(!rendered("cells", Format::Jsonl, &redacted("other")).await.contains(pseudonym));
}

#[tokio::test]
async fn a_hostile_name_cannot_leave_a_page() {
    for name in NAMES.iter().filter(|name| **name != ENABLEMENT_FILES) {
        let page = rendered(name, Format::Html, &options()).await;
        assert!(!page.contains("<script>alert"), "{name}");
        let scripts = page.matches("</script>").count();
        assert_eq!(scripts, page.matches("<script").count(), "{name}");
        assert!(page.contains("default-src &#39;none&#39;"), "{name}");
        for outside in ["src=\"http", "href=\"http", "@import", "url(http"] {
            assert!(!page.contains(outside), "{name} fetches {outside}");
        }
    }
}

#[tokio::test]
async fn a_hostile_name_is_no_formula_in_a_sheet() {
    let sheet = rendered("by-account", Format::Csv, &options()).await;
    let mut reader = csv::Reader::from_reader(sheet.as_bytes());
    let names: Vec<String> =
        reader.records().map(|record| record.expect("a record")[1].to_owned()).collect();
    assert!(names.contains(&format!("'{HOSTILE}")), "{names:?}");
}

#[tokio::test]
async fn the_contract_has_its_columns_in_their_order() {
    let sheet = rendered("cells", Format::Csv, &options()).await;
    let columns = "scan_id,round,account_id,account_name,ou_path,region,service,probe,status,evidence,\
         resource_count,count_is,resources,failure_code,failure_message,denied_by,policy_arn,attempts,\
         calls,duration_ms,catalog_version,observed_at";
    assert_eq!(sheet.lines().next(), Some(columns));
    let rows = rendered("cells", Format::Jsonl, &options()).await;
    assert_eq!(rows.lines().count(), 42, "one row for each planned cell");
}

#[tokio::test]
async fn the_set_is_whole_and_names_its_files() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = store().await;
    let out = dir.path().join("new/folder");
    let paths = reports::write_set(&*store, &scan_id(), &out, &options()).await.expect("a set");
    let mut names: Vec<String> = paths
        .iter()
        .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    let summary = fs::read_to_string(out.join("summary.json")).expect("a summary");
    let summary: serde_json::Value = serde_json::from_str(&summary).expect("json");
    let named = summary["figures"]["files"].as_array().expect("files");
    assert_eq!(named.iter().filter_map(|name| name.as_str()).collect::<Vec<_>>(), names);
    let mut there: Vec<String> = fs::read_dir(&out)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    there.sort();
    names.sort();
    assert_eq!(there, names, "no drafts are left");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("a-file");
    fs::write(&file, "").expect("a file");
    let store = store().await;
    let error = reports::write_set(&*store, &scan_id(), &file.join("below"), &options())
        .await
        .expect_err("a file is no folder");
    assert!(matches!(error, ReportError::File { .. }), "{error}");
    assert!(error.to_string().contains("a-file"), "{error}");
}

#[tokio::test]
async fn a_scan_that_has_only_begun_can_be_reported_in_every_way() {
    let (store, options, scan) = (seed::begun().await, options(), scan_id());
    for name in NAMES.iter().filter(|name| **name != ENABLEMENT_FILES) {
        for format in Format::ALL {
            let mut out = Vec::new();
            let written = reports::write(&*store, &scan, name, *format, &options, &mut out).await;
            assert!(written.is_ok(), "{name} as {}: {written:?}", format.as_str());
        }
    }
    let dir = tempfile::tempdir().expect("a folder");
    reports::write_set(&*store, &scan, dir.path(), &options).await.expect("a set");
    reports::write_enablement_files(&*store, &scan, dir.path(), &options).await.expect("files");
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let (store, options, scan) = (store().await, options(), scan_id());
    let mut out = Vec::new();
    let id = ScanId::new("nothing").expect("an id");
    let write = reports::write(&*store, &id, "ledger", Format::Table, &options, &mut out).await;
    assert!(matches!(write, Err(ReportError::Store(_))), "{write:?}");
    let write =
        reports::write(&*store, &scan, ENABLEMENT_FILES, Format::Json, &options, &mut out).await;
    assert!(matches!(write, Err(ReportError::NeedsFolder(_))), "{write:?}");
}
