//! Servers of Redis: a room of its own on the shared one, and private ones that may be ended.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use budget::connect;
use protocol::budget::Budget;
use redis::aio::MultiplexedConnection;
use redis::{Client, Cmd, FromRedisValue};
use tokio::time::{Instant, sleep};

/// After this time a condition that a test waits for counts as never true.
const DEADLINE: Duration = Duration::from_secs(20);

/// Waits until something is true.
pub(crate) async fn until(what: &str, mut is_true: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !is_true().await {
        assert!(start.elapsed() < DEADLINE, "waited in vain until {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// A prefix of its own on the server that all tests share.
pub(crate) struct Room {
    server: String,
    prefix: String,
}

impl Room {
    pub(crate) fn new() -> Self {
        let server = named("ORGSWEEP_TEST_REDIS");
        Self { server, prefix: format!("test-{}", uuid::Uuid::now_v7()) }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}?prefix={}", self.server, self.prefix)
    }

    pub(crate) async fn budget(&self) -> Arc<dyn Budget> {
        connect(&self.url()).await.unwrap()
    }

    pub(crate) async fn tell<T: FromRedisValue>(&self, command: &Cmd) -> T {
        command.query_async(&mut connection(&self.server).await).await.unwrap()
    }

    /// The keys of the room.
    pub(crate) async fn keys(&self) -> Vec<String> {
        self.tell(redis::cmd("KEYS").arg(format!("{}:*", self.prefix))).await
    }

    /// Removes every key of the room.
    pub(crate) async fn clear(&self) {
        for key in self.keys().await {
            let _: u32 = self.tell(redis::cmd("DEL").arg(key)).await;
        }
    }
}

/// A server of the test's own, which ends with it.
pub(crate) struct Private {
    child: Child,
    answers: BufReader<ChildStdout>,
    url: String,
}

impl Private {
    /// Starts a server with further arguments, which keeps nothing that a restart would find.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let python = named("ORGSWEEP_TEST_PYTHON");
        let mut command = Command::new(root.join(python));
        command.arg(root.join("xtask/servers/run_redis.py")).args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self { child, answers, url: String::new() };
        server.url = server.line();
        assert!(!server.url.is_empty(), "the private Redis does not start");
        server
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Has it done what `lifeline.py` knows a word for.
    pub(crate) fn obey(&mut self, word: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{word}").unwrap();
        assert_eq!(self.line(), "done", "{word}");
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The URL with a user and a password.
    pub(crate) fn url_for(&self, user: &str) -> String {
        self.url.replace("redis://", &format!("redis://{user}@"))
    }

    pub(crate) async fn tell<T: FromRedisValue>(&self, command: &Cmd) -> T {
        command.query_async(&mut connection(&self.url).await).await.unwrap()
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        // Waiting closes its input, with which the server ends.
        if let Err(error) = self.child.wait()
            && !std::thread::panicking()
        {
            panic!("the private Redis at {} cannot be ended: {error}", self.url);
        }
    }
}

async fn connection(url: &str) -> MultiplexedConnection {
    Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
}

/// What a variable names.
fn named(variable: &str) -> String {
    let value = std::env::var_os(variable).and_then(|value| value.into_string().ok());
    value.filter(|value| !value.is_empty()).unwrap_or_else(|| {
        panic!("the tests of Redis need {variable}, which `cargo xtask test` sets")
    })
}
