//! A report for people.

use std::fmt::Write;

use crate::report::{CellCheck, Mix, Report};

/// The report as lines.
#[must_use]
pub fn print(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    lines(&mut out, report).unwrap_or(());
    out
}

fn lines(out: &mut String, report: &Report) -> std::fmt::Result {
    let Report { mix, cells, share, machine, .. } = report;
    writeln!(out, "{}: {}", report.scenario, report.about)?;
    let Mix { accounts, seed, services, regions, latency_ms: (p50, p99), max_in_flight, .. } = mix;
    let mode = mix.workers.map_or("one process".to_owned(), |workers| match workers {
        1 => "a fleet of 1 worker".to_owned(),
        _ => format!("a fleet of {workers} workers"),
    });
    writeln!(
        out,
        "  {accounts} accounts (seed {seed}) x {services} services x {regions} regions and global: {} cells, {:.1} % in use, {} things",
        mix.cells, mix.in_use_percent, cells.things
    )?;
    writeln!(
        out,
        "  {mode}, {max_in_flight} calls in flight at most; AWS answers in {p50} ms (p50), {p99} ms (p99)"
    )?;
    writeln!(
        out,
        "  {} x {}, {} MiB, load {} before",
        machine.processors, machine.model, machine.memory_mib, machine.load_before
    )?;
    writeln!(
        out,
        "\n  {:.1} s   {:.0} cells/s   {} calls   {:.0} calls/s   most in flight {}",
        report.seconds,
        report.cells_per_second,
        report.calls,
        report.calls_per_second,
        report.most_in_flight
    )?;
    writeln!(out, "\n  process          CPU s   CPU s/1000 calls   peak MiB")?;
    for one in &report.processes {
        let ours = if one.ours { "" } else { "  (not ours)" };
        writeln!(
            out,
            "  {:14} {:>7.2}   {:>16.4}   {:>8.0}{ours}",
            one.name, one.cpu_seconds, one.cpu_per_1000_calls, one.peak_mib
        )?;
    }
    writeln!(out, "  {:14} {:>7}   {:>16.4}", "orgsweep, all", "", report.cpu_per_1000_calls)?;
    writeln!(
        out,
        "\n  throttled {} ({:.3} %), faults {}, a bucket's busiest second {} calls",
        report.throttled, report.throttled_percent, report.faults, report.peak_per_second
    )?;
    writeln!(
        out,
        "  budget: a share of {} %; the deepest draw is {:.0} % of what a share holds ({}); {} buckets exceeded",
        share.percent, share.deepest_percent, share.deepest, share.exceeded
    )?;
    let CellCheck { written, lost, duplicate, foreign, wrong, missed, unknown, .. } = cells;
    writeln!(
        out,
        "  cells: {written} written, {lost} lost, {duplicate} twice, {foreign} foreign, {wrong} wrong, {unknown} unknown ({missed} of them could be known)"
    )?;
    let ledger: Vec<String> =
        cells.ledger.iter().map(|(status, count)| format!("{status} {count}")).collect();
    writeln!(out, "  ledger: {}", ledger.join(", "))?;
    for example in &cells.examples {
        writeln!(out, "    {example}")?;
    }
    writeln!(out)?;
    for phase in &report.phases {
        writeln!(out, "  {:>8.1} s  {}", phase.seconds, phase.name)?;
    }
    let times: Vec<String> =
        report.reports.iter().map(|(name, time)| format!("{name} {time:.2} s")).collect();
    writeln!(out, "  reports: {}", times.join(", "))?;
    if !report.references.is_empty() {
        writeln!(out, "\n  beside others        calls   CPU s/1000 calls   ours is its")?;
    }
    for one in &report.references {
        writeln!(
            out,
            "  {:18} {:>7}   {:>16.4}   {:>10.3}-fold  ({}; {} not answered well, {:.0} calls/s, the stand-in {:.4})",
            one.name,
            one.calls,
            one.cpu_per_1000_calls,
            one.ratio,
            one.about,
            one.failed,
            one.calls as f64 / one.seconds.max(1e-9),
            one.stand_in_per_1000_calls,
        )?;
    }
    for failure in report.failures() {
        writeln!(out, "  FAILED: {failure}")?;
    }
    Ok(())
}
