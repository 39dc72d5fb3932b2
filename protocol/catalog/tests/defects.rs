//! What the enablement checker got wrong about services, one test for each.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use catalog::entry::{Call, Entry, Probe, Scope};
use catalog::{Catalog, Variant, condition, path};
use protocol::judge::{Judgement, Tally, judge};
use protocol::{FailureKind, ServiceId, Status};
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";

fn entry<'c>(catalog: &'c Catalog, service: &str) -> &'c Entry {
    catalog.entry(&ServiceId::new(service).expect("a name")).expect("an entry")
}

fn catalog() -> Catalog {
    Catalog::embedded().expect("the catalog")
}

fn call<'e>(entry: &'e Entry, name: &str) -> &'e Call {
    let mut calls = entry.probes.iter().flat_map(|probe| &probe.calls);
    calls.find(|call| call.name == name).expect("a call")
}

/// What a probe makes of one answer to one of its calls.
fn verdict(probe: &Probe, name: &str, answer: &Value) -> (Status, u64) {
    let call = probe.calls.iter().find(|call| call.name == name).expect("a call");
    let known = |name: &str| (name == "account").then(|| ACCOUNT.to_owned());
    let own = condition::filled(&call.own, &known).expect("values");
    let on = condition::filled(&call.on, &known).expect("values");
    let mut tally = Tally { answered: 1, ..Tally::default() };
    for thing in path::select(&call.items, answer) {
        let is_own = condition::all_hold(&own, thing);
        tally.own += u64::from(call.counts && is_own);
        let proof = !on.is_empty() || call.counts;
        tally.on |= proof && (is_own || !on.is_empty()) && condition::all_hold(&on, thing);
    }
    (judge(&tally, probe.judgement).status, tally.own)
}

/// What an error code means, by the rows of the service itself.
fn meaning(entry: &Entry, code: &str, message: &str) -> Option<FailureKind> {
    let says = |part: &String| message.to_lowercase().contains(&part.to_lowercase());
    let mut rows = entry.errors.iter();
    let row = rows.find(|row| row.code == code && row.message.as_ref().is_none_or(says));
    row.map(|row| row.means)
}

fn operations(entry: &Entry) -> Vec<&str> {
    let calls = entry.probes.iter().flat_map(|probe| &probe.calls);
    calls.map(|call| call.operation.as_str()).collect()
}

#[test]
fn guardduty_without_a_detector_that_is_enabled_is_off() {
    let catalog = catalog();
    let probe = &entry(&catalog, "guardduty").probes[0];
    assert_eq!(probe.judgement, Judgement::Switch);
    assert_eq!(verdict(probe, "detectors", &json!({ "detectorIds": [] })), (Status::Off, 0));
    assert_eq!(verdict(probe, "detectors", &json!({ "detectorIds": ["d"] })), (Status::Off, 0));
    assert_eq!(verdict(probe, "detector", &json!({ "status": "DISABLED" })).0, Status::Off);
    assert_eq!(verdict(probe, "detector", &json!({ "status": "ENABLED" })).0, Status::InUse);
}

#[test]
fn voices_of_polly_are_never_listed() {
    let catalog = catalog();
    assert_eq!(operations(entry(&catalog, "polly")), ["ListLexicons"]);
}

#[test]
fn the_primary_workgroup_of_athena_does_not_count() {
    let catalog = catalog();
    let probe = &entry(&catalog, "athena").probes[0];
    let answer = json!({ "WorkGroups": [{ "Name": "primary" }] });
    assert_eq!(verdict(probe, "work_groups", &answer), (Status::Idle, 0));
    let answer = json!({ "WorkGroups": [{ "Name": "primary" }, { "Name": "finance" }] });
    assert_eq!(verdict(probe, "work_groups", &answer), (Status::InUse, 1));
    let answer = json!({ "DataCatalogsSummary": [{ "CatalogName": "AwsDataCatalog" }] });
    assert_eq!(verdict(probe, "data_catalogs", &answer), (Status::Idle, 0));
}

#[test]
fn rules_that_services_manage_and_the_default_bus_do_not_count() {
    let catalog = catalog();
    let probe = &entry(&catalog, "events").probes[0];
    let rules = json!({ "Rules": [
        { "Name": "AutoScalingManagedRule", "ManagedBy": "autoscaling.amazonaws.com" },
        { "Name": "nightly" },
    ] });
    assert_eq!(verdict(probe, "rules", &rules), (Status::InUse, 1));
    let buses = json!({ "EventBuses": [{ "Name": "default" }] });
    assert_eq!(verdict(probe, "buses", &buses), (Status::Idle, 0));
}

#[test]
fn keys_that_aws_manages_do_not_count() {
    let catalog = catalog();
    let probe = &entry(&catalog, "kms").probes[0];
    let key = |manager: &str| json!({ "KeyMetadata": { "KeyId": "k", "KeyManager": manager } });
    assert_eq!(verdict(probe, "key", &key("AWS")), (Status::Idle, 0));
    assert_eq!(verdict(probe, "key", &key("CUSTOMER")), (Status::InUse, 1));
    assert!(!call(entry(&catalog, "kms"), "keys").counts);
}

#[test]
fn documents_of_aws_do_not_count_for_systems_manager() {
    let catalog = catalog();
    let probe = &entry(&catalog, "ssm").probes[0];
    let documents = json!({ "DocumentIdentifiers": [{ "Name": "AWS-Run", "Owner": "Amazon" }] });
    assert_eq!(verdict(probe, "documents", &documents), (Status::Idle, 0));
}

#[test]
fn a_chime_account_that_ended_does_not_count() {
    let catalog = catalog();
    let probe = &entry(&catalog, "chime").probes[0];
    let account = json!({ "Accounts": [{ "AccountId": "a", "AccountStatus": "Suspended" }] });
    assert_eq!(verdict(probe, "accounts", &account), (Status::Idle, 0));
}

#[test]
fn web_acls_are_asked_for_in_both_scopes_each_in_its_place() {
    let catalog = catalog();
    let wafv2 = entry(&catalog, "wafv2");
    let asked: Vec<_> = wafv2
        .probes
        .iter()
        .map(|probe| (probe.scope.unwrap_or(wafv2.scope), probe.calls[0].params["Scope"].as_str()))
        .collect();
    let both = [(Scope::Regional, Some("REGIONAL")), (Scope::Global, Some("CLOUDFRONT"))];
    assert_eq!(asked, both);
    let once = catalog.endpoint(wafv2, "global", Variant::default()).expect("an endpoint");
    assert_eq!(once.host, "wafv2.us-east-1.amazonaws.com");
}

#[test]
fn distributions_are_asked_for_once() {
    let catalog = catalog();
    let cloudfront = entry(&catalog, "cloudfront");
    assert_eq!(cloudfront.scope, Scope::Global);
    assert_eq!(operations(cloudfront), ["ListDistributions"]);
}

#[test]
fn cloudwatch_is_judged_by_what_customers_make_and_asks_nothing_invalid() {
    let catalog = catalog();
    let cloudwatch = entry(&catalog, "cloudwatch");
    assert!(!operations(cloudwatch).contains(&"ListMetrics"));
    let probe = &cloudwatch.probes[0];
    let alarms = |list: Value| json!({ "MetricAlarms": { "member": list } });
    assert_eq!(verdict(probe, "alarms", &alarms(json!([]))), (Status::Idle, 0));
    let one = alarms(json!({ "AlarmName": "a", "AlarmArn": "arn" }));
    assert_eq!(verdict(probe, "alarms", &one), (Status::InUse, 1));
}

#[test]
fn global_accelerator_is_asked_in_its_only_region() {
    let catalog = catalog();
    let accelerator = entry(&catalog, "globalaccelerator");
    assert_eq!(accelerator.scope, Scope::Global);
    let endpoint = catalog.endpoint(accelerator, "global", Variant::default()).expect("one");
    assert_eq!(endpoint.host, "globalaccelerator.us-west-2.amazonaws.com");
    assert_eq!(endpoint.signing_region, "us-west-2");
}

#[test]
fn inspector_is_judged_by_its_switch_and_not_by_findings() {
    let catalog = catalog();
    let inspector = entry(&catalog, "inspector2");
    assert_eq!(operations(inspector), ["BatchGetAccountStatus"]);
    let state = |status: &str| {
        let account = json!({ "accountId": ACCOUNT, "state": { "status": status } });
        verdict(&inspector.probes[0], "account", &json!({ "accounts": [account] }))
    };
    assert_eq!(state("ENABLED"), (Status::InUse, 1));
    assert_eq!(state("DISABLED"), (Status::Off, 0));
}

#[test]
fn security_hub_that_is_not_subscribed_is_off() {
    let catalog = catalog();
    let hub = entry(&catalog, "securityhub");
    let told = format!("Account {ACCOUNT} is not subscribed to AWS Security Hub");
    assert_eq!(meaning(hub, "InvalidAccessException", &told), Some(FailureKind::Off));
    assert_eq!(meaning(hub, "InvalidAccessException", "the account is invalid"), None);
    assert_eq!(hub.probes[0].judgement, Judgement::Switch);
    let answer = json!({ "HubArn": "arn" });
    assert_eq!(verdict(&hub.probes[0], "hub", &answer).0, Status::InUse);
}

#[test]
fn organizations_is_asked_what_every_member_may_ask() {
    let catalog = catalog();
    let organizations = entry(&catalog, "organizations");
    assert_eq!(operations(organizations), ["DescribeOrganization"]);
    let code = "AWSOrganizationsNotInUseException";
    assert_eq!(meaning(organizations, code, ""), Some(FailureKind::Off));
    let answer = json!({ "Organization": { "Id": "o-a1b2c3d4e5" } });
    let probe = &organizations.probes[0];
    assert_eq!(verdict(probe, "organization", &answer).0, Status::InUse);
}

#[test]
fn a_recorder_of_config_has_an_id_and_is_on_only_while_it_records() {
    let catalog = catalog();
    let config = entry(&catalog, "config");
    assert_eq!(call(config, "recorders").id.as_deref(), Some("name"));
    let status = |recording: bool| {
        let answer = json!({ "ConfigurationRecordersStatus": [{ "recording": recording }] });
        verdict(&config.probes[0], "status", &answer).0
    };
    assert_eq!((status(true), status(false)), (Status::InUse, Status::Off));
}

#[test]
fn a_trail_covers_a_region_only_while_it_logs() {
    let catalog = catalog();
    let probe = &entry(&catalog, "cloudtrail").probes[0];
    let trails = json!({ "trailList": [{ "TrailARN": "arn", "HomeRegion": "eu-west-1" }] });
    assert_eq!(verdict(probe, "trails", &trails).0, Status::Off);
    assert_eq!(verdict(probe, "status", &json!({ "IsLogging": false })).0, Status::Off);
    assert_eq!(verdict(probe, "status", &json!({ "IsLogging": true })).0, Status::InUse);
}

#[test]
fn shield_standard_that_everybody_has_is_off() {
    let catalog = catalog();
    let probe = &entry(&catalog, "shield").probes[0];
    let state = |state: &str| json!({ "SubscriptionState": state });
    assert_eq!(verdict(probe, "subscription", &state("INACTIVE")), (Status::Off, 0));
    assert_eq!(verdict(probe, "subscription", &state("ACTIVE")), (Status::InUse, 1));
}
