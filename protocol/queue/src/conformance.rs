//! What every queue must do, as one suite that each adapter passes.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use protocol::queue::{Delivery, Line, MAX_DELIVERIES, Message, Queue, QueueError};
use tokio::time::{Instant, sleep, timeout};

/// How long the suite waits for something that must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it looks whether something comes that must not.
const LOOK: Duration = Duration::from_millis(300);

/// More messages than any adapter sends, confirms or receives at once.
const MANY: usize = 600;

type Shared = Arc<dyn Queue>;

/// Runs the suite; `make` opens a fresh, empty queue each time.
///
/// # Panics
/// When the queue does not conform; the message says in what.
pub async fn exercise<F>(make: impl Fn() -> F)
where
    F: Future<Output = Shared>,
{
    what_is_published_is_received_once_acknowledged(make().await).await;
    an_unacknowledged_message_comes_again(make().await).await;
    the_lines_are_apart(make().await).await;
    at_most_as_many_as_asked_for_are_handed_out(make().await).await;
    many_messages_arrive_once_each(make().await).await;
    receivers_share_what_comes(make().await).await;
    groups_do_not_hold_each_other_up(make().await).await;
    a_waiting_receiver_gets_what_comes_later(make().await).await;
    an_abandoned_receive_loses_nothing(make().await).await;
    what_nobody_acknowledges_is_parked(make().await).await;
    what_is_parked_stays_until_it_is_acknowledged(make().await).await;
    a_message_that_is_too_large_is_refused(make().await).await;
    what_waits_is_counted(make().await).await;
    a_held_message_can_be_kept_longer(make().await).await;
    a_closed_line_ends_receiving(make().await).await;
    closing_ends_a_receive_that_waits(make().await).await;
}

async fn what_is_published_is_received_once_acknowledged(queue: Shared) {
    send(&queue, Line::Tasks, &["a", "b", "c"]).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let delivery = next(&queue, Line::Tasks).await;
        assert!(!delivery.redelivered, "a first delivery says so");
        seen.push(text(&delivery));
        ack(delivery).await;
    }
    seen.sort();
    assert_eq!(seen, ["a", "b", "c"]);
    comes_to_depth(&queue, Line::Tasks, 0).await;
    nothing_comes(&queue, Line::Tasks).await;
}

async fn an_unacknowledged_message_comes_again(queue: Shared) {
    send(&queue, Line::Tasks, &["once more"]).await;
    drop(next(&queue, Line::Tasks).await);
    let again = next(&queue, Line::Tasks).await;
    assert_eq!(text(&again), "once more");
    assert!(again.redelivered, "a second delivery says so");
    ack(again).await;
}

async fn the_lines_are_apart(queue: Shared) {
    send(&queue, Line::Parked, &["parked"]).await;
    send(&queue, Line::Tasks, &["task"]).await;
    send(&queue, Line::Results, &["result"]).await;
    for (line, expected) in
        [(Line::Results, "result"), (Line::Parked, "parked"), (Line::Tasks, "task")]
    {
        let delivery = next(&queue, line).await;
        assert_eq!(text(&delivery), expected, "what was sent on {line}");
        ack(delivery).await;
    }
}

async fn at_most_as_many_as_asked_for_are_handed_out(queue: Shared) {
    send(&queue, Line::Tasks, &["a", "b", "c"]).await;
    let two = receive(&queue, Line::Tasks, 2).await;
    assert!((1..=2).contains(&two.len()), "asked for two, got {}", two.len());
}

async fn many_messages_arrive_once_each(queue: Shared) {
    let sent: BTreeSet<String> = (0..MANY).map(|number| format!("message {number}")).collect();
    let messages = sent.iter().map(|text| message(text)).collect();
    assert_eq!(queue.publish(Line::Results, messages).await, Ok(()), "publishing many");
    let mut seen = BTreeSet::new();
    while seen.len() < MANY {
        let deliveries = receive(&queue, Line::Results, MANY).await;
        assert!(!deliveries.is_empty() && deliveries.len() <= MANY);
        for delivery in &deliveries {
            assert!(seen.insert(text(delivery)), "{} came twice", text(delivery));
        }
        ack_all(deliveries).await;
    }
    assert_eq!(seen, sent, "what came is what was sent");
}

async fn receivers_share_what_comes(queue: Shared) {
    const RECEIVERS: usize = 4;
    const SENT: usize = 60;
    let (told, mut texts) = tokio::sync::mpsc::channel(SENT);
    let receivers: Vec<_> = (0..RECEIVERS)
        .map(|_| {
            let (queue, told) = (Arc::clone(&queue), told.clone());
            tokio::spawn(async move {
                while let Ok(deliveries) = queue.receive(Line::Tasks, 3).await {
                    for delivery in deliveries {
                        let text = text(&delivery);
                        ack(delivery).await;
                        assert!(told.send(text).await.is_ok(), "the suite listens");
                    }
                }
            })
        })
        .collect();
    let messages = (0..SENT).map(|number| message(&number.to_string())).collect();
    assert_eq!(queue.publish(Line::Tasks, messages).await, Ok(()));
    let mut seen = BTreeSet::new();
    for _ in 0..SENT {
        let Ok(Some(text)) = timeout(PATIENCE, texts.recv()).await else {
            panic!("{} of {SENT} came in time", seen.len())
        };
        assert!(seen.insert(text), "two receivers got the same message");
    }
    queue.close(Line::Tasks).await;
    for receiver in receivers {
        assert!(matches!(timeout(PATIENCE, receiver).await, Ok(Ok(()))), "receivers end");
    }
}

async fn groups_do_not_hold_each_other_up(queue: Shared) {
    let of_group = |group: &str| Message { body: group.into(), group: group.to_owned() };
    let groups = ["111111111111", "111111111111", "222222222222"];
    let messages = groups.iter().map(|group| of_group(group)).collect();
    assert_eq!(queue.publish(Line::Tasks, messages).await, Ok(()));
    let mut held = Vec::new();
    for _ in groups {
        held.push(next(&queue, Line::Tasks).await);
    }
    let mut seen: Vec<String> = held.iter().map(text).collect();
    seen.sort();
    assert_eq!(seen, groups, "messages of one group are out together");
    ack_all(held).await;
}

async fn a_waiting_receiver_gets_what_comes_later(queue: Shared) {
    let waiting = spawn_receive(&queue, Line::Results);
    nothing_comes(&queue, Line::Results).await;
    send(&queue, Line::Results, &["late"]).await;
    let Ok(Ok(Ok(deliveries))) = timeout(PATIENCE, waiting).await else {
        panic!("the waiting receiver gets nothing")
    };
    assert_eq!(deliveries.iter().map(text).collect::<Vec<_>>(), ["late"]);
    ack_all(deliveries).await;
}

async fn an_abandoned_receive_loses_nothing(queue: Shared) {
    for number in 0..3 {
        let abandoned = timeout(LOOK, queue.receive(Line::Tasks, 5)).await;
        assert!(abandoned.is_err(), "nothing was there to receive");
        let sent = format!("message {number}");
        send(&queue, Line::Tasks, &[&sent]).await;
        let delivery = next(&queue, Line::Tasks).await;
        assert_eq!(text(&delivery), sent);
        ack(delivery).await;
    }
}

async fn what_nobody_acknowledges_is_parked(queue: Shared) {
    for line in [Line::Tasks, Line::Results] {
        send(&queue, line, &["poison"]).await;
        for count in 0..MAX_DELIVERIES {
            let delivery = next(&queue, line).await;
            assert_eq!(delivery.redelivered, count > 0, "hand-out {count} on {line}");
            drop(delivery);
        }
        // Somebody goes on asking: some queues park a message when it would be handed out again.
        let asking = spawn_receive(&queue, line);
        let parked = next(&queue, Line::Parked).await;
        assert_eq!(text(&parked), "poison", "the parked message is whole");
        ack(parked).await;
        assert!(!asking.is_finished(), "a parked message is not handed out on {line} any more");
        asking.abort();
    }
    comes_to_depth(&queue, Line::Parked, 0).await;
}

async fn what_is_parked_stays_until_it_is_acknowledged(queue: Shared) {
    send(&queue, Line::Parked, &["kept"]).await;
    for _ in 0..MAX_DELIVERIES + 3 {
        drop(next(&queue, Line::Parked).await);
    }
    let kept = next(&queue, Line::Parked).await;
    assert_eq!(text(&kept), "kept");
    ack(kept).await;
}

async fn a_message_that_is_too_large_is_refused(queue: Shared) {
    let limit = queue.message_limit();
    let sized = |bytes: usize| Message { body: vec![b'x'; bytes], ..message("") };
    let refused = queue.publish(Line::Results, vec![message("first"), sized(limit + 1)]).await;
    assert_eq!(refused, Err(QueueError::TooLarge { bytes: limit + 1, limit }));
    nothing_comes(&queue, Line::Results).await;
    assert_eq!(queue.publish(Line::Results, vec![sized(limit)]).await, Ok(()), "the limit itself");
    let delivery = next(&queue, Line::Results).await;
    assert_eq!(delivery.body.len(), limit, "the whole message comes");
    ack(delivery).await;
}

async fn what_waits_is_counted(queue: Shared) {
    assert_eq!(queue.depth(Line::Tasks).await, Ok(0));
    send(&queue, Line::Tasks, &["a", "b", "c"]).await;
    comes_to_depth(&queue, Line::Tasks, 3).await;
    let held = next(&queue, Line::Tasks).await;
    comes_to_depth(&queue, Line::Tasks, 2).await;
    drop(held);
    comes_to_depth(&queue, Line::Tasks, 3).await;
    assert_eq!(queue.depth(Line::Results).await, Ok(0));
}

async fn a_held_message_can_be_kept_longer(queue: Shared) {
    send(&queue, Line::Tasks, &["kept"]).await;
    let held = next(&queue, Line::Tasks).await;
    assert_eq!(held.receipt.extend(Duration::from_secs(120)).await, Ok(()));
    nothing_comes(&queue, Line::Tasks).await;
    ack(held).await;
    comes_to_depth(&queue, Line::Tasks, 0).await;
}

async fn a_closed_line_ends_receiving(queue: Shared) {
    queue.close(Line::Results).await;
    let ended = timeout(PATIENCE, queue.receive(Line::Results, 1)).await;
    assert!(matches!(ended, Ok(Err(QueueError::Closed))), "receiving ends once closed");
    let refused = queue.publish(Line::Results, vec![message("late")]).await;
    assert_eq!(refused, Err(QueueError::Closed), "publishing to a closed line is refused");
    assert_eq!(queue.publish(Line::Results, Vec::new()).await, Err(QueueError::Closed));
    send(&queue, Line::Tasks, &["the other line is open"]).await;
    ack(next(&queue, Line::Tasks).await).await;
}

async fn closing_ends_a_receive_that_waits(queue: Shared) {
    let waiting = spawn_receive(&queue, Line::Tasks);
    nothing_comes(&queue, Line::Tasks).await;
    queue.close(Line::Tasks).await;
    let ended = timeout(PATIENCE, waiting).await;
    assert!(matches!(ended, Ok(Ok(Err(QueueError::Closed)))), "a waiting receive ends");
}

fn message(text: &str) -> Message {
    Message { body: text.as_bytes().to_vec(), group: "123456789012".to_owned() }
}

fn text(delivery: &Delivery) -> String {
    String::from_utf8_lossy(&delivery.body).into_owned()
}

async fn send(queue: &Shared, line: Line, texts: &[&str]) {
    let messages = texts.iter().map(|text| message(text)).collect();
    assert_eq!(queue.publish(line, messages).await, Ok(()), "publishing");
}

async fn receive(queue: &Shared, line: Line, most: usize) -> Vec<Delivery> {
    match timeout(PATIENCE, queue.receive(line, most)).await {
        Ok(Ok(deliveries)) => deliveries,
        Ok(Err(error)) => panic!("receiving on {line}: {error}"),
        Err(_) => panic!("nothing was received on {line} in time"),
    }
}

async fn next(queue: &Shared, line: Line) -> Delivery {
    let mut deliveries = receive(queue, line, 1).await;
    assert_eq!(deliveries.len(), 1, "asked for one message on {line}");
    deliveries.remove(0)
}

fn spawn_receive(
    queue: &Shared,
    line: Line,
) -> tokio::task::JoinHandle<Result<Vec<Delivery>, QueueError>> {
    let queue = Arc::clone(queue);
    tokio::spawn(async move { queue.receive(line, 1).await })
}

async fn ack(delivery: Delivery) {
    assert_eq!(delivery.receipt.ack().await, Ok(()), "acknowledging");
}

/// Acknowledges side by side, as receivers of many do.
async fn ack_all(deliveries: Vec<Delivery>) {
    let acks: Vec<_> = deliveries.into_iter().map(|delivery| tokio::spawn(ack(delivery))).collect();
    for acked in acks {
        assert!(acked.await.is_ok(), "acknowledging side by side");
    }
}

async fn nothing_comes(queue: &Shared, line: Line) {
    let received = timeout(LOOK, queue.receive(line, 1)).await;
    assert!(received.is_err(), "nothing is there to receive on {line}");
}

/// Counts may lag a little behind.
async fn comes_to_depth(queue: &Shared, line: Line, expected: u64) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let depth = queue.depth(line).await;
        if depth == Ok(expected) {
            return;
        }
        assert!(Instant::now() < deadline, "{expected} messages wait on {line}, not {depth:?}");
        sleep(LOOK / 10).await;
    }
}
