//! What a run is told as: figures for people and, the same, as JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use loadtest::ShareUse;
use serde::Serialize;

use crate::machine::Machine;
use crate::phases::Phase;
use crate::reference::Reference;
use crate::usage::Usage;

/// What was run, what it took, and whether it was right.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The scenario.
    pub scenario: String,
    /// What it is for.
    pub about: String,
    /// The machine.
    pub machine: Machine,
    /// What there was to be found.
    pub mix: Mix,
    /// Seconds from the start of the scan to its end, reports not among them.
    pub seconds: f64,
    /// Cells a second.
    pub cells_per_second: f64,
    /// Requests that the stand-in answered.
    pub calls: u64,
    /// Requests a second.
    pub calls_per_second: f64,
    /// What each process used.
    pub processes: Vec<ProcessUse>,
    /// Processor seconds of orgsweep's processes for a thousand calls.
    pub cpu_per_1000_calls: f64,
    /// Answers that were throttles.
    pub throttled: u64,
    /// Their share of all answers, in per cent.
    pub throttled_percent: f64,
    /// Faults that the stand-in made.
    pub faults: u64,
    /// The most calls in flight that the stand-in saw.
    pub most_in_flight: i64,
    /// The most calls that one bucket saw in a second.
    pub peak_per_second: u32,
    /// How the share of the buckets was used.
    pub share: ShareUse,
    /// Whether what was written down is right.
    pub cells: CellCheck,
    /// When the scan got how far.
    pub phases: Vec<Phase>,
    /// Seconds that each report took, with its format.
    pub reports: BTreeMap<String, f64>,
    /// What others took for a part of the same work.
    pub references: Vec<Reference>,
}

/// What there was to be found.
#[derive(Debug, Clone, Serialize)]
pub struct Mix {
    /// Accounts of the organization.
    pub accounts: u32,
    /// What it is made from.
    pub seed: u64,
    /// Services that are asked.
    pub services: usize,
    /// Regions that are asked, without `global`.
    pub regions: usize,
    /// Cells that a right scan writes down.
    pub cells: u64,
    /// Of these, in use, in per cent.
    pub in_use_percent: f64,
    /// Latency, median and 99th percentile, in milliseconds.
    pub latency_ms: (u64, u64),
    /// Workers; none where one process does it all.
    pub workers: Option<u32>,
    /// Calls in flight at most.
    pub max_in_flight: u32,
}

/// What a process used.
#[derive(Debug, Clone, Serialize)]
pub struct ProcessUse {
    /// Which.
    pub name: String,
    /// Seconds of a processor.
    pub cpu_seconds: f64,
    /// The same for a thousand calls.
    pub cpu_per_1000_calls: f64,
    /// The most memory that it held, in MiB.
    pub peak_mib: f64,
    /// Whether it is orgsweep's, not the stand-in's.
    pub ours: bool,
}

/// Every cell, held against the truth.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CellCheck {
    /// Cells in the report.
    pub written: u64,
    /// Cells of the plan without an answer.
    pub lost: u64,
    /// Cells that are there twice.
    pub duplicate: u64,
    /// Cells that are none of the plan.
    pub foreign: u64,
    /// Cells that say what is not true.
    pub wrong: u64,
    /// Cells that are unknown, and could be known.
    pub missed: u64,
    /// Cells that are unknown.
    pub unknown: u64,
    /// Things that were counted.
    pub things: u64,
    /// Cells by status.
    pub ledger: BTreeMap<String, u64>,
    /// Some of the cells that are not as they should be, in words.
    pub examples: Vec<String>,
}

impl ProcessUse {
    pub(crate) fn new(name: &str, used: Usage, calls: u64, ours: bool) -> Self {
        let cpu_seconds = used.cpu.as_secs_f64();
        Self {
            name: name.to_owned(),
            cpu_seconds,
            cpu_per_1000_calls: per(cpu_seconds, calls as f64 / 1000.0),
            peak_mib: used.peak_kib as f64 / 1024.0,
            ours,
        }
    }
}

impl Report {
    /// What makes the run a failure: time never does.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let CellCheck { lost, duplicate, foreign, wrong, .. } = self.cells;
        let counts = [
            (lost, "cells are lost"),
            (duplicate, "cells are there twice"),
            (foreign, "cells are none of the plan"),
            (wrong, "cells say what is not true"),
            (self.share.exceeded, "buckets gave more than their share"),
        ];
        let broken = counts.into_iter().filter(|(count, _)| *count > 0);
        broken.map(|(count, what)| format!("{count} {what}")).collect()
    }
}

/// A quotient; 0 where there is nothing to divide by.
pub(crate) fn per(one: f64, other: f64) -> f64 {
    if other > 0.0 { one / other } else { 0.0 }
}

/// A rate a second.
pub(crate) fn rate(count: u64, time: Duration) -> f64 {
    per(count as f64, time.as_secs_f64())
}
