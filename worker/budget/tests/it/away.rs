//! What holds while Redis is away, and when it is back.

use std::time::Duration;

use protocol::budget::{Admission, BudgetError};
use tokio::time::{Instant, sleep};

use crate::server::{Private, until};
use crate::shared::ask;

/// Within this time every question is answered, whatever became of the server.
const ANSWER: Duration = Duration::from_secs(8);

#[tokio::test]
async fn while_redis_is_away_nothing_is_granted_and_a_restart_grants_no_burst() {
    let mut server = Private::start(&[]);
    let budget = budget::connect(server.url()).await.unwrap();
    let ask = ask("away", 50.0, 0.1);
    assert_eq!(budget.admit(std::slice::from_ref(&ask)).await.unwrap(), [Admission::Granted]);
    for round in 0..3 {
        server.obey("kill");
        for _ in 0..20 {
            let start = Instant::now();
            let error = budget.admit(std::slice::from_ref(&ask)).await.unwrap_err().to_string();
            assert!(start.elapsed() < ANSWER, "{:?} for no answer", start.elapsed());
            assert!(error.contains("--budgets redis://127.0.0.1:"), "{error}");
            assert!(budget.throttled(&ask).await.is_err() && budget.control().await.is_err());
        }
        server.obey("start");
        let mut admissions = Err(BudgetError(String::new()));
        until("the budgets are back", async || {
            admissions = budget.admit(&vec![ask.clone(); 50]).await;
            admissions.is_ok()
        })
        .await;
        let tokens = admissions.unwrap();
        let tokens = tokens.iter().filter(|one| **one == Admission::Granted).count();
        assert_eq!(tokens, 1, "one call a key for restart {round}");
    }
}

#[tokio::test]
async fn while_redis_hangs_nothing_waits_for_it_for_long() {
    let mut server = Private::start(&[]);
    let budget = budget::connect(server.url()).await.unwrap();
    let ask = ask("hangs", 5.0, 1.0);
    budget.admit(std::slice::from_ref(&ask)).await.unwrap();
    server.obey("pause");
    for _ in 0..20 {
        let start = Instant::now();
        assert!(budget.admit(std::slice::from_ref(&ask)).await.is_err());
        assert!(start.elapsed() < ANSWER, "{:?} for no answer", start.elapsed());
    }
    server.obey("continue");
    until("the budgets are back", async || budget.admit(std::slice::from_ref(&ask)).await.is_ok())
        .await;
}

#[tokio::test]
async fn budgets_wait_for_a_server_that_comes_later() {
    let mut server = Private::start(&[]);
    server.obey("stop");
    let url = server.url().to_owned();
    let connecting = tokio::spawn(async move { budget::connect(&url).await });
    sleep(Duration::from_millis(300)).await;
    assert!(!connecting.is_finished(), "an empty port is no error yet");
    server.obey("start");
    assert!(connecting.await.unwrap().unwrap().control().await.is_ok());
}
