//! A password that a flag names by an environment variable or a file; never shown.

use std::fmt;
use std::path::Path;

use crate::stop::Stop;

/// The largest file of a password, in bytes.
const LARGEST: u64 = 64 << 10;

/// A password.
pub(crate) struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Its text.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Reads it from the file, or from the variable where there is none; `flag` is what names them.
    ///
    /// # Errors
    /// A sentence that says which flag leads to nothing.
    pub(crate) fn read(flag: &str, variable: &str, file: Option<&Path>) -> Result<Self, Stop> {
        let (flag, text) = match file {
            Some(path) => (format!("{flag}-file"), of_file(flag, path)?),
            None => {
                let missing = || {
                    Stop::usage(format!(
                        "{flag}-env: the environment variable {variable} is not set; set it to the password, or name a file with {flag}-file"
                    ))
                };
                (format!("{flag}-env"), of_variable(variable).ok_or_else(missing)?)
            }
        };
        // The end of a line behind it does not belong to it.
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(Stop::usage(format!("{flag}: the password is empty")));
        }
        Ok(Self(text.to_owned()))
    }
}

fn of_file(flag: &str, path: &Path) -> Result<String, Stop> {
    let cannot = |why: String| Stop::usage(format!("{flag}-file: {} {why}", path.display()));
    let unreadable = |error: std::io::Error| cannot(format!("cannot be read: {error}"));
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > LARGEST {
        return Err(cannot(format!("has {size} bytes, at most {LARGEST} are allowed")));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

#[expect(clippy::disallowed_methods, reason = "the variable is the one that a flag names")]
fn of_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
