//! The command `orgsweep`.

mod accounts_file;
mod args;
mod command;
mod config;
mod duration;
mod local;
mod output;
mod progress;
mod redaction;
mod settings;
mod stop;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use protocol::scan::ScanState;
use tracing_subscriber::EnvFilter;

use crate::args::{Args, Command, LogFormat};
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
    log(&args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::failed(format!("the runtime cannot be started: {error}")))?;
    runtime.block_on(run(args.command))
}

async fn run(command: Command) -> Result<Exit, Stop> {
    match command {
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
        Command::Catalog(args) => command::catalog::run(args),
        Command::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "orgsweep", &mut script);
            output::print_text(&String::from_utf8_lossy(&script))?;
            Ok(Exit::Known)
        }
    }
}

fn log(args: &Args) -> Result<(), Stop> {
    let filter =
        EnvFilter::try_new(&args.log).map_err(|error| Stop::usage(format!("--log: {error}")))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match args.log_format {
        LogFormat::Text => builder.without_time().with_target(false).init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "this is the command's voice")]
fn complain(message: &str) {
    eprintln!("orgsweep: {message}");
}
