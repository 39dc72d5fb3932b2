//! The account graph of the stand-in's organization: in files, and in a database that is asked what its users ask.

#[cfg(feature = "fleet")]
mod database;
#[cfg(feature = "fleet")]
mod player;
#[cfg(feature = "fleet")]
mod refused;

use std::time::Duration;

use loadtest::{Organization, Shape, Trouble};

use crate::command::{Cloud, Said};

const ACCOUNTS: u32 = 25;

fn trouble() -> Trouble {
    Trouble { closed_doors: true, ..Trouble::NONE }
}

/// The organization that the stand-in plays.
fn played() -> Organization {
    Organization::new(Shape { accounts: ACCOUNTS, seed: 7, trouble: trouble(), ..Shape::default() })
}

/// A stand-in that was scanned; nearly nothing was asked of the accounts themselves.
fn scanned() -> Cloud {
    let cloud = Cloud::new(ACCOUNTS, trouble(), Duration::ZERO);
    let said = scan(&cloud, &[]);
    assert_eq!(said.code, 3, "some accounts cannot be entered: {}", said.err);
    cloud
}

fn scan(cloud: &Cloud, more: &[&str]) -> Said {
    let scan = ["scan", "--quiet", "--service", "sqs", "--region", "us-east-1"];
    cloud.run(&[&scan[..], &["--budget-share", "100"], more].concat())
}

#[test]
fn files_are_written_where_they_are_wanted() {
    let cloud = scanned();
    let here = cloud.run(&["graph", "--update-tag", "7"]);
    assert_eq!((here.code, here.err.as_str()), (0, ""));
    let there = cloud.run(&["graph", "--update-tag", "7", "--out", "graph.cypher"]);
    assert_eq!((there.code, there.out.as_str()), (0, ""), "{}", there.err);
    let file = std::fs::read_to_string(cloud.home.path().join("graph.cypher")).unwrap();
    assert_eq!(file, here.out);
    let files = cloud.run(&["graph", "--format", "csv", "--out", "import", "--update-tag", "7"]);
    assert_eq!(files.code, 0, "{}", files.err);
    let names: Vec<&str> =
        files.out.lines().filter_map(|line| line.strip_prefix("import/")).collect();
    assert_eq!(
        names,
        [
            "AWSOrganization.csv",
            "AWSOrganizationRoot.csv",
            "AWSOrganizationalUnit.csv",
            "AWSAccount.csv",
            "AWSRootPrincipal.csv",
            "RESOURCE.csv",
            "PARENT.csv"
        ]
    );
    let accounts = std::fs::read_to_string(cloud.home.path().join("import/AWSAccount.csv"));
    assert_eq!(accounts.unwrap().lines().count(), played().accounts.len() + 1);
    let nowhere = cloud.run(&["graph", "--format", "csv"]);
    assert_eq!(nowhere.code, 2);
    assert!(nowhere.err.contains("--out"), "{}", nowhere.err);
}
