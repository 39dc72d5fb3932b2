//! The project's own chores: `cargo xtask check` and `cargo xtask test`.
//!
//! CI runs these two and nothing else, so whatever it says can be had on any machine.

mod check;
mod counts;
mod generated;
mod machine;
mod python;
mod servers;
mod steps;
mod test;

use std::process::ExitCode;

use crate::machine::Machine;
use crate::steps::say;

const USAGE: &str = "\
cargo xtask check                        formatting, lints, documentation, house rules
cargo xtask test [--install] [FILTER]    every test, with the servers that they need;
                                         FILTER: only tests whose names contain it
                                         --install: what is missing may be installed";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("\nfailed: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> anyhow::Result<()> {
    let (flags, rest): (Vec<&str>, Vec<&str>) =
        words.iter().map(String::as_str).partition(|word| word.starts_with('-'));
    match (rest.as_slice(), flags.as_slice()) {
        (["check"], []) => check::run_all(&Machine::new(false)),
        (["test"], []) => test::run_all(&Machine::new(false), None),
        (["test"], ["--install"]) => test::run_all(&Machine::new(true), None),
        (["test", filter], []) => test::run_all(&Machine::new(false), Some(filter)),
        (["test", filter], ["--install"]) => test::run_all(&Machine::new(true), Some(filter)),
        ([], ["--help" | "-h"]) => {
            say(USAGE);
            Ok(())
        }
        _ => anyhow::bail!("no such chore: {:?}\n\n{USAGE}", words.join(" ")),
    }
}
