//! What a process has used, as the kernel tells it under `/proc`.

use std::time::Duration;

use anyhow::{Context, bail};

/// Ticks of the processor's time in a second: what Linux tells programs, whatever it counts in.
const TICKS: u64 = 100;

/// What a process has used so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// The processor's time, its own and the kernel's for it.
    pub(crate) cpu: Duration,
    /// The most memory that it has held, in KiB.
    pub(crate) peak_kib: u64,
}

impl Usage {
    /// Reads what a process has used.
    ///
    /// # Errors
    /// Where there is no such process, or no `/proc`.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        let read = |file: &str| {
            let path = format!("/proc/{pid}/{file}");
            std::fs::read_to_string(&path).with_context(|| format!("{path}: needs Linux"))
        };
        Self::parse(&read("stat")?, &read("status")?)
    }

    fn parse(stat: &str, status: &str) -> anyhow::Result<Self> {
        // The second field is the program's name in brackets, and may hold anything.
        let Some((_, fields)) = stat.rsplit_once(") ") else { bail!("/proc/PID/stat: {stat}") };
        let mut fields = fields.split(' ').skip(11).map(str::parse::<u64>);
        let mut ticks = || fields.next().and_then(Result::ok).context("/proc/PID/stat is short");
        let ticks = ticks()? + ticks()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        // A process that has ended holds nothing any more.
        let peak_kib = peak.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok());
        let cpu = Duration::from_millis(ticks * 1000 / TICKS);
        Ok(Self { cpu, peak_kib: peak_kib.unwrap_or(0) })
    }

    /// The most of two looks at one process.
    pub(crate) fn max(self, other: Self) -> Self {
        Self { cpu: self.cpu.max(other.cpu), peak_kib: self.peak_kib.max(other.peak_kib) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_peak_are_read_whatever_the_program_is_called() {
        let stat = "12 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 9 9 20 0 4 0 100 5 6";
        let status = "Name:\ta\nVmPeak:\t  999 kB\nVmHWM:\t    1536 kB\nVmRSS:\t 12 kB\n";
        let usage = Usage::parse(stat, status).expect("a usage");
        assert_eq!(usage, Usage { cpu: Duration::from_secs(2), peak_kib: 1536 });
        assert!(Usage::parse("nonsense", status).is_err());
    }
}
