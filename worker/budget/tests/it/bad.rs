//! What a wrong setting gets: one sentence that names `--budgets`, and never a password.

use std::time::Duration;

use protocol::budget::Control;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::server::{Private, Room};

async fn refused(url: &str) -> String {
    let connecting = timeout(Duration::from_secs(10), budget::connect(url));
    match connecting.await.expect("what waiting does not mend is told at once") {
        Ok(_) => panic!("{url} is wrong"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_printed() {
    let server = Private::start(&[]);
    let () = server.tell(redis::cmd("CONFIG").arg(&["SET", "requirepass", "open-sesame"])).await;
    let url = server.url();
    let users = [":wrong-word", "jo:wrong-word", "default:wrong-word"];
    for wrong in users.map(|user| server.url_for(user)).iter().map(String::as_str).chain([url]) {
        let told = format!("--budgets {url}: Redis refuses its user or password");
        assert_eq!(refused(wrong).await, format!("the budgets cannot be read: {told}"));
    }
    let budget = budget::connect(&server.url_for(":open-sesame")).await.unwrap();
    assert_eq!(budget.control().await, Ok(Control::default()));
}

#[tokio::test]
async fn a_user_without_permission_is_told_which_it_lacks() {
    let server = Private::start(&[]);
    let rights = ["SETUSER", "jo", "on", ">word", "~*", "+ping", "+get"];
    let () = server.tell(redis::cmd("ACL").arg(&rights)).await;
    let budget = budget::connect(&server.url_for("jo:word")).await.unwrap();
    let error = budget.set_control(&Control::default()).await.unwrap_err().to_string();
    assert!(error.contains("the user lacks a permission of Redis"), "{error}");
    assert!(error.contains("'set'") && !error.contains("word"), "{error}");
}

#[tokio::test]
async fn what_is_no_redis_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let web = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = [0; 1024];
            let read = stream.read(&mut bytes).await;
            let sent = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            assert!(read.is_ok() && sent.is_ok());
        }
    });
    let error = refused(&format!("redis://127.0.0.1:{port}")).await;
    assert!(error.contains("--budgets redis://") && error.contains("is not a Redis"), "{error}");
    let error = refused(&format!("rediss://127.0.0.1:{port}")).await;
    assert!(error.contains("--budgets rediss://") && error.contains("TLS"), "{error}");
    web.abort();
}

#[tokio::test]
async fn a_url_of_another_kind_is_told_without_what_it_holds() {
    let error = refused("amqp://jo:word@host").await;
    assert!(error.contains("--budgets") && error.contains("\"amqp\""), "{error}");
    assert!(!error.contains("word"), "{error}");
}

#[tokio::test]
async fn a_control_record_of_a_newer_build_is_an_error_that_says_so() {
    let room = Room::new();
    let budget = room.budget().await;
    budget.set_control(&Control::default()).await.unwrap();
    let key = room.keys().await.remove(0);
    for (record, told) in [
        (r#"{"version":2,"scans":["a new shape"]}"#, "of version 2, this build reads up to 1"),
        (r#"{"version":1,"scans":7}"#, "cannot be read"),
        ("not a record", "cannot be read"),
    ] {
        let () = room.tell(redis::cmd("SET").arg(&key).arg(record)).await;
        let error = budget.control().await.unwrap_err().to_string();
        assert!(error.contains("control record") && error.contains(told), "{error}");
    }
    let known = r#"{"version":1,"shares":{"*":10},"of a later build":true}"#;
    let () = room.tell(redis::cmd("SET").arg(&key).arg(known)).await;
    assert_eq!(budget.control().await.unwrap().shares["*"], 10);
    room.clear().await;
}
