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
    names(&Fs::real(), &Env::real()).await
}

async fn names(files: &Fs, environment: &Env) -> Result<Vec<String>, ProfileError> {
    let sections = aws_config::profile::load(files, environment, &Default::default(), None)
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn told(config: &str) -> Result<Vec<String>, ProfileError> {
        let files = Fs::from_map(std::collections::HashMap::from([(
            "/home/ana/.aws/config".to_owned(),
            config.as_bytes().to_vec(),
        )]));
        names(&files, &Env::from_slice(&[("HOME", "/home/ana")])).await
    }

    #[tokio::test]
    async fn profiles_are_listed_by_name() {
        let config =
            "[profile prod]\nregion = eu-west-1\n[default]\n[profile dev]\nsso_session = x\n";
        let expected = ["default", "dev", "prod"].map(str::to_owned).to_vec();
        assert_eq!(told(config).await, Ok(expected));
        assert_eq!(told("").await, Ok(Vec::new()));
    }

    #[tokio::test]
    async fn a_broken_file_is_told_with_its_line() {
        let error = told("[profile prod\n").await.expect_err("broken").to_string();
        assert!(error.contains(".aws/config") && error.contains("line 1"), "{error}");
    }
}
