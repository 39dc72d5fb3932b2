//! Bad input gets one clear sentence, a code, and the field that is wrong.

use protocol::registry::{Registry, Scope};
use serde_json::json;

use crate::client::Ask;
use crate::server::Server;

#[tokio::test]
async fn a_scan_that_cannot_be_is_refused_with_the_field_that_is_wrong() {
    let server = Server::start().await;
    let token = server.token(Scope::Operate).await;
    let main = json!(["main"]);
    let cases = [
        (json!({}), "bad_field", "connections", "main, other"),
        (json!({"connections": ["mian"]}), "bad_field", "connections", "main, other"),
        (
            json!({"connections": main, "selection": {"regions": ["eu-wst-1"]}}),
            "bad_field",
            "selection.regions",
            "eu-west-1",
        ),
        (
            json!({"connections": main, "selection": {"services": ["guarduty"]}}),
            "bad_field",
            "selection",
            "guardduty",
        ),
        (
            json!({"connections": main, "selection": {"probes": ["s3.polices"]}}),
            "bad_field",
            "selection",
            "s3.policies",
        ),
        (
            json!({"connections": main, "selection": {"services": ["s3"], "exclude_services": ["s3"]}}),
            "bad_field",
            "selection.exclude_services",
            "no service is left",
        ),
        (
            json!({"connections": main, "selection": {"accounts": [""]}}),
            "bad_field",
            "selection.accounts[0]",
            "account id",
        ),
        (
            json!({"connections": main, "selection": {"units": [""]}}),
            "bad_field",
            "selection.units",
            "1 to 256",
        ),
        (
            json!({"connections": main, "selection": {"states": ["GONE"]}}),
            "bad_field",
            "selection.states[0]",
            "SUSPENDED",
        ),
        (
            json!({"connections": main, "pace": {"budget_share": 0}}),
            "bad_field",
            "pace.budget_share",
            "1 to 100",
        ),
        (
            json!({"connections": main, "pace": {"max_in_flight": 1_000_000}}),
            "bad_field",
            "pace.max_in_flight",
            "16384",
        ),
        (
            json!({"connections": main, "pace": {"max_attempts": -1}}),
            "bad_field",
            "pace.max_attempts",
            "u32",
        ),
        (json!({"connections": main, "priority": "now"}), "bad_field", "priority", "high"),
        (json!({"connections": main, "resources": 7}), "bad_field", "resources", "expected"),
        (json!({"connections": main, "selction": {}}), "bad_field", "selction", "selection"),
        (json!({"connections": main, "profile": "x"}), "foreign_field", "profile", "connection"),
        (json!({"connections": main, "role_arn": "x"}), "foreign_field", "role_arn", "connection"),
        (
            json!({"connections": main, "endpoint": "http://x"}),
            "foreign_field",
            "endpoint",
            "connection",
        ),
        (json!({"connections": main, "bucket": "x"}), "foreign_field", "bucket", "connection"),
        (
            json!({"connections": main, "access": {"member_role": "x"}}),
            "foreign_field",
            "access",
            "connection",
        ),
        (json!([]), "bad_field", "connections", "main, other"),
        (json!("x"), "bad_field", "", "expected"),
        (json!(null), "bad_field", "", "expected"),
    ];
    for (body, code, field, part) in cases {
        let refused = server.post("/api/v1/scans", &token, &body).await;
        let said = refused.refused(400, code);
        assert!(said.contains(part), "{body}: {said}");
        assert_eq!(refused.json()["error"]["field"].as_str().unwrap_or_default(), field, "{body}");
    }
    assert!(server.store.open_scans().await.unwrap().is_empty(), "nothing was started");
}

#[tokio::test]
async fn a_body_must_be_json_and_say_so() {
    let server = Server::start().await;
    let token = server.token(Scope::Operate).await;
    let ask = || Ask::new("POST", "/api/v1/scans").token(&token);
    server.ask(ask()).await.refused(415, "not_json");
    let form = ask().json(&json!({})).instead("content-type", "application/x-www-form-urlencoded");
    server.ask(form).await.refused(415, "not_json");
    let plain = ask().json(&json!({})).instead("content-type", "text/plain");
    server.ask(plain).await.refused(415, "not_json");
    for body in
        ["", "{", "{}}", "{\"connections\": [\"main\"], \"connections\": []}", "\u{feff}{}", "[1"]
    {
        let mut ask = ask().header("content-type", "application/json; charset=utf-8");
        ask.body = body.as_bytes().to_vec();
        let refused = server.ask(ask).await;
        assert_eq!(refused.status, 400, "{body}: {refused:?}");
    }
    let mut deep = ask().header("content-type", "application/json");
    deep.body = "[".repeat(60_000).into_bytes();
    server.ask(deep).await.refused(400, "bad_field");
    let mut bytes = ask().header("content-type", "application/json");
    bytes.body = vec![0xff, 0xfe, 0x00];
    server.ask(bytes).await.refused(400, "bad_json");
}

#[tokio::test]
async fn wrong_paths_methods_and_parameters_are_told_in_the_same_shape() {
    let server = Server::start().await;
    let token = server.token(Scope::Admin).await;
    let cases = [
        ("GET", "/nowhere", 404, "no_route"),
        ("GET", "/api/v1/nowhere", 404, "no_route"),
        ("GET", "/api/v2/scans", 404, "no_route"),
        ("DELETE", "/api/v1/scans", 405, "no_method"),
        ("POST", "/livez", 405, "no_method"),
        ("PATCH", "/session", 405, "no_method"),
        ("GET", "/api/v1/scans?limit=0", 400, "bad_field"),
        ("GET", "/api/v1/scans?limit=51", 400, "bad_field"),
        ("GET", "/api/v1/scans?limit=x", 400, "bad_parameter"),
        ("GET", "/api/v1/scans?state=running", 400, "bad_parameter"),
        ("GET", "/api/v1/scans?limit=1&limit=2", 400, "bad_parameter"),
        ("GET", "/api/v1/scans?before=never", 404, "no_scan"),
        ("GET", "/api/v1/scans/never", 404, "no_scan"),
        ("GET", "/api/v1/scans/latest", 404, "no_scan"),
        ("GET", "/api/v1/scans/%ff", 400, "bad_path"),
        ("GET", "/api/v1/scans/a%0Ab", 404, "no_scan"),
        ("GET", "/api/v1/scans/..%2F..%2Fetc", 404, "no_scan"),
        ("GET", "/api/v1/scans/latest/reports/enablment", 404, "no_report"),
        ("GET", "/api/v1/scans/latest/reports/ledger?format=cvs", 400, "bad_field"),
        ("GET", "/api/v1/scans/latest/reports/ledger?format=table&width=7", 400, "bad_field"),
        ("GET", "/api/v1/scans/latest/reports/enablement-files", 400, "needs_folder"),
        ("GET", "/api/v1/accounts/paused?after=nobody", 400, "bad_field"),
        ("DELETE", "/api/v1/tokens/nobody", 404, "no_token"),
        ("DELETE", "/api/v1/schedules/nothing", 404, "no_schedule"),
        ("DELETE", "/api/v1/budgets/kms", 404, "no_share"),
    ];
    for (method, path, status, code) in cases {
        let said = server.ask(Ask::new(method, path).token(&token)).await.refused(status, code);
        assert!(!said.contains("sqlx") && !said.contains("select "), "{path}: {said}");
    }
    let said = server
        .get("/api/v1/scans/latest/reports/enablment", &token)
        .await
        .refused(404, "no_report");
    assert!(said.contains("enablement"), "{said}");
}

#[tokio::test]
async fn a_filter_names_what_there_is() {
    let server = Server::start().await;
    let token = server.token(Scope::Operate).await;
    let path = "/api/v1/scans/latest/requeue";
    let cases = [
        (json!({"regions": ["eu-wst-1"]}), "regions", "eu-west-1"),
        (json!({"services": ["guarduty"]}), "services", "guardduty"),
        (json!({"statuses": ["broken"]}), "statuses[0]", "throttled"),
        (json!({"region": ["eu-west-1"]}), "region", "regions"),
        (json!({"units": ["Root", ""]}), "units", "1 to 256"),
        (json!({"codes": ["x".repeat(257)]}), "codes", "1 to 256"),
    ];
    for (body, field, part) in cases {
        let refused = server.post(path, &token, &body).await;
        let said = refused.refused(400, "bad_field");
        assert!(said.contains(part), "{said}");
        assert_eq!(refused.json()["error"]["field"], field);
    }
}
