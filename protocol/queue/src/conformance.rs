//! What every queue must do, as one suite that each adapter passes.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use protocol::queue::{Delivery, Line, Message, Queue, QueueError};

/// How long the suite waits for something that must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the suite; `make` opens a fresh, empty queue each time.
///
/// # Panics
/// When the queue does not conform; the message says in what.
pub async fn exercise<F>(make: impl Fn() -> F)
where
    F: Future<Output = Arc<dyn Queue>>,
{
    what_is_published_is_received_once_acknowledged(make().await).await;
    an_unacknowledged_message_comes_again(make().await).await;
    the_lines_are_apart(make().await).await;
    at_most_as_many_as_asked_for_are_handed_out(make().await).await;
    a_closed_line_ends_receiving(make().await).await;
}

fn message(text: &str) -> Message {
    Message { body: text.as_bytes().to_vec(), group: "123456789012".to_owned() }
}

async fn send(queue: &Arc<dyn Queue>, line: Line, texts: &[&str]) {
    let messages = texts.iter().map(|text| message(text)).collect();
    assert_eq!(queue.publish(line, messages).await, Ok(()), "publishing");
}

async fn next(queue: &Arc<dyn Queue>, line: Line) -> Delivery {
    let received = tokio::time::timeout(PATIENCE, queue.receive(line, 1)).await;
    let Ok(Ok(deliveries)) = received else { panic!("nothing was received in time") };
    let Some(delivery) = deliveries.into_iter().next() else { panic!("an empty receive") };
    delivery
}

async fn what_is_published_is_received_once_acknowledged(queue: Arc<dyn Queue>) {
    send(&queue, Line::Tasks, &["a", "b", "c"]).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let delivery = next(&queue, Line::Tasks).await;
        assert!(!delivery.redelivered, "a first delivery says so");
        seen.push(String::from_utf8_lossy(&delivery.body).into_owned());
        assert_eq!(delivery.receipt.ack().await, Ok(()));
    }
    seen.sort();
    assert_eq!(seen, ["a", "b", "c"]);
    assert_eq!(queue.depth(Line::Tasks).await, Ok(0));
}

async fn an_unacknowledged_message_comes_again(queue: Arc<dyn Queue>) {
    send(&queue, Line::Tasks, &["once more"]).await;
    drop(next(&queue, Line::Tasks).await);
    let again = next(&queue, Line::Tasks).await;
    assert_eq!(again.body, b"once more");
    assert!(again.redelivered, "a second delivery says so");
    assert_eq!(again.receipt.ack().await, Ok(()));
}

async fn the_lines_are_apart(queue: Arc<dyn Queue>) {
    send(&queue, Line::Tasks, &["task"]).await;
    send(&queue, Line::Results, &["result"]).await;
    let result = next(&queue, Line::Results).await;
    assert_eq!(result.body, b"result");
    assert_eq!(result.receipt.ack().await, Ok(()));
    let task = next(&queue, Line::Tasks).await;
    assert_eq!(task.body, b"task");
    assert_eq!(task.receipt.ack().await, Ok(()));
}

async fn at_most_as_many_as_asked_for_are_handed_out(queue: Arc<dyn Queue>) {
    send(&queue, Line::Tasks, &["a", "b", "c"]).await;
    let Ok(Ok(two)) = tokio::time::timeout(PATIENCE, queue.receive(Line::Tasks, 2)).await else {
        panic!("nothing was received in time")
    };
    assert!((1..=2).contains(&two.len()), "asked for two, got {}", two.len());
}

async fn a_closed_line_ends_receiving(queue: Arc<dyn Queue>) {
    queue.close(Line::Results).await;
    let ended = tokio::time::timeout(PATIENCE, queue.receive(Line::Results, 1)).await;
    assert!(matches!(ended, Ok(Err(QueueError::Closed))), "receiving ends once closed");
    let refused = queue.publish(Line::Results, vec![message("late")]).await;
    assert_eq!(refused, Err(QueueError::Closed), "publishing to a closed line is refused");
}
