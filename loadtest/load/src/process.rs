//! A process that is watched: what it uses while it runs, and how it ends.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, timeout};

use crate::usage::Usage;

/// How often a process is looked at whose end is waited for.
const LOOK: Duration = Duration::from_millis(100);
/// How long a process may take to end once it was told to.
const PATIENCE: Duration = Duration::from_secs(120);

/// A process; it is killed when this is dropped.
pub(crate) struct Process {
    /// What it is called in reports.
    pub(crate) name: String,
    child: Child,
    pid: u32,
    used: Usage,
}

impl Process {
    /// Starts a process.
    pub(crate) fn start(name: &str, command: &mut Command) -> anyhow::Result<Self> {
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        let child = command.kill_on_drop(true).spawn();
        let child = child.with_context(|| format!("{name}: {program} could not be started"))?;
        let pid = child.id().with_context(|| format!("{name} has ended at once"))?;
        Ok(Self { name: name.to_owned(), child, pid, used: Usage::default() })
    }

    /// Starts a process that is talked to in lines; its life hangs on its standard input.
    pub(crate) fn talk(name: &str, command: &mut Command) -> anyhow::Result<(Self, Talk)> {
        let mut process = Self::start(name, command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let input = process.child.stdin.take().context("its input is not to be had")?;
        let output = process.child.stdout.take().context("its output is not to be had")?;
        let talk = Talk { name: name.to_owned(), input, output: BufReader::new(output).lines() };
        Ok((process, talk))
    }

    /// The most that it was seen to use.
    pub(crate) fn look(&mut self) -> Usage {
        // A process that has just ended has nothing left to be read: the last look stands.
        if let Ok(now) = Usage::of(self.pid) {
            self.used = self.used.max(now);
        }
        self.used
    }

    /// Waits for its end, and looks at it meanwhile.
    pub(crate) async fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        loop {
            self.look();
            tokio::select! {
                ended = self.child.wait() => return Ok(ended?),
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Tells it to end, by a signal, and waits for that.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        let pid = self.pid.to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().await;
        told.context("`kill` could not be started")?;
        match timeout(PATIENCE, self.wait()).await {
            Ok(ended) => ended.map(drop),
            Err(_) => bail!("{} did not end within {PATIENCE:?} of SIGTERM", self.name),
        }
    }

    /// Whether it has ended, which none that serves should.
    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

/// A talk with a process: a line is said, a line is answered.
pub(crate) struct Talk {
    name: String,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Talk {
    /// Its next line.
    pub(crate) async fn hear(&mut self) -> anyhow::Result<String> {
        let line = timeout(PATIENCE, self.output.next_line()).await;
        let line = line.with_context(|| format!("{} says nothing", self.name))??;
        line.with_context(|| format!("{} has ended", self.name))
    }

    /// Its answer to a line.
    pub(crate) async fn ask(&mut self, line: &str) -> anyhow::Result<String> {
        self.input.write_all(format!("{line}\n").as_bytes()).await?;
        self.hear().await
    }
}

/// Runs a command to its end, and answers with what it printed and how long it took.
pub(crate) async fn output(command: &mut Command) -> anyhow::Result<(String, Duration)> {
    let line = line(command);
    let began = Instant::now();
    let output = command.kill_on_drop(true).stdin(Stdio::null()).output().await;
    let output = output.with_context(|| format!("`{line}` could not be started"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{line}` ended with {}: {}", output.status, said.trim());
    }
    Ok((String::from_utf8(output.stdout)?, began.elapsed()))
}

/// A command as it would be typed.
fn line(command: &Command) -> String {
    let command = command.as_std();
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
