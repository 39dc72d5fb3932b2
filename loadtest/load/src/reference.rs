//! Others that do the same work in the same run, so that ratios can be told in place of times.

mod replay;
mod sessions;
mod typed;

use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::process::Command;

pub use replay::replay;
pub use typed::typed;

use crate::cloud::Cloud;
use crate::process::Process;
use crate::report::per;
use crate::run::Programs;

/// What another took for a part of the same work.
#[derive(Debug, Clone, Serialize)]
pub struct Reference {
    /// Who.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Its calls.
    pub calls: u64,
    /// Those that were not answered well.
    pub failed: u64,
    /// Seconds that it took.
    pub seconds: f64,
    /// Processor seconds for a thousand calls.
    pub cpu_per_1000_calls: f64,
    /// What orgsweep took for a thousand calls, as a multiple of that.
    pub ratio: f64,
    /// Processor seconds that the stand-in took for a thousand of these calls.
    pub stand_in_per_1000_calls: f64,
}

/// What a reference says of itself when it is done.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Done {
    calls: u64,
    failed: u64,
    seconds: f64,
}

/// Runs all references against a stand-in that knows no budgets.
pub(crate) async fn run_all(
    programs: &Programs,
    scenario: &Path,
    recorded: &Path,
    in_flight: u32,
    ours: f64,
) -> anyhow::Result<Vec<Reference>> {
    let in_flight = in_flight.to_string();
    let own = |word: &str| {
        let mut command = Command::new(&programs.load);
        command.arg(word).arg(recorded).arg(&in_flight);
        command
    };
    let mut all = vec![
        (
            "bare loop",
            "a part of these requests again: signed, kept alive, answers read and dropped",
            own("replay"),
        ),
        (
            "typed clients",
            "SQS, SNS and EFS by their SDK clients, shared over accounts and regions",
            own("typed"),
        ),
    ];
    if let Some(python) = &programs.python {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/checker.py");
        let mut command = Command::new(python);
        command.arg(script).arg(recorded);
        let about = "the enablement checker's way: 15 threads, a boto3 client for each task";
        all.push(("enablement checker", about, command));
    }
    let mut references = Vec::new();
    for (name, about, mut command) in all {
        let mut cloud = Cloud::start_free(&programs.load, scenario).await?;
        let measured = measure(name, cloud.door.tell(&mut command), &mut cloud.process).await;
        let (done, cpu, stand_in) = measured.with_context(|| format!("reference {name}"))?;
        let thousands = done.calls as f64 / 1000.0;
        references.push(Reference {
            name,
            about,
            calls: done.calls,
            failed: done.failed,
            seconds: done.seconds,
            cpu_per_1000_calls: per(cpu, thousands),
            ratio: per(ours, per(cpu, thousands)),
            stand_in_per_1000_calls: per(stand_in, thousands),
        });
    }
    Ok(references)
}

/// Lets a reference get ready, and measures what it takes from then on.
async fn measure(
    name: &str,
    command: &mut Command,
    stand_in: &mut Process,
) -> anyhow::Result<(Done, f64, f64)> {
    let (mut process, mut talk) = Process::talk(name, command)?;
    talk.hear().await?;
    let (before, stand_in_before) = (process.look().cpu, stand_in.look().cpu);
    let said = talk.ask("go").await?;
    let done = serde_json::from_str(&said).with_context(|| said.clone())?;
    let cpu = process.look().cpu - before;
    let stand_in = stand_in.look().cpu - stand_in_before;
    Ok((done, cpu.as_secs_f64(), stand_in.as_secs_f64()))
}
