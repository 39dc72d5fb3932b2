//! A web identity: a token for a secret, a role for a token, and neither is ever shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws::{Aws, Options, StaticKeys};
use protocol::clock::SystemClock;
use protocol::provider::{Place, Provider};
use protocol::scan::{Access, Settings, Source};
use protocol::tenants::Tenants;
use protocol::web_identity::{SecretPlace, WebIdentity};
use protocol::{ConnectionId, Failure, FailureKind};
use tempfile::NamedTempFile;

use crate::access::{body, is, sts};
use crate::house::{Generous, place, small_catalog};
use crate::server::{Reply, Seen, Server};

const SECRET: &str = "hunter2&a=b";
const FIRST: &str = "111111111111";
const SECOND: &str = "222222222222";
const THIRD: &str = "333333333333";

/// A secret in a file, as people write them: with the end of a line.
fn secret() -> NamedTempFile {
    let file = NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{SECRET}\n")).expect("written");
    file
}

fn is_token(seen: &Seen) -> bool {
    seen.uri == "/token"
}

/// STS for tokens: the role's account is the one that is entered.
fn by_token(seen: &Seen) -> Reply {
    let Reply::Answer(status, headers, answer) = sts(seen).expect("STS") else {
        panic!("no answer")
    };
    let answer = match is(seen, "AssumeRoleWithWebIdentity") {
        true => answer.replace("AssumeRoleRes", "AssumeRoleWithWebIdentityRes"),
        false => answer,
    };
    Reply::Answer(status, headers, answer)
}

fn web_identity(server: &Server, file: &NamedTempFile) -> WebIdentity {
    WebIdentity {
        token_url: format!("{}/token", server.endpoint),
        client_id: "client-1".to_owned(),
        scope: Some("api://orgsweep/.default".to_owned()),
        secret: SecretPlace::File { path: file.path().display().to_string() },
        role_arn: None,
    }
}

fn settings(web: WebIdentity) -> Settings {
    let table = Tenants { table: "tenants".to_owned(), ..Tenants::default() };
    let access = Access { web_identity: Some(web), ..Access::default() };
    let mut settings =
        Settings { sources: vec![Source::Tenants(table)], access, ..Settings::default() };
    settings.pace.call_timeout_ms = 2_000;
    settings
}

fn connected(server: &Server, settings: &Settings) -> Aws {
    let options = Options {
        endpoint_url: Some(server.endpoint.clone()),
        credentials: Some(StaticKeys {
            access_key_id: "AKIDHUB".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        }),
        loopback_only: true,
        ..Options::default()
    };
    let budget = Arc::new(Generous::default());
    Aws::connect(settings, options, small_catalog(""), budget, Arc::new(SystemClock))
        .expect("a provider")
}

/// The management account of a tenant.
fn tenant(account: &str) -> Place {
    let connection = ConnectionId::new(format!("source-0/{account}")).expect("an id");
    Place { connection, ..place(account, "eu-west-1") }
}

/// An endpoint that gives tokens which live for a thousand seconds.
fn giver() -> impl FnMut(&Seen) -> Reply + Send + 'static {
    let given = AtomicUsize::new(0);
    move |seen| {
        if !is_token(seen) {
            return by_token(seen);
        }
        let number = given.fetch_add(1, Ordering::SeqCst) + 1;
        Reply::json(&format!(
            r#"{{"token_type":"Bearer","expires_in":"1000","access_token":"tok-{number}"}}"#
        ))
    }
}

#[tokio::test]
async fn a_tenants_role_is_assumed_by_a_token_and_by_no_signature() {
    let (server, file) = (Server::start(giver()).await, secret());
    let provider = connected(&server, &settings(web_identity(&server, &file)));
    provider.enter(&tenant(FIRST)).await.expect("an entry");
    let seen = server.seen();
    let asked = seen.iter().find(|seen| is_token(seen)).expect("a question for a token");
    assert_eq!(
        asked.body,
        "grant_type=client_credentials&client_id=client-1&client_secret=hunter2%26a%3Db\
         &scope=api%3A%2F%2Forgsweep%2F.default"
    );
    assert_eq!(asked.header("content-type"), "application/x-www-form-urlencoded");
    let entry = seen.iter().find(|seen| is(seen, "AssumeRoleWithWebIdentity")).expect("an entry");
    assert_eq!(entry.header("authorization"), "", "the token is all that there is");
    let sent = body(entry);
    let role = format!("RoleArn=arn:aws:iam::{FIRST}:role/orgsweep-tenant");
    assert!(sent.contains("WebIdentityToken=tok-1") && sent.contains(&role), "{sent}");
    assert!(sent.contains("ReadOnlyAccess"), "narrowed as every session: {sent}");
    let by_keys = seen.iter().any(|seen| is(seen, "AssumeRole"));
    assert!(!by_keys, "the current credentials only read the table");
}

#[tokio::test]
async fn a_token_is_shared_and_renewed_at_four_fifths_of_its_life() {
    let (server, file) = (Server::start(giver()).await, secret());
    let provider = connected(&server, &settings(web_identity(&server, &file)));
    let pass = async |seconds: u64| {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
    };
    let (first, second) = (tenant(FIRST), tenant(SECOND));
    let (one, other) = tokio::join!(provider.enter(&first), provider.enter(&second));
    one.and(other).expect("entries");
    let tokens = || server.seen().iter().filter(|seen| is_token(seen)).count();
    assert_eq!(tokens(), 1, "one token for all tenants");
    pass(790).await;
    provider.enter(&tenant(THIRD)).await.expect("an entry");
    assert_eq!(tokens(), 1);
    pass(20).await;
    provider.enter(&tenant("444444444444")).await.expect("an entry");
    assert_eq!(tokens(), 2);
    assert!(server.seen().iter().any(|seen| body(seen).contains("WebIdentityToken=tok-2")));
}

#[tokio::test]
async fn a_token_that_expired_early_is_renewed_once() {
    let mut give = giver();
    let server = Server::start(move |seen| {
        match is(seen, "AssumeRoleWithWebIdentity") && body(seen).contains("tok-1") {
            true => Reply::xml_error(400, "ExpiredTokenException", "Token must be fresh: tok-1"),
            false => give(seen),
        }
    })
    .await;
    let file = secret();
    let provider = connected(&server, &settings(web_identity(&server, &file)));
    provider.enter(&tenant(FIRST)).await.expect("an entry");
    assert_eq!(server.seen().iter().filter(|seen| is_token(seen)).count(), 2);
}

#[tokio::test]
async fn a_source_is_entered_by_a_token_without_any_credentials() {
    let (server, file) = (Server::start(giver()).await, secret());
    let arn = format!("arn:aws:iam::{FIRST}:role/reader");
    let mut settings = settings(web_identity(&server, &file));
    settings.sources = vec![Source::Role { arn, external_id: None, profile: None, name: None }];
    let provider = connected(&server, &settings);
    assert!(provider.regions(&crate::house::connection()).await.is_ok());
    provider.enter(&place(FIRST, "eu-west-1")).await.expect("an entry");
    let seen = server.seen();
    assert!(!seen.iter().any(|seen| seen.header("authorization").contains("AKIDHUB")));
    // Once for the scan and once for who has none yet.
    assert_eq!(seen.iter().filter(|seen| is(seen, "AssumeRoleWithWebIdentity")).count(), 2);
}

#[tokio::test]
async fn an_organization_is_read_by_the_role_that_the_token_becomes() {
    let (server, file) = (Server::start(giver()).await, secret());
    let role_arn = Some(format!("arn:aws:iam::{FIRST}:role/base"));
    let mut settings = settings(WebIdentity { role_arn, ..web_identity(&server, &file) });
    settings.sources = Vec::new();
    let provider = connected(&server, &settings);
    provider.enter(&place(SECOND, "eu-west-1")).await.expect("an entry");
    let seen = server.seen();
    let member = seen.iter().find(|seen| is(seen, "AssumeRole")).expect("an entry");
    assert!(member.header("authorization").contains(&format!("ASIA{FIRST}")));
}

/// What a tenant's entry fails with, where the endpoint answers this.
async fn failure(reply: Reply) -> Failure {
    let server = Server::start(move |seen| match is_token(seen) {
        true => reply.clone(),
        false => by_token(seen),
    })
    .await;
    let file = secret();
    let provider = connected(&server, &settings(web_identity(&server, &file)));
    let failure = provider.enter(&tenant(FIRST)).await.expect_err("no entry");
    let told = failure.to_string().replace(&server.endpoint, "ENDPOINT");
    assert!(!told.contains("hunter2"), "{told}");
    Failure { message: failure.message.replace(&server.endpoint, "ENDPOINT"), ..failure }
}

#[tokio::test]
async fn an_endpoint_that_gives_no_token_is_told_in_a_sentence_without_the_secret() {
    let refusal = r#"{"error":"invalid_client","error_description":"hunter2&a=b is wrong"}"#;
    let answer = |status, body: &str| Reply::Answer(status, vec![], body.to_owned());
    let told = [
        failure(answer(401, refusal)).await,
        failure(answer(302, "")).await,
        failure(answer(503, "busy")).await,
        failure(answer(200, "<html>Sign in</html>")).await,
        failure(answer(200, r#"{"id_token":"x"}"#)).await,
        failure(answer(200, &format!("\"{}\"", "x".repeat(70_000)))).await,
        failure(Reply::Hang).await,
    ];
    insta::assert_snapshot!(told.map(|failure| failure.to_string()).join("\n"), @r#"
    GetToken: TokenRefused (role_failed): the token endpoint ENDPOINT/token answered 401 with invalid_client: *** is wrong
    GetToken: TokenRefused (role_failed): the token endpoint ENDPOINT/token answered 302 with no reason
    GetToken: TokenFailed (transient): the token endpoint ENDPOINT/token answered 503 with no reason
    GetToken: UnreadableToken (role_failed): the token endpoint ENDPOINT/token gave an answer that is not JSON: is it a token endpoint?
    GetToken: NoToken (role_failed): the token endpoint ENDPOINT/token gave an answer without an access_token
    GetToken: BodyTooLarge (other): the token endpoint ENDPOINT/token: the body is larger than 64 KiB
    GetToken: Timeout (unreachable): the token endpoint ENDPOINT/token: no whole answer within 2000 ms
    "#);
}

#[tokio::test]
async fn a_role_that_refuses_the_token_is_named() {
    let mut give = giver();
    let server = Server::start(move |seen| match is(seen, "AssumeRoleWithWebIdentity") {
        true => Reply::xml_error(400, "InvalidIdentityToken", "No OpenIDConnect provider found"),
        false => give(seen),
    })
    .await;
    let file = secret();
    let provider = connected(&server, &settings(web_identity(&server, &file)));
    let failure = provider.enter(&tenant(FIRST)).await.expect_err("no entry");
    assert_eq!(failure.kind, FailureKind::RoleFailed);
    let role = format!("arn:aws:iam::{FIRST}:role/orgsweep-tenant");
    assert!(failure.message.contains(&role) && !failure.message.contains("tok-"), "{failure}");
}

#[tokio::test]
async fn a_secret_file_may_change_between_tokens_and_an_empty_one_is_told() {
    let (server, file) = (Server::start(giver()).await, secret());
    let settings = settings(web_identity(&server, &file));
    let provider = connected(&server, &settings);
    std::fs::write(file.path(), "newer").expect("written");
    provider.enter(&tenant(FIRST)).await.expect("an entry");
    assert!(server.seen().iter().any(|seen| seen.body.contains("client_secret=newer&")));
    std::fs::write(file.path(), "\n").expect("written");
    let (budget, clock) = (Arc::new(Generous::default()), Arc::new(SystemClock));
    let options = Options::default();
    let refused = Aws::connect(&settings, options, small_catalog(""), budget, clock);
    let told = refused.map(|_| ()).expect_err("refused").to_string();
    assert!(told.contains("is empty"), "{told}");
}
