//! The command `orgsweep`.

mod accounts_file;
mod args;
#[cfg(feature = "fleet")]
mod client;
mod command;
mod config;
#[cfg(feature = "fleet")]
mod connections_file;
mod duration;
#[cfg(feature = "fleet")]
mod health;
mod local;
mod output;
mod progress;
mod redaction;
#[cfg(feature = "fleet")]
mod secret;
mod settings;
#[cfg(feature = "fleet")]
mod signals;
mod spawned;
mod stop;
mod telemetry;
#[cfg(feature = "fleet")]
mod webhook;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches};
use protocol::scan::ScanState;

use crate::args::{Args, Command};
use crate::stop::{Exit, Stop};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match start() {
        Ok(exit) => exit.into(),
        Err(stop) => {
            complain(&stop.message);
            stop.exit.into()
        }
    }
}

fn start() -> Result<Exit, Stop> {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let command = config::apply(Args::command(), &typed, std::env::var_os("ORGSWEEP_CONFIG"))?;
    let matches = match command.try_get_matches_from(typed) {
        Ok(matches) => matches,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Known };
            // Help and version end here too; a closed pipe is no failure.
            return error.print().map_or(Ok(exit), |()| Ok(exit));
        }
    };
    let args = Args::from_arg_matches(&matches).map_err(Stop::usage)?;
    args::check(&matches)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::failed(format!("the runtime cannot be started: {error}")))?;
    let service = matches!(args.command, Command::Coordinator(_) | Command::Worker(_));
    let named = matches.value_source("log") != Some(ValueSource::DefaultValue);
    // What a service does is worth a line each; a command speaks for itself.
    let filter = if service && !named { "info" } else { &args.log };
    // The driver of Neo4j remarks on what the command has judged itself.
    let filter = if named { filter.to_owned() } else { format!("{filter},neo4rs=error") };
    let telemetry = {
        let _inside = runtime.enter();
        telemetry::begin(args.log_format, &filter, telemetry::collector(&args.command))?
    };
    let ended = runtime.block_on(run(args.command));
    telemetry.end();
    ended
}

/// What a build for one machine says where more is asked of it.
#[cfg(not(feature = "fleet"))]
pub(crate) const ONE_MACHINE: &str = "this build is for one machine: build it with `--features fleet`, or use the image, for the services of a fleet";

async fn run(command: Command) -> Result<Exit, Stop> {
    #[cfg(not(feature = "fleet"))]
    if command.server().is_some() {
        return Err(Stop::usage(ONE_MACHINE));
    }
    match command {
        #[cfg(feature = "fleet")]
        command if command.server().is_some() => client::run(command).await,
        Command::Demo(args) => command::demo::demo(args).await,
        Command::CheckAccess(args) => command::check_access::check_access(args).await,
        Command::Plan(args) => command::plan::plan(args).await,
        Command::Scan(args) => command::scan::scan(args).await,
        Command::Resume(args) => command::scan::resume(args).await,
        Command::Requeue(args) => command::requeue::requeue(args).await,
        Command::Cancel(args) => command::scans::control(args, ScanState::Cancelled).await,
        Command::Pause(args) => command::scans::control(args, ScanState::Paused).await,
        Command::Continue(args) => command::scans::control(args, ScanState::Running).await,
        Command::Status(args) => command::scans::status(args).await,
        Command::Scans(args) => command::scans::scans(args).await,
        Command::Report(args) => command::report::report(args).await,
        Command::Accounts(args) => command::accounts::accounts(*args).await,
        Command::Diff(args) => command::diff::diff(args).await,
        Command::Graph(args) => command::graph::graph(args).await,
        #[cfg(feature = "fleet")]
        Command::Coordinator(args) => command::coordinator::coordinator(args).await,
        #[cfg(feature = "fleet")]
        Command::Worker(args) => command::worker::worker(args).await,
        #[cfg(feature = "fleet")]
        Command::Health(args) => health::health(args).await,
        #[cfg(feature = "fleet")]
        Command::Migrate(args) => command::migrate::migrate(args).await,
        #[cfg(feature = "fleet")]
        Command::Token(args) => command::token::token(args).await,
        #[cfg(feature = "fleet")]
        Command::Schedule(args) => command::schedule::schedule(args).await,
        #[cfg(not(feature = "fleet"))]
        Command::Coordinator(_)
        | Command::Worker(_)
        | Command::Health(_)
        | Command::Migrate(_)
        | Command::Token(_)
        | Command::Schedule(_) => Err(Stop::usage(ONE_MACHINE)),
        Command::Catalog(args) => command::catalog::run(args),
        Command::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "orgsweep", &mut script);
            output::print_text(&String::from_utf8_lossy(&script))?;
            Ok(Exit::Known)
        }
    }
}

#[expect(clippy::print_stderr, reason = "this is the command's voice")]
fn complain(message: &str) {
    eprintln!("orgsweep: {message}");
}
