//! The file of accounts: profiles, keys in environment variables, and roles, mixed.
//!
//! ```toml
//! [[account]]
//! profile = "sandbox"
//!
//! [[account]]
//! role-arn = "arn:aws:iam::123456789012:role/reader"
//! external-id = "abc"
//!
//! [[account]]
//! name = "legacy"
//! access-key-id-env = "LEGACY_KEY_ID"
//! secret-access-key-env = "LEGACY_SECRET"
//! ```

use std::path::Path;

use protocol::scan::Source;
use serde::Deserialize;

use crate::config::{line_of, read};
use crate::stop::Stop;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    account: Vec<toml::Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    name: Option<String>,
    profile: Option<String>,
    role_arn: Option<String>,
    external_id: Option<String>,
    access_key_id_env: Option<String>,
    secret_access_key_env: Option<String>,
    session_token_env: Option<String>,
}

/// Reads the sources that a file names.
///
/// # Errors
/// A sentence with file and line.
pub(crate) fn sources(path: &Path) -> Result<Vec<Source>, Stop> {
    let text = read(path)?;
    parse(&text).map_err(|(line, what)| Stop::usage(format!("{}:{line}: {what}", path.display())))
}

fn parse(text: &str) -> Result<Vec<Source>, (usize, String)> {
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        (line, error.message().to_owned())
    })?;
    if file.account.is_empty() {
        return Err((1, "there is no [[account]] in it".to_owned()));
    }
    let source = |entry: toml::Spanned<Entry>| {
        let line = line_of(text, entry.span().start);
        entry.into_inner().source().map_err(|what| (line, what))
    };
    file.account.into_iter().map(source).collect()
}

impl Entry {
    fn source(self) -> Result<Source, String> {
        let keys = self.access_key_id_env.is_some() || self.secret_access_key_env.is_some();
        match (self.role_arn, self.profile, keys) {
            (Some(arn), profile, false) => {
                aws::parse_role_arn(&arn).map_err(|error| error.to_string())?;
                let Self { name, external_id, .. } = self;
                Ok(Source::Role { arn, external_id, profile, name })
            }
            (None, Some(name), false) => Ok(Source::Profile { name }),
            (None, None, true) => match (self.access_key_id_env, self.secret_access_key_env) {
                (Some(access_key_id_env), Some(secret_access_key_env)) => Ok(Source::Keys {
                    access_key_id_env,
                    secret_access_key_env,
                    session_token_env: self.session_token_env,
                    name: self.name,
                }),
                _ => Err("keys need access-key-id-env and secret-access-key-env, the names of \
                          environment variables"
                    .to_owned()),
            },
            (None, None, false) => {
                Err("an account needs a profile, a role-arn or access-key-id-env".to_owned())
            }
            _ => Err("an account is entered one way: by profile, role-arn or keys".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_in_may_be_mixed() {
        let sources = parse(
            "[[account]]\nprofile = \"a\"\n[[account]]\nrole-arn = \"arn:aws:iam::123456789012:role/r\"\n\
             [[account]]\naccess-key-id-env = \"A\"\nsecret-access-key-env = \"B\"\n",
        );
        assert_eq!(sources.map(|sources| sources.len()), Ok(3));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let line = |text| parse(text).map_err(|(line, _)| line);
        assert_eq!(line("[[account]]\nprofile = \"a\"\n[[account]]\nname = \"x\"\n"), Err(3));
        assert_eq!(line("[[account]]\nprofil = \"a\"\n"), Err(2));
        assert_eq!(line("[[account]\n"), Err(1));
        assert!(parse("[[account]]\nrole-arn = \"arn:aws:iam::12:role/r\"\n").is_err());
        assert!(parse("").is_err());
    }
}
