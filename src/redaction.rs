//! The secret that pseudonyms are made with: one a store, kept beside it, so that they are stable.

use std::io::Write;
use std::path::{Path, PathBuf};

use reports::Redaction;

use crate::stop::Stop;

/// The fewest bytes that a secret has.
const SHORTEST: usize = 32;

/// The pseudonyms of a store; makes their secret where there is none yet.
///
/// # Errors
/// A sentence when the file of the secret cannot be read or written.
pub(crate) fn of(store_url: &str) -> Result<Redaction, Stop> {
    let path = path(store_url);
    let cannot = |error: std::io::Error| {
        Stop::usage(format!("--redact: {} cannot be used: {error}", path.display()))
    };
    match std::fs::read(&path) {
        Ok(salt) => return long_enough(salt, &path, "--redact"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(cannot(error)),
    }
    let salt: Vec<u8> = (0..4).flat_map(|_| uuid::Uuid::now_v7().into_bytes()).collect();
    let mut file = private(&path).map_err(cannot)?;
    file.write_all(&salt).map_err(cannot)?;
    Ok(Redaction { salt })
}

/// The pseudonyms that the secret of a file makes.
///
/// # Errors
/// A sentence when the file cannot be read, or is too short.
#[cfg(feature = "fleet")]
pub(crate) fn read(path: &Path) -> Result<Redaction, Stop> {
    let salt = std::fs::read(path).map_err(|error| {
        Stop::usage(format!("--redact-key: {} cannot be read: {error}", path.display()))
    })?;
    long_enough(salt, path, "--redact-key")
}

fn long_enough(salt: Vec<u8>, path: &Path, flag: &str) -> Result<Redaction, Stop> {
    if salt.len() >= SHORTEST {
        return Ok(Redaction { salt });
    }
    Err(Stop::usage(format!(
        "{flag}: {} is too short to be a secret: {SHORTEST} bytes at least",
        path.display()
    )))
}

fn path(store_url: &str) -> PathBuf {
    let place = store_url.strip_prefix("sqlite:").unwrap_or("orgsweep");
    let place = place.strip_prefix("//").unwrap_or(place);
    PathBuf::from(format!("{}.redact-key", place.trim_start_matches(':')))
}

#[cfg(unix)]
fn private(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::OpenOptions::new().write(true).create_new(true).open(path)
}
