//! The project's own chores: `cargo xtask check`, `test`, `servers`, `load` and `deploy`.
//!
//! CI runs the first two and nothing else, so whatever it says can be had on any machine.

mod check;
mod counts;
mod deploy;
mod faketime;
mod generated;
mod load;
mod machine;
mod python;
mod servers;
mod steps;
mod test;

use std::process::ExitCode;

use anyhow::bail;

use crate::machine::Machine;
use crate::steps::say;

const USAGE: &str = "\
cargo xtask check [deploy]                   formatting, lints, documentation, house rules, what is in deploy/
cargo xtask test [OPTION]... [ARGUMENT]...   every test, with what they need
cargo xtask servers [OPTION]...              PostgreSQL, Redis, RabbitMQ and a double of SQS, until Ctrl-C
cargo xtask load [OPTION]... [SCENARIO]...   load scenarios on release builds; without any the usual ones
cargo xtask deploy                           writes the policies in deploy/ as the catalog makes them
    --install    what is missing may be installed
    --private    servers are started even where some answer already
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
    let Some((chore, mut rest)) = words.split_first() else { bail!("which chore?\n\n{USAGE}") };
    let (mut install, mut private) = (false, false);
    while let [option @ ("--install" | "--private"), others @ ..] = rest {
        install |= *option == "--install";
        private |= *option == "--private";
        rest = others;
    }
    let machine = Machine::new(install);
    match (*chore, rest) {
        ("check", []) if !install && !private => check::run_all(&machine),
        ("check", ["deploy"]) if !private => check::run_deploy(&machine),
        ("test", arguments) => test::run_all(&machine, private, arguments),
        ("servers", []) => servers::serve(&machine, &python::environment(&machine)?, private),
        ("load", scenarios) => load::run_all(&machine, private, scenarios),
        ("deploy", []) if !private => deploy::write(&machine),
        ("--help" | "-h", []) => {
            say(USAGE);
            Ok(())
        }
        _ => bail!("no such chore: {:?}\n\n{USAGE}", words.join(" ")),
    }
}
