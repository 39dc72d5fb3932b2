//! The stand-in as a process of its own, and what it counts.

use std::fs::File;
use std::io::{BufRead, BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use loadtest::{Counters, Keys, Running};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::process::{Process, Talk};
use crate::scenario::{Scenario, certificate};

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
        Self::start_by(command.arg("stand-in").arg(scenario)).await
    }

    /// The same with token buckets that are never empty, for those who know no budgets.
    pub(crate) async fn start_free(program: &Path, scenario: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        Self::start_by(command.arg("stand-in").arg(scenario).arg("--free")).await
    }

    async fn start_by(command: &mut Command) -> anyhow::Result<Self> {
        let (process, mut talk) = Process::talk("stand-in", command)?;
        let said = talk.hear().await?;
        let door = serde_json::from_str(&said).with_context(|| format!("the stand-in: {said}"))?;
        Ok(Self { process, talk, door })
    }

    /// What it has counted so far.
    pub(crate) async fn counters(&mut self) -> anyhow::Result<Counters> {
        Ok(serde_json::from_str(&self.talk.ask("counters").await?)?)
    }

    /// Writes the requests that it kept into a file, a JSON a line.
    pub(crate) async fn write_recorded(&mut self, file: &Path) -> anyhow::Result<()> {
        self.talk.ask(&format!("recorded {}", file.display())).await.map(drop)
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
            .env("SSL_CERT_FILE", certificate().cert)
            .env("AWS_CA_BUNDLE", certificate().cert)
    }
}

/// Plays the stand-in of a scenario until its input ends: says where it is, then answers lines:
/// `counters`, and `recorded FILE`. `free` means that token buckets are never empty.
///
/// # Errors
/// Where the scenario cannot be read, or the port not be had.
pub async fn stand_in(scenario: &Path, free: bool) -> anyhow::Result<()> {
    let scenario = Scenario::read(scenario)?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let mut manner = scenario.manner();
    manner.enforce_buckets &= !free;
    let running = loadtest::serve(scenario.world()?, listener, manner)?;
    let Keys { access_key_id, secret_access_key } = running.keys();
    let door = Door { endpoint: running.endpoint(), access_key_id, secret_access_key };
    say(&serde_json::to_string(&door)?)?;
    let told = tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lock().lines() {
            say(&answer(&running, &line?)?)?;
        }
        anyhow::Ok(running)
    });
    told.await??.shutdown().await;
    Ok(())
}

fn answer(running: &Running, line: &str) -> anyhow::Result<String> {
    let Some(file) = line.strip_prefix("recorded ") else {
        return Ok(serde_json::to_string(&running.counters())?);
    };
    let mut out = BufWriter::new(File::create(file)?);
    for recorded in running.recorded() {
        serde_json::to_writer(&mut out, &recorded)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok("written".to_owned())
}

/// Says a line to whoever started this process.
pub(crate) fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
