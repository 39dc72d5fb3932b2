//! `load`: runs scenarios one after the other, and says what each took and whether it was right.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use load::{Programs, Servers};

const HELP: &str = "\
load [--orgsweep FILE] [--json FOLDER] SCENARIO...
load stand-in SCENARIO [--free]
load replay|typed FILE N

  SCENARIO         a file of loadtest/scenarios
  --orgsweep FILE  the program that is measured (the one beside this one)
  --json FOLDER    writes each report into FOLDER/SCENARIO.json too
  stand-in         plays the stand-in of a scenario until its input ends; --free: without budgets
  replay, typed    references, told by their standard input when to begin: recorded requests, N at once

A fleet runs on the servers that ORGSWEEP_TEST_POSTGRES, ORGSWEEP_TEST_REDIS and
ORGSWEEP_TEST_RABBITMQ name, in a schema and under prefixes of its own, which are removed at the end.
The reference that needs boto3 is run by the Python that ORGSWEEP_TEST_PYTHON names.
It ends with 1 if a cell is lost, there twice, or wrong, or if a budget was exceeded; never for time.
";

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Order {
    programs: Programs,
    json: Option<PathBuf>,
    scenarios: Vec<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["--help" | "-h"] => say(HELP)?,
        ["stand-in", scenario] => load::stand_in(Path::new(scenario), false).await?,
        ["stand-in", scenario, "--free"] => load::stand_in(Path::new(scenario), true).await?,
        ["replay", file, in_flight] => load::replay(Path::new(file), in_flight.parse()?).await?,
        ["typed", file, in_flight] => load::typed(Path::new(file), in_flight.parse()?).await?,
        words => return run(read(words)?).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn read(mut words: &[&str]) -> anyhow::Result<Order> {
    let programs = Programs { load: std::env::current_exe()?, orgsweep: None, python: python() };
    let mut order = Order { programs, json: None, scenarios: Vec::new() };
    while let [word, rest @ ..] = words {
        words = rest;
        let mut value = || {
            let (value, rest) = words.split_first().with_context(|| format!("{word} of what?"))?;
            words = rest;
            anyhow::Ok(PathBuf::from(value))
        };
        match *word {
            "--orgsweep" => order.programs.orgsweep = Some(value()?),
            "--json" => order.json = Some(value()?),
            option if option.starts_with('-') => {
                bail!("there is no option {option}; `load --help` lists those that there are")
            }
            scenario => order.scenarios.push(PathBuf::from(scenario)),
        }
    }
    if order.scenarios.is_empty() {
        bail!("which scenario? They are the files of loadtest/scenarios");
    }
    Ok(order)
}

async fn run(order: Order) -> anyhow::Result<ExitCode> {
    let servers = servers();
    let mut failed = Vec::new();
    for scenario in &order.scenarios {
        let report = load::run(scenario, &order.programs, servers.as_ref()).await?;
        say(&format!("{}\n", load::print(&report)))?;
        if let Some(folder) = &order.json {
            std::fs::create_dir_all(folder)?;
            let file = folder.join(format!("{}.json", report.scenario));
            std::fs::write(&file, serde_json::to_string_pretty(&report)?)
                .with_context(|| file.display().to_string())?;
        }
        if !report.failures().is_empty() {
            failed.push(report.scenario);
        }
    }
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("failed: {}\n", failed.join(", ")))?;
    Ok(ExitCode::FAILURE)
}

/// A Python with boto3, where one is named.
fn python() -> Option<PathBuf> {
    std::env::var_os("ORGSWEEP_TEST_PYTHON").map(PathBuf::from)
}

/// The servers of a fleet, where all are named.
fn servers() -> Option<Servers> {
    let named = |name: &str| std::env::var_os(name)?.into_string().ok();
    Some(Servers {
        postgres: named("ORGSWEEP_TEST_POSTGRES")?,
        redis: named("ORGSWEEP_TEST_REDIS")?,
        rabbitmq: named("ORGSWEEP_TEST_RABBITMQ")?,
    })
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
