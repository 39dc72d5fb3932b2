//! The steps of a chore: each announced, timed, and named at the end if it failed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::counts::Counts;

/// Tells a line to whoever watches.
pub(crate) fn say(text: &str) {
    // Whoever watched may have gone; the chore goes on, and its end tells.
    writeln!(std::io::stdout(), "{text}").ok();
}

#[expect(
    clippy::disallowed_methods,
    reason = "a chore measures itself, and no test passes its time"
)]
fn now() -> Instant {
    Instant::now()
}

/// What a chore has done so far.
pub(crate) struct Steps {
    began: Instant,
    done: Vec<(String, Duration)>,
    failed: Vec<String>,
    counts: Counts,
}

impl Steps {
    /// Begins a chore.
    pub(crate) fn begin() -> Self {
        Self { began: now(), done: Vec::new(), failed: Vec::new(), counts: Counts::default() }
    }

    /// Runs something that the chore cannot do without.
    pub(crate) fn need<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        say(&format!("\n==> {name}"));
        let start = now();
        let made = work().with_context(|| name.to_owned())?;
        self.done.push((name.to_owned(), start.elapsed()));
        Ok(made)
    }

    /// Runs a judgement; if it fails, the others are still run.
    pub(crate) fn judge(&mut self, name: &str, work: impl FnOnce() -> Result<Counts>) {
        match self.need(name, work) {
            Ok(counts) => {
                self.counts.add(counts);
                if counts.failed > 0 {
                    self.failed.push(name.to_owned());
                }
            }
            Err(error) => {
                say(&format!("{error:#}"));
                self.failed.push(name.to_owned());
            }
        }
    }

    /// Says what was done, what it counted and how long it took; an error if anything failed.
    pub(crate) fn end(self) -> Result<()> {
        say("");
        for (name, time) in &self.done {
            say(&format!("{:>8.1} s  {name}", time.as_secs_f64()));
        }
        say(&format!("{:>8.1} s  in all", self.began.elapsed().as_secs_f64()));
        if self.counts != Counts::default() {
            say(&format!("\n{}", self.counts));
        }
        if self.failed.is_empty() { Ok(()) } else { bail!("{}", self.failed.join(", ")) }
    }
}

/// Runs a command; its failure is an error that holds its line.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    say(&format!("    {line}"));
    let status = command.stdin(Stdio::null()).status();
    let status = status.with_context(|| format!("`{line}` could not be started"))?;
    if status.success() { Ok(()) } else { bail!("`{line}` ended with {status}") }
}

/// Runs a command that is worth hearing only when it fails: then the error holds what it said.
pub(crate) fn run_quietly(command: &mut Command) -> Result<()> {
    let line = line(command);
    say(&format!("    {line}"));
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("`{line}` could not be started"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    bail!("`{line}` ended with {}:\n{}", output.status, String::from_utf8_lossy(&said).trim_end())
}

/// Runs a command that runs tests, and adds up what it says of them.
pub(crate) fn run_tests(command: &mut Command) -> Result<Counts> {
    let line = line(command);
    say(&format!("    {line}"));
    let (output, input) = std::io::pipe()?;
    let errors = input.try_clone()?;
    let child = command.stdin(Stdio::null()).stdout(input).stderr(errors).spawn();
    let mut child = child.with_context(|| format!("`{line}` could not be started"))?;
    // The command holds the pipe's other end as long as it lives; the next one begins anew.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut counts = Counts::default();
    for told in BufReader::new(output).split(b'\n') {
        let told = String::from_utf8_lossy(&told?).into_owned();
        say(&told);
        counts.add(Counts::read(&told));
    }
    let status = child.wait()?;
    if !status.success() && counts.failed == 0 {
        bail!("`{line}` ended with {status}");
    }
    Ok(counts)
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
