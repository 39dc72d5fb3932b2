//! The servers that tests talk to: one that is named in the environment, else a private one.
//!
//! A private server listens on a free port of the loopback, and lives as long as its [`Running`].
//! Adding one: a file in `servers/`, and its line in [`ALL`].

mod moto;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::machine::Machine;
use crate::steps::say;

/// How long a server may take until it says where it listens.
const START: Duration = Duration::from_secs(120);

/// A server that tests talk to.
pub(crate) struct Server {
    /// What it is.
    name: &'static str,
    /// The variable that tells tests its address.
    variable: &'static str,
    /// The command that runs a private one: its first line of output is its address, and it ends
    /// when its input does.
    command: fn(&Machine, python: &Path) -> Command,
}

/// Every server that any test needs.
const ALL: &[Server] = &[moto::OPEN, moto::GUARDED];

/// A server that answers; a private one ends when this is dropped.
pub(crate) struct Running {
    /// The variable that tells tests its address.
    pub(crate) variable: &'static str,
    /// Its address.
    pub(crate) address: String,
    child: Option<Child>,
}

/// Uses or starts every server.
pub(crate) fn start(machine: &Machine, python: &Path) -> Result<Vec<Running>> {
    ALL.iter().map(|server| server.start(machine, python)).collect()
}

impl Server {
    fn start(&self, machine: &Machine, python: &Path) -> Result<Running> {
        let Self { name, variable, .. } = *self;
        if let Some(given) = std::env::var_os(variable).filter(|given| !given.is_empty()) {
            let address = given.to_string_lossy().into_owned();
            say(&format!("    {name}: {address}, as {variable} says"));
            return Ok(Running { variable, address, child: None });
        }
        let log = machine.scratch().join(format!("{}.log", variable.to_lowercase()));
        let told = std::fs::File::create(&log).with_context(|| log.display().to_string())?;
        let mut command = (self.command)(machine, python);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(told);
        let child = command.spawn().with_context(|| format!("{name} could not be started"))?;
        let mut running = Running { variable, address: String::new(), child: Some(child) };
        running.address = running.first_line().with_context(|| {
            format!("{name} does not say where it listens; what it said is in {}", log.display())
        })?;
        say(&format!("    {name}: {} (log: {})", running.address, log.display()));
        Ok(running)
    }
}

impl Running {
    fn first_line(&mut self) -> Result<String> {
        let output = self.child.as_mut().and_then(|child| child.stdout.take());
        let output = output.context("its output is not to be had")?;
        let (sender, receiver) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(output).read_line(&mut line).map(|_| line);
            // Nobody listens any more when the server was too slow.
            sender.send(read).is_ok()
        });
        let line = receiver.recv_timeout(START)??;
        let line = line.trim();
        if line.is_empty() { Err(anyhow!("it ended")) } else { Ok(line.to_owned()) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        if let Err(error) = child.kill().and_then(|()| child.wait()) {
            say(&format!("process {} could not be ended: {error}", child.id()));
        }
    }
}
