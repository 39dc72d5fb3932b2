//! The profiles of AWS's configuration files.

use aws_types::os_shim_internal::{Env, Fs};

use crate::error::ProfileError;
use crate::options::Options;

/// The names of all profiles in AWS's configuration files, sorted; none where keys are handed in.
///
/// # Errors
/// [`ProfileError`] when a file is there but cannot be read.
pub async fn profiles(options: &Options) -> Result<Vec<String>, ProfileError> {
    if options.credentials.is_some() {
        return Ok(Vec::new());
    }
    let sections = aws_config::profile::load(&Fs::real(), &Env::real(), &Default::default(), None)
        .await
        .map_err(|error| ProfileError::Unreadable(chain(&error)))?;
    let mut names: Vec<String> = sections.profiles().map(str::to_owned).collect();
    names.sort();
    Ok(names)
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let told = inner.to_string();
        if !text.contains(&told) {
            text = format!("{text}: {told}");
        }
        cause = inner.source();
    }
    text
}
