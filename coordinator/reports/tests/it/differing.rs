//! What differs between two scans, in every format, whatever database they are in.

use std::sync::Arc;

use protocol::ScanId;
use protocol::store::Store;
use reports::diff::{Of, write};
use reports::{Format, Options, Redaction, ReportError};
use store::Access;

use crate::later::{self, JOINED, day_after, next_day};
use crate::seed::{self, LOCKED, MANAGEMENT, PAYMENTS, SUSPENDED, options, scan_id};

async fn filled(store: &dyn Store) {
    seed::fill(store).await;
    later::fill(store).await;
    later::fill_broken(store).await;
}

async fn both() -> Arc<dyn Store> {
    let store = store::connect("sqlite::memory:", Access::Run).await.expect("a store");
    filled(&*store).await;
    store
}

async fn told(
    store: &dyn Store,
    scans: (&ScanId, &ScanId),
    of: Of,
    format: Format,
    options: &Options,
) -> String {
    let mut out = Vec::new();
    write(store, scans, of, format, options, &mut out)
        .await
        .unwrap_or_else(|error| panic!("{} as {}: {error}", of.as_str(), format.as_str()));
    String::from_utf8(out).expect("text")
}

async fn rows(store: &dyn Store, scans: (&ScanId, &ScanId), of: Of) -> Vec<serde_json::Value> {
    let lines = told(store, scans, of, Format::Jsonl, &options()).await;
    lines.lines().map(|line| serde_json::from_str(line).expect("json")).collect()
}

async fn every_part_is_as_it_was(store: &dyn Store) {
    for of in Of::ALL {
        for format in Format::ALL {
            let text = told(store, (&scan_id(), &next_day()), *of, *format, &options()).await;
            insta::assert_snapshot!(format!("diff-{}.{}", of.as_str(), format.as_str()), text);
        }
    }
}

#[tokio::test]
async fn a_difference_is_as_it_was_in_every_format() {
    every_part_is_as_it_was(&*both().await).await;
}

#[cfg(feature = "fleet")]
#[tokio::test]
async fn a_difference_is_the_same_on_postgresql() {
    let schema = crate::schema::Schema::new();
    let url = schema.url();
    // In a task, so that the schema is dropped after a failure too.
    let compared = tokio::spawn(async move {
        let store = store::connect(&url, Access::Run).await.expect("a store");
        filled(&*store).await;
        every_part_is_as_it_was(&*store).await;
    });
    let compared = compared.await;
    schema.drop().await;
    compared.expect("no difference");
}

#[tokio::test]
async fn every_cell_of_both_scans_is_counted_once() {
    let store = both().await;
    for scans in [
        (&scan_id(), &next_day()),
        (&next_day(), &scan_id()),
        (&next_day(), &day_after()),
        (&scan_id(), &scan_id()),
    ] {
        let planned = async |scan| store.ledger(scan).await.expect("a ledger").planned();
        let rows = rows(&*store, scans, Of::Summary).await;
        let count = |row: &serde_json::Value, name: &str| row[name].as_u64().expect("a count");
        let all = &rows[0];
        let changes = [
            "unchanged",
            "changed",
            "became_visible",
            "became_invisible",
            "still_unknown",
            "undecided",
        ];
        let in_both: u64 = changes.iter().map(|name| count(all, name)).sum();
        assert_eq!(in_both + count(all, "no_longer_planned"), planned(scans.0).await, "{all}");
        assert_eq!(in_both + count(all, "newly_planned"), planned(scans.1).await, "{all}");
        for by in ["service", "account"] {
            let these = rows.iter().filter(|row| row["by"] == by);
            let sum: u64 = these.map(|row| count(row, "cells")).sum();
            assert_eq!(sum, count(all, "cells"), "{by}");
        }
    }
}

#[tokio::test]
async fn a_scan_does_not_differ_from_itself() {
    let store = both().await;
    let scans = (&next_day(), &next_day());
    assert_eq!(rows(&*store, scans, Of::Accounts).await, Vec::<serde_json::Value>::new());
    let cells = rows(&*store, scans, Of::Cells).await;
    assert_eq!(cells, Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn accounts_join_leave_move_and_are_suspended() {
    let store = both().await;
    let rows = rows(&*store, (&scan_id(), &next_day()), Of::Accounts).await;
    let events: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| (row["account_id"].as_str().expect("id"), row["event"].as_str().expect("event")))
        .collect();
    let wanted = [
        (PAYMENTS, "moved"),
        (PAYMENTS, "renamed"),
        (LOCKED, "suspended"),
        (SUSPENDED, "left"),
        (JOINED, "joined"),
    ];
    assert_eq!(events, wanted);
    assert_eq!(
        (&rows[0]["from"], &rows[0]["to"]),
        (&"Root/Payments/Prod".into(), &"Root/Payments".into())
    );
}

#[tokio::test]
async fn an_account_that_an_incomplete_list_lacks_has_not_left() {
    let store = both().await;
    let gone = rows(&*store, (&next_day(), &day_after()), Of::Accounts).await;
    assert_eq!(gone.len(), 3, "{gone:?}");
    for row in &gone {
        assert_eq!(row["event"], "not_seen", "{row}");
        let why = row["why"].as_str().expect("a reason");
        assert!(why.contains("ListAccounts TooManyRequestsException"), "{why}");
    }
    // Nor has one joined that only the whole list has.
    let seen = rows(&*store, (&day_after(), &next_day()), Of::Accounts).await;
    assert!(seen.iter().all(|row| row["event"] == "newly_seen"), "{seen:?}");
}

#[tokio::test]
async fn no_account_id_survives_redaction() {
    let store = both().await;
    let redact = Some(Redaction { salt: b"salt".to_vec() });
    let options = Options { redact, ..options() };
    for of in Of::ALL {
        for format in Format::ALL {
            let text = told(&*store, (&scan_id(), &next_day()), *of, *format, &options).await;
            // A terminal breaks long texts over lines.
            let text = text.replace(['\n', ' '], "");
            for id in [MANAGEMENT, PAYMENTS, LOCKED, SUSPENDED, JOINED] {
                assert!(!text.contains(id), "{id} is in {} as {}", of.as_str(), format.as_str());
            }
            if *format == Format::Html {
                assert!(!text.contains("<script>alert"), "{}", of.as_str());
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let store = both().await;
    let id = ScanId::new("nothing").expect("an id");
    let mut out = Vec::new();
    let scans = (&id, &next_day());
    let written = write(&*store, scans, Of::Cells, Format::Csv, &options(), &mut out).await;
    assert!(matches!(written, Err(ReportError::Store(_))), "{written:?}");
    let error = Of::parse("cels").expect_err("there is no such part");
    assert!(error.to_string().contains("did you mean \"cells\"?"), "{error}");
}
