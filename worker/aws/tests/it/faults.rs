//! Faults of the transport, and what may be mended: each ends in a named failure, none in a panic.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalog::Catalog;
use chrono::TimeDelta;
use protocol::clock::SystemClock;
use protocol::provider::{PageRequest, Provider};
use protocol::scan::{Pace, Settings};
use protocol::{Clock, Failure, FailureKind, ProbeId, Status};

use crate::house::{HUB, aws, hub_identity, list, place, small_catalog};
use crate::server::{Reply, Seen, Server};

/// A server that answers STS, and every other request with `reply`.
async fn answering(mut reply: impl FnMut(&Seen) -> Reply + Send + 'static) -> Server {
    Server::start(move |seen| if seen.is_sts() { hub_identity() } else { reply(seen) }).await
}

async fn outcome(reply: Reply) -> Result<Vec<String>, Failure> {
    let server = answering(move |_| reply.clone()).await;
    list(&aws(&server.endpoint, &Settings::default(), small_catalog(""))).await
}

async fn failure(reply: Reply) -> (FailureKind, String) {
    let failure = outcome(reply).await.expect_err("a failure");
    assert_eq!(failure.operation.as_deref(), Some("ListThings"));
    (failure.kind, failure.code)
}

#[tokio::test]
async fn a_good_answer_is_a_page() {
    let page = outcome(Reply::json(r#"{"Things":[{"Id":"a"}]}"#)).await;
    assert_eq!(page, Ok(vec!["a".to_owned()]));
}

/// The defect: Inspector could not look at the account, said so in an answer that is a success, and was read as off.
#[tokio::test]
async fn a_failure_inside_a_success_is_a_failure_and_never_an_empty_page() {
    let outcome = async |body: &'static str| {
        let server = answering(move |_| Reply::json(body)).await;
        let aws = aws(&server.endpoint, &Settings::default(), Catalog::embedded().unwrap());
        let probe = ProbeId::new("inspector2").unwrap();
        let request = PageRequest { probe: &probe, call: 0, item: None, token: None };
        aws.page(&place(HUB, "eu-west-1"), request).await
    };
    for (code, kind, status) in [
        ("ACCESS_DENIED", FailureKind::Denied, Status::Denied),
        ("INTERNAL_ERROR", FailureKind::Transient, Status::Error),
        ("SSM_THROTTLED", FailureKind::Throttled, Status::Throttled),
        ("ACCOUNT_IS_ISOLATED", FailureKind::Other, Status::Error),
        ("", FailureKind::Other, Status::Error),
    ] {
        let body = format!(
            r#"{{"accounts":[],"failedAccounts":[{{"accountId":"{HUB}","errorCode":"{code}","errorMessage":"no"}}]}}"#
        );
        let failure = outcome(body.leak()).await.expect_err(code);
        let named = if code.is_empty() { "FailedInside" } else { code };
        assert_eq!((failure.kind, failure.code.as_str()), (kind, named));
        assert_eq!((failure.message.as_str(), failure.status()), ("no", status));
        assert_eq!(failure.operation.as_deref(), Some("BatchGetAccountStatus"));
    }
    for body in [r#"{"accounts":[],"failedAccounts":[]}"#, r#"{"accounts":[]}"#] {
        assert!(outcome(body).await.expect("nothing failed").items.is_empty());
    }
}

#[tokio::test]
async fn a_cut_body_is_transient() {
    let cut = Reply::Cut { promised: 100, body: r#"{"Things":["#.to_owned() };
    assert_eq!(failure(cut).await, (FailureKind::Transient, "ConnectionBroken".to_owned()));
}

#[tokio::test]
async fn a_closed_connection_is_transient() {
    let told = failure(Reply::HangUp).await;
    assert_eq!(told, (FailureKind::Transient, "ConnectionBroken".to_owned()));
}

#[tokio::test]
async fn an_unreadable_body_is_transient() {
    for body in ["", "<html></html>", "{\"Things\":", "\u{0}\u{1}"] {
        let told = outcome(Reply::json(body)).await;
        if body.is_empty() {
            assert_eq!(told, Ok(vec![]), "an empty body is an empty object");
        } else {
            let failure = told.expect_err("a failure");
            assert_eq!(failure.kind, FailureKind::Transient, "{body}");
            assert_eq!(failure.code, "UnreadableBody");
        }
    }
}

#[tokio::test]
async fn a_body_without_end_is_named_and_not_read_on() {
    let told = failure(Reply::Endless).await;
    assert_eq!(told, (FailureKind::Other, "BodyTooLarge".to_owned()));
}

#[tokio::test]
async fn a_server_that_never_answers_meets_the_deadline() {
    let server = answering(|_| Reply::Hang).await;
    let pace = Pace { call_timeout_ms: 300, ..Pace::default() };
    let settings = Settings { pace, ..Settings::default() };
    let failure = list(&aws(&server.endpoint, &settings, small_catalog(""))).await;
    let failure = failure.expect_err("a failure");
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Unreachable, "Timeout"));
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let server = answering(|_| Reply::HangUp).await;
    let endpoint = server.endpoint.clone();
    drop(server);
    tokio::time::timeout(Duration::from_secs(5), async {
        while tokio::net::TcpStream::connect(endpoint.trim_start_matches("http://")).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the server is gone");
    let failure = list(&aws(&endpoint, &Settings::default(), small_catalog(""))).await;
    let failure = failure.expect_err("a failure");
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Unreachable, "ConnectFailed"));
}

#[tokio::test]
async fn a_host_without_an_address_is_unreachable() {
    let provider = aws("http://nowhere.invalid", &Settings::default(), small_catalog(""));
    let failure = list(&provider).await.expect_err("a failure");
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Unreachable, "DnsFailed"));
}

#[tokio::test]
async fn errors_of_gateways_are_understood() {
    let html = |status| Reply::Answer(status, vec![], "<!DOCTYPE html><p>Not Found".to_owned());
    assert_eq!(failure(html(404)).await, (FailureKind::Other, "Html404".to_owned()));
    assert_eq!(failure(html(503)).await, (FailureKind::Transient, "Html503".to_owned()));
    let xml = Reply::xml_error(403, "AccessDenied", "no");
    assert_eq!(failure(xml).await, (FailureKind::Denied, "AccessDenied".to_owned()));
    let throttled = Reply::error(400, "ThrottlingException", "slow down");
    assert_eq!(
        failure(throttled).await,
        (FailureKind::Throttled, "ThrottlingException".to_owned())
    );
}

#[tokio::test]
async fn a_failure_keeps_what_the_answer_said() {
    let headers = vec![("x-amzn-requestid", "r-1".to_owned()), ("retry-after", "3".to_owned())];
    let body = r#"{"__type":"x#AccessDeniedException","message":"not authorized to perform: x:ListThings with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/service_control_policy/p-1"}"#;
    let reply = Reply::Answer(400, headers, body.to_owned());
    let failure = outcome(reply).await.expect_err("a failure");
    insta::assert_json_snapshot!(failure, @r#"
    {
      "kind": "denied",
      "code": "AccessDeniedException",
      "message": "not authorized to perform: x:ListThings with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/service_control_policy/p-1",
      "operation": "ListThings",
      "http_status": 400,
      "request_id": "r-1",
      "retry_after_ms": 3000,
      "denied_by": "scp",
      "policy_arn": "arn:aws:organizations::1:policy/o-1/service_control_policy/p-1"
    }
    "#);
}

#[tokio::test]
async fn an_expired_token_is_renewed_once() {
    for (bad_answers, calls, ends_well) in [(1, 2, true), (9, 2, false)] {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let server =
            answering(move |_| match counted.fetch_add(1, Ordering::SeqCst) < bad_answers {
                true => Reply::error(400, "ExpiredTokenException", "expired"),
                false => Reply::json("{}"),
            })
            .await;
        let outcome = list(&aws(&server.endpoint, &Settings::default(), small_catalog(""))).await;
        assert_eq!(count.load(Ordering::SeqCst), calls);
        match outcome {
            Ok(_) => assert!(ends_well),
            Err(failure) => assert_eq!((failure.kind, ends_well), (FailureKind::Expired, false)),
        }
        let entries = server.seen().iter().filter(|seen| seen.is_sts()).count();
        assert_eq!(entries, 2, "the hub was entered anew");
    }
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_corrected_once() {
    let theirs = SystemClock.now() + TimeDelta::hours(3);
    let dates = Arc::new(Mutex::new(Vec::new()));
    let kept = dates.clone();
    let server = answering(move |seen| {
        let mut dates = kept.lock().expect("no panic");
        dates.push(seen.header("x-amz-date").to_owned());
        if dates.len() > 1 {
            return Reply::json("{}");
        }
        let date = theirs.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let body = r#"{"__type":"RequestTimeTooSkewed","message":"too far"}"#.to_owned();
        Reply::Answer(403, vec![("date", date)], body)
    })
    .await;
    let provider = aws(&server.endpoint, &Settings::default(), small_catalog(""));
    assert_eq!(list(&provider).await, Ok(vec![]));
    assert_eq!(list(&provider).await, Ok(vec![]), "the correction stays");
    let dates = dates.lock().expect("no panic").clone();
    assert_eq!(dates.len(), 3);
    let hour = theirs.format("%Y%m%dT%H").to_string();
    assert!(!dates[0].starts_with(&hour) && dates[2][..9] == hour[..9], "{dates:?}");
}

#[tokio::test]
async fn a_bucket_elsewhere_is_followed_once() {
    let catalog = catalog::Catalog::embedded().expect("the catalog");
    let server = answering(|seen| match seen.scope().1.as_str() {
        "eu-central-1" => Reply::xml("<R><Buckets/></R>"),
        _ => {
            let header = ("x-amz-bucket-region", "eu-central-1".to_owned());
            let body = "<Error><Code>PermanentRedirect</Code></Error>".to_owned();
            Reply::Answer(301, vec![header], body)
        }
    })
    .await;
    let provider = aws(&server.endpoint, &Settings::default(), catalog);
    let probe = ProbeId::new("s3").expect("an id");
    let request = PageRequest { probe: &probe, call: 0, item: None, token: None };
    let page = provider.page(&place(HUB, "global"), request).await.expect("a page");
    assert!(page.items.is_empty());
    let regions: Vec<String> = server.seen().iter().skip(1).map(|seen| seen.scope().1).collect();
    assert_eq!(regions, ["us-east-1", "eu-central-1"]);
}

#[tokio::test]
async fn connections_are_kept_and_requests_name_us() {
    let server = answering(|_| Reply::json("{}")).await;
    let provider = aws(&server.endpoint, &Settings::default(), small_catalog(""));
    for _ in 0..5 {
        assert_eq!(list(&provider).await, Ok(vec![]));
    }
    let expected = format!("orgsweep/{} scan/20261122T031700-0badcafe", env!("CARGO_PKG_VERSION"));
    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.header("user-agent") == expected), "{seen:?}");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_call_that_is_not_in_the_catalog_is_invalid() {
    let provider = aws("http://127.0.0.1:1", &Settings::default(), small_catalog(""));
    let probe = ProbeId::new("y").expect("an id");
    let request = PageRequest { probe: &probe, call: 0, item: None, token: None };
    let failure = provider.page(&place(HUB, "eu-west-1"), request).await.expect_err("a failure");
    assert_eq!(failure.kind, FailureKind::Invalid);
}
