//! The requests that were recorded, and the sessions of accounts among them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::Context;
use loadtest::Recorded;

use crate::cloud::say;

/// Reads a file of recorded requests.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<Recorded>> {
    let open = std::fs::File::open(file).with_context(|| file.display().to_string())?;
    let lines = BufReader::new(open).lines();
    lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}

/// A request of each session: whoever has one has its keys.
pub(super) fn sessions(recorded: Vec<Recorded>) -> Vec<Recorded> {
    let members = recorded.into_iter().filter(|one| one.token.is_some());
    let by_key: BTreeMap<String, Recorded> =
        members.map(|one| (one.access_key_id.clone(), one)).collect();
    by_key.into_values().collect()
}

/// Where the stand-in is.
pub(super) fn endpoint() -> anyhow::Result<String> {
    let endpoint = std::env::var_os("AWS_ENDPOINT_URL").context("AWS_ENDPOINT_URL is not set")?;
    Ok(endpoint.to_string_lossy().into_owned())
}

/// Says that all is ready, and waits until it is to begin.
pub(super) fn wait_for_the_start() -> anyhow::Result<()> {
    say("ready")?;
    std::io::stdin().lock().read_line(&mut String::new())?;
    Ok(())
}

/// Says what was done, and waits until that was noted.
pub(super) fn wait_for_the_end(done: &impl serde::Serialize) -> anyhow::Result<()> {
    say(&serde_json::to_string(done)?)?;
    std::io::stdin().lock().read_line(&mut String::new())?;
    Ok(())
}
