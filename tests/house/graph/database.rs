//! In a database: what its users ask is answered as the organization is, twice is once, and only what is gone is removed.

use std::collections::{BTreeMap, BTreeSet};

use loadtest::Organization;
use protocol::inventory::AccountState;
use serde_json::{Value, json};

use super::player::Player;
use super::{played, scan, scanned};

/// The pairs that a statement answers.
fn pairs(player: &mut Player, text: &str) -> BTreeSet<(String, String)> {
    let text_of = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let rows = player.ask(text, json!({}));
    let pairs: BTreeSet<_> =
        rows.iter().map(|row| (text_of(row, "a"), text_of(row, "b"))).collect();
    assert_eq!(pairs.len(), rows.len(), "nothing is there twice: {rows:?}");
    pairs
}

fn count(player: &mut Player, text: &str) -> u64 {
    player.ask(text, json!({}))[0]["n"].as_u64().unwrap()
}

/// Pairs of texts, owned.
fn wanted<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeSet<(String, String)> {
    pairs.map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

#[test]
fn the_graph_answers_as_the_organization_is_and_twice_is_once() {
    let (cloud, org, mut player) = (scanned(), played(), Player::start());
    let said = player.fill(&cloud, 1);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    let first = player.all();
    what_users_ask(&mut player, &org);

    assert_eq!(player.fill(&cloud, 1).code, 0);
    assert_eq!(player.all(), first, "the same again changes nothing");

    // The file does what Bolt did; only when things were first seen differs.
    let file = cloud.run(&["graph", "--update-tag", "1"]).out;
    player.ask("MATCH (n) DETACH DELETE n", json!({}));
    assert!(player.run_file(&file) > 0);
    let by_file = player.all();
    let without = |all: &[String]| all.iter().map(|line| unseen(line)).collect::<BTreeSet<_>>();
    assert_eq!(without(&by_file), without(&first));
    player.run_file(&file);
    assert_eq!(player.all(), by_file, "the same again changes nothing");
}

/// A line of the whole without when it was first seen.
fn unseen(line: &str) -> String {
    let mut row: Value = serde_json::from_str(line).unwrap();
    if let Some(properties) = row["properties"].as_object_mut() {
        properties.remove("firstseen");
    }
    row.to_string()
}

fn what_users_ask(player: &mut Player, org: &Organization) {
    let active: Vec<_> =
        org.accounts.iter().filter(|one| one.state == AccountState::Active).collect();
    let unit_of = |account: &loadtest::synthetic::Account| &*org.units[account.unit].id;

    let by_unit = "MATCH (u:AWSOrganizationalUnit)-[:RESOURCE]->(a:AWSAccount) \
                   RETURN a.id AS a, u.ou_id AS b UNION \
                   MATCH (r:AWSOrganizationRoot)-[:RESOURCE]->(a:AWSAccount) \
                   RETURN a.id AS a, r.root_id AS b";
    let placed = wanted(active.iter().map(|one| (&*one.id, unit_of(one))));
    assert_eq!(pairs(player, by_unit), placed);

    let up = "MATCH p = (a:AWSAccount)-[:PARENT*1..8]->(:AWSOrganizationRoot) \
              RETURN a.id AS a, [n IN nodes(p) | n.name] AS b";
    let paths: BTreeMap<String, Value> = player
        .ask(up, json!({}))
        .into_iter()
        .map(|row| (row["a"].as_str().unwrap().to_owned(), row["b"].clone()))
        .collect();
    let path_of = |account: &loadtest::synthetic::Account| {
        let above = std::iter::successors(Some(account.unit), |unit| org.units[*unit].parent);
        let names = above.map(|unit| org.units[unit].name.clone());
        json!(std::iter::once(account.name.clone()).chain(names).collect::<Vec<_>>())
    };
    let drawn = active.iter().map(|one| (one.id.to_string(), path_of(one))).collect();
    assert_eq!(paths, drawn);

    let foreign = "MATCH (a:AWSAccount) WHERE a.foreign RETURN a.id AS a, a.state AS b";
    let outside = org.accounts.iter();
    let outside = outside.filter(|one| !one.enterable || one.state != AccountState::Active);
    let outside = wanted(outside.map(|one| (&*one.id, one.state.as_str())));
    assert!(!outside.is_empty());
    assert_eq!(pairs(player, foreign), outside);
    let inside = count(player, "MATCH (a:AWSAccount) WHERE a.inscope RETURN count(a) AS n");
    assert_eq!(inside as usize, org.accounts.len() - outside.len());

    let users = "MATCH (a:AWSAccount)-[:RESOURCE]->(p:AWSPrincipal) RETURN a.id AS a, p.arn AS b";
    let arns: Vec<String> =
        active.iter().map(|one| format!("arn:aws:iam::{}:root", one.id)).collect();
    let roots = active.iter().zip(&arns).map(|(one, arn)| (&*one.id, arn.as_str()));
    assert_eq!(pairs(player, users), wanted(roots));

    let stale = "MATCH (n) WHERE n.lastupdated < 1 RETURN count(n) AS n";
    assert_eq!(count(player, stale), 0);
    let tenants = count(player, "MATCH (n:Tenant) RETURN count(n) AS n");
    assert_eq!(tenants as usize, org.accounts.len() + 1);
    let tree = "MATCH (n:AWSOrganizationalUnit)-[:PARENT]->(up) RETURN n.id AS a, up.id AS b";
    let id = |unit: usize| format!("{}/{}", org.id, org.units[unit].id);
    let above: BTreeSet<(String, String)> = (0..org.units.len())
        .filter_map(|unit| Some((id(unit), id(org.units[unit].parent?))))
        .collect();
    assert_eq!(pairs(player, tree), above);
}

/// What another run, and another organization, left behind.
const LEFT_BEHIND: &str = "\
MATCH (root:AWSOrganizationRoot {id: $root})
MATCH (unit:AWSOrganizationalUnit {id: $unit})
MATCH (account:AWSAccount {id: $account})
MATCH (org:AWSOrganization {id: $org})
CREATE (org)-[:RESOURCE {lastupdated: 1}]->(:AWSOrganizationRoot {id: 'old root', org_id: $org, lastupdated: 1})
CREATE (root)-[:RESOURCE {lastupdated: 1}]->(old:AWSOrganizationalUnit {id: 'old unit', org_id: $org, lastupdated: 1})
CREATE (old)-[:PARENT {lastupdated: 1}]->(root)
CREATE (unit)-[:RESOURCE {lastupdated: 1, old: true}]->(account)
CREATE (account)-[:PARENT {lastupdated: 1, old: true}]->(unit)
CREATE (:AWSAccount {id: 'gone', name: 'gone', org_id: $org, email: 'e', state: 'ACTIVE', inscope: true, lastupdated: 1})
CREATE (:AWSAccount {id: 'alone', email: 'e', lastupdated: 1})
CREATE (other:AWSOrganization {id: 'o-other', lastupdated: 1})-[:RESOURCE {lastupdated: 1}]->
       (top:AWSOrganizationRoot {id: 'o-other/r', org_id: 'o-other', lastupdated: 1})-[:RESOURCE {lastupdated: 1}]->
       (below:AWSOrganizationalUnit {id: 'o-other/ou', org_id: 'o-other', lastupdated: 1})-[:RESOURCE {lastupdated: 1}]->
       (:AWSAccount {id: 'theirs', org_id: 'o-other', email: 'e', lastupdated: 1})";

#[test]
fn only_what_is_gone_from_a_whole_organization_is_removed() {
    let (cloud, org, mut player) = (scanned(), played(), Player::start());
    assert_eq!(player.fill(&cloud, 2).code, 0);
    let without = |all: &[String]| {
        let tags = |line: &String| line.replace("\"lastupdated\":3", "\"lastupdated\":2");
        all.iter().map(tags).collect::<BTreeSet<_>>()
    };
    let clean = without(&player.all());
    let (whole, place) = (|unit: usize| format!("{}/{}", org.id, org.units[unit].id), 0);
    let account = org.accounts.iter().find(|one| one.state == AccountState::Active).unwrap();
    let elsewhere = (1..org.units.len()).find(|unit| *unit != account.unit).unwrap();
    let about = json!({
        "org": org.id, "root": whole(place), "unit": whole(elsewhere), "account": &*account.id,
    });
    player.ask(LEFT_BEHIND, about);
    let theirs = "MATCH (n) WHERE n.id STARTS WITH 'o-other' OR n.id IN ['theirs', 'alone'] \
                  RETURN count(n) AS n";
    assert_eq!(count(&mut player, theirs), 5);
    let gone = "MATCH (n) WHERE n.id STARTS WITH 'old' RETURN count(n) AS n";
    let misplaced = "MATCH ()-[r]->() WHERE r.old RETURN count(r) AS n";

    // A reader who is denied the list of accounts: everything stays.
    let denied = cloud_denied(&cloud, &org);
    assert!(denied.err.contains("nothing is removed from it"), "{denied:?}");
    let said = player.fill(&cloud, 3);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("nothing is removed from it"), "{}", said.err);
    assert_eq!((count(&mut player, gone), count(&mut player, misplaced)), (2, 2));
    assert_eq!(count(&mut player, theirs), 5);

    // A whole one: what it does not have any more goes, and nothing else.
    assert_eq!(scan(&cloud, &[]).code, 3);
    let said = player.fill(&cloud, 3);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert_eq!((count(&mut player, gone), count(&mut player, misplaced)), (0, 0));
    assert_eq!(count(&mut player, theirs), 5, "another's, and nobody's, stay");
    let left = player.ask("MATCH (n:AWSAccount {id: 'gone'}) RETURN properties(n) AS p", json!({}));
    assert_eq!(
        left[0]["p"],
        json!({"id": "gone", "name": "gone", "inscope": true, "lastupdated": 1})
    );
    let more = "MATCH (n) WHERE n.id STARTS WITH 'o-other' OR n.id IN ['theirs', 'alone', 'gone'] \
                DETACH DELETE n";
    player.ask(more, json!({}));
    assert_eq!(without(&player.all()), clean);
}

/// Scans as somebody who may not list the accounts; what is then said of the graph.
fn cloud_denied(cloud: &crate::command::Cloud, org: &Organization) -> crate::command::Said {
    let administrators: Vec<usize> = org.administrators.iter().map(|one| one.account).collect();
    let other = (1..org.accounts.len())
        .find(|at| org.accounts[*at].enterable && !administrators.contains(at))
        .unwrap();
    let role = format!("arn:aws:iam::{}:role/orgsweep-member", org.accounts[other].id);
    scan(cloud, &["--org-role", &role]);
    cloud.run(&["graph"])
}

#[test]
fn every_statement_is_opencypher() {
    let (cloud, mut player) = (scanned(), Player::start());
    let file = cloud.run(&["graph"]).out;
    let lines = file.lines().filter(|line| !line.starts_with(['/', ':']));
    let text = lines.collect::<Vec<_>>().join("\n");
    let statements = text.split(';').map(|text| text.trim().to_owned());
    // Indexes are Neo4j's own; openCypher has none.
    let statements: BTreeSet<String> = statements
        .filter(|text| !text.is_empty() && !text.starts_with("CREATE INDEX IF NOT EXISTS FOR"))
        .collect();
    assert!(statements.len() > 15, "{statements:?}");
    let statements: Vec<String> = statements.into_iter().collect();
    for (text, faults) in statements.iter().zip(player.faults(&statements)) {
        assert_eq!(faults, json!([]), "{text}");
    }
    assert_ne!(player.faults(&["MATCH (n RETURN n".to_owned()])[0], json!([]));
}
