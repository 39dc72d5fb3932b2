//! The project's own chores: `cargo xtask check` and `cargo xtask test`.
//!
//! CI runs these two and nothing else, so whatever it says can be had on any machine.

mod check;
mod counts;
mod generated;
mod machine;
mod python;
mod steps;
mod test;

use std::process::ExitCode;

use crate::machine::Machine;
use crate::steps::say;

const USAGE: &str = "\
cargo xtask check                          formatting, lints, documentation, house rules
cargo xtask test [--install] [ARGUMENT]... every test, with what they need
    --install    what is missing may be installed
    ARGUMENT     for the test runner: only these tests (`--test moto`, or a part of a name)";

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
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["check"] => check::run_all(&Machine::new(false)),
        ["test", "--install", arguments @ ..] => test::run_all(&Machine::new(true), arguments),
        ["test", arguments @ ..] => test::run_all(&Machine::new(false), arguments),
        ["--help" | "-h"] => {
            say(USAGE);
            Ok(())
        }
        _ => anyhow::bail!("no such chore: {:?}\n\n{USAGE}", words.join(" ")),
    }
}
