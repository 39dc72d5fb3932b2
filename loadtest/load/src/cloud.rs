//! The stand-in as a process of its own, and what it counts.

use std::io::{BufRead, Write};
use std::path::Path;

use anyhow::Context;
use loadtest::{Counters, Keys};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::process::{Process, Talk};
use crate::scenario::Scenario;

/// Where the stand-in is and who may ask it: what its process says first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Door {
    endpoint: String,
    access_key_id: String,
    secret_access_key: String,
}

/// The stand-in, running.
pub(crate) struct Cloud {
    /// Its process.
    pub(crate) process: Process,
    /// Where it is.
    pub(crate) door: Door,
    talk: Talk,
}

impl Cloud {
    /// Starts the stand-in of a scenario's file: `program stand-in FILE`.
    pub(crate) async fn start(program: &Path, scenario: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.arg("stand-in").arg(scenario);
        let (process, mut talk) = Process::talk("stand-in", &mut command)?;
        let said = talk.hear().await?;
        let door = serde_json::from_str(&said).with_context(|| format!("the stand-in: {said}"))?;
        Ok(Self { process, talk, door })
    }

    /// What it has counted so far.
    pub(crate) async fn counters(&mut self) -> anyhow::Result<Counters> {
        Ok(serde_json::from_str(&self.talk.ask("counters").await?)?)
    }
}

impl Door {
    /// Leads a command to the stand-in.
    pub(crate) fn tell<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", &self.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &self.secret_access_key)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
    }
}

/// Plays the stand-in of a scenario until its input ends: says where it is, then its counters at
/// each line.
///
/// # Errors
/// Where the scenario cannot be read, or the port not be had.
pub async fn stand_in(scenario: &Path) -> anyhow::Result<()> {
    let scenario = Scenario::read(scenario)?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let running = loadtest::serve(scenario.world()?, listener, scenario.manner())?;
    let Keys { access_key_id, secret_access_key } = running.keys();
    let door = Door { endpoint: running.endpoint(), access_key_id, secret_access_key };
    say(&serde_json::to_string(&door)?)?;
    let told = tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lock().lines() {
            line?;
            say(&serde_json::to_string(&running.counters())?)?;
        }
        anyhow::Ok(running)
    });
    told.await??.shutdown().await;
    Ok(())
}

fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
