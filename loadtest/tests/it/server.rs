//! The stand-in as a server: refusals, faults on the socket, its own pages.

use std::sync::Arc;
use std::time::Duration;

use catalog::Catalog;
use catalog::entry::Scope;
use loadtest::{Manner, Organization, Running, Shape, Tls, Trouble, World};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use crate::client::{Ask, Client, Session};
use crate::probe::Scanner;

async fn stand_in(trouble: Trouble, manner: Manner) -> (Running, Client, Session) {
    let shape = Shape { trouble, ..Shape::default() };
    let world = World::new(Organization::new(shape), Catalog::embedded().expect("a catalog"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let running = loadtest::serve(world, listener, manner).expect("a server");
    let client = Client::new(&running);
    let session = Session::from(running.keys());
    (running, client, session)
}

#[tokio::test]
async fn what_botocore_does_not_know_is_refused_and_counted() {
    let (running, client, session) = stand_in(Trouble::NONE, Manner::default()).await;
    let target = async |target: &str, body: Value| {
        client.target(&session, "kms", target, body).await.expect_err("a refusal").code
    };
    assert_eq!(target("TrentService.ListLocks", json!({})).await, "UnknownOperationException");
    let unknown = json!({ "Maximum": 1 });
    assert_eq!(target("TrentService.ListKeys", unknown).await, "ValidationException");
    let large = json!({ "Limit": 100_000 });
    assert_eq!(target("TrentService.ListKeys", large).await, "ValidationException");
    let iam = async |pairs: &[(&str, &str)]| {
        client.action(&session, "iam", "us-east-1", pairs).await.expect_err("a refusal").code
    };
    assert_eq!(iam(&[("Action", "ListRollers")]).await, "InvalidAction");
    assert_eq!(iam(&[("Action", "ListRoles"), ("MaxResults", "1")]).await, "ValidationError");
    let path = Ask {
        method: "GET".to_owned(),
        path_and_query: "/detectors".to_owned(),
        signing: "guardduty".to_owned(),
        region: "us-east-1".to_owned(),
        ..Ask::default()
    };
    let refusal = client.send(&session, &path).await.expect_err("a refusal");
    assert_eq!((refusal.status, refusal.code.as_str()), (404, "UnknownOperationException"));
    assert_eq!(running.counters().refused, 6);
    assert_eq!(running.counters().refusals.len(), 6);
}

#[tokio::test]
async fn a_request_that_is_not_signed_or_unknown_is_refused() {
    let (_running, client, session) = stand_in(Trouble::NONE, Manner::default()).await;
    let stranger = Session { key: "AKIAAAAAAAAAAAAAAAAA".to_owned(), token: None };
    let asked = client.target(&stranger, "kms", "TrentService.ListKeys", json!({})).await;
    assert_eq!(asked.expect_err("a refusal").code, "UnrecognizedClientException");
    let wrong = Ask {
        method: "POST".to_owned(),
        path_and_query: "/".to_owned(),
        signing: "iam".to_owned(),
        region: "eu-west-1".to_owned(),
        headers: vec![crate::client::form_type()],
        body: "Action=ListUsers&Version=2010-05-08".to_owned(),
    };
    let refusal = client.send(&session, &wrong).await.expect_err("a refusal");
    assert_eq!((refusal.status, refusal.code.as_str()), (403, "SignatureDoesNotMatch"));
}

#[tokio::test]
async fn signatures_are_verified_on_demand() {
    let manner = Manner { verify_signatures: true, ..Manner::default() };
    let (_running, client, session) = stand_in(Trouble::NONE, manner).await;
    let asked = client.target(&session, "kms", "TrentService.ListKeys", json!({})).await;
    assert_eq!(asked.expect_err("a refusal").code, "InvalidSignatureException");
}

#[tokio::test]
async fn an_empty_bucket_answers_with_the_protocols_throttle() {
    let (running, client, session) = stand_in(Trouble::NONE, Manner::default()).await;
    let mut codes = Vec::new();
    for _ in 0..40 {
        let asked = client.action(&session, "iam", "us-east-1", &[("Action", "ListRoles")]).await;
        codes.extend(asked.err().map(|refusal| refusal.code));
    }
    assert!(!codes.is_empty() && codes.iter().all(|code| code == "Throttling"), "{codes:?}");
    let counters = running.counters();
    assert_eq!(counters.throttled, codes.len() as u64);
    assert_eq!(counters.classes[0].class, "iam/2010-05-08");
}

#[tokio::test]
async fn sessions_expire() {
    let manner = Manner { longest_session: Some(0), ..Manner::default() };
    let (running, client, session) = stand_in(Trouble::NONE, manner).await;
    let account = running.world().organization().accounts[1].id.to_string();
    let member = client.assume(&session, &account, &[]).await.expect("a session");
    let asked = client.target(&member, "kms", "TrentService.ListKeys", json!({})).await;
    assert_eq!(asked.expect_err("a refusal").code, "ExpiredTokenException");
}

#[tokio::test]
async fn connections_are_cut_and_bodies_are_truncated_once() {
    let trouble = Trouble { transient: 1000, ..Trouble::NONE };
    let (running, client, session) = stand_in(trouble, Manner::default()).await;
    let mut cut = 0;
    for account in 1..13 {
        let account = running.world().organization().accounts[account].id.to_string();
        let member = client.assume(&session, &account, &[]).await.expect("a session");
        let asked = client.target(&member, "kms", "TrentService.ListKeys", json!({})).await;
        cut += u32::from(matches!(&asked, Err(refusal) if refusal.status == 0));
        assert!(asked.is_err());
        let again = client.target(&member, "kms", "TrentService.ListKeys", json!({})).await;
        assert!(again.is_ok(), "{again:?}");
    }
    assert!(cut > 0);
    assert_eq!(running.counters().faults, 12);
}

#[tokio::test]
async fn a_list_that_never_ends_gives_token_after_token() {
    let trouble = Trouble { endless: 1000, ..Trouble::NONE };
    let manner = Manner { enforce_buckets: false, ..Manner::default() };
    let (_running, client, session) = stand_in(trouble, manner).await;
    let mut tokens = std::collections::BTreeSet::new();
    let mut asked = json!({});
    while tokens.len() < 100 {
        let page = client.target(&session, "kms", "TrentService.ListKeys", asked).await;
        let page = page.expect("a page");
        let token = page["NextMarker"].as_str().expect("a token");
        assert!(tokens.insert(token.to_owned()), "the same token twice");
        asked = json!({ "Marker": token });
    }
}

#[tokio::test]
async fn answers_may_say_that_they_are_of_another_type() {
    let trouble = Trouble { mislabelled: 1000, ..Trouble::NONE };
    let (_running, client, session) = stand_in(trouble, Manner::default()).await;
    let target = ("x-amz-target".to_owned(), "TrentService.ListKeys".to_owned());
    let ask = Ask {
        method: "POST".to_owned(),
        path_and_query: "/".to_owned(),
        signing: "kms".to_owned(),
        region: "us-east-1".to_owned(),
        headers: vec![target],
        body: "{}".to_owned(),
    };
    let (status, kind, body) = client.raw(&session, &ask).await.expect("an answer");
    assert_eq!((status, kind.as_str()), (200, "application/octet-stream"));
    assert!(serde_json::from_slice::<Value>(&body).is_ok());
}

#[tokio::test]
async fn one_call_hangs_once_and_ends_with_its_bound() {
    let trouble = Trouble { hangs: 1, ..Trouble::NONE };
    let quick = Duration::from_millis(50);
    let manner = Manner { hang: quick, enforce_buckets: false, ..Manner::default() };
    let (running, client, session) = stand_in(trouble, manner).await;
    let catalog = running.world().catalog().clone();
    let account = running.world().organization().accounts[1].id.to_string();
    let session = client.assume(&session, &account, &[]).await.expect("a session");
    let scanner = Scanner { client: &client, catalog: &catalog, session, account };
    for view in catalog.probes() {
        let region = if view.scope() == Scope::Global { "global" } else { "us-east-1" };
        scanner.look(view, region).await;
    }
    assert_eq!(running.counters().faults, 1);
}

#[tokio::test]
async fn its_own_pages_tell_counters_and_truth() {
    let (running, client, session) = stand_in(Trouble::default(), Manner::default()).await;
    let page = async |path: &str| {
        let ask =
            Ask { method: "GET".to_owned(), path_and_query: path.to_owned(), ..Ask::default() };
        client.raw(&session, &ask).await.expect("a page")
    };
    let (status, _, body) = page("/_stand-in/counters").await;
    let counters: Value = serde_json::from_slice(&body).expect("json");
    assert_eq!((status, counters["calls"].as_u64()), (200, Some(0)));
    client.target(&session, "kms", "TrentService.ListKeys", json!({})).await.expect("keys");
    let (_, _, body) = page("/_stand-in/buckets").await;
    let bucket: Value = serde_json::from_slice(&body).expect("one line");
    assert_eq!((&bucket["calls"], &bucket["peak_per_second"]), (&json!(1), &json!(1)));
    assert_eq!((&bucket["account"], &bucket["region"]), (&json!(0), &json!("us-east-1")));
    let (_, _, body) = page("/_stand-in/truth").await;
    let text = String::from_utf8(body.to_vec()).expect("text");
    let first: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("json");
    assert_eq!(first["account"], running.world().organization().management());
    assert_eq!(page("/_stand-in/else").await.0, 404);
}

#[tokio::test]
async fn what_is_asked_over_tls_is_answered_over_tls_and_nothing_else_is() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tls");
    let [cert, key] = ["loopback.pem", "loopback.key"].map(|file| folder.join(file));
    let tls = Some(Tls { cert: cert.clone(), key });
    let (running, mut client, session) =
        stand_in(Trouble::NONE, Manner { tls, ..Manner::default() }).await;
    let address = running.endpoint();
    let address = address.strip_prefix("https://").expect("an encrypted endpoint");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(cert).expect("a certificate")).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.expect("a connection");
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    let connector = TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(name, stream).await.expect("an encrypted connection");
    let ask = b"GET /_stand-in/counters HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(ask).await.expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"calls\": 0"), "{answer}");
    client.endpoint = format!("http://{address}");
    let plain = client.target(&session, "kms", "TrentService.ListKeys", json!({})).await;
    assert_eq!(plain.expect_err("no answer").status, 0);
}
