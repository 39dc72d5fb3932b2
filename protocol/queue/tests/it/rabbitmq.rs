//! RabbitMQ: the suite, bad input, and a broker that goes away.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use protocol::queue::{Delivery, Line, Message, Queue, QueueError};
use queue::{RabbitQueue, RabbitSettings};
use tokio::time::{Instant, timeout};
use url::Url;

use crate::broker::{Broker, connect, on_a_broker};
use crate::proxy::Proxy;

/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_secs(60);

fn short() -> RabbitSettings {
    RabbitSettings { patience: Duration::from_secs(1), ..RabbitSettings::default() }
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

async fn refused(url: &Url) -> String {
    let started = Instant::now();
    let opened = RabbitQueue::connect(url.as_str(), RabbitSettings::default()).await;
    assert!(started.elapsed() < DEADLINE / 2, "what lasts is not waited for");
    match opened {
        Err(QueueError::Refused(told)) => told,
        Err(other) => panic!("not refused: {other}"),
        Ok(_) => panic!("it was opened"),
    }
}

/// Queues behind a proxy.
async fn behind(proxy: &Proxy, url: &Url, settings: RabbitSettings) -> Arc<dyn Queue> {
    let mut url = url.clone();
    url.set_port(Some(proxy.port())).unwrap();
    connect(&url, settings).await
}

async fn proxy_to(url: &Url) -> Proxy {
    let port = url.port().unwrap_or(5672);
    Proxy::to(format!("{}:{port}", url.host_str().unwrap())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_conforms() {
    on_a_broker(|broker| async move {
        queue::conformance::exercise(|| {
            let broker = Arc::clone(&broker);
            async move { broker.queue().await }
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_url_opens_it() {
    on_a_broker(|broker| async move {
        let url = broker.url();
        let queue = queue::connect(url.as_str()).await.unwrap();
        queue.publish(Line::Tasks, vec![message("by its url")]).await.unwrap();
        assert_eq!(text(&next(&queue, Line::Tasks).await), "by its url");
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_is_told_without_the_password() {
    on_a_broker(|broker| async move {
        let mut url = broker.url();
        url.set_password(Some("not-the-password")).unwrap();
        let told = refused(&url).await;
        assert!(told.contains("--queue") && told.contains("user"), "{told}");
        assert!(!told.contains("not-the-password"), "{told}");
        drop(broker.queue().await);
    })
    .await;
}

#[tokio::test]
async fn a_virtual_host_that_is_not_there_is_named() {
    on_a_broker(|broker| async move {
        let mut url = broker.url();
        url.set_path("/nowhere");
        let told = refused(&url).await;
        assert!(told.contains("--queue") && told.contains("\"nowhere\""), "{told}");
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_was_declared_otherwise_is_named_with_the_cure() {
    on_a_broker(|broker| async move {
        let url = broker.url();
        let name = format!("{}.results", url.query().unwrap().trim_start_matches("prefix="));
        let connection = broker.connection().await;
        let channel = connection.create_channel().await.unwrap();
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(name.as_str().into(), options, FieldTable::default()).await.unwrap();
        let told = refused(&url).await;
        assert!(told.contains(&name) && told.contains("delete it"), "{told}");
        assert!(told.contains("prefix"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_rabbitmq_is_told_at_once() {
    on_a_broker(|broker| async move {
        let mut without_tls = broker.url();
        without_tls.set_port(Some(without_tls.port().unwrap_or(5672))).unwrap();
        let without_tls: Url = without_tls.as_str().replacen("amqp:", "amqps:", 1).parse().unwrap();
        let told = refused(&without_tls).await;
        assert!(told.contains("TLS"), "{told}");

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut other = broker.url();
        other.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        tokio::spawn(async move {
            use tokio::io::AsyncWriteExt;
            while let Ok((mut stream, _)) = listener.accept().await {
                stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
            }
        });
        let told = refused(&other).await;
        assert!(told.contains("no RabbitMQ"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_waited_for_and_then_told() {
    // Nobody listens on the port of a listener that is gone.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let started = Instant::now();
    let url = format!("amqp://guest:secret@127.0.0.1:{port}/");
    let Err(QueueError::Away(told)) = RabbitQueue::connect(&url, short()).await else {
        panic!("it is not away")
    };
    assert!(started.elapsed() < DEADLINE / 2, "patience has a bound");
    assert!(told.contains(&port.to_string()) && !told.contains("secret"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_silent_is_not_waited_for_longer() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // Whoever connects is heard, and never answered.
    let _listening = tokio::spawn(async move {
        let mut heard = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            heard.push(stream);
        }
    });
    let patience = Duration::from_secs(100);
    let settings = RabbitSettings { patience, ..RabbitSettings::default() };
    let started = Instant::now();
    let url = format!("amqp://guest:secret@127.0.0.1:{port}/");
    let opened = timeout(patience * 5, RabbitQueue::connect(&url, settings)).await;
    let Ok(Err(QueueError::Away(told))) = opened else { panic!("it is waited for without end") };
    assert!(started.elapsed() < patience * 2, "each attempt uses patience up");
    assert!(told.contains("does not answer"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_lose_no_message() {
    const SENT: usize = 400;
    on_a_broker(|broker| async move {
        let url = broker.url();
        let proxy = proxy_to(&url).await;
        let queue = behind(&proxy, &url, RabbitSettings::default()).await;
        let publishing = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move {
                for start in (0..SENT).step_by(4) {
                    let messages = (start..start + 4).map(|number| message(&number.to_string()));
                    queue.publish(Line::Tasks, messages.collect()).await.unwrap();
                }
            }
        });
        let mut seen = BTreeSet::new();
        let mut received = 0;
        while seen.len() < SENT {
            let deliveries = timeout(DEADLINE, queue.receive(Line::Tasks, 7)).await;
            for delivery in deliveries.unwrap().unwrap() {
                received += 1;
                if received % 50 == 0 {
                    proxy.cut();
                }
                let text = text(&delivery);
                match delivery.receipt.ack().await {
                    Ok(()) => {
                        seen.insert(text);
                    }
                    // It comes again.
                    Err(QueueError::Away(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
        publishing.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_message_comes_again_when_its_connection_is_cut() {
    on_a_broker(|broker| async move {
        let url = broker.url();
        let proxy = proxy_to(&url).await;
        let queue = behind(&proxy, &url, RabbitSettings::default()).await;
        queue.publish(Line::Tasks, vec![message("held")]).await.unwrap();
        let held = next(&queue, Line::Tasks).await;
        proxy.cut();
        let again = next(&queue, Line::Tasks).await;
        assert_eq!((text(&again).as_str(), again.redelivered), ("held", true));
        let extended = held.receipt.extend(Duration::from_secs(1)).await;
        assert!(matches!(extended, Err(QueueError::Away(_))), "{extended:?}");
        let acked = held.receipt.ack().await;
        assert!(matches!(acked, Err(QueueError::Away(_))), "{acked:?}");
        again.receipt.ack().await.unwrap();
        assert_eq!(queue.depth(Line::Tasks).await, Ok(0));
    })
    .await;
}

#[tokio::test]
async fn a_receive_that_waits_survives_a_cut() {
    on_a_broker(|broker| async move {
        let url = broker.url();
        let proxy = proxy_to(&url).await;
        let queue = behind(&proxy, &url, RabbitSettings::default()).await;
        let waiting = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { next(&queue, Line::Results).await }
        });
        has_a_consumer(&broker, &url, Line::Results).await;
        proxy.cut();
        queue.publish(Line::Results, vec![message("later")]).await.unwrap();
        assert_eq!(text(&waiting.await.unwrap()), "later");
    })
    .await;
}

#[tokio::test]
async fn a_broker_that_stays_away_is_told_and_one_that_comes_back_is_used() {
    on_a_broker(|broker| async move {
        let url = broker.url();
        let proxy = proxy_to(&url).await;
        let queue = behind(&proxy, &url, short()).await;
        proxy.close();
        let published = queue.publish(Line::Tasks, vec![message("lost")]).await;
        assert!(matches!(published, Err(QueueError::Away(_))), "{published:?}");
        let received = queue.receive(Line::Tasks, 1).await.map(|deliveries| deliveries.len());
        assert!(matches!(received, Err(QueueError::Away(_))), "{received:?}");
        let depth = queue.depth(Line::Tasks).await;
        assert!(matches!(depth, Err(QueueError::Away(_))), "{depth:?}");
        proxy.open();
        queue.publish(Line::Tasks, vec![message("back")]).await.unwrap();
        assert_eq!(text(&next(&queue, Line::Tasks).await), "back");
    })
    .await;
}

#[tokio::test]
async fn closing_ends_waiting_for_a_broker_that_is_away() {
    on_a_broker(|broker| async move {
        let url = broker.url();
        let proxy = proxy_to(&url).await;
        let queue = behind(&proxy, &url, RabbitSettings::default()).await;
        proxy.close();
        let publishing = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.publish(Line::Tasks, vec![message("never")]).await }
        });
        queue.close(Line::Tasks).await;
        let published = timeout(DEADLINE, publishing).await.unwrap().unwrap();
        assert_eq!(published, Err(QueueError::Closed));
    })
    .await;
}

#[tokio::test]
async fn queues_that_are_deleted_under_it_are_made_again() {
    on_a_broker(|broker| async move {
        let url = broker.url();
        let queue = connect(&url, RabbitSettings::default()).await;
        broker.delete(&url, Line::Tasks).await;
        queue.publish(Line::Tasks, vec![message("to a new queue")]).await.unwrap();
        assert_eq!(text(&next(&queue, Line::Tasks).await), "to a new queue");

        let waiting = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { next(&queue, Line::Results).await }
        });
        has_a_consumer(&broker, &url, Line::Results).await;
        broker.delete(&url, Line::Results).await;
        queue.publish(Line::Results, vec![message("from a new queue")]).await.unwrap();
        assert_eq!(text(&waiting.await.unwrap()), "from a new queue");
    })
    .await;
}

#[tokio::test]
async fn publishing_waits_while_the_queue_is_full_and_then_says_so() {
    on_a_broker(|broker| async move {
        let url = broker.url();
        let queue = connect(&url, RabbitSettings { capacity: 5, ..short() }).await;
        let told = loop {
            match queue.publish(Line::Tasks, vec![message("one of many")]).await {
                Ok(()) => {}
                Err(QueueError::Refused(told)) => break told,
                Err(error) => panic!("{error}"),
            }
            assert!(queue.depth(Line::Tasks).await.unwrap() < 100, "it has no bound");
        };
        assert!(told.contains("full"), "{told}");
        let patient =
            connect(&url, RabbitSettings { capacity: 5, ..RabbitSettings::default() }).await;
        let publishing =
            tokio::spawn(
                async move { patient.publish(Line::Tasks, vec![message("the last")]).await },
            );
        loop {
            let delivery = next(&queue, Line::Tasks).await;
            let is_last = text(&delivery) == "the last";
            delivery.receipt.ack().await.unwrap();
            if is_last {
                break;
            }
        }
        publishing.await.unwrap().unwrap();
    })
    .await;
}

/// Waits until a consumer is there.
async fn has_a_consumer(broker: &Broker, url: &Url, line: Line) {
    let prefix = url.query().unwrap().trim_start_matches("prefix=");
    let connection = broker.connection().await;
    let channel = connection.create_channel().await.unwrap();
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let deadline = Instant::now() + DEADLINE;
    loop {
        let name = format!("{prefix}.{line}");
        let queue = channel.queue_declare(name.into(), options, FieldTable::default()).await;
        if queue.unwrap().consumer_count() > 0 {
            return;
        }
        assert!(Instant::now() < deadline, "a receive consumes");
    }
}
