//! Pages, details, caps and continuations.

use protocol::batch::Work;
use protocol::cell::CountIs;
use protocol::result::Answer;
use protocol::{FailureKind, Status};

use crate::bench::work;
use crate::cloud::{Asked, Cloud, fail, item, only_cell, only_held, page, task};

fn number(asked: &Asked) -> usize {
    asked.token.as_deref().map_or(0, |token| token.parse().unwrap())
}

/// A list of so many pages with one thing each.
fn pages(
    count: usize,
) -> impl Fn(&Asked, usize) -> Result<protocol::provider::Page, protocol::Failure> {
    move |asked, _| {
        let at = number(asked);
        let next = (at + 1 < count).then(|| (at + 1).to_string());
        page(vec![item(&format!("thing-{at}"), &[])], next.as_deref())
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_is_read_to_its_last_page() {
    let cloud = Cloud::new(pages(7));
    let answers = work(&cloud, Work::Probes(vec![task("sqs")])).await;
    let cell = only_cell(&answers);
    assert_eq!((cell.status, cell.resource_count), (Status::InUse, 7));
    assert_eq!((cell.count_is, cell.cost.calls), (CountIs::Exact, 7));
}

#[tokio::test(start_paused = true)]
async fn an_empty_page_with_a_token_is_not_the_end() {
    let cloud = Cloud::new(|asked, _| match number(asked) {
        0 => page(vec![], Some("1")),
        _ => page(vec![item("late", &[])], None),
    });
    let cell = only_cell(&work(&cloud, Work::Probes(vec![task("sqs")])).await);
    assert_eq!((cell.status, cell.resource_count), (Status::InUse, 1));
}

#[tokio::test(start_paused = true)]
async fn a_list_whose_first_thing_is_enough_ends_at_the_first_page_that_has_one() {
    let cloud = Cloud::new(|asked, _| match number(asked) {
        0 => page(vec![], Some("1")),
        at => page(vec![item(&format!("thing-{at}"), &[])], Some(&(at + 1).to_string())),
    });
    let cell = only_cell(&work(&cloud, Work::Probes(vec![task("tagging")])).await);
    assert_eq!((cell.status, cell.count_is), (Status::InUse, CountIs::AtLeast));
    assert_eq!((cell.resource_count, cell.cost.calls), (1, 2));
    assert_eq!(cell.failure.map(|failure| failure.code).as_deref(), Some("FirstIsEnough"));
}

#[tokio::test(start_paused = true)]
async fn a_long_list_hands_back_its_place_and_goes_on_from_there() {
    let cloud = Cloud::new(pages(120));
    let mut next = task("sqs");
    let mut legs = 0;
    let cell = loop {
        let answers = work(&cloud, Work::Probes(vec![next])).await;
        legs += 1;
        if answers.iter().any(|answer| matches!(answer, Answer::Cell(_))) {
            break only_cell(&answers);
        }
        let held = only_held(&answers);
        assert_eq!(held.why, None, "handing back is no failure");
        next = held.task;
    };
    assert_eq!((legs, cell.resource_count, cell.cost.calls), (3, 120, 120));
    assert_eq!(cell.sample.len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_starts_at_page_one_and_counts_nothing_twice() {
    let cloud = Cloud::new(|asked, before| {
        if before == 50 { fail(FailureKind::Invalid) } else { pages(60)(asked, before) }
    });
    let held = only_held(&work(&cloud, Work::Probes(vec![task("sqs")])).await);
    let held = only_held(&work(&cloud, Work::Probes(vec![held.task])).await);
    assert_eq!(held.task.attempt, 1);
    let held = only_held(&work(&cloud, Work::Probes(vec![held.task])).await);
    let cell = only_cell(&work(&cloud, Work::Probes(vec![held.task])).await);
    assert_eq!(cell.resource_count, 60);
}

#[tokio::test(start_paused = true)]
async fn details_are_asked_for_each_thing_that_needs_them() {
    let cloud = Cloud::new(|asked, _| match asked.call {
        0 => page(vec![item("a", &[1]), item("b", &[])], None),
        _ => page(vec![item(asked.item.as_deref().unwrap(), &[])], None),
    });
    let cell = only_cell(&work(&cloud, Work::Probes(vec![task("kms")])).await);
    let details: Vec<_> = cloud.asked().into_iter().filter(|asked| asked.call == 1).collect();
    assert_eq!(details.len(), 1);
    // The list itself does not count, what the details say does.
    assert_eq!((cell.status, cell.resource_count), (Status::InUse, 1));
}

#[tokio::test(start_paused = true)]
async fn a_detail_that_is_put_off_is_counted_once() {
    let cloud = Cloud::new(|asked, before| match (asked.call, before) {
        (0, _) => page(vec![item("a", &[1]), item("b", &[1])], None),
        // A throttle whose wait is too long to sit out.
        (_, 2) => {
            let mut failure = protocol::Failure::new(FailureKind::Throttled, "Slow", "");
            failure.retry_after_ms = Some(30_000);
            Err(failure)
        }
        _ => page(vec![item(asked.item.as_deref().unwrap(), &[])], None),
    });
    let held = only_held(&work(&cloud, Work::Probes(vec![task("kms")])).await);
    assert_eq!((held.task.attempt, held.task.throttled), (0, 1));
    let cell = only_cell(&work(&cloud, Work::Probes(vec![held.task])).await);
    assert_eq!(
        (cell.resource_count, cell.sample.as_slice()),
        (2, &["a".to_owned(), "b".into()][..])
    );
    assert_eq!(cell.cost.throttles, 1);
}

#[tokio::test(start_paused = true)]
async fn a_denied_detail_beside_an_answer_is_partial() {
    let cloud = Cloud::new(|asked, _| match asked.call {
        0 => page(vec![item("a", &[1])], None),
        _ => fail(FailureKind::Denied),
    });
    let cell = only_cell(&work(&cloud, Work::Probes(vec![task("kms")])).await);
    assert_eq!(cell.status, Status::Partial);
    assert_eq!(cell.failure.map(|failure| failure.kind), Some(FailureKind::Denied));
}

#[tokio::test(start_paused = true)]
async fn a_fault_here_and_there_among_many_things_is_got_over() {
    // Every fifth detail fails once: more failures than a task has attempts, each of another thing.
    let cloud = Cloud::new(|asked, before| match asked.call {
        0 => page((0..40).map(|id| item(&id.to_string(), &[1])).collect(), None),
        _ if before % 5 == 0 => fail(FailureKind::Transient),
        _ => page(vec![item(asked.item.as_deref().unwrap(), &[])], None),
    });
    let cell = only_cell(&work(&cloud, Work::Probes(vec![task("kms")])).await);
    assert_eq!((cell.status, cell.resource_count), (Status::InUse, 40));
    assert_eq!(cell.count_is, CountIs::Exact);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_too_large_to_hand_back_cuts_the_list_and_says_so() {
    let cloud = Cloud::new(|_, before| {
        page(vec![item(&before.to_string(), &[])], Some(&"t".repeat(100_000)))
    });
    let cell = only_cell(&work(&cloud, Work::Probes(vec![task("sqs")])).await);
    assert_eq!((cell.status, cell.count_is), (Status::InUse, CountIs::AtLeast));
    assert_eq!(cell.failure.map(|failure| failure.code).as_deref(), Some("TokenCap"));
}
