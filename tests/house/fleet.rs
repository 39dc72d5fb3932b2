//! The fleet as processes: coordinators and workers on real servers.

mod chaos;
mod crew;
mod dice;
mod ear;
mod equal;
mod masked;
mod mischief;
mod place;
mod process;
mod proxy;
mod server;
mod told;

use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::Instant;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(240);
/// The pause between two looks at another process, which gives no signal.
const LOOK: Duration = Duration::from_millis(50);

/// Looks at other processes until there is something to see.
fn wait<T>(runtime: &Runtime, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(since.elapsed() < PATIENCE, "in vain waited for {what}");
        pause(runtime, LOOK);
    }
}

/// Lets other processes go on for a while.
fn pause(runtime: &Runtime, time: Duration) {
    runtime.block_on(async { tokio::time::sleep(time).await });
}

/// A thread for the ways to servers.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}
