//! The machine that measured, in the words of a report.

use serde::Serialize;

/// What the machine is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// Processors that a process may use.
    pub processors: usize,
    /// What they are.
    pub model: String,
    /// Memory, in MiB.
    pub memory_mib: u64,
    /// What was waiting for a processor before the run, over a minute: 0 on a quiet machine.
    pub load_before: String,
}

impl Machine {
    /// Looks at the machine; what it does not tell stays empty.
    pub(crate) fn look() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
            line.map_or_else(String::new, |(_, value)| value.trim().to_owned())
        };
        let memory = field(&read("/proc/meminfo"), "MemTotal");
        let memory = memory.split(' ').next().and_then(|kib| kib.parse::<u64>().ok());
        let load = read("/proc/loadavg");
        Self {
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            model: field(&read("/proc/cpuinfo"), "model name"),
            memory_mib: memory.unwrap_or(0) / 1024,
            load_before: load.split(' ').next().unwrap_or_default().to_owned(),
        }
    }
}
