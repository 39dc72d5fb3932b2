//! The servers that tests talk to: one that a variable names, else one that answers where such
//! servers usually do, else a private one.
//!
//! A private server listens on a free port of the loopback, and its life hangs on a pipe that its
//! [`Servers`] hold: however we end, it ends. The scripts in `servers/` do that part. Adding a
//! server: its script, and its line in [`ALL`].

mod private;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::faketime;
use crate::machine::Machine;
use crate::servers::private::Private;
use crate::steps::say;

/// A kind of server that tests talk to.
struct Server {
    /// What it is.
    name: &'static str,
    /// The variable that tells tests its URL.
    variable: &'static str,
    /// Where one is usually found on a developer's machine, and what it asks for there.
    usual: Option<&'static str>,
    /// The script that runs a private one.
    script: &'static str,
    /// The packages of the distribution that the script needs.
    packages: &'static [&'static str],
}

/// Every server that any test needs.
const ALL: &[Server] = &[
    Server {
        name: "PostgreSQL",
        variable: "ORGSWEEP_TEST_POSTGRES",
        usual: Some("postgres://postgres@127.0.0.1:5432/postgres"),
        script: "run_postgres.py",
        packages: &["postgresql"],
    },
    Server {
        name: "Redis",
        variable: "ORGSWEEP_TEST_REDIS",
        usual: Some("redis://127.0.0.1:6379"),
        script: "run_redis.py",
        packages: &["redis-server"],
    },
    Server {
        name: "RabbitMQ",
        variable: "ORGSWEEP_TEST_RABBITMQ",
        usual: Some("amqp://guest:guest@127.0.0.1:5672/%2f"),
        script: "run_rabbitmq.py",
        packages: &["rabbitmq-server"],
    },
    Server {
        name: "a double of SQS",
        variable: "ORGSWEEP_TEST_SQS",
        usual: None,
        script: "run_sqs.py",
        packages: &[],
    },
];

/// Servers that answer; private ones end when this is dropped.
pub(crate) struct Servers {
    urls: Vec<(&'static str, String)>,
    running: Vec<Private>,
}

/// Where a server comes from.
enum Source {
    Given(String),
    Usual(&'static str),
    Private,
}

/// Finds or starts every server; `private` leaves those alone that answer at the usual places.
pub(crate) fn start(machine: &Machine, python: &Path, private: bool) -> Result<Servers> {
    let sources = ALL
        .iter()
        .map(|server| Ok((server, server.source(machine, python, private)?)))
        .collect::<Result<Vec<_>>>()?;
    let wanted = sources.iter().filter(|(_, source)| matches!(source, Source::Private));
    install(machine, python, wanted.map(|(server, _)| *server))?;
    let mut servers = Servers { urls: Vec::new(), running: Vec::new() };
    for (server, source) in sources {
        let (url, whence) = match source {
            Source::Given(url) => (url, "as its variable says".to_owned()),
            Source::Usual(url) => (url.to_owned(), "found".to_owned()),
            Source::Private => {
                let one = Private::start(machine, python, server.name, server.script)?;
                let told = (one.url().to_owned(), format!("private, log: {}", one.log().display()));
                servers.running.push(one);
                told
            }
        };
        // A URL of one's own may hold a password.
        let shown = if server.is_given() { server.variable } else { url.as_str() };
        say(&format!("    {}: {shown} ({whence})", server.name));
        servers.urls.push((server.variable, url));
    }
    Ok(servers)
}

/// `cargo xtask servers`: servers for whoever wants to run tests, or a fleet, by hand.
pub(crate) fn serve(machine: &Machine, python: &Path, private: bool) -> Result<()> {
    let servers = start(machine, python, private)?;
    say("");
    for (variable, url) in &servers.urls {
        say(&format!("export {variable}='{url}'"));
    }
    say(&format!("export {}='{}'", crate::python::VARIABLE, python.display()));
    let graph = crate::python::graph_environment(machine)?;
    say(&format!("export {}='{}'", crate::python::GRAPH_VARIABLE, graph.display()));
    say(&format!("export {}='{}'", faketime::VARIABLE, faketime::library(machine)?.display()));
    if servers.running.is_empty() {
        say("\nall of them run already; nothing was started");
        return Ok(());
    }
    say("\nCtrl-C ends those that are private");
    // A server that ends is a failure; nothing else ends this but a signal.
    private::wait_for_an_end(&servers.running)
}

impl Servers {
    /// Tells a command where the servers are.
    pub(crate) fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.envs(self.urls.iter().map(|(variable, url)| (*variable, url)))
    }
}

impl Server {
    fn given(&self) -> Option<String> {
        let given = std::env::var_os(self.variable).filter(|given| !given.is_empty());
        given.map(|given| given.to_string_lossy().into_owned())
    }

    fn is_given(&self) -> bool {
        self.given().is_some()
    }

    fn source(&self, machine: &Machine, python: &Path, private: bool) -> Result<Source> {
        let Self { name, variable, .. } = self;
        if let Some(url) = self.given() {
            return match ask(machine, python, &url)? {
                None => Ok(Source::Given(url)),
                Some(why) => bail!(
                    "{name} does not answer at the URL of {variable}: {why}; mend it, or unset \
                     {variable} and one is found or started"
                ),
            };
        }
        match self.usual.filter(|_| !private) {
            Some(url) if ask(machine, python, url)?.is_none() => Ok(Source::Usual(url)),
            _ => Ok(Source::Private),
        }
    }
}

/// Why the server at a URL is not to be used, if it is not.
fn ask(machine: &Machine, python: &Path, url: &str) -> Result<Option<String>> {
    let output = script(machine, python, "ask.py").arg(url).stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("{} could not be started", python.display()))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok(if output.status.success() { None } else { Some(said) })
}

/// Makes sure that the programs of all these servers are there, or says at once how to get them.
fn install<'a>(
    machine: &Machine,
    python: &Path,
    servers: impl Iterator<Item = &'a Server>,
) -> Result<()> {
    let mut missing = Vec::new();
    let mut packages = BTreeSet::new();
    for server in servers.filter(|server| !server.packages.is_empty()) {
        let installed = script(machine, python, server.script).arg("--installed").output()?;
        if !installed.status.success() {
            missing.push(String::from_utf8_lossy(&installed.stderr).trim().to_owned());
            packages.extend(server.packages);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = packages.into_iter().collect();
    // The package may start a server of its own: it is left alone, ours are private.
    machine.install(&missing.join(", "), &packages)
}

fn script(machine: &Machine, python: &Path, name: &str) -> Command {
    let mut command = Command::new(python);
    command.arg(machine.root().join("xtask").join("servers").join(name));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}
