//! A server that speaks Bolt and openCypher, and somebody who asks it; both end with the test.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::command::{Cloud, Said};

/// A database that nobody else uses.
pub(super) struct Player {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    place: Value,
}

impl Player {
    /// Starts one.
    pub(super) fn start() -> Self {
        let python = std::env::var_os("ORGSWEEP_TEST_GRAPH_PYTHON").filter(|set| !set.is_empty());
        let Some(python) = python else {
            panic!(
                "this test needs a graph database, which ORGSWEEP_TEST_GRAPH_PYTHON leads to: cargo xtask test"
            );
        };
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut child = Command::new(root.join(python))
            .arg("tests/house/graph/player.py")
            .current_dir(root)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut player = Self { child, input, output, place: Value::Null };
        player.place = player.read();
        player
    }

    fn read(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn question(&mut self, question: &Value) -> Value {
        writeln!(self.input, "{question}").unwrap();
        let answer = self.read();
        assert!(answer["error"].is_null(), "{question}: {answer}");
        answer
    }

    /// The rows that a statement answers.
    pub(super) fn ask(&mut self, text: &str, with: Value) -> Vec<Value> {
        let answer = self.question(&json!({ "ask": text, "with": with }));
        answer["rows"].as_array().unwrap().clone()
    }

    /// Runs a file as `cypher-shell` does.
    pub(super) fn run_file(&mut self, text: &str) -> u64 {
        self.question(&json!({ "file": text }))["statements"].as_u64().unwrap()
    }

    /// What openCypher's grammar has against statements.
    pub(super) fn faults(&mut self, texts: &[String]) -> Vec<Value> {
        self.question(&json!({ "parse": texts }))["faults"].as_array().unwrap().clone()
    }

    /// What it was told about itself, e.g. its `url`.
    pub(super) fn place(&self, what: &str) -> &str {
        self.place[what].as_str().unwrap()
    }

    /// `orgsweep graph` into this database.
    pub(super) fn fill(&self, cloud: &Cloud, tag: u64) -> Said {
        let tag = tag.to_string();
        let mut command = cloud.command(&["graph", "--update-tag", &tag]);
        command
            .args(["--neo4j", self.place("url"), "--neo4j-user", self.place("user")])
            .args(["--neo4j-database", self.place("database")])
            .env("ORGSWEEP_NEO4J_PASSWORD", self.place("password"));
        Said::of(command.output().unwrap())
    }

    /// Every node and every relationship, each as a line.
    pub(super) fn all(&mut self) -> Vec<String> {
        let nodes = "MATCH (n) RETURN labels(n) AS labels, properties(n) AS properties";
        let edges = "MATCH (a)-[r]->(b) \
                     RETURN a.id AS from, type(r) AS type, b.id AS to, properties(r) AS properties";
        let mut all = self.ask(nodes, json!({}));
        all.extend(self.ask(edges, json!({})));
        let mut all: Vec<String> = all.into_iter().map(sorted).collect();
        all.sort();
        all
    }
}

/// A row as a line; labels come in any order.
fn sorted(mut row: Value) -> String {
    if let Some(labels) = row.get_mut("labels").and_then(Value::as_array_mut) {
        labels.sort_by_key(Value::to_string);
    }
    row.to_string()
}

impl Drop for Player {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = ended
            && !std::thread::panicking()
        {
            panic!("the graph database (process {}) cannot be ended: {error}", self.child.id());
        }
    }
}
