//! Listings of accounts: every layout as it is, and the limits of the files that other programs know, one by one.

use std::collections::BTreeSet;
use std::sync::Arc;

use protocol::holding::{Holding, Part, Reading};
use protocol::store::Store;
use protocol::{Failure, FailureKind};
use reports::accounts::{
    Ask, FULL, Field, Groups, Listing, METADATA, RegionsFrom, Spellings, list,
};
use reports::{Format, Options, Redaction, ReportError};

use crate::seed::{self, LOCKED, MANAGEMENT, PAYMENTS, SUSPENDED, at, id, options, scan_id};

fn ask(layout: &str) -> Ask {
    Ask {
        fields: Field::layout(layout).expect("a layout"),
        chosen: false,
        only: None,
        regions: RegionsFrom::Cells,
        groups: Groups::default(),
        spellings: Spellings::default(),
    }
}

fn columns(names: &[&str]) -> Ask {
    let fields = names.iter().map(|name| Field::parse(name).expect("a column"));
    Ask { fields: fields.collect(), chosen: true, ..ask(FULL) }
}

fn tags(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// The usual scan, after the tags of its accounts were read, but for one's.
async fn store() -> Arc<dyn Store> {
    let store = store::connect("sqlite::memory:", store::Access::Run).await.expect("a store");
    fill(&*store).await;
    store
}

async fn fill(store: &dyn Store) {
    seed::fill(store).await;
    let mut holding = Holding {
        tags: vec![
            (
                id(MANAGEMENT),
                tags(&[("Env", "dev"), ("Environment", "prod"), ("AideId", "7,\"x\"")]),
            ),
            (id(PAYMENTS), tags(&[("ENV", "=cmd()"), ("Owner", "Grüße, 東京"), ("aide_id", "")])),
            (id(LOCKED), Vec::new()),
            (id(SUSPENDED), tags(&[("team", "one")])),
        ],
        ..Holding::default()
    };
    let slow = Failure::new(FailureKind::Throttled, "TooManyRequestsException", "slow down");
    holding.lack(format!("tags of {LOCKED}"), slow.during("ListTagsForResource"));
    let reading = Reading {
        part: Part::Tags,
        connection: id("source-0"),
        organization: Some(id("o-example")),
        completeness: holding.completeness(),
        at: at(6),
    };
    store.put_reading(&scan_id(), &reading, &holding).await.expect("a reading");
}

async fn listed<'s>(store: &'s dyn Store, ask: &Ask, options: &'s Options) -> Listing<'s> {
    list(store, &scan_id(), ask, options).await.expect("a listing")
}

async fn written(store: &dyn Store, ask: &Ask, format: Format) -> String {
    let options = options();
    let mut out = Vec::new();
    listed(store, ask, &options).await.write(None, format, &mut out).expect("written");
    String::from_utf8(out).expect("text")
}

async fn rows(ask: &Ask) -> Vec<Vec<String>> {
    let text = written(&*store().await, ask, Format::Csv).await;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let row = |row: csv::StringRecord| row.iter().map(str::to_owned).collect();
    reader.records().map(|record| row(record.expect("a row"))).collect()
}

#[tokio::test]
async fn every_layout_is_as_it_was() {
    let store = store().await;
    for layout in [METADATA, "metadata-regions", "metadata-id"] {
        let text = written(&*store, &ask(layout), Format::Csv).await;
        insta::assert_snapshot!(format!("{layout}.csv"), text);
    }
    insta::assert_snapshot!("full.json", written(&*store, &ask(FULL), Format::Json).await);
    let chosen = columns(&["Account_ID", "owner", "tag:team", "tag:ENV", "notes"]);
    insta::assert_snapshot!("chosen.csv", written(&*store, &chosen, Format::Csv).await);
    insta::assert_snapshot!("chosen.table", written(&*store, &chosen, Format::Table).await);
}

#[cfg(feature = "fleet")]
#[tokio::test]
async fn a_listing_is_the_same_on_postgresql() {
    let schema = crate::schema::Schema::new();
    let url = schema.url();
    let compared = tokio::spawn(async move {
        let postgres = store::connect(&url, store::Access::Run).await.expect("a store");
        fill(&*postgres).await;
        let theirs = written(&*postgres, &ask(FULL), Format::Json).await;
        assert_eq!(theirs, written(&*store().await, &ask(FULL), Format::Json).await);
    });
    let compared = compared.await;
    schema.drop().await;
    compared.expect("no difference");
}

#[tokio::test]
async fn the_management_account_comes_first_and_suspended_accounts_are_listed_with_their_state() {
    let rows = rows(&columns(&["account_id", "account_state", "management"])).await;
    assert_eq!(rows[0], [MANAGEMENT, "ACTIVE", "true"]);
    assert!(rows.contains(&[SUSPENDED, "SUSPENDED", "false"].map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn tenant_name_and_tenant_id_are_the_management_account() {
    for row in rows(&columns(&["Tenant_Name", "Tenant_ID", "CSP", "Org_ID"])).await {
        assert_eq!(row, [MANAGEMENT, MANAGEMENT, "AWS", "o-example"]);
    }
}

#[tokio::test]
async fn what_could_not_be_read_is_marked_and_what_is_known_to_be_nothing_is_empty() {
    let rows = rows(&columns(&["account_id", "Environment", "Aide_ID", "Region_Group"])).await;
    let of =
        |account: &str| rows.iter().find(|row| row[0] == account).expect("a row")[1..].to_vec();
    assert_eq!(of(MANAGEMENT), ["prod", "7,\"x\"", "multi"]);
    // A tag with an empty value is known to be empty; a formula stays text.
    assert_eq!(of(PAYMENTS), ["'=cmd()", "", "#unknown"]);
    assert_eq!(of(LOCKED), ["#unknown", "#unknown", "#unknown"]);
    assert_eq!(of(SUSPENDED), ["", "", "#not_asked"]);
}

#[tokio::test]
async fn every_mark_has_its_reason() {
    let (store, options) = (store().await, options());
    let ask = columns(&["account_id", "environment", "regions"]);
    let listing = listed(&*store, &ask, &options).await;
    assert!(!listing.is_whole());
    let told = listing.told(99).join("\n");
    for reason in [
        "333333333333 environment unknown the tags could not be read: TooManyRequestsException",
        "222222222222 regions unknown eu-west-1: denied (UnauthorizedOperation); us-east-1: not_run",
        "333333333333 regions unknown ap-east-1, eu-west-1, us-east-1: role_failed (AccessDenied)",
        "111111111111 environment note tag \"Environment\" is taken; \"Env\" says otherwise",
        "#not_asked in 1 of 4 accounts: the account is not active",
    ] {
        assert!(told.contains(reason), "no {reason:?} in {told}");
    }
    let mut sidecar = Vec::new();
    let count = listing.write_notes(None, &mut sidecar).expect("written");
    let sidecar = String::from_utf8(sidecar).expect("text");
    assert_eq!(sidecar.lines().count(), count + 1);
    assert!(sidecar.starts_with("account_id,column,kind,reason\n"), "{sidecar}");
    assert_eq!(listing.told(1).len(), 4, "two sentences, one reason, and how many more: {told}");
}

#[tokio::test]
async fn a_region_in_no_group_is_listed_and_named() {
    let (store, options) = (store().await, options());
    let pairs = ["IBERIA=eu-south-2".to_owned()];
    let ask = Ask {
        groups: Groups::parse(&pairs).expect("groups"),
        only: Some(BTreeSet::from([MANAGEMENT.to_owned()])),
        ..columns(&["Region_Group", "Regions"])
    };
    let listing = listed(&*store, &ask, &options).await;
    let mut out = Vec::new();
    listing.write(None, Format::Csv, &mut out).expect("written");
    let text = String::from_utf8(out).expect("text");
    assert_eq!(text, "Region_Group,Regions\nunmapped,\"eu-west-1, us-east-1\"\n");
    let told = listing.told(9).join("\n");
    assert!(!told.contains(" unknown "), "it is known: {told}");
    assert!(told.contains("In no group of regions, and in use: eu-west-1 (1 accounts)"), "{told}");
}

#[tokio::test]
async fn regions_that_nobody_asked_for_are_no_failure() {
    let (store, options) = (store().await, options());
    let regions = RegionsFrom::Nothing;
    let ask = Ask { regions, ..columns(&["Region_Group", "regions"]) };
    let listing = listed(&*store, &ask, &options).await;
    let told = listing.told(9).join("\n");
    assert!(!told.contains(" unknown "), "nothing failed: {told}");
    assert!(told.contains("#not_asked in 4 of 4 accounts: regions were not asked for"), "{told}");
}

#[tokio::test]
async fn a_scan_that_did_not_ask_the_tagging_api_is_refused_in_a_sentence() {
    let (store, options) = (store().await, options());
    let ask = Ask { regions: RegionsFrom::Tagging, ..ask(METADATA) };
    let error = list(&*store, &scan_id(), &ask, &options).await.err().expect("refused");
    assert!(matches!(error, ReportError::NoCells { .. }), "{error}");
    assert!(error.to_string().contains("scan with --probes tagging"), "{error}");
}

#[tokio::test]
async fn a_listing_can_be_written_for_each_organization() {
    let (store, options) = (store().await, options());
    let ask = columns(&["account_id"]);
    let listing = listed(&*store, &ask, &options).await;
    let [organization] = listing.organizations() else { panic!("one organization") };
    assert_eq!((organization.id.as_str(), organization.accounts), ("o-example", 4));
    assert_eq!(organization.management_account, MANAGEMENT);
    assert_eq!(organization.management_name.as_deref(), Some("management"));
    for (of, lines) in [("o-example", 5), ("o-other", 1)] {
        let mut out = Vec::new();
        listing.write(Some(of), Format::Csv, &mut out).expect("written");
        assert_eq!(String::from_utf8(out).expect("text").lines().count(), lines, "{of}");
    }
}

#[tokio::test]
async fn no_account_id_is_in_a_redacted_listing_and_marks_stay_marks() {
    let store = store().await;
    let redact = Some(Redaction { salt: b"salt of a test, long enough for one".to_vec() });
    let options = Options { redact, ..options() };
    for layout in [METADATA, FULL] {
        let ask = ask(layout);
        let listing = listed(&*store, &ask, &options).await;
        let mut out = Vec::new();
        listing.write(None, Format::Csv, &mut out).expect("written");
        listing.write_notes(None, &mut out).expect("written");
        let mut text = String::from_utf8(out).expect("text");
        text.push_str(&listing.told(99).join("\n"));
        text.push_str(&listing.organizations()[0].management_account);
        for account in [MANAGEMENT, PAYMENTS, LOCKED, SUSPENDED] {
            assert!(!text.contains(account), "{account} in {text}");
        }
        assert!(text.contains("#unknown") && text.contains("#not_asked"), "{text}");
    }
}
