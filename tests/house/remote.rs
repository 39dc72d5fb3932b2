//! The command asks a coordinator on another machine: `--server`.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use catalog::Catalog;
use coordinator::http::{Parts, Settings, serve};
use protocol::clock::{Clock, SystemClock};
use protocol::inventory::{Account, AccountState};
use protocol::plan::{PlanRow, ProbeSet};
use protocol::registry::Registry;
use protocol::scan::{Scan, ScanState};
use protocol::store::Store;
use protocol::{AccountId, ConnectionId, ProbeId, Region, WorkspaceId};
use store::{Access, SqlStore};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::command::{Said, bare};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A coordinator's interface on a store of its own; what the coordinator would do to scans the test does.
struct Remote {
    home: TempDir,
    store: Arc<SqlStore>,
    url: String,
    token: String,
    stop: CancellationToken,
    runtime: Runtime,
}

impl Remote {
    fn new() -> Self {
        let home = TempDir::new().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let place = format!("sqlite:{}", home.path().join("store.sqlite").display());
        let store = runtime.block_on(store::connect(&place, Access::Run)).unwrap();
        let parts = Parts {
            store: Arc::clone(&store) as _,
            registry: Arc::clone(&store) as _,
            catalog: Catalog::embedded().unwrap(),
            connections: [(ConnectionId::new("main").unwrap(), [WorkspaceId::main()].into())]
                .into_iter()
                .collect(),
            clock: Arc::new(SystemClock),
            budget: None,
        };
        let stop = CancellationToken::new();
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = serve(listener, parts, Settings::default(), stop.clone());
        runtime.spawn(async move { serving.await.unwrap() });
        // The first token is made beside the store.
        let args = ["token", "create", "--owner", "me", "--scope", "admin", "--expires", "1h"];
        let mut command = bare(home.path(), &args);
        let said = Said::of(command.args(["--store", &place]).output().unwrap());
        assert_eq!(said.code, 0, "{said:?}");
        let token = said.out.trim().to_owned();
        assert!(token.starts_with("osw_") && !said.err.contains(&token), "{said:?}");
        Self { home, store, url, token, stop, runtime }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = bare(self.home.path(), args);
        command.args(["--server", &self.url]).env("ORGSWEEP_TOKEN", &self.token);
        command
    }

    fn run(&self, args: &[&str]) -> Said {
        let said = Said::of(self.command(args).output().unwrap());
        assert!(!said.out.contains(&self.token) && !said.err.contains(&self.token), "{said:?}");
        said
    }

    /// Starts a command, and waits for the scan that it starts.
    #[expect(clippy::zombie_processes, reason = "whoever started it waits for its end")]
    fn start(&self, args: &[&str]) -> (Child, Scan) {
        let mut command = self.command(args);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let since = Instant::now();
        loop {
            let open = self.runtime.block_on(self.store.open_scans()).unwrap();
            if let Some(scan) = open.into_iter().next() {
                return (child, scan);
            }
            assert!(since.elapsed() < PATIENCE, "no scan was started");
            std::thread::yield_now();
        }
    }

    /// Plans a cell for each of these accounts, as discovery would.
    fn plan(&self, scan: &Scan, accounts: &[&str]) {
        let probe = ProbeId::new("sqs").unwrap();
        let set = ProbeSet { probes: [(probe, None)].into() };
        let account = |id: &&str| Account {
            id: AccountId::new(id).unwrap(),
            name: (*id).to_owned(),
            email: None,
            state: AccountState::Active,
            arn: None,
            joined_at: None,
            joined_method: None,
            role: None,
            organization: None,
            management: false,
            connection: ConnectionId::new("main").unwrap(),
            tags: Vec::new(),
        };
        let row = |id: &&str| PlanRow {
            account: AccountId::new(id).unwrap(),
            region: Region::new("eu-west-1").unwrap(),
            probe_set: set.id(),
            window: 0,
        };
        let rows: Vec<PlanRow> = accounts.iter().map(row).collect();
        let accounts: Vec<Account> = accounts.iter().map(account).collect();
        self.runtime.block_on(async {
            self.store
                .put_accounts(&scan.id, &accounts, std::slice::from_ref(&set), &rows)
                .await
                .unwrap();
            self.store.set_planned(&scan.id).await.unwrap();
        });
    }

    fn set(&self, scan: &Scan, state: ScanState) {
        let now = SystemClock.now();
        self.runtime.block_on(self.store.set_state(&scan.id, ScanState::ALL, state, now)).unwrap();
    }

    fn state(&self, scan: &Scan) -> ScanState {
        self.runtime.block_on(self.store.scan(&scan.id)).unwrap().state
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn ended(child: Child) -> Said {
    Said::of(child.wait_with_output().unwrap())
}

const SCAN: &[&str] =
    &["scan", "--service", "sqs", "--region", "eu-west-1", "--connection", "main", "--out", "out"];

#[test]
fn a_scan_is_started_there_followed_from_here_and_reported_here() {
    let remote = Remote::new();
    let (child, scan) = remote.start(SCAN);
    assert_eq!(scan.owner, "me");
    remote.plan(&scan, &["100000000001", "100000000002"]);
    remote.set(&scan, ScanState::Finished);
    let said = ended(child);
    assert_eq!(said.code, 3, "cells without an answer are unknown: {said:?}");
    assert!(said.out.contains(scan.id.as_str()), "the summary: {said:?}");
    let latest = remote.home.path().join("out/latest");
    for (name, format) in reports::SET {
        let file = latest.join(format!("{name}.{}", format.as_str()));
        assert!(file.metadata().unwrap().len() > 0, "{}", file.display());
    }
    let cells = std::fs::read_to_string(latest.join("cells.jsonl")).unwrap();
    assert_eq!(cells.lines().count(), 2);
    let parts = |path: &Path| {
        let names = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().ends_with(".part")).count()
    };
    assert_eq!(parts(&latest), 0);
}

#[test]
fn a_scan_without_unknown_cells_ends_well_and_a_cancelled_one_does_not() {
    let remote = Remote::new();
    let (child, scan) = remote.start(SCAN);
    remote.set(&scan, ScanState::Finished);
    assert_eq!(ended(child).code, 0);
    let (child, scan) = remote.start(SCAN);
    remote.set(&scan, ScanState::Cancelled);
    let said = ended(child);
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.err.contains("is cancelled") && said.err.contains("requeue"), "{said:?}");
}

#[test]
fn who_goes_away_leaves_the_scan_running() {
    let remote = Remote::new();
    let (child, scan) = remote.start(SCAN);
    // The command says that it follows before it can be interrupted.
    let id = child.id().to_string();
    let mut child = child;
    let mut err = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut err, &mut line).unwrap();
    assert!(line.contains("runs on"), "{line}");
    let killed = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(killed.success());
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut err, &mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(4), "{rest}");
    assert!(rest.contains("goes on") && rest.contains("orgsweep cancel"), "{rest}");
    assert_eq!(remote.state(&scan), ScanState::Running);
}

#[test]
fn a_scan_is_listed_told_paused_continued_cancelled_and_queued_again() {
    let remote = Remote::new();
    let (child, scan) = remote.start(SCAN);
    remote.plan(&scan, &["100000000001"]);
    let id = scan.id.as_str();
    let list = remote.run(&["scans", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&list.out).unwrap();
    assert_eq!(list[0]["scan"], id);
    let status = remote.run(&["status", "--format", "json"]);
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(
        (&status["planned"], &status["asked"]["connections"][0]),
        (&1.into(), &"main".into())
    );
    assert!(remote.run(&["status", id]).out.contains("not_run 1"));
    for (verb, state) in [
        ("pause", ScanState::Paused),
        ("continue", ScanState::Running),
        ("cancel", ScanState::Cancelled),
    ] {
        assert_eq!(remote.run(&[verb, id]).code, 0);
        assert_eq!(remote.state(&scan), state);
    }
    assert_eq!(ended(child).code, 4);
    let again = remote.run(&["pause", id]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("cancelled and cannot become paused"), "{again:?}");
    let none = remote.run(&["requeue", id, "--status", "throttled"]);
    assert_eq!(none.code, 2);
    assert!(none.err.contains("no cell"), "{none:?}");
    let (child, scan) = remote.start(&["requeue", id]);
    assert_eq!(scan.round, 2);
    remote.set(&scan, ScanState::Finished);
    let said = ended(child);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("1 cells"), "{said:?}");
    let report = remote.run(&["report", "cells", "--format", "csv"]);
    assert_eq!(report.out.lines().count(), 2, "{report:?}");
    assert!(remote.run(&["report"]).out.contains("enablement"));
    let alone = remote.run(&["diff"]);
    assert_eq!(alone.code, 2);
    assert!(alone.err.contains("no scan before"), "{alone:?}");
    assert_eq!(remote.run(&["report", "enablment"]).code, 2);
}

#[test]
fn tokens_and_schedules_are_kept_there() {
    let remote = Remote::new();
    let made = remote.run(&["token", "create", "--owner", "ci", "--scope", "read"]);
    assert_eq!(made.code, 0, "{made:?}");
    let secret = made.out.trim();
    let id = secret.split('_').nth(1).unwrap();
    let list = remote.run(&["token", "list"]);
    assert!(list.out.contains(id) && list.out.contains("ci") && !list.out.contains(secret));
    let mut command = remote.command(&["scans"]);
    assert_eq!(Said::of(command.env("ORGSWEEP_TOKEN", secret).output().unwrap()).code, 0);
    assert_eq!(remote.run(&["token", "revoke", id]).code, 0);
    let said = Said::of(command.output().unwrap());
    assert_eq!(said.code, 2);
    assert!(said.err.contains("taken back"), "{said:?}");
    let path = remote.home.path().join("token");
    std::fs::write(&path, format!("{}\n", remote.token)).unwrap();
    let mut command = remote.command(&["scans", "--token-file", "token"]);
    assert_eq!(Said::of(command.env_remove("ORGSWEEP_TOKEN").output().unwrap()).code, 0);

    let add = ["schedule", "add", "nightly", "--cron", "0 2 * * *", "--service", "s3"];
    let said = remote.run(&add);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains("T02:00:00"), "{said:?}");
    let list = remote.run(&["schedule", "list"]);
    assert!(list.out.contains("nightly") && list.out.contains("main"), "{list:?}");
    let wrong = remote.run(&["schedule", "add", "x", "--cron", "nightly"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("cron expression"), "{wrong:?}");
    assert_eq!(remote.run(&["schedule", "remove", "nightly"]).code, 0);
    assert_eq!(remote.run(&["schedule", "remove", "nightly"]).code, 2);
}

#[test]
fn what_is_only_here_is_refused_and_so_is_what_is_only_there() {
    let remote = Remote::new();
    for flag in [
        &["--profile", "x"][..],
        &["--all-profiles"],
        &["--accounts-file", "x"],
        &["--role-arn", "x"],
        &["--role", "x"],
        &["--external-id", "x"],
        &["--store", "sqlite:x"],
        &["--queue", "memory:"],
        &["--budgets", "memory:"],
    ] {
        let said = remote.run(&[&["scan"], flag].concat());
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains(flag[0]) && said.err.contains("--connection NAME"), "{said:?}");
    }
    let mut command = remote.command(&["scan"]);
    let said = Said::of(command.env("ORGSWEEP_PROFILE", "x").output().unwrap());
    assert!(said.err.contains("--profile"), "{said:?}");
    // Whoever has just started the services has their parts in the environment.
    let mut command = remote.command(&["scans"]);
    let parts = [
        ("ORGSWEEP_STORE", "postgres://x"),
        ("ORGSWEEP_QUEUE", "sqs://x"),
        ("ORGSWEEP_BUDGETS", "redis://x"),
    ];
    let said = Said::of(command.envs(parts).output().unwrap());
    assert_eq!(said.code, 0, "{said:?}");
    let home = remote.home.path();
    let said = Said::of(bare(home, &["scan", "--connection", "main"]).output().unwrap());
    assert_eq!(said.code, 2);
    assert!(said.err.contains("--server URL"), "{said:?}");
    let said = Said::of(bare(home, &["schedule", "list"]).output().unwrap());
    assert_eq!(said.code, 2);
    assert!(said.err.contains("--server"), "{said:?}");
    assert!(remote.runtime.block_on(remote.store.open_scans()).unwrap().is_empty());
}

#[test]
fn a_coordinator_that_cannot_be_asked_is_said_in_a_sentence() {
    let remote = Remote::new();
    let home = remote.home.path();
    let ask = |url: &str, token: Option<&str>| {
        let mut command = bare(home, &["scans", "--server", url]);
        if let Some(token) = token {
            command.env("ORGSWEEP_TOKEN", token);
        }
        Said::of(command.output().unwrap())
    };
    let token = Some(remote.token.as_str());
    for (said, code, part) in [
        (ask(&remote.url, None), 2, "ORGSWEEP_TOKEN"),
        (ask(&remote.url, Some("hush")), 2, "not known here"),
        (ask("http://orgsweep.example.com", token), 2, "in the clear"),
        (ask("orgsweep.example.com", token), 2, "https://HOST"),
        (ask("https://me:hush@orgsweep.example.com", token), 2, "ORGSWEEP_TOKEN"),
        (ask("http://127.0.0.1:1", token), 1, "cannot be reached"),
        (ask(&format!("{}/elsewhere", remote.url), token), 2, "there is nothing at"),
    ] {
        assert_eq!(said.code, code, "{said:?}");
        assert!(said.err.contains(part), "{part}: {said:?}");
        assert!(!said.err.contains("hush"), "{said:?}");
        assert_eq!(said.err.lines().count(), 1, "{said:?}");
    }
}
