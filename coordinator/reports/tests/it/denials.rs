//! What the report of denials explains, and what it says of the rest.

use protocol::holding::{Holding, Part, Policy, PolicyType, Reading, Target};
use protocol::result::{Answer, Page};
use protocol::store::Store;
use protocol::{DeniedBy, Evidence, Failure, FailureKind, Status};
use reports::Format;
use serde_json::Value;

use crate::seed::{LOCKED, MANAGEMENT, PAYMENTS, at, id, options, says, scan_id, store};

const FULL: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
const REGIONS: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"},
    {"Sid": "OnlyEurope", "Effect": "Deny", "NotAction": "guardduty:*", "Resource": "*", "Condition": {
        "StringNotEquals": {"aws:RequestedRegion": "eu-west-1"},
        "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/breakglass"}}}]}"#;
const TAGGED: &str = r#"{"Version": "2012-10-17", "Statement": {
    "Effect": "Deny", "Action": "guardduty:*", "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:PrincipalTag/team": "core"}}}}"#;

fn policies() -> Vec<Policy> {
    let everything = &["r-1", "ou-pay", "ou-prod", MANAGEMENT, PAYMENTS, LOCKED][..];
    let policy = |name: &str, content: &str, targets: &[&str]| Policy {
        id: format!("p-{name}"),
        arn: Some(format!(
            "arn:aws:organizations::{MANAGEMENT}:policy/o-example/service_control_policy/p-{name}"
        )),
        kind: "SERVICE_CONTROL_POLICY".to_owned(),
        name: name.to_owned(),
        description: None,
        provided: false,
        content: Some(content.to_owned()),
        targets: Some(
            targets
                .iter()
                .map(|id| Target {
                    id: (*id).to_owned(),
                    kind: String::new(),
                    name: (*id).to_owned(),
                })
                .collect(),
        ),
    };
    vec![
        policy("FullAWSAccess", FULL, everything),
        policy("deny", FULL, &[LOCKED]),
        policy("regions", REGIONS, &["ou-pay"]),
        policy("tagged", TAGGED, &["r-1"]),
        policy("broken", r#"{"Statement": [{"Effect": "Deny"}]}"#, &[LOCKED]),
    ]
}

/// The seed's organization, read again to its end.
async fn read_all(store: &dyn Store) {
    let types = vec![PolicyType {
        root: id("r-1"),
        kind: "SERVICE_CONTROL_POLICY".to_owned(),
        status: "ENABLED".to_owned(),
    }];
    let holding = Holding { policy_types: types, policies: policies(), ..Holding::default() };
    let reading = Reading {
        part: Part::Policies,
        connection: id("source-0"),
        organization: Some(id("o-example")),
        completeness: holding.completeness(),
        at: at(70),
    };
    store.put_reading(&scan_id(), &reading, &holding).await.expect("a reading");
}

/// Two more denials, of which AWS says as much as this.
async fn deny(store: &dyn Store, denied_by: DeniedBy) {
    let denied = |operation: &str| Failure {
        denied_by: Some(denied_by),
        ..Failure::new(FailureKind::Denied, "AccessDenied", "no").during(operation)
    };
    let cells =
        [("ec2", "DescribeInstances"), ("guardduty", "ListDetectors")].map(|(probe, op)| {
            let said = says(PAYMENTS, "us-east-1", probe, Status::Denied, Evidence::Failure, &[]);
            Answer::Cell(said.failing(denied(op)).cell(80))
        });
    store.ingest(&scan_id(), 1, &[Page::from(&cells[..])], at(80)).await.expect("answers");
}

async fn told(store: &dyn Store) -> Value {
    let mut out = Vec::new();
    reports::write(store, &scan_id(), "denials", Format::Json, &options(), &mut out)
        .await
        .expect("a report");
    serde_json::from_slice(&out).expect("json")
}

fn row<'r>(report: &'r Value, service: &str, region: &str) -> &'r Value {
    let rows = report["rows"].as_array().expect("rows");
    let is_it = |row: &&Value| {
        row["services"].as_array().is_some_and(|all| all.iter().any(|one| one == service))
            && row["example_region"] == region
    };
    rows.iter().find(is_it).unwrap_or_else(|| panic!("{service} in {region}: {report}"))
}

#[tokio::test]
async fn a_denial_is_explained_by_the_statement_that_denies_and_where_it_is_attached() {
    let store = store().await;
    read_all(&*store).await;
    deny(&*store, DeniedBy::Scp).await;
    let report = told(&*store).await;
    let evaluated = row(&report, "ec2", "us-east-1");
    assert_eq!(evaluated["policy"], "regions");
    assert_eq!(evaluated["type"], "scp");
    assert_eq!(evaluated["attached_to"], "Root/Payments");
    assert_eq!(evaluated["statement"], "OnlyEurope");
    assert_eq!(evaluated["how_known"], "evaluated");
    assert_eq!(evaluated["actions"], serde_json::json!(["ec2:DescribeInstances"]));
    assert_eq!(evaluated["statement_text"]["NotAction"], "guardduty:*");
    assert_eq!(evaluated["cells_evaluated"], 1);
    let notes = report["notes"].to_string();
    assert!(notes.contains("regions, attached to Root/Payments, denies 1 accounts x 1 regions"));
    assert!(!notes.contains("Not all policies"), "{notes}");

    // AWS names the policy where what was read would let the call through.
    let named = row(&report, "ec2", "eu-west-1");
    assert_eq!((&named["policy"], &named["how_known"]), (&"regions".into(), &"arn".into()));
    assert_eq!(
        (&named["attached_to"], &named["statement"]),
        (&"Root/Payments".into(), &Value::Null)
    );
    assert_eq!(named["why"], "AWS names it; which of its statements cannot be told");
}

#[tokio::test]
async fn what_nobody_can_tell_says_on_what_it_depends() {
    let store = store().await;
    read_all(&*store).await;
    deny(&*store, DeniedBy::Unstated).await;
    let report = told(&*store).await;
    let open = row(&report, "guardduty", "us-east-1");
    assert_eq!((&open["policy"], &open["how_known"]), (&Value::Null, &"unexplained".into()));
    let why = "cannot tell: it depends on the condition key aws:PrincipalTag/team";
    assert_eq!(open["why"], why);
    let boundary = row(&report, "s3", "global");
    assert_eq!(boundary["why"], "the permissions boundary of the role denies it");
    assert_eq!(row(&report, "ec2", "us-east-1")["policy"], "regions", "whoever denied");
}

#[tokio::test]
async fn a_document_that_is_no_policy_is_named_and_stops_nothing() {
    let store = store().await;
    read_all(&*store).await;
    let report = told(&*store).await;
    let unread = report["unread"].as_array().expect("rows");
    let [broken] = &unread[..] else { panic!("{unread:?}") };
    assert_eq!(broken["policy"], "broken");
    let why = "its document cannot be asked: Statement[0] has no Action or NotAction";
    assert_eq!(broken["why"], why);
}

#[tokio::test]
async fn where_policies_were_not_all_read_only_what_is_certain_is_said() {
    let store = store().await;
    deny(&*store, DeniedBy::Scp).await;
    let report = told(&*store).await;
    let notes = report["notes"].to_string();
    assert!(notes.contains("Not all policies of o-example were read (contents of"), "{notes}");
    let named = row(&report, "ec2", "eu-west-1");
    assert_eq!((&named["policy"], &named["how_known"]), (&"p-regions".into(), &"arn".into()));
    assert_eq!(named["why"], "AWS names a policy that was not read");
    // The seed's one policy that was read denies everything below this unit.
    let evaluated = row(&report, "ec2", "us-east-1");
    assert_eq!(
        (&evaluated["policy_id"], &evaluated["how_known"]),
        (&"p-deny".into(), &"evaluated".into())
    );
    assert_eq!(evaluated["statement"], "#1");
}

#[tokio::test]
async fn a_sample_that_answers_makes_the_prediction_wrong_and_says_what_to_do() {
    let store = store().await;
    read_all(&*store).await;
    let spared = Failure::new(FailureKind::Denied, Failure::PREDICTED, "not called");
    let cells = [says(PAYMENTS, "us-east-1", "ec2", Status::NotRun, Evidence::Predicted, &[])
        .failing(spared.during("DescribeInstances"))
        .cell(80)];
    let answers = cells.map(Answer::Cell);
    store.ingest(&scan_id(), 1, &[Page::from(&answers[..])], at(80)).await.expect("answers");
    let report = told(&*store).await;
    let predicted = row(&report, "ec2", "us-east-1");
    assert_eq!(
        (&predicted["policy"], &predicted["how_known"]),
        (&"regions".into(), &"predicted".into())
    );
    // The seed's buckets answered, though the region that stands for global is closed to the account.
    let prediction = &report["predictions"][0];
    assert_eq!(prediction["prediction"], "wrong");
    assert_eq!(
        (&prediction["not_called"], &prediction["called_and_answered"]),
        (&1.into(), &2.into())
    );
    let wrong = reports::wrong_predictions(&*store, &scan_id(), &options()).await.expect("told");
    let [wrong] = &wrong[..] else { panic!("{wrong:?}") };
    assert!(wrong.contains("The prediction by regions was wrong: 2 of 2 cells"), "{wrong}");
    assert!(wrong.contains("--status not_run --code PredictedDenied"), "{wrong}");
    assert!(report["notes"].to_string().contains("was wrong"));
}
