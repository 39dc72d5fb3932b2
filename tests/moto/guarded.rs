//! A moto that verifies signatures and permissions: what the printed policies allow is enough, what
//! they lack is denied and never off, and bad keys get one sentence.

use catalog::Catalog;
use serde_json::{Value, json};

use crate::server::{Keys, Moto};
use crate::sweep::{Cells, Sweep, text};
use crate::truth::{compare, read};

/// Of every protocol; of rest-json one that is asked by POST, since moto's verifier takes no GET of
/// that protocol, boto3's neither.
const SERVICES: &str = "sqs,sns,ram,ec2,iam,s3,dynamodb,ecr,organizations";
const SCAN: [&str; 4] = ["--service", SERVICES, "--region", "us-west-2"];

/// An organization in a moto that checks.
struct Guarded {
    moto: Moto,
    told: Value,
}

impl Guarded {
    fn new() -> Self {
        let moto = Moto::start();
        let sweep = Sweep::of(&moto);
        let runner = [documents(&sweep, "runner"), documents(&sweep, "organization")].concat();
        let policies = json!({ "runner": runner, "member": documents(&sweep, "member") });
        let path = sweep.write("policies.json", &policies.to_string());
        let told = moto.seed("guarded.py", &[&path]);
        moto.guard();
        Self { moto, told }
    }

    fn account(&self, name: &str) -> String {
        text(&self.told["accounts"], name)
    }

    /// The keys of the user that may do what the printed policies say.
    fn runner(&self) -> Sweep {
        let keys = &self.told["keys"];
        let (id, secret) = (text(keys, "id"), text(keys, "secret"));
        Sweep::with(&self.moto, Keys { id: &id, secret: &secret })
    }
}

/// The documents that the command prints for a role.
fn documents(sweep: &Sweep, role: &str) -> Vec<Value> {
    let said = sweep.run(&["catalog", "iam-policy", "--for", role, "--service", SERVICES]);
    assert_eq!(said.code, 0, "{said:?}");
    let printed: Value = serde_json::from_str(&said.out).unwrap();
    let policies = printed["policies"].as_array().unwrap().iter();
    policies.map(|policy| policy["document"].clone()).collect()
}

#[test]
fn the_printed_policies_are_enough_and_what_is_denied_is_never_off() {
    let guarded = Guarded::new();
    let cells = guarded.runner().scan(&SCAN);
    let catalog = Catalog::embedded().unwrap();
    for name in ["hub", "open"] {
        let account = guarded.account(name);
        compare(&catalog, &cells, &account, &read(&guarded.told["truth"][&account]));
    }
    one_action_short(&guarded, &cells);
    nothing_allowed(&guarded, &cells);
    check_access_names_what_is_missing(&guarded);
    bad_keys_get_one_sentence(&guarded);
    one_bad_way_in_stops_no_other(&guarded);
}

fn one_action_short(guarded: &Guarded, cells: &Cells) {
    let narrow = guarded.account("narrow");
    for cell in cells.iter().filter(|cell| cell.account == narrow) {
        if cell.probe == "sqs" {
            assert_eq!((cell.status.as_str(), cell.count), ("denied", 0), "{cell:?}");
            assert!(cell.code.starts_with("AccessDenied"), "{cell:?}");
            assert!(cell.message.contains("sqs:ListQueues"), "{cell:?}");
        } else {
            assert!(matches!(cell.status.as_str(), "in_use" | "idle"), "{cell:?}");
        }
    }
}

fn nothing_allowed(guarded: &Guarded, cells: &Cells) {
    let shut = guarded.account("shut");
    let mut seen = 0;
    for cell in cells.iter().filter(|cell| cell.account == shut) {
        assert_eq!((cell.status.as_str(), cell.count), ("denied", 0), "{cell:?}");
        assert!(!cell.code.is_empty(), "{cell:?}");
        seen += 1;
    }
    assert_eq!(seen, 9);
}

fn check_access_names_what_is_missing(guarded: &Guarded) {
    let said = guarded.runner().run(&[&["check-access", "--format", "json"][..], &SCAN].concat());
    assert!(said.code == 0 || said.code == 3, "{said:?}");
    let rows: Value = serde_json::from_str(&said.out).unwrap();
    let of = |name: &str| {
        let account = guarded.account(name);
        rows.as_array()
            .unwrap()
            .iter()
            .find(|row| row["account_id"] == *account)
            .unwrap()
            .to_string()
    };
    assert!(of("narrow").contains("sqs:ListQueues"), "{said:?}");
    assert!(!of("open").contains("sqs:ListQueues"), "{said:?}");
}

fn bad_keys_get_one_sentence(guarded: &Guarded) {
    let id = text(&guarded.told["keys"], "id");
    let sweep = Sweep::with(&guarded.moto, Keys { id: &id, secret: "wrong" });
    let said = sweep.run(&[&["scan", "--no-progress"][..], &SCAN].concat());
    assert_eq!(said.code, 2, "{said:?}");
    assert_eq!(said.err.lines().count(), 1, "{said:?}");
    assert!(said.err.contains("SignatureDoesNotMatch"), "{said:?}");
    assert!(said.out.is_empty() && !said.err.contains("wrong"), "{said:?}");
}

/// An account whose keys are wrong is told of; the others are scanned.
fn one_bad_way_in_stops_no_other(guarded: &Guarded) {
    let mut sweep = guarded.runner();
    let open = guarded.account("open");
    let file = format!(
        "[[account]]\nname = \"broken\"\naccess-key-id-env = \"BAD_ID\"\n\
         secret-access-key-env = \"BAD_SECRET\"\n\n\
         [[account]]\nrole-arn = \"arn:aws:iam::{open}:role/orgsweep-member\"\n"
    );
    let path = sweep.write("accounts.toml", &file);
    sweep.set("BAD_ID", "AKIAIOSFODNN7EXAMPLE");
    sweep.set("BAD_SECRET", "hunter2");
    let said =
        sweep.run(&[&["scan", "--no-progress", "--accounts-file", &path][..], &SCAN].concat());
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.out.contains("discovery could not read"), "{said:?}");
    assert!(!said.err.contains("hunter2") && !said.out.contains("hunter2"), "{said:?}");
    let catalog = Catalog::embedded().unwrap();
    compare(&catalog, &sweep.cells(), &open, &read(&guarded.told["truth"][&open]));
}
