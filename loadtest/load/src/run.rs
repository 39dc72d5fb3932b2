//! One run of a scenario: start, watch, stop, compare, tell.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use loadtest::Counters;
use tokio::time::Instant;

use crate::cells;
use crate::cloud::Cloud;
use crate::fleet::{CONNECTION, Fleet};
use crate::machine::Machine;
use crate::orgsweep::{Orgsweep, find, scan_words};
use crate::phases::{Phase, Phases};
use crate::process::Process;
use crate::reference;
use crate::report::{CellCheck, Mix, ProcessUse, Report, per, rate};
use crate::room::{self, Room, Urls};
use crate::scenario::Scenario;
use crate::truth::Truth;

/// What is run.
#[derive(Debug, Clone)]
pub struct Programs {
    /// This crate's own program: it plays the stand-in.
    pub load: PathBuf,
    /// The program that is measured; the one beside ours where none is named.
    pub orgsweep: Option<PathBuf>,
    /// A Python that has boto3, for the reference that needs it; without one that is left out.
    pub python: Option<PathBuf>,
}

/// The servers of a fleet, by their URLs.
#[derive(Debug, Clone)]
pub struct Servers {
    /// PostgreSQL.
    pub postgres: String,
    /// Redis.
    pub redis: String,
    /// RabbitMQ.
    pub rabbitmq: String,
}

/// How long after a process is looked at it is looked at again.
const LOOK: Duration = Duration::from_millis(250);
/// The reports that are timed, with their formats.
const REPORTS: [(&str, &str); 10] = [
    ("enablement", "html"),
    ("organization", "html"),
    ("by-region", "json"),
    ("by-account", "json"),
    ("by-service", "json"),
    ("by-ou", "json"),
    ("ledger", "json"),
    ("failures", "json"),
    ("calls", "json"),
    ("summary", "json"),
];

/// What was seen while the scan ran.
struct Seen {
    time: Duration,
    processes: Vec<Process>,
    phases: Vec<Phase>,
    counters: Counters,
}

/// Runs a scenario's file.
///
/// # Errors
/// Whatever keeps it from being run to its end; what is wrong with the answers is in the report.
pub async fn run(
    file: &Path,
    programs: &Programs,
    servers: Option<&Servers>,
) -> anyhow::Result<Report> {
    let scenario = Scenario::read(file)?;
    let program = find(programs.orgsweep.as_deref())?;
    let home = tempfile::tempdir()?;
    let machine = Machine::look();
    let room = match (&scenario.fleet, servers) {
        (None, _) => None,
        (Some(_), _) if !room::CAN_REMOVE => bail!(
            "{}: this build is for one process: build it with `--features fleet`",
            scenario.name
        ),
        (Some(_), Some(servers)) => Some(Room::new(servers.clone())),
        (Some(_), None) => bail!(
            "{}: a fleet needs PostgreSQL, Redis and RabbitMQ: `cargo xtask load` starts them, or name them by ORGSWEEP_TEST_POSTGRES, _REDIS and _RABBITMQ",
            scenario.name
        ),
    };
    let urls = match &room {
        None => Urls::embedded(home.path()),
        Some(room) => room.urls(),
    };
    let mut cloud = Cloud::start(&programs.load, file).await?;
    let orgsweep = Orgsweep::new(program, home.path().to_owned(), cloud.door.clone(), urls);
    let measured = async {
        let mut report = measure(&scenario, &orgsweep, &mut cloud, machine).await?;
        if scenario.references {
            let recorded = home.path().join("recorded.jsonl");
            cloud.write_recorded(&recorded).await?;
            drop(cloud);
            let (in_flight, ours) = (scenario.scan.max_in_flight, report.cpu_per_1000_calls);
            report.references =
                reference::run_all(programs, file, &recorded, in_flight, ours).await?;
        }
        Ok(report)
    };
    let measured: anyhow::Result<Report> = measured.await;
    if let Some(room) = room {
        room.remove().await?;
    }
    measured.with_context(|| format!("scenario {}", scenario.name))
}

async fn measure(
    scenario: &Scenario,
    orgsweep: &Orgsweep,
    cloud: &mut Cloud,
    machine: Machine,
) -> anyhow::Result<Report> {
    let seen = scan(scenario, orgsweep, cloud).await?;
    let reports = time_reports(orgsweep).await?;
    let (check, mix) = compare(scenario, orgsweep).await?;
    let Seen { time, mut processes, phases, counters } = seen;
    let ours = processes.iter_mut().map(|one| (one.name.clone(), one.look(), true));
    let stand_in = ("stand-in".to_owned(), cloud.process.look(), false);
    let processes: Vec<ProcessUse> = ours
        .chain([stand_in])
        .map(|(name, used, ours)| ProcessUse::new(&name, used, counters.calls, ours))
        .collect();
    let cpu = processes.iter().filter(|one| one.ours).map(|one| one.cpu_per_1000_calls).sum();
    Ok(Report {
        scenario: scenario.name.clone(),
        about: scenario.about.clone(),
        machine,
        seconds: time.as_secs_f64(),
        cells_per_second: rate(mix.cells, time),
        calls: counters.calls,
        calls_per_second: rate(counters.calls, time),
        processes,
        cpu_per_1000_calls: cpu,
        throttled: counters.throttled,
        throttled_percent: 100.0 * per(counters.throttled as f64, counters.calls as f64),
        faults: counters.faults,
        most_in_flight: counters.most_in_flight,
        peak_per_second: counters.classes.iter().map(|one| one.peak_per_second).max().unwrap_or(0),
        share: counters.share.unwrap_or_default(),
        cells: check,
        phases,
        reports,
        references: Vec::new(),
        mix,
    })
}

/// Scans, in one process or as a fleet, and watches.
async fn scan(scenario: &Scenario, orgsweep: &Orgsweep, cloud: &mut Cloud) -> anyhow::Result<Seen> {
    let words = scan_words(scenario);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut command = orgsweep.command(&words);
    let mut fleet = match &scenario.fleet {
        None => None,
        Some(fleet) => {
            let scan = &scenario.scan;
            let in_flight = scan.max_in_flight;
            let fleet =
                Fleet::start(orgsweep, fleet.workers, in_flight, &scan.call_timeout).await?;
            fleet.tell(&mut command).args(["--connection", CONNECTION]);
            Some(fleet)
        }
    };
    let began = Instant::now();
    let name = if fleet.is_some() { "client" } else { "orgsweep" };
    let mut phases = Phases::default();
    let mut scanning = orgsweep.start(name, &mut command)?;
    let ended = tokio::select! {
        ended = scanning.wait() => ended?,
        never = phases.watch(orgsweep, began) => match never {},
        broken = guard(&mut fleet, &mut cloud.process) => return Err(broken),
    };
    let time = began.elapsed();
    if !matches!(ended.code(), Some(0 | 3)) {
        bail!("the scan ended with {ended}: {}", orgsweep.said(name));
    }
    let counters = cloud.counters().await?;
    cloud.process.look();
    let mut processes = vec![scanning];
    for mut service in fleet.map_or_else(Vec::new, |fleet| fleet.processes) {
        service.look();
        service.stop().await?;
        processes.push(service);
    }
    Ok(Seen { time, processes, phases: phases.tell(time), counters })
}

/// Looks at those that serve, and ends with an error when one of them ends.
async fn guard(fleet: &mut Option<Fleet>, stand_in: &mut Process) -> anyhow::Error {
    loop {
        if let Some(Err(error)) = fleet.as_mut().map(Fleet::look) {
            return error;
        }
        if let Some(ended) = stand_in.has_ended() {
            return anyhow::anyhow!("the stand-in has ended: {ended}");
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn time_reports(orgsweep: &Orgsweep) -> anyhow::Result<BTreeMap<String, f64>> {
    let mut times = BTreeMap::new();
    for (name, format) in REPORTS {
        let words = ["report", name, "--format", format, "--out", "report"];
        let (_, time) = orgsweep.output(&words).await?;
        times.insert(format!("{name} {format}"), time.as_secs_f64());
    }
    Ok(times)
}

/// Holds what was written down against the truth.
async fn compare(scenario: &Scenario, orgsweep: &Orgsweep) -> anyhow::Result<(CellCheck, Mix)> {
    let mut command = orgsweep.command(&["report", "cells", "--format", "jsonl"]).into_std();
    let scenario = scenario.clone();
    let compared = tokio::task::spawn_blocking(move || {
        let world = scenario.world()?;
        let mut truth = Truth::of(&scenario, &world)?;
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().context("the report cannot be read")?;
        let check = cells::check(BufReader::with_capacity(1 << 20, output), &mut truth)?;
        let ended = child.wait()?;
        if !ended.success() {
            bail!("`orgsweep report cells` ended with {ended}");
        }
        let mix = mix(&scenario, &world, &truth)?;
        Ok((check, mix))
    });
    compared.await?
}

fn mix(scenario: &Scenario, world: &loadtest::World, truth: &Truth) -> anyhow::Result<Mix> {
    let (cells, in_use) = truth.counts()?;
    let probes = world.catalog().select(&scenario.selection()?)?;
    let services: std::collections::BTreeSet<_> =
        probes.iter().map(|view| view.entry.service.as_str()).collect();
    let regions = world.catalog().partition("aws").map_or(0, |aws| aws.regions.len());
    let named = scenario.scan.regions.len();
    Ok(Mix {
        accounts: scenario.organization.accounts,
        seed: scenario.organization.seed,
        services: services.len(),
        regions: if named == 0 { regions } else { named },
        cells,
        in_use_percent: 100.0 * per(in_use as f64, cells as f64),
        latency_ms: (scenario.aws.p50_ms, scenario.aws.p99_ms),
        workers: scenario.fleet.as_ref().map(|fleet| fleet.workers),
        max_in_flight: scenario.scan.max_in_flight,
    })
}
