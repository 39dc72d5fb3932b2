//! The command under test, and what its reports say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::server::{KEYS, Keys, Moto};

/// A folder of its own for a command's store, and the way to a server.
pub(crate) struct Sweep {
    home: TempDir,
    variables: BTreeMap<String, String>,
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Sweep {
    /// A folder whose commands reach a server, with keys that are anybody's.
    pub(crate) fn of(moto: &Moto) -> Self {
        Self::with(moto, KEYS)
    }

    /// A folder whose commands reach a server with these keys.
    pub(crate) fn with(moto: &Moto, keys: Keys<'_>) -> Self {
        let variables = [
            ("AWS_ENDPOINT_URL", moto.url()),
            ("AWS_ACCESS_KEY_ID", keys.id),
            ("AWS_SECRET_ACCESS_KEY", keys.secret),
            ("AWS_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self { home: TempDir::new().unwrap(), variables: variables.map(owned).into() }
    }

    /// Sets a variable of its commands' environment.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Takes a variable away from its commands' environment.
    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// Writes a file into its folder; returns its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Its folder.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_orgsweep"))
            .args(args)
            .env_clear()
            .current_dir(self.home())
            .env("HOME", self.home())
            .envs(&self.variables)
            .output()
            .unwrap();
        Said {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Scans, with the patience that moto needs, and reads the cells.
    pub(crate) fn scan(&self, args: &[&str]) -> Cells {
        let patience = [
            "scan",
            "--quiet",
            "--budget-share",
            "100",
            "--max-in-flight",
            "16",
            "--call-timeout",
            "120s",
        ];
        let said = self.run(&[&patience, args].concat());
        assert!(said.code == 0 || said.code == 3, "{said:?}");
        self.cells()
    }

    /// The cells of the latest scan.
    pub(crate) fn cells(&self) -> Cells {
        Cells(self.report("cells").iter().map(Cell::read).collect())
    }

    /// The ids of the account's own things in the latest scan, by account, region and probe.
    pub(crate) fn own_ids(&self) -> BTreeMap<(String, String, String), BTreeSet<String>> {
        let mut ids = BTreeMap::<_, BTreeSet<_>>::new();
        for row in self.report("resources").iter().filter(|row| row["own"] == true) {
            let key = (text(row, "account_id"), text(row, "region"), text(row, "probe"));
            ids.entry(key).or_default().insert(text(row, "resource_id"));
        }
        ids
    }

    /// The rows of a report of the latest scan.
    pub(crate) fn report(&self, name: &str) -> Vec<Value> {
        let said = self.run(&["report", name, "--format", "jsonl"]);
        assert_eq!(said.code, 0, "{}", said.err);
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A row of the report `cells`.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) probe: String,
    pub(crate) status: String,
    pub(crate) count: u64,
    pub(crate) is_exact: bool,
    pub(crate) sample: BTreeSet<String>,
    pub(crate) calls: u64,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Cell {
    fn read(row: &Value) -> Self {
        let sample = row["resources"].as_array().unwrap();
        Self {
            account: text(row, "account_id"),
            region: text(row, "region"),
            probe: text(row, "probe"),
            status: text(row, "status"),
            count: row["resource_count"].as_u64().unwrap(),
            is_exact: row["count_is"] == "exact",
            sample: sample.iter().map(|id| id.as_str().unwrap().to_owned()).collect(),
            calls: row["calls"].as_u64().unwrap(),
            code: text(row, "failure_code"),
            message: text(row, "failure_message"),
        }
    }
}

/// The cells of a scan.
#[derive(Debug)]
pub(crate) struct Cells(Vec<Cell>);

impl Cells {
    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Cell> {
        self.0.iter()
    }

    /// One of them.
    pub(crate) fn find(&self, account: &str, region: &str, probe: &str) -> Option<&Cell> {
        let is_it =
            |cell: &&Cell| cell.account == account && cell.region == region && cell.probe == probe;
        self.0.iter().find(is_it)
    }

    /// One that was planned.
    #[track_caller]
    pub(crate) fn get(&self, account: &str, region: &str, probe: &str) -> &Cell {
        self.find(account, region, probe).unwrap()
    }

    /// How many there are of each status.
    pub(crate) fn statuses(&self) -> BTreeMap<&str, usize> {
        let mut all = BTreeMap::new();
        for cell in &self.0 {
            *all.entry(cell.status.as_str()).or_default() += 1;
        }
        all
    }
}

/// A value of a row; nothing where there is none.
pub(crate) fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_default().to_owned()
}
