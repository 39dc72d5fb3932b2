//! Accounts without an organization: profiles, role ARNs, and a file that mixes the ways in.

use crate::organization::{REGIONS, SERVICES, Seeded};
use crate::server::KEYS;
use crate::sweep::{Sweep, text};

const SCAN: [&str; 4] = ["--service", SERVICES, "--region", REGIONS];

fn role(seeded: &Seeded, name: &str) -> String {
    format!("arn:aws:iam::{}:role/orgsweep-member", seeded.account(name))
}

/// Profiles as people have them: keys, and roles that are assumed with them.
fn config(seeded: &Seeded) -> String {
    format!(
        "[profile hub]\naws_access_key_id = {}\naws_secret_access_key = {}\n\n\
         [profile ledger]\nrole_arn = {}\nsource_profile = hub\nregion = us-east-1\n\n\
         [profile shop]\nrole_arn = {}\nsource_profile = hub\nregion = us-east-1\n",
        KEYS.id,
        KEYS.secret,
        role(seeded, "ledger"),
        role(seeded, "shop"),
    )
}

/// A folder without keys in its environment, with profiles.
fn with_profiles(seeded: &Seeded) -> Sweep {
    let mut sweep = Sweep::of(&seeded.moto);
    let path = sweep.write("config", &config(seeded));
    sweep.set("AWS_CONFIG_FILE", &path);
    sweep.unset("AWS_ACCESS_KEY_ID");
    sweep.unset("AWS_SECRET_ACCESS_KEY");
    sweep
}

#[test]
fn accounts_are_entered_by_profile_by_role_and_by_a_file_that_mixes_them() {
    let seeded = Seeded::new();
    one_profile(&seeded);
    every_profile(&seeded);
    odd_profiles(&seeded);
    role_arns(&seeded);
    mixed_file(&seeded);
}

fn one_profile(seeded: &Seeded) {
    let sweep = with_profiles(seeded);
    let cells = sweep.scan(&[&SCAN[..], &["--profile", "ledger"]].concat());
    seeded.hold(&cells, &["ledger"]);
}

fn every_profile(seeded: &Seeded) {
    let sweep = with_profiles(seeded);
    let cells = sweep.scan(&[&SCAN[..], &["--all-profiles"]].concat());
    seeded.hold(&cells, &["master", "ledger", "shop"]);
}

/// A profile that leads nowhere, two that lead to one account, and the one that has no name of its own.
fn odd_profiles(seeded: &Seeded) {
    let mut sweep = with_profiles(seeded);
    let odd = format!(
        "{}\n[profile broken]\nrole_arn = arn:aws:iam::111122223333:role/nobody\nsource_profile = nowhere\n\n\
         [profile store]\nrole_arn = {}\nsource_profile = hub\nregion = us-east-1\n\n\
         [default]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        config(seeded),
        role(seeded, "shop"),
        KEYS.id,
        KEYS.secret,
    );
    let path = sweep.write("odd", &odd);
    sweep.set("AWS_CONFIG_FILE", &path);
    let said = sweep.run(&[&["scan", "--quiet", "--all-profiles"], &SCAN[..]].concat());
    assert_eq!(said.code, 3, "one leads nowhere: {}", said.err);
    assert!(said.err.contains("profile broken"), "{}", said.err);
    let report = sweep.run(&["report", "ledger", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report.out).unwrap();
    let missing = report["missing"].as_array().unwrap();
    let told = |row: &serde_json::Value| text(row, "failure_message");
    let (twice, broken): (Vec<_>, Vec<_>) =
        missing.iter().partition(|row| row["failure_code"] == "AlreadyCovered");
    assert!(broken.iter().any(|row| told(row).contains("profile broken")), "{missing:?}");
    let [twice] = &twice[..] else { panic!("one account is there twice: {missing:?}") };
    let wanted = format!(
        "profile store: account {} is looked at once, through profile shop, which leads to it too",
        seeded.account("shop")
    );
    assert_eq!(told(twice), wanted, "and the default profile is left out");
    let graph = sweep.run(&["graph"]);
    assert_eq!(graph.code, 0, "{}", graph.err);
    let known = format!("id: '{}', name: 'shop'", seeded.account("shop"));
    assert!(graph.out.contains(&known), "{}", graph.out);
    assert!(graph.out.contains("profile_name: 'shop'"), "{}", graph.out);
}

fn role_arns(seeded: &Seeded) {
    let arns = [role(seeded, "ledger"), role(seeded, "workshop")].join(",");
    let sweep = Sweep::of(&seeded.moto);
    let cells = sweep.scan(&[&SCAN[..], &["--role-arn", &arns]].concat());
    seeded.hold(&cells, &["ledger", "workshop"]);
}

fn mixed_file(seeded: &Seeded) {
    let mut sweep = with_profiles(seeded);
    let file = format!(
        "[[account]]\nprofile = \"shop\"\n\n\
         [[account]]\nprofile = \"hub\"\nrole-arn = \"{}\"\nexternal-id = \"sesame\"\n\n\
         [[account]]\nname = \"by keys\"\naccess-key-id-env = \"HUB_ID\"\n\
         secret-access-key-env = \"HUB_SECRET\"\n",
        role(seeded, "workshop"),
    );
    let path = sweep.write("accounts.toml", &file);
    sweep.set("HUB_ID", KEYS.id);
    sweep.set("HUB_SECRET", KEYS.secret);
    let cells = sweep.scan(&[&SCAN[..], &["--accounts-file", &path]].concat());
    seeded.hold(&cells, &["shop", "workshop", "master"]);
}
