//! Private servers that can be killed: the scripts in `xtask/servers` run them, and obey.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A server that ends with us, on a port that it keeps.
pub(super) struct Server {
    child: Child,
    words: ChildStdin,
    answers: BufReader<ChildStdout>,
    url: String,
}

impl Server {
    /// Runs `run_NAME.py`.
    #[expect(clippy::disallowed_methods, reason = "the test's Python is named by a variable")]
    pub(super) fn run(name: &str) -> Self {
        let Ok(python) = std::env::var("ORGSWEEP_TEST_PYTHON") else {
            panic!("ORGSWEEP_TEST_PYTHON names no Python: run `cargo xtask test`");
        };
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("xtask/servers");
        let mut child = Command::new(python)
            .arg(scripts.join(format!("run_{name}.py")))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let words = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self { child, words, answers, url: String::new() };
        server.url = server.answer();
        assert!(server.url.contains("://"), "{name} did not start: {:?}", server.url);
        server
    }

    /// Where it listens.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// `stop`, `kill`, `start`, `pause` or `continue`; back when it is done.
    pub(super) fn tell(&mut self, word: &str) {
        writeln!(self.words, "{word}").unwrap();
        let answer = self.answer();
        assert_eq!(answer, "done", "{} did not obey `{word}`", self.url);
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its script ends it when its input does; a script that does not is ended here.
        self.words.write_all(b"\n").ok();
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
