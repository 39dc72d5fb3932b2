//! The secret that pseudonyms are made with: one a store, kept beside it, so that they are stable.

use std::io::Write;
use std::path::PathBuf;

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
        Ok(salt) if salt.len() >= SHORTEST => return Ok(Redaction { salt }),
        Ok(_) => {
            return Err(Stop::usage(format!(
                "--redact: {} is too short to be a secret; remove it to have a new one made",
                path.display()
            )));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(cannot(error)),
    }
    let salt: Vec<u8> = (0..4).flat_map(|_| uuid::Uuid::now_v7().into_bytes()).collect();
    let mut file = private(&path).map_err(cannot)?;
    file.write_all(&salt).map_err(cannot)?;
    Ok(Redaction { salt })
}

fn path(store_url: &str) -> PathBuf {
    let place = store_url.strip_prefix("sqlite:").unwrap_or("orgsweep");
    let place = place.strip_prefix("//").unwrap_or(place);
    PathBuf::from(format!("{}.redact-key", place.trim_start_matches(':')))
}

#[cfg(unix)]
fn private(path: &std::path::Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private(path: &std::path::Path) -> std::io::Result<std::fs::File> {
    std::fs::OpenOptions::new().write(true).create_new(true).open(path)
}
