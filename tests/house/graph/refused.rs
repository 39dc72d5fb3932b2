//! A Neo4j that is away, or does not let us in: one sentence, and what was collected stays.

use std::io::Read as _;
use std::net::{Shutdown, TcpListener, TcpStream};

use super::player::Player;
use super::scanned;
use crate::command::{Cloud, Said};

fn fill(cloud: &Cloud, url: &str, more: &[&str], password: Option<&str>) -> Said {
    let mut command = cloud.command(&["graph", "--neo4j", url]);
    command.args(more);
    if let Some(password) = password {
        command.env("ORGSWEEP_NEO4J_PASSWORD", password);
    }
    Said::of(command.output().unwrap())
}

#[track_caller]
fn refused(said: &Said, code: i32, parts: &[&str]) {
    assert_eq!((said.code, said.out.as_str()), (code, ""), "{said:?}");
    for part in parts {
        assert!(said.err.contains(part), "no {part:?} in {}", said.err);
    }
    assert_eq!(said.err.lines().count(), 1, "one sentence: {}", said.err);
    assert!(!said.err.contains("hunter2") && !said.err.contains("panicked"), "{}", said.err);
}

#[test]
fn a_neo4j_that_is_away_is_named_and_nothing_is_lost() {
    let cloud = scanned();
    let before = cloud.run(&["report", "inventory", "--format", "json"]).out;
    // A port that nobody listens on.
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let away = format!("bolt://{free}");
    let said = fill(&cloud, &away, &[], Some("hunter2"));
    refused(&said, 1, &[&away, "cannot be reached", "nothing was written"]);
    // Something that speaks another language.
    let http = cloud.running().endpoint().replace("http://", "neo4j://");
    refused(&fill(&cloud, &http, &[], Some("hunter2")), 1, &[&http, "nothing was written"]);
    assert_eq!(cloud.run(&["report", "inventory", "--format", "json"]).out, before);
}

#[test]
fn what_is_typed_wrong_is_said() {
    let cloud = scanned();
    let fill = |url: &str, more: &[&str], password| fill(&cloud, url, more, password);
    refused(&fill("http://127.0.0.1:1", &[], Some("x")), 2, &["bolt://HOST:PORT"]);
    let leaky = "bolt://me:hunter2@127.0.0.1:1";
    refused(&fill(leaky, &[], Some("x")), 2, &["--neo4j-user", "--neo4j-password-file"]);
    refused(&fill("bolt://127.0.0.1:1/db", &[], Some("x")), 2, &["--neo4j-database"]);
    refused(&fill("bolt://127.0.0.1:1", &[], None), 2, &["ORGSWEEP_NEO4J_PASSWORD is not set"]);
    let file = ["--neo4j-password-file", "nowhere"];
    refused(&fill("bolt://127.0.0.1:1", &file, None), 2, &["nowhere cannot be read"]);
}

#[test]
fn a_wrong_password_and_a_database_that_is_not_there_are_said() {
    let (cloud, player) = (scanned(), Player::start());
    let (url, user) = (player.place("url"), player.place("user"));
    let said = fill(&cloud, url, &["--neo4j-user", user], Some("hunter2"));
    refused(&said, 1, &[url, "did not let the user root in", "nothing was written"]);
    let path = cloud.home.path().join("password");
    std::fs::write(&path, format!("{}\n", player.place("password"))).unwrap();
    let file = path.to_str().unwrap();
    let known = ["--neo4j-user", user, "--neo4j-password-file", file];
    let said = fill(&cloud, url, &[&known[..], &["--neo4j-database", "nowhere"]].concat(), None);
    refused(&said, 1, &[url, "nowhere", "nothing was written"]);
    let database = player.place("database");
    let said = fill(&cloud, url, &[&known[..], &["--neo4j-database", database]].concat(), None);
    assert_eq!(said.code, 0, "the file's password is right: {}", said.err);
}

/// A way to a server that breaks after so many bytes were sent.
fn breaking(url: &str, after: u64) -> String {
    let server = url.trim_start_matches("bolt://").to_owned();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut server = TcpStream::connect(server).unwrap();
        let (mut answers, mut back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let returning = std::thread::spawn(move || std::io::copy(&mut answers, &mut back));
        std::io::copy(&mut client.by_ref().take(after), &mut server).unwrap();
        client.shutdown(Shutdown::Both).unwrap();
        server.shutdown(Shutdown::Both).unwrap();
        assert!(returning.join().is_ok());
    });
    format!("bolt://{address}")
}

#[test]
fn what_was_written_before_a_connection_broke_is_told_and_finished_by_the_next_run() {
    let (cloud, mut player) = (scanned(), Player::start());
    let way = breaking(player.place("url"), 6000);
    let (user, database) = (player.place("user"), player.place("database"));
    let known = ["--neo4j-user", user, "--neo4j-database", database, "--update-tag", "1"];
    let said = fill(&cloud, &way, &known, Some(player.place("password")));
    refused(&said, 1, &[&way, "transactions were written", "the same --update-tag"]);
    assert_eq!(player.fill(&cloud, 1).code, 0);
    let finished = player.all();
    assert_eq!(player.fill(&cloud, 1).code, 0);
    assert_eq!(player.all(), finished);
}
