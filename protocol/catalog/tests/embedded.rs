//! The catalog that is built into the program, as a whole.

use catalog::{Catalog, validate};

#[test]
fn every_entry_keeps_every_rule() {
    let catalog = Catalog::embedded().expect("the tables");
    let problems: Vec<String> = validate::check(&catalog).iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}
