//! What holds for budgets in a Redis that stays.

use protocol::budget::{Admission, Ask, Bucket, BudgetKey};
use protocol::{AccountId, Region};

use crate::server::{Private, Room};

pub(crate) fn ask(class: &str, burst: f64, per_second: f64) -> Ask {
    let owner = AccountId::new("123456789012").unwrap();
    let location = Region::new("eu-west-1").unwrap();
    let key = BudgetKey { owner, location, class: class.to_owned() };
    Ask { key, budget: Bucket { burst, per_second } }
}

#[tokio::test]
async fn it_conforms() {
    let rooms = std::sync::Mutex::new(Vec::new());
    budget::conformance::exercise(|| async {
        let room = Room::new();
        let handles = [room.budget().await, room.budget().await];
        rooms.lock().unwrap().push(room);
        handles
    })
    .await;
    for room in rooms.into_inner().unwrap() {
        room.clear().await;
    }
}

#[tokio::test]
async fn keys_that_are_gone_begin_again_with_one_token() {
    let room = Room::new();
    let budget = room.budget().await;
    let ask = ask("flushed", 5.0, 1000.0);
    assert_eq!(budget.admit(std::slice::from_ref(&ask)).await.unwrap(), [Admission::Granted]);
    room.clear().await;
    let admissions = budget.admit(&vec![ask; 5]).await.unwrap();
    assert_eq!(admissions[0], Admission::Granted);
    assert!(matches!(admissions[1], Admission::Wait(_)), "one token, not a burst: {admissions:?}");
    room.clear().await;
}

#[tokio::test]
async fn every_key_expires_once_its_bucket_was_full_for_two_minutes() {
    let room = Room::new();
    let budget = room.budget().await;
    let (granted, cut) = (ask("granted", 10.0, 2.0), ask("cut", 10.0, 2.0));
    budget.admit(&[granted, cut.clone()]).await.unwrap();
    budget.throttled(&cut).await.unwrap();
    for key in room.keys().await {
        let left: i64 = room.tell(redis::cmd("PTTL").arg(&key)).await;
        // Ten tokens take 5 s at the whole rate, and 10 s at half of it.
        let most = if key.ends_with("cut") { 130_000 } else { 125_000 };
        assert!(left <= most && left > most - 5_000, "{key} expires in {left} ms");
    }
    assert_eq!(room.keys().await.len(), 2);
    room.clear().await;
}

#[tokio::test]
async fn a_state_that_cannot_be_read_counts_as_none() {
    let room = Room::new();
    let budget = room.budget().await;
    let ask = ask("odd", 5.0, 0.1);
    budget.admit(std::slice::from_ref(&ask)).await.unwrap();
    let key = room.keys().await.remove(0);
    let () = room.tell(redis::cmd("SET").arg(key).arg("v2 of somebody else")).await;
    let admissions = budget.admit(&[ask.clone(), ask]).await.unwrap();
    assert_eq!(admissions[0], Admission::Granted);
    assert!(matches!(admissions[1], Admission::Wait(_)), "one token, not a burst");
    room.clear().await;
}

#[tokio::test]
async fn more_asks_than_one_script_takes_are_all_answered() {
    let room = Room::new();
    let budget = room.budget().await;
    let asks: Vec<Ask> = (0..600).map(|at| ask(&format!("class{}", at % 400), 1.0, 0.1)).collect();
    let admissions = budget.admit(&asks).await.unwrap();
    let granted =
        |part: &[Admission]| part.iter().filter(|one| **one == Admission::Granted).count();
    assert_eq!((granted(&admissions[..400]), granted(&admissions[400..])), (400, 0));
    room.clear().await;
}

#[tokio::test]
async fn scripts_that_redis_forgot_are_told_again() {
    let server = Private::start(&[]);
    let budget = budget::connect(server.url()).await.unwrap();
    let ask = ask("script", 1.0, 0.1);
    for turn in 0..3 {
        let admissions = budget.admit(std::slice::from_ref(&ask)).await.unwrap();
        assert_eq!(
            admissions[0] == Admission::Granted,
            turn == 0,
            "what was refused is not run twice"
        );
        budget.throttled(&ask).await.unwrap();
        let () = server.tell(redis::cmd("SCRIPT").arg("FLUSH")).await;
    }
}
