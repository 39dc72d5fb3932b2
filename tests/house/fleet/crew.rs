//! Coordinators and workers as processes, on servers that a test names.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use protocol::holding::Part;
use protocol::registry::Registry;
use protocol::scan::{Scan, ScanState};
use protocol::store::{Store, StoreError};
use store::{Access, SqlStore};
use tokio::runtime::Runtime;

use super::process::Process;
use super::wait;
use crate::command::{Cells, Cloud, Said, cell};

/// Where the parts of a fleet are, as its processes are told.
pub(super) struct Urls {
    pub(super) store: String,
    pub(super) queue: String,
    pub(super) budgets: String,
    /// The store as the test reaches it.
    pub(super) direct_store: String,
    /// What the processes have in their environment besides.
    pub(super) environment: Vec<(String, String)>,
}

/// The fleet.
pub(super) struct Crew<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) cloud: &'a Cloud,
    pub(super) coordinators: Vec<Process>,
    pub(super) workers: Vec<Process>,
    urls: Urls,
    connections: PathBuf,
    token: String,
    ports: Vec<u16>,
}

impl<'a> Crew<'a> {
    /// Makes the tables, a token, and starts everybody, in no particular order.
    pub(super) fn start(
        runtime: &'a Runtime,
        cloud: &'a Cloud,
        urls: Urls,
        [coordinators, workers]: [usize; 2],
    ) -> Self {
        let connections = cloud.home.path().join("connections.toml");
        std::fs::write(&connections, "[[connection]]\nname = \"main\"\n").unwrap();
        let mut crew = Self {
            runtime,
            cloud,
            coordinators: Vec::new(),
            workers: Vec::new(),
            urls,
            connections,
            token: String::new(),
            ports: (0..coordinators).map(|_| free_port()).collect(),
        };
        let said = crew.beside_the_store(&["migrate"]);
        assert_eq!(said.code, 0, "{said:?}");
        crew.workers = (0..workers).map(|at| crew.worker(at)).collect();
        crew.coordinators = (0..coordinators).map(|at| crew.coordinator(at)).collect();
        let token = ["token", "create", "--owner", "me", "--scope", "operate"];
        let said = crew.beside_the_store(&token);
        assert_eq!(said.code, 0, "{said:?}");
        crew.token = said.out.trim().to_owned();
        crew
    }

    /// A coordinator; one of the same number takes its place.
    pub(super) fn coordinator(&self, at: usize) -> Process {
        let listen = format!("127.0.0.1:{}", self.ports[at]);
        let mut command =
            self.service(&["coordinator", "--listen", &listen, "--lost-after", "15s"]);
        command.env("ORGSWEEP_STORE", &self.urls.store);
        self.process(&format!("coordinator-{at}"), command)
    }

    /// A worker; one of the same number takes its place.
    pub(super) fn worker(&self, at: usize) -> Process {
        let command = self.service(&["worker", "--max-in-flight", "16", "--call-timeout", "5s"]);
        self.process(&format!("worker-{at}"), command)
    }

    /// The file that says by how many seconds a service's clock is wrong, where clocks can be.
    pub(super) fn clock(&self, name: &str) -> PathBuf {
        self.cloud.home.path().join(format!("{name}.clock"))
    }

    fn service(&self, args: &[&str]) -> Command {
        let mut command = self.cloud.command(args);
        command
            .env("ORGSWEEP_QUEUE", &self.urls.queue)
            .env("ORGSWEEP_BUDGETS", &self.urls.budgets)
            .env("ORGSWEEP_CONNECTIONS", &self.connections)
            .envs(self.urls.environment.iter().cloned());
        command
    }

    fn process(&self, name: &str, mut command: Command) -> Process {
        if let Some(library) = faketime() {
            let clock = self.clock(name);
            std::fs::write(&clock, "+0").unwrap();
            command
                .env("LD_PRELOAD", library)
                .env("FAKETIME_TIMESTAMP_FILE", clock)
                .env("FAKETIME_CACHE_DURATION", "1")
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        Process::start(name, self.cloud.home.path(), command)
    }

    /// Runs a command on the store itself.
    pub(super) fn beside_the_store(&self, args: &[&str]) -> Said {
        let mut command = self.cloud.command(args);
        command.env("ORGSWEEP_STORE", &self.urls.direct_store);
        Said::of(command.output().unwrap())
    }

    /// A command that asks the first coordinator.
    pub(super) fn asking(&self, args: &[&str]) -> Command {
        let mut command = self.cloud.command(args);
        command
            .args(["--server", &format!("http://127.0.0.1:{}", self.ports[0])])
            .env("ORGSWEEP_TOKEN", &self.token);
        command
    }

    /// Asks the first coordinator for a scan as soon as it answers, and leaves it to run there.
    pub(super) fn begin(&self, args: &[&str]) -> Scan {
        let ask = || Process::start("asking", self.cloud.home.path(), self.asking(args));
        let mut asking = ask();
        let scan = wait(self.runtime, "a scan that begins", || {
            let begun = self.store(async |store| store.open_scans().await)?.into_iter().next();
            if begun.is_none() && asking.has_ended() {
                asking = ask();
            }
            begun
        });
        asking.kill();
        scan
    }

    /// Where a scan stands; nothing while the store is away.
    pub(super) fn state(&self, scan: &Scan) -> Option<ScanState> {
        Some(self.store(async |store| store.scan(&scan.id).await)?.state)
    }

    /// Asks the store; nothing while it is away.
    fn store<T>(&self, ask: impl AsyncFn(Arc<SqlStore>) -> Result<T, StoreError>) -> Option<T> {
        self.runtime.block_on(async {
            let store = store::connect(&self.urls.direct_store, Access::Control).await.ok()?;
            ask(store).await.ok()
        })
    }

    /// Fails if anybody has ended by itself.
    pub(super) fn check(&mut self) {
        for process in self.coordinators.iter_mut().chain(&mut self.workers) {
            process.check();
        }
    }

    /// The cells of a scan: (account, region, probe) to (status, count); no cell is there twice.
    pub(super) fn cells(&self, scan: &Scan) -> Cells {
        let said = self.beside_the_store(&[
            "report",
            "cells",
            "--scan",
            scan.id.as_str(),
            "--format",
            "jsonl",
        ]);
        assert_eq!(said.code, 0, "{}", said.err);
        let cells: Cells = said.out.lines().map(cell).collect();
        assert_eq!(cells.len(), said.out.lines().count(), "a cell is there twice");
        cells
    }

    /// Writes the reports of a scan into a folder of its name, once what is read behind it has been read.
    pub(super) fn reports(&self, scan: &Scan, home: &Path) {
        let parts = [Part::Tree, Part::Policies, Part::Administrators, Part::Services];
        wait(self.runtime, "the organization, which is read behind the scan", || {
            let left = self.store(async |store| store.unread(&scan.id, &parts).await)?;
            left.is_empty().then_some(())
        });
        write_reports(scan.id.as_str(), home, |args| self.beside_the_store(args));
    }
}

/// Writes every report of a scan as JSON, into a folder of its name.
pub(super) fn write_reports(scan: &str, home: &Path, run: impl Fn(&[&str]) -> Said) {
    let folder = home.join(scan);
    std::fs::create_dir_all(&folder).unwrap();
    for name in reports::NAMES.iter().filter(|name| **name != reports::ENABLEMENT_FILES) {
        let said = run(&["report", name, "--scan", scan, "--format", "json"]);
        assert_eq!(said.code, 0, "{name}: {}", said.err);
        std::fs::write(folder.join(name), said.out).unwrap();
    }
}

/// The library that gives a process another clock, where the test's runner has one.
#[expect(clippy::disallowed_methods, reason = "the test's library is named by a variable")]
pub(super) fn faketime() -> Option<String> {
    std::env::var("ORGSWEEP_TEST_FAKETIME").ok().filter(|path| !path.is_empty())
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
