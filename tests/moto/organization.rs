//! An organization with accounts at every depth of its tree, scanned through roles, cell by cell.

use std::collections::{BTreeMap, BTreeSet};

use catalog::Catalog;
use serde_json::Value;

use crate::server::{ACCOUNT, Keys, Moto};
use crate::sweep::{Cells, Sweep, text};
use crate::truth::{Truth, compare, read};

/// Services of every protocol in which the seeding script makes things, or moto knows for sure
/// that there are none.
pub(crate) const SERVICES: &str = "sqs,sns,dynamodb,kms,ec2,s3,iam,guardduty,lambda,organizations";
pub(crate) const REGIONS: &str = "us-west-2,eu-west-1";

/// An organization in a moto of its own.
pub(crate) struct Seeded {
    pub(crate) moto: Moto,
    pub(crate) catalog: Catalog,
    told: Value,
}

impl Seeded {
    pub(crate) fn new() -> Self {
        let moto = Moto::start();
        let told = moto.seed("organization.py", &[]);
        Self { moto, catalog: Catalog::embedded().unwrap(), told }
    }

    /// The id of an account that the script made.
    pub(crate) fn account(&self, name: &str) -> String {
        let accounts = self.told["accounts"].as_array().unwrap();
        text(accounts.iter().find(|account| account["name"] == name).unwrap(), "id")
    }

    /// A folder with the keys of a user of a member account.
    pub(crate) fn clerk(&self) -> Sweep {
        let (id, secret) = (text(&self.told["clerk"], "id"), text(&self.told["clerk"], "secret"));
        Sweep::with(&self.moto, Keys { id: &id, secret: &secret })
    }

    /// What was made in an account.
    pub(crate) fn truth(&self, account: &str) -> Truth {
        read(&self.told["truth"][account])
    }

    /// The accounts of the cells must be these, and each must be as it was made.
    #[track_caller]
    pub(crate) fn hold(&self, cells: &Cells, names: &[&str]) {
        let wanted: BTreeSet<String> = names.iter().map(|name| self.account(name)).collect();
        let seen: BTreeSet<String> = cells.iter().map(|cell| cell.account.clone()).collect();
        assert_eq!(seen, wanted);
        for account in &wanted {
            compare(&self.catalog, cells, account, &self.truth(account));
        }
    }
}

#[test]
fn an_organization_is_scanned_cell_by_cell() {
    let seeded = Seeded::new();
    let sweep = Sweep::of(&seeded.moto);
    let cells = sweep.scan(&["--service", SERVICES, "--region", REGIONS]);
    assert_eq!(seeded.account("master"), ACCOUNT);
    seeded.hold(&cells, &["master", "workshop", "ledger", "shop"]);
    // 4 accounts, of 10 services 3 global ones once and 7 in two regions.
    assert_eq!(cells.iter().count(), 4 * (3 + 7 * 2), "{:?}", cells.statuses());
    the_tree_is_told(&sweep, &seeded);

    units_choose(&seeded);
    tags_choose(&seeded);
}

/// Reports name accounts and the units above them.
fn the_tree_is_told(sweep: &Sweep, seeded: &Seeded) {
    let rows = sweep.report("cells");
    let place =
        |row: &Value| (text(row, "account_id"), (text(row, "account_name"), text(row, "ou_path")));
    let seen: BTreeMap<_, _> = rows.iter().map(place).collect();
    let accounts = seeded.told["accounts"].as_array().unwrap().iter();
    let active = accounts.filter(|account| account["is_active"] == true);
    let wanted: BTreeMap<_, _> = active
        .map(|account| (text(account, "id"), (text(account, "name"), text(account, "path"))))
        .collect();
    assert_eq!(seen, wanted);
    let states = sweep.report("by-account");
    let state = |row: &Value| (text(row, "account_name"), text(row, "account_state"));
    let states: BTreeMap<_, _> = states.iter().map(state).collect();
    assert_eq!(states["old"], "SUSPENDED", "a closed account is recorded: {states:?}");
    assert_eq!(states.values().filter(|state| *state == "ACTIVE").count(), 4, "{states:?}");
}

fn units_choose(seeded: &Seeded) {
    let sweep = Sweep::of(&seeded.moto);
    let scan = ["--service", SERVICES, "--region", REGIONS];
    let below = sweep.scan(&[&scan[..], &["--ou", "Root/Payments"]].concat());
    seeded.hold(&below, &["ledger", "shop"]);
    let others = sweep.scan(&[&scan[..], &["--exclude-ou", "Root/Payments/Prod"]].concat());
    seeded.hold(&others, &["master", "workshop", "ledger"]);
}

fn tags_choose(seeded: &Seeded) {
    let sweep = Sweep::of(&seeded.moto);
    let scan = ["--service", SERVICES, "--region", REGIONS, "--tag", "team=ledger"];
    seeded.hold(&sweep.scan(&scan), &["ledger"]);
}

#[test]
fn an_organization_is_read_from_a_member_account_only_through_a_role() {
    let seeded = Seeded::new();
    let scan = ["--service", SERVICES, "--region", REGIONS];
    // moto answers a member's question for accounts with an empty list.
    let alone = seeded.clerk();
    let said = alone.run(&[&["scan", "--no-progress"][..], &scan].concat());
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("--org-role"), "{said:?}");
    seeded.hold(&alone.cells(), &["ledger"]);

    let reader = format!("arn:aws:iam::{ACCOUNT}:role/reader");
    let through_role = seeded.clerk();
    let cells = through_role.scan(&[&scan[..], &["--org-role", &reader]].concat());
    seeded.hold(&cells, &["master", "workshop", "ledger", "shop"]);

    let security = format!("arn:aws:iam::{}:role/security", seeded.account("shop"));
    let through_two = seeded.clerk();
    let ways = ["--org-role", &reader, "--via-role", &security];
    let cells = through_two.scan(&[&scan[..], &ways].concat());
    seeded.hold(&cells, &["master", "workshop", "ledger", "shop"]);
}
