//! Every service that moto plays: what boto3 made is what a scan finds, and nothing else is.

use std::collections::BTreeSet;

use catalog::Catalog;
use protocol::ProbeId;

use crate::proven::{Proof, hold};
use crate::server::{ACCOUNT, Moto};
use crate::sweep::{Cells, Sweep};
use crate::truth::{Truth, mistake, read};

/// Where things are made, and where there are only such as must not count.
const SEEDED: &str = "us-west-2";
const EMPTY: &str = "eu-west-1";

/// What moto plays in one of them only.
const NOT_IN_EMPTY: &str = "s3tables";

/// One attempt: what moto cannot answer it cannot answer later either.
const SCAN: &[&str] =
    &["--services", "all", "--region", "us-west-2,eu-west-1", "--max-attempts", "1", "--probes"];

#[test]
fn a_scan_finds_what_boto3_made_in_every_service_that_moto_plays() {
    let moto = Moto::start();
    let truth = read(&moto.seed("services.py", &[])["truth"]);
    let catalog = Catalog::embedded().unwrap();
    let sweep = Sweep::of(&moto);
    let cells = sweep.scan(&[SCAN, &[&on_demand(&catalog, &truth)]].concat());

    let proofs = prove(&catalog, &cells, &truth);
    nothing_is_made_up(&cells, &truth);
    what_moto_cannot_answer_is_unknown(&moto, &catalog, &cells);

    let services: BTreeSet<&str> = proofs.iter().map(|proof| proof.service.as_str()).collect();
    let wires: BTreeSet<&str> = proofs.iter().map(|proof| proof.wire).collect();
    assert!(services.len() >= 40, "{services:?}");
    assert_eq!(wires.len(), 6, "json in both versions and the four other protocols: {wires:?}");
    hold(&proofs);
}

/// Those of the probes that were made for which run only when they are asked for.
fn on_demand(catalog: &Catalog, truth: &Truth) -> String {
    let is_on_demand = |name: &&str| {
        let view = catalog.probe(&ProbeId::new(*name).unwrap()).unwrap();
        !view.probe.on_by_default
    };
    let names: BTreeSet<&str> = truth.keys().map(|(probe, _)| probe.as_str()).collect();
    names.into_iter().filter(is_on_demand).collect::<Vec<_>>().join(",")
}

/// Holds every cell that the truth tells of against it.
fn prove(catalog: &Catalog, cells: &Cells, truth: &Truth) -> BTreeSet<Proof> {
    let mut proofs = BTreeSet::new();
    let mut mistakes = Vec::new();
    for ((name, region), made) in truth {
        let Some(cell) = cells.find(ACCOUNT, region, name) else {
            mistakes.push(format!("{region} {name} was not planned"));
            continue;
        };
        mistakes.extend(mistake(catalog, cell, made));
        let elsewhere = cells.iter().find(|cell| cell.probe == *name && cell.region == EMPTY);
        let is_partial = elsewhere.is_some_and(|cell| cell.status == "partial");
        if let Some(there) = elsewhere.filter(|_| is_partial == cell.is_exact && *region == SEEDED)
        {
            mistakes.push(format!("what is whole in one region is not in the other: {there:?}"));
        }
        let view = catalog.probe(&ProbeId::new(name).unwrap()).unwrap();
        if *region != EMPTY {
            proofs.insert(Proof::of(view, cell.is_exact));
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    proofs
}

/// Nothing is found that nobody made: AWS's own things and defaults are not the account's.
fn nothing_is_made_up(cells: &Cells, truth: &Truth) {
    let is_told =
        |probe: &str, region: &str| truth.contains_key(&(probe.to_owned(), region.to_owned()));
    for cell in cells.iter().filter(|cell| !is_told(&cell.probe, &cell.region)) {
        assert_eq!(cell.count, 0, "{cell:?}");
        assert!(!matches!(cell.status.as_str(), "in_use" | "listed"), "{cell:?}");
        if is_told(&cell.probe, SEEDED) && cell.probe != NOT_IN_EMPTY {
            let is_said =
                matches!(cell.status.as_str(), "idle" | "off" | "not_offered" | "partial");
            assert!(is_said, "{cell:?}");
        }
    }
}

/// Services that moto does not play end as unknown, with the code of what it says instead.
fn what_moto_cannot_answer_is_unknown(moto: &Moto, catalog: &Catalog, cells: &Cells) {
    let mut names = BTreeSet::new();
    for entry in catalog.entries() {
        names.insert(entry.signing_name.as_ref().unwrap_or(&entry.endpoint_prefix).as_str());
    }
    let names: Vec<&str> = names.into_iter().collect();
    let unplayed = moto.seed("unplayed.py", &names);
    let is_unplayed = |name: &str| unplayed.as_array().unwrap().iter().any(|other| other == name);
    let mut seen = 0;
    for cell in cells.iter() {
        let entry = catalog.probe(&ProbeId::new(&cell.probe).unwrap()).unwrap().entry;
        if !is_unplayed(entry.signing_name.as_ref().unwrap_or(&entry.endpoint_prefix)) {
            continue;
        }
        seen += 1;
        let is_honest = cell.status == "not_offered" || cell.status == "error";
        assert!(is_honest, "{cell:?}");
        assert!(cell.status == "not_offered" || !cell.code.is_empty(), "{cell:?}");
    }
    assert!(seen > 100, "{seen}");
}
