//! The command under test, the stand-in that it scans, and what it says.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use catalog::Catalog;
use loadtest::{Latency, Manner, Organization, Running, Shape, Trouble, World};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Services of every wire protocol, a switch with details, and a global one: enough to tell.
pub(crate) const SERVICES: &str =
    "ec2,s3,iam,kms,guardduty,sqs,sns,lambda,rds,dynamodb,config,wafv2";

/// A stand-in with its own runtime, so that the command can be waited for.
pub(crate) struct Cloud {
    running: Option<Running>,
    runtime: Runtime,
    pub(crate) home: TempDir,
}

impl Cloud {
    /// Plays an organization; answers take `latency`.
    pub(crate) fn new(accounts: u32, trouble: Trouble, latency: Duration) -> Self {
        let manner = Manner {
            latency: Latency::Fixed(latency),
            hang: Duration::from_secs(3),
            ..Manner::default()
        };
        Self::play(accounts, trouble, manner)
    }

    /// Plays an organization in a manner of the test's own.
    pub(crate) fn play(accounts: u32, trouble: Trouble, manner: Manner) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let shape = Shape { accounts, seed: 7, trouble, ..Shape::default() };
        let world = World::new(Organization::new(shape), Catalog::embedded().unwrap());
        let running = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            loadtest::serve(world, listener, manner).unwrap()
        });
        Self { running: Some(running), runtime, home: TempDir::new().unwrap() }
    }

    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// The command with credentials for the stand-in, its store in the cloud's own folder.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let keys = self.running().keys();
        let mut command = bare(self.home.path(), args);
        command
            .env("AWS_ENDPOINT_URL", self.running().endpoint())
            .env("AWS_ACCESS_KEY_ID", keys.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", keys.secret_access_key)
            .env("AWS_REGION", "us-east-1");
        command
    }

    /// Runs the command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        Said::of(self.command(args).output().unwrap())
    }

    /// Starts the command.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The cells of the latest scan: (account, region, probe) to (status, count).
    pub(crate) fn cells(&self) -> Cells {
        let said = self.run(&["report", "cells", "--format", "jsonl"]);
        assert_eq!(said.code, 0, "{}", said.err);
        said.out.lines().map(cell).collect()
    }

    /// The ledger of the latest scan.
    pub(crate) fn ledger(&self) -> serde_json::Value {
        let said = self.run(&["status", "--format", "json"]);
        serde_json::from_str::<serde_json::Value>(&said.out).unwrap()["ledger"].clone()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.shutdown());
        }
    }
}

/// (account, region, probe) to (status, count).
pub(crate) type Cells = BTreeMap<(String, String, String), (String, u64)>;

pub(crate) fn cell(line: &str) -> ((String, String, String), (String, u64)) {
    let row: serde_json::Value = serde_json::from_str(line).unwrap();
    let text = |key: &str| row[key].as_str().unwrap().to_owned();
    let key = (text("account_id"), text("region"), text("probe"));
    (key, (text("status"), row["resource_count"].as_u64().unwrap()))
}

/// The command with nothing of this machine's environment.
pub(crate) fn bare(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orgsweep"));
    command
        .args(args)
        .env_clear()
        .current_dir(home)
        .env("HOME", home)
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
