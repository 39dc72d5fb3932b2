//! Tenants that are entered by the token of another identity provider: a little endpoint on loopback.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::sweep::{Said, Sweep};
use crate::tenants::{SCAN, TABLE, World, accounts};

const SECRET: &str = "hunter2";
const TOKEN: &str = "tok-aaaa-bbbb";

/// An endpoint that answers every question alike, and keeps the questions.
struct Endpoint {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Endpoint {
    fn start(status: &'static str, body: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/token", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        // It ends with the process of the test.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let question = answer(stream.unwrap(), status, &body);
                kept.lock().unwrap().push(question);
            }
        });
        Self { url, asked }
    }
}

fn answer(mut stream: TcpStream, status: &str, body: &str) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut question = Vec::new();
    let mut chunk = [0; 4096];
    while !question.ends_with(SECRET.as_bytes()) {
        let read = stream.read(&mut chunk).unwrap();
        assert_ne!(read, 0, "the question ends with the secret");
        question.extend_from_slice(&chunk[..read]);
    }
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    String::from_utf8(question).unwrap()
}

fn scan(sweep: &Sweep, endpoint: &str) -> Said {
    let identity = ["--oidc-token-url", endpoint, "--oidc-client-id", "client-1"];
    let secret = ["--oidc-secret-env", "TENANTS_SECRET"];
    let patience = ["--budget-share", "100", "--call-timeout", "120s", "--no-progress"];
    let log = ["--log", "trace"];
    sweep.run(&[&["scan"], &log[..], &patience, &SCAN, &TABLE, &identity, &secret].concat())
}

#[test]
fn tenants_are_entered_by_a_token_that_is_never_shown() {
    let world = World::new();
    let body = format!(r#"{{"access_token":"{TOKEN}","expires_in":3600}}"#);
    let endpoint = Endpoint::start("200 OK", body);
    let mut sweep = Sweep::of(world.moto());
    sweep.set("TENANTS_SECRET", SECRET);
    let said = scan(&sweep, &endpoint.url);
    assert_eq!(said.code, 3, "some tenants lead nowhere: {}", said.out);
    assert_eq!(accounts(&sweep.cells()), world.both());
    assert_eq!(endpoint.asked.lock().unwrap().len(), 1, "one token for all tenants");
    let store = std::fs::read(sweep.home().join("orgsweep.sqlite")).unwrap();
    let store = String::from_utf8_lossy(&store);
    for hidden in [SECRET, TOKEN] {
        assert!(!said.err.contains(hidden), "a log line shows it");
        assert!(!said.out.contains(hidden) && !store.contains(hidden), "{hidden}");
    }
    an_endpoint_that_refuses_is_one_sentence(&sweep);
}

fn an_endpoint_that_refuses_is_one_sentence(sweep: &Sweep) {
    let refusal = format!(r#"{{"error":"invalid_client","error_description":"not {SECRET}"}}"#);
    let endpoint = Endpoint::start("401 Unauthorized", refusal);
    let said = scan(sweep, &endpoint.url);
    assert_eq!(said.code, 2, "{}", said.out);
    let sentence = said.err.lines().last().unwrap_or_default();
    assert!(sentence.contains("answered 401 with invalid_client: not ***"), "{sentence}");
    assert!(!said.err.contains(SECRET));
}
