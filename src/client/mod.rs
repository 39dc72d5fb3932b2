//! Asks a coordinator on another machine, over HTTP, in place of a store of one's own.

mod address;
mod events;
mod follow;
mod link;
mod report;
mod scan;
mod scans;

use crate::args::Command;
use crate::stop::{Exit, Stop};

pub(crate) use address::part;
pub(crate) use link::Link;
pub(crate) use scan::select;

/// Runs a command that names a coordinator.
pub(crate) async fn run(command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Scan(args) => scan::scan(args).await,
        Command::Requeue(args) => scan::requeue(args).await,
        Command::Cancel(args) => scans::control(args, "cancel").await,
        Command::Pause(args) => scans::control(args, "pause").await,
        Command::Continue(args) => scans::control(args, "continue").await,
        Command::Status(args) => scans::status(args).await,
        Command::Scans(args) => scans::scans(args).await,
        Command::Report(args) => report::report(args).await,
        Command::Diff(args) => report::diff(args).await,
        Command::Token(args) => crate::command::token::token(args).await,
        Command::Schedule(args) => crate::command::schedule::schedule(args).await,
        _ => Err(Stop::usage("this command works on this machine only: leave --server out")),
    }
}

/// The command's voice.
#[expect(clippy::print_stderr, reason = "this is the command's voice")]
fn say(sentence: &str) {
    eprintln!("orgsweep: {sentence}");
}
