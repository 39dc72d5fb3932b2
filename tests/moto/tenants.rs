//! Several organizations by several hub accounts, found over a table of tenants.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::server::Moto;
use crate::sweep::{Cells, Said, Sweep, text};

const BLUE: &str = "111111111111";
const GREEN: &str = "222222222222";
const ALONE: &str = "333333333333";

pub(crate) const SCAN: [&str; 4] = ["--service", "sqs", "--region", "us-west-2"];
pub(crate) const TABLE: [&str; 4] = ["--tenants-table", "tenants", "--tenants-region", "us-east-1"];

/// A moto with tables of tenants.
pub(crate) struct World {
    moto: Moto,
    told: Value,
}

impl World {
    pub(crate) fn new() -> Self {
        let moto = Moto::start();
        let told = moto.seed("tenants.py", &[]);
        Self { moto, told }
    }

    /// The server.
    pub(crate) fn moto(&self) -> &Moto {
        &self.moto
    }

    fn account(&self, organization: &str, name: &str) -> String {
        text(&self.told[organization], name)
    }

    /// The accounts of the two organizations that tenants manage.
    pub(crate) fn both(&self) -> BTreeSet<String> {
        let members = [self.account("blue", "ink"), self.account("blue", "sky")];
        let other = [self.account("green", "moss"), BLUE.to_owned(), GREEN.to_owned()];
        members.into_iter().chain(other).collect()
    }
}

/// The accounts of cells.
pub(crate) fn accounts(cells: &Cells) -> BTreeSet<String> {
    cells.iter().map(|cell| cell.account.clone()).collect()
}

/// What went astray: the code by what it is about, as the report of the ledger has it.
fn astray(sweep: &Sweep) -> BTreeMap<String, String> {
    let said = sweep.run(&["report", "ledger", "--format", "json"]);
    assert_eq!(said.code, 0, "{said:?}");
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let rows = report["missing"].as_array().unwrap_or_else(|| panic!("{}", said.out));
    rows.iter().map(|row| (text(row, "what"), text(row, "failure_code"))).collect()
}

#[test]
fn the_organizations_of_a_tenants_table_are_scanned_and_every_tenant_has_an_outcome() {
    let world = World::new();
    every_tenant(&world);
    another_filter_is_a_setting(&world);
    check_access_shows_each(&world);
    a_unit_chooses_over_several_organizations(&world);
    a_table_that_leads_nowhere_is_one_sentence(&world);
}

fn every_tenant(world: &World) {
    let sweep = Sweep::of(&world.moto);
    let cells = sweep.scan(&[&SCAN[..], &TABLE].concat());
    assert_eq!(accounts(&cells), world.both());
    let ink = cells.get(&world.account("blue", "ink"), "us-west-2", "sqs");
    assert_eq!((ink.status.as_str(), ink.count), ("in_use", 1), "{ink:?}");
    let own = cells.get(BLUE, "us-west-2", "sqs");
    assert_eq!(own.status, "idle", "a management account is looked at too: {own:?}");
    let what = |tenant: &str| format!("source-0/{tenant}");
    let mut astray = astray(&sweep);
    let item = astray.iter().filter(|(_, code)| *code == "UnusableItem").count();
    assert_eq!(item, 2, "{astray:?}");
    astray.retain(|_, code| code != "UnusableItem");
    let expected = [
        (what(ALONE), "AWSOrganizationsNotInUseException"),
        (what(&world.account("blue", "sky")), "AlreadyCovered"),
        (what(&world.account("red", "rust")), "NotManagementAccount"),
    ];
    assert_eq!(astray, expected.map(|(what, code)| (what, code.to_owned())).into());
    let read = accounts_read(&sweep);
    let how = |tenant: &str| read[&what(tenant)].as_str();
    assert_eq!([how(BLUE), how(GREEN)], ["synced", "synced"], "{read:?}");
    assert_eq!(how(ALONE), "not_in_organization");
    assert_eq!(how(&world.account("blue", "sky")), "already_synced");
    assert_eq!(how(&world.account("red", "rust")), "incomplete");
}

/// How completely accounts were listed, by the connection that they were listed through.
fn accounts_read(sweep: &Sweep) -> BTreeMap<String, String> {
    let said = sweep.run(&["report", "inventory", "--format", "json"]);
    assert_eq!(said.code, 0, "{said:?}");
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let rows = report["completeness"].as_array().unwrap_or_else(|| panic!("{}", said.out));
    let accounts = rows.iter().filter(|row| row["part"] == "accounts");
    accounts.map(|row| (text(row, "connection"), text(row, "completeness"))).collect()
}

fn another_filter_is_a_setting(world: &World) {
    let filter = ["--tenants-filter", "mgmt_category=Known Partially Managed"];
    let sweep = Sweep::of(&world.moto);
    let cells = sweep.scan(&[&SCAN[..], &TABLE, &filter].concat());
    let wanted = [GREEN.to_owned(), world.account("green", "moss")];
    assert_eq!(accounts(&cells), wanted.into());
    assert_eq!(astray(&sweep), BTreeMap::new());
}

fn check_access_shows_each(world: &World) {
    let sweep = Sweep::of(&world.moto);
    let check = ["check-access", "--format", "json", "--no-progress", "--budget-share", "100"];
    let said = sweep.run(&[&check[..], &SCAN, &TABLE].concat());
    assert_eq!(said.code, 3, "{said:?}");
    let rows: Value = serde_json::from_str(&said.out).unwrap();
    let of = |account: &str| {
        let mut rows = rows.as_array().unwrap().iter();
        let row = rows.find(|row| row["account_id"] == account && row["entered"] == "no");
        row.unwrap_or_else(|| panic!("{said:?}"))["missing"].to_string()
    };
    assert!(of(ALONE).contains("in no organization"), "{said:?}");
    assert!(of(&world.account("red", "rust")).contains("not the management account"), "{said:?}");
    assert!(said.out.contains("it has no attribute tenant_id"), "{said:?}");
    assert!(said.out.contains("12ab"), "{said:?}");
}

fn a_unit_chooses_over_several_organizations(world: &World) {
    let sweep = Sweep::of(&world.moto);
    let cells = sweep.scan(&[&SCAN[..], &TABLE, &["--ou", "Root"]].concat());
    assert_eq!(accounts(&cells), world.both());
}

fn a_table_that_leads_nowhere_is_one_sentence(world: &World) {
    let sentence = |table: &str, part: &str| {
        let sweep = Sweep::of(&world.moto);
        let table = ["--tenants-table", table, "--tenants-region", "us-east-1"];
        let said: Said = sweep.run(&[&["scan", "--no-progress"][..], &SCAN, &table].concat());
        assert_eq!(said.code, 2, "{said:?}");
        assert_eq!(said.err.lines().count(), 1, "{said:?}");
        assert!(said.err.contains(part), "{said:?}");
    };
    sentence("nowhere", "does not exist: check --tenants-table and --tenants-region");
    sentence("empty", "is empty");
    sentence("other", "has 2 items, but none passes the filter");
}
