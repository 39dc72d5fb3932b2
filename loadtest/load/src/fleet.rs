//! The services of a fleet: one coordinator, and workers beside it.

use std::time::Duration;

use anyhow::{Context, bail};
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use crate::orgsweep::Orgsweep;
use crate::process::Process;

/// The connection that the services know.
pub(crate) const CONNECTION: &str = "load";
/// How the services get in; credentials are those that each is given.
const CONNECTIONS: &str = "[[connection]]\nname = \"load\"\nmember-role = \"orgsweep-member\"\n";
/// The file that says so.
const FILE: &str = "connections.toml";
/// How long the coordinator may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// The services, running.
pub(crate) struct Fleet {
    /// The coordinator and the workers.
    pub(crate) processes: Vec<Process>,
    url: String,
    token: String,
}

impl Fleet {
    /// Makes the tables and starts the services; the calls in flight are shared out to workers.
    pub(crate) async fn start(
        orgsweep: &Orgsweep,
        workers: u32,
        in_flight: u32,
        call_timeout: &str,
    ) -> anyhow::Result<Self> {
        std::fs::write(orgsweep.home().join(FILE), CONNECTIONS)?;
        orgsweep.output(&["migrate"]).await?;
        let words = ["coordinator", "--listen", "127.0.0.1:0", "--connections", FILE];
        let mut coordinator = orgsweep.start("coordinator", &mut orgsweep.command(&words))?;
        let url = listening(orgsweep, &mut coordinator).await?;
        let words = ["token", "create", "--owner", "load", "--scope", "operate"];
        let (token, _) = orgsweep.output(&words).await?;
        let mut processes = vec![coordinator];
        for nth in 0..workers {
            let share = in_flight / workers + u32::from(nth < in_flight % workers);
            let share = share.to_string();
            let words = ["worker", "--connections", FILE, "--max-in-flight", &share];
            let mut command = orgsweep.command(&words);
            command.args(["--call-timeout", call_timeout]);
            processes.push(orgsweep.start(&format!("worker {}", nth + 1), &mut command)?);
        }
        Ok(Self { processes, url, token: token.trim().to_owned() })
    }

    /// Leads a command to the coordinator, in place of a store of its own.
    pub(crate) fn tell<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        for variable in ["ORGSWEEP_STORE", "ORGSWEEP_QUEUE", "ORGSWEEP_BUDGETS"] {
            command.env_remove(variable);
        }
        command.env("ORGSWEEP_SERVER", &self.url).env("ORGSWEEP_TOKEN", &self.token)
    }

    /// Looks at every service; an error if one has ended.
    pub(crate) fn look(&mut self) -> anyhow::Result<()> {
        for process in &mut self.processes {
            process.look();
            if let Some(ended) = process.has_ended() {
                bail!("{} has ended: {ended}", process.name);
            }
        }
        Ok(())
    }
}

/// Where the coordinator listens, once it says so.
async fn listening(orgsweep: &Orgsweep, coordinator: &mut Process) -> anyhow::Result<String> {
    let began = Instant::now();
    loop {
        let said = orgsweep.said(&coordinator.name);
        if let Some((_, rest)) = said.split_once("listening on ") {
            return rest.split_whitespace().next().map(str::to_owned).context("no address");
        }
        if coordinator.has_ended().is_some() || began.elapsed() > PATIENCE {
            bail!("the coordinator does not listen: {said}");
        }
        sleep(Duration::from_millis(50)).await;
    }
}
