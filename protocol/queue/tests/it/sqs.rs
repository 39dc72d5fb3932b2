//! SQS: the suite against a double, bad input, and an endpoint that fails.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Config, Region};
use aws_sdk_sqs::types::QueueAttributeName;
use protocol::queue::{Delivery, Line, Message, Queue, QueueError};
use queue::{SqsQueue, SqsSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

use crate::variables::{fresh_name, server};

/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_secs(60);

fn short() -> SqsSettings {
    SqsSettings { patience: Duration::from_secs(1), ..SqsSettings::default() }
}

/// A client of the double, with keys that it takes.
fn client() -> Client {
    client_of(&server("ORGSWEEP_TEST_SQS"), Some(Credentials::for_tests()))
}

fn client_of(endpoint: &str, credentials: Option<Credentials>) -> Client {
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    if let Some(credentials) = credentials {
        config = config.credentials_provider(credentials);
    }
    Client::from_conf(config.build())
}

fn fresh_url() -> String {
    format!("sqs://eu-west-1/{}", fresh_name())
}

async fn open(client: &Client, url: &str, settings: SqsSettings) -> Arc<dyn Queue> {
    match SqsQueue::over(client, url, settings).await {
        Ok(queue) => Arc::new(queue),
        Err(error) => panic!("{error}"),
    }
}

/// What opening tells that lasts.
async fn refused(client: &Client, url: &str) -> String {
    let started = Instant::now();
    let opened = SqsQueue::over(client, url, SqsSettings::default()).await;
    assert!(started.elapsed() < DEADLINE / 2, "what lasts is not waited for");
    match opened {
        Err(QueueError::Refused(told)) => told,
        Err(other) => panic!("not refused: {other}"),
        Ok(_) => panic!("it was opened"),
    }
}

fn message(text: &str) -> Message {
    Message { body: text.into(), group: "123456789012".into() }
}

fn text(delivery: &Delivery) -> String {
    String::from_utf8(delivery.body.clone()).unwrap()
}

async fn next(queue: &Arc<dyn Queue>, line: Line) -> Delivery {
    let received = timeout(DEADLINE, queue.receive(line, 1)).await;
    received.unwrap().unwrap().remove(0)
}

/// An endpoint that answers everything alike.
async fn endpoint_that_says(status: &'static str, code: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let body = format!(r#"{{"__type":"com.amazonaws.sqs#{code}","message":"as it was told"}}"#);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.0\r\n\
                 Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            // The requests here fit into one read.
            let mut request = [0; 16 << 10];
            assert_ne!(stream.read(&mut request).await.unwrap(), 0);
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_conforms() {
    let client = client();
    queue::conformance::exercise(|| {
        let client = client.clone();
        async move { open(&client, &fresh_url(), SqsSettings::default()).await }
    })
    .await;
}

#[tokio::test]
async fn queues_are_made_once_and_then_found() {
    let (client, url) = (client(), fresh_url());
    let first = open(&client, &url, SqsSettings::default()).await;
    first.publish(Line::Tasks, vec![message("kept")]).await.unwrap();
    let second = open(&client, &url, SqsSettings::default()).await;
    assert_eq!(text(&next(&second, Line::Tasks).await), "kept");
}

#[tokio::test]
async fn a_url_may_switch_groups_off() {
    let queue =
        open(&client(), &format!("{}?fair=false", fresh_url()), SqsSettings::default()).await;
    queue.publish(Line::Tasks, vec![message("of no group")]).await.unwrap();
    assert_eq!(text(&next(&queue, Line::Tasks).await), "of no group");
}

#[tokio::test]
async fn a_message_stays_away_for_as_long_as_it_is_held() {
    let visibility = Duration::from_secs(2);
    let settings = SqsSettings { visibility, ..SqsSettings::default() };
    let queue = open(&client(), &fresh_url(), settings).await;
    queue.publish(Line::Tasks, vec![message("held")]).await.unwrap();
    let held = next(&queue, Line::Tasks).await;
    let others = timeout(visibility * 2, queue.receive(Line::Tasks, 1)).await;
    assert!(others.is_err(), "a held message was handed out again");
    drop(held);
    let again = next(&queue, Line::Tasks).await;
    assert!(again.redelivered);
    again.receipt.ack().await.unwrap();
}

#[tokio::test]
async fn characters_that_xml_cannot_hold_arrive_escaped() {
    let queue = open(&client(), &fresh_url(), SqsSettings::default()).await;
    let body = serde_json::to_string("tab\t nul\0 \u{fffe}\u{ffff} é").unwrap();
    queue.publish(Line::Results, vec![message(&body)]).await.unwrap();
    let delivery = next(&queue, Line::Results).await;
    let read: String = serde_json::from_slice(&delivery.body).unwrap();
    assert_eq!(read, "tab\t nul\0 \u{fffe}\u{ffff} é");
}

#[tokio::test]
async fn a_queue_that_parks_otherwise_is_named_with_the_cure() {
    let (client, url) = (client(), fresh_url());
    let name = format!("{}-tasks", url.trim_start_matches("sqs://eu-west-1/"));
    let other = client.create_queue().queue_name(&name);
    let other = other.attributes(QueueAttributeName::VisibilityTimeout, "60").send().await;
    assert!(other.is_ok(), "{other:?}");
    let told = refused(&client, &url).await;
    assert!(told.contains(&name) && told.contains("maxReceiveCount"), "{told}");
}

#[tokio::test]
async fn what_is_denied_or_signed_wrongly_is_told_with_the_cure() {
    for (status, code, cure) in [
        ("403 Forbidden", "AccessDeniedException", "policy"),
        ("403 Forbidden", "InvalidClientTokenId", "credentials"),
    ] {
        let endpoint = endpoint_that_says(status, code).await;
        let client = client_of(&endpoint, Some(Credentials::for_tests()));
        let told = refused(&client, "sqs://eu-west-1/orgsweep").await;
        assert!(told.contains(code) && told.contains(cure), "{told}");
        assert!(told.contains("orgsweep-parked in eu-west-1"), "{told}");
    }
}

#[tokio::test]
async fn missing_credentials_are_told() {
    let client = client_of(&server("ORGSWEEP_TEST_SQS"), None);
    let told = refused(&client, "sqs://eu-west-1/orgsweep").await;
    assert!(told.contains("credentials"), "{told}");
}

#[tokio::test]
async fn an_endpoint_that_fails_or_is_not_there_is_waited_for_and_then_told() {
    let failing = endpoint_that_says("503 Service Unavailable", "ServiceUnavailable").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for endpoint in [failing, gone] {
        let started = Instant::now();
        let client = client_of(&endpoint, Some(Credentials::for_tests()));
        let opened = SqsQueue::over(&client, "sqs://eu-west-1/orgsweep", short()).await;
        let Err(QueueError::Away(told)) = opened else { panic!("{endpoint} is not away") };
        assert!(started.elapsed() < DEADLINE / 2, "patience has a bound");
        assert!(told.contains("orgsweep-parked in eu-west-1"), "{told}");
    }
}
