//! What the small scanner finds is what the world says.

use std::collections::BTreeMap;
use std::time::Duration;

use catalog::entry::Scope;
use catalog::{Catalog, ProbeView};
use loadtest::{Fat, Manner, Organization, Shape, Trouble, World};
use protocol::Status;
use tokio::net::TcpListener;

use crate::client::{Client, Session};
use crate::probe::Scanner;

const REGIONS: &[&str] = &["us-east-1", "ap-south-1"];

fn all_probes(catalog: &Catalog) -> Vec<ProbeView<'_>> {
    catalog.probes().collect()
}

#[tokio::test]
async fn every_cell_of_every_probe_reads_as_the_world_says() {
    look_everywhere(false).await;
}

#[tokio::test]
async fn answers_as_large_as_those_of_aws_read_the_same() {
    look_everywhere(true).await;
}

async fn look_everywhere(full_bodies: bool) {
    let catalog = Catalog::embedded().expect("a catalog");
    let world = World::new(Organization::new(Shape::default()), catalog.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let manner = Manner {
        enforce_buckets: false,
        full_bodies,
        hang: Duration::from_millis(50),
        ..Manner::default()
    };
    let running = loadtest::serve(world.clone(), listener, manner).expect("a server");
    let client = Client::new(&running);
    let management = Session::from(running.keys());
    let probes = all_probes(&catalog);
    let truth: BTreeMap<_, _> = world
        .truth(&probes)
        .map(|cell| ((cell.account, cell.region, cell.probe), (cell.status, cell.own)))
        .collect();
    let mut looked = 0;
    let mut wrong = Vec::new();
    for account in [0, 1, 2, 9, 13] {
        let account = world.organization().accounts[account].id.to_string();
        let session = client.assume(&management, &account, &[]).await.expect("a session");
        let scanner =
            Scanner { client: &client, catalog: &catalog, session, account: account.clone() };
        for view in &probes {
            let places: &[&str] = if view.scope() == Scope::Global { &["global"] } else { REGIONS };
            for region in places {
                let place = (account.clone(), (*region).to_owned(), view.probe.id.to_string());
                let wanted = truth.get(&place).expect("every cell has a truth");
                if wanted.0 == Status::NotOffered {
                    continue;
                }
                looked += 1;
                let found = scanner.look(*view, region).await;
                if found != *wanted {
                    wrong.push(format!("{place:?}: found {found:?}, the truth is {wanted:?}"));
                }
            }
        }
    }
    let counters = running.counters();
    running.shutdown().await;
    assert!(wrong.is_empty(), "{} of {looked} cells:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(counters.refusals, Vec::<String>::new());
    assert!(looked > 500, "{looked}");
}

#[test]
fn the_truth_has_every_cell_once_and_follows_from_the_seed() {
    let catalog = Catalog::embedded().expect("a catalog");
    let make = |seed| {
        let shape = Shape { seed, accounts: 30, ..Shape::default() };
        World::new(Organization::new(shape), catalog.clone())
    };
    let probes = all_probes(&catalog);
    let world = make(1);
    let cells: Vec<_> = world.truth(&probes).collect();
    let active = |account: &&loadtest::synthetic::Account| {
        account.state == protocol::inventory::AccountState::Active
    };
    let accounts = world.organization().accounts.iter().filter(active).count();
    let regions = catalog.partition("aws").expect("a partition").regions.len();
    let global = probes.iter().filter(|view| view.scope() == Scope::Global).count();
    let expected = accounts * (regions * (probes.len() - global) + global);
    assert_eq!(cells.len(), expected);
    let keys: std::collections::BTreeSet<_> =
        cells.iter().map(|cell| (&cell.account, &cell.region, &cell.probe)).collect();
    assert_eq!(keys.len(), expected);
    assert!(make(1).truth(&probes).eq(cells.iter().cloned()));
    assert!(!make(2).truth(&probes).eq(cells.iter().cloned()));
}

#[test]
fn the_mix_is_plausible() {
    let catalog = Catalog::embedded().expect("a catalog");
    let world = World::new(Organization::new(Shape::default()), catalog.clone());
    let probes = catalog.select(&protocol::selection::Selection::default()).expect("core");
    let mut by_status: BTreeMap<Status, usize> = BTreeMap::new();
    let mut own = 0;
    for cell in world.truth(&probes) {
        *by_status.entry(cell.status).or_default() += 1;
        own += cell.own;
    }
    let count = |status| by_status.get(&status).copied().unwrap_or(0);
    let asked: usize = [Status::InUse, Status::Idle, Status::Off].map(count).iter().sum();
    let share = count(Status::InUse) as f64 / asked as f64;
    assert!((0.08..0.18).contains(&share), "{share} in use: {by_status:?}, {own} things");
    for status in [
        Status::InUse,
        Status::Idle,
        Status::Off,
        Status::NotOffered,
        Status::RegionOff,
        Status::Denied,
        Status::RoleFailed,
        Status::Error,
    ] {
        assert!(count(status) > 0, "no cell is {status}: {by_status:?}");
    }
}

#[test]
fn one_account_has_a_list_that_is_very_long_and_no_other_has() {
    let fat = Fat { service: "logs".to_owned(), region: "eu-west-1".to_owned(), things: 25_000 };
    let shape = Shape { accounts: 5, trouble: Trouble::NONE, fat: Some(fat), ..Shape::default() };
    let catalog = Catalog::embedded().expect("a catalog");
    let world = World::new(Organization::new(shape), catalog.clone());
    let probes: Vec<_> = catalog.probes().filter(|view| view.probe.id.as_str() == "logs").collect();
    let cells = world.truth_in(&probes, |region| ["eu-west-1", "us-east-1"].contains(&region));
    let long: Vec<_> = cells.filter(|cell| cell.own > 1000).collect();
    let account = &world.organization().accounts[Fat::ACCOUNT].id;
    assert_eq!(long.len(), 1, "{long:?}");
    assert_eq!((long[0].account.as_str(), long[0].region.as_str()), (&**account, "eu-west-1"));
    assert_eq!((long[0].status, long[0].own), (Status::InUse, 25_000));
}
