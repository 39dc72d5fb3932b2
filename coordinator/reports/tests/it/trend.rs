//! The trend tells of scans that compare, and says how many do not.

use std::sync::Arc;

use protocol::ScanId;
use protocol::scan::{Scan, ScanState, Settings};
use protocol::selection::Selection;
use protocol::store::Store;
use reports::Format;
use serde_json::Value;
use store::Access;

use crate::later::{self, day_after, next_day};
use crate::seed::{self, at, created, id, options, scan_id};

async fn all() -> Arc<dyn Store> {
    let store = store::connect("sqlite::memory:", Access::Run).await.expect("a store");
    seed::fill(&*store).await;
    later::fill(&*store).await;
    // One that looked at a part only, between the two.
    let selection = Selection { regions: vec![id("eu-west-1")], ..Selection::default() };
    let part = Scan {
        id: id("20261123T220000-0badfeed"),
        started_at: at(90_000),
        settings: Settings { selection, ..Settings::default() },
        ..created()
    };
    store.create_scan(&part, &seed::probes()).await.expect("a scan");
    let end = at(90_001);
    store.set_state(&part.id, ScanState::ALL, ScanState::Finished, end).await.expect("an end");
    later::fill_broken(&*store).await;
    store
}

async fn rendered(store: &dyn Store, scan: &ScanId, format: Format) -> String {
    let mut out = Vec::new();
    reports::write(store, scan, "trend", format, &options(), &mut out).await.expect("a report");
    String::from_utf8(out).expect("text")
}

#[tokio::test]
async fn only_finished_scans_of_the_same_selection_are_told_and_the_others_are_counted() {
    let store = all().await;
    let report = rendered(&*store, &day_after(), Format::Json).await;
    let report: Value = serde_json::from_str(&report).expect("json");
    let rows = report["rows"].as_array().expect("rows");
    let scans: Vec<_> = rows.iter().filter_map(|row| row["scan"].as_str()).collect();
    assert_eq!(scans, [next_day().as_str(), day_after().as_str()], "oldest first");
    assert!(report["notes"].to_string().contains("Left out of those in between: 2 "), "{report}");
    assert_eq!(rows[0]["catalog_changed"], false);
}

#[tokio::test]
async fn a_scan_counts_as_its_own_reports_do() {
    let store = all().await;
    let trend = rendered(&*store, &next_day(), Format::Json).await;
    let trend: Value = serde_json::from_str(&trend).expect("json");
    let last = trend["rows"].as_array().and_then(|rows| rows.last()).expect("a row");
    let mut out = Vec::new();
    reports::write(&*store, &next_day(), "summary", Format::Json, &options(), &mut out)
        .await
        .expect("a summary");
    let summary: Value = serde_json::from_slice(&out).expect("json");
    let figures = &summary["figures"];
    for (own, theirs) in [
        ("services_in_use", "services_in_use"),
        ("cells", "cells"),
        ("unknown", "cells_unknown"),
        ("unknown_share", "unknown_share"),
        ("accounts_scanned", "accounts_scanned"),
        ("accounts_entered", "accounts_entered"),
        ("in_use", "in_use"),
    ] {
        assert_eq!(last[own], figures[theirs], "{own}");
    }
}

#[tokio::test]
async fn the_page_has_a_line_for_each_figure_and_says_it_in_words() {
    let store = all().await;
    let page = rendered(&*store, &day_after(), Format::Html).await;
    assert_eq!(page.matches("<polyline").count(), 2);
    assert_eq!(page.matches("<circle").count(), 4);
    assert!(page.contains("Services in use: 3 at first, 0 at last, over 2 scans"), "{page}");
    let alone = rendered(&*store, &scan_id(), Format::Html).await;
    assert_eq!(alone.matches("<circle").count(), 2, "a scan alone is a dot");
}
