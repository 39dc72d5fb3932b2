//! The settings that come from AWS's own places; the only file of this crate that reads the environment.

use std::collections::BTreeMap;
use std::fmt;

use protocol::scan::Source;

use crate::error::ConnectError;

/// How to reach AWS: what the AWS SDKs read from `AWS_*` variables.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where all services are, instead of at AWS (`AWS_ENDPOINT_URL`).
    pub endpoint_url: Option<String>,
    /// Where single services are, by the variable's ending, e.g. `DYNAMODB`
    /// (`AWS_ENDPOINT_URL_<SERVICE>`).
    pub service_endpoints: BTreeMap<String, String>,
    /// Whether endpoints that are configured, profiles' too, are ignored
    /// (`AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`).
    pub ignore_configured_endpoints: bool,
    /// Whether FIPS endpoints are asked for (`AWS_USE_FIPS_ENDPOINT`).
    pub fips: bool,
    /// Whether dual-stack endpoints are asked for (`AWS_USE_DUALSTACK_ENDPOINT`).
    pub dual_stack: bool,
    /// Whether nothing but loopback addresses may be reached: for the demo and for tests.
    pub loopback_only: bool,
    /// The region to start from (`AWS_REGION`, else `AWS_DEFAULT_REGION`).
    pub region: Option<String>,
    /// Keys to use instead of the credential chain, whatever the sources are: for the demo and for
    /// tests. With them nothing is read from the environment or from AWS's files.
    pub credentials: Option<StaticKeys>,
}

/// Keys as they are written down; never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct StaticKeys {
    /// The access key's id.
    pub access_key_id: String,
    /// The secret key.
    pub secret_access_key: String,
    /// The session token, for temporary keys.
    pub session_token: Option<String>,
}

impl fmt::Debug for StaticKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticKeys").finish_non_exhaustive()
    }
}

impl Options {
    /// Reads the `AWS_*` variables.
    #[must_use]
    pub fn from_env() -> Self {
        Self::from_variables(&variable, &endpoint_variables())
    }

    /// Reads the variables that `variable` answers; `endpoints` are those of single services.
    fn from_variables(
        variable: &dyn Fn(&str) -> Option<String>,
        endpoints: &[(String, String)],
    ) -> Self {
        let flag = |name| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let ignore = flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
        let service = |(name, value): &(String, String)| {
            let ending = name.strip_prefix(SERVICE_ENDPOINT)?;
            (!ending.is_empty() && !value.is_empty()).then(|| (ending.to_owned(), value.clone()))
        };
        Self {
            endpoint_url: variable("AWS_ENDPOINT_URL").filter(|_| !ignore),
            service_endpoints: endpoints.iter().filter(|_| !ignore).filter_map(service).collect(),
            ignore_configured_endpoints: ignore,
            fips: flag("AWS_USE_FIPS_ENDPOINT"),
            dual_stack: flag("AWS_USE_DUALSTACK_ENDPOINT"),
            loopback_only: false,
            region: variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")),
            credentials: None,
        }
    }
}

const SERVICE_ENDPOINT: &str = "AWS_ENDPOINT_URL_";

/// Reads the keys that a source names by variables.
pub(crate) fn named_keys(source: &Source) -> Result<Option<StaticKeys>, ConnectError> {
    let Source::Keys { access_key_id_env, secret_access_key_env, session_token_env, .. } = source
    else {
        return Ok(None);
    };
    let read = |name: &String| {
        variable(name).ok_or_else(|| ConnectError::NoVariable { variable: name.clone() })
    };
    Ok(Some(StaticKeys {
        access_key_id: read(access_key_id_env)?,
        secret_access_key: read(secret_access_key_env)?,
        session_token: session_token_env.as_ref().map(read).transpose()?,
    }))
}

/// Reads a secret that a web identity names by a variable.
pub(crate) fn named_secret(name: &str) -> Option<String> {
    variable(name)
}

#[expect(clippy::disallowed_methods, reason = "this file is where the environment is read")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn endpoint_variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(SERVICE_ENDPOINT))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(variables: &[(&str, &str)]) -> Options {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let all: Vec<(String, String)> = variables.iter().map(owned).collect();
        let variable = |name: &str| {
            all.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        Options::from_variables(&variable, &all)
    }

    #[test]
    fn every_variable_is_read() {
        let read = options(&[
            ("AWS_ENDPOINT_URL", "http://a"),
            ("AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", "http://b"),
            ("AWS_USE_FIPS_ENDPOINT", "True"),
            ("AWS_USE_DUALSTACK_ENDPOINT", "false"),
            ("AWS_DEFAULT_REGION", "eu-west-1"),
        ]);
        assert_eq!(read.endpoint_url.as_deref(), Some("http://a"));
        let service = read.service_endpoints.get("ELASTIC_LOAD_BALANCING_V2");
        assert_eq!(service.map(String::as_str), Some("http://b"));
        assert!(read.fips && !read.dual_stack);
        assert_eq!(read.region.as_deref(), Some("eu-west-1"));
    }

    #[test]
    fn configured_endpoints_can_be_ignored() {
        let read = options(&[
            ("AWS_ENDPOINT_URL", "http://a"),
            ("AWS_ENDPOINT_URL_S3", "http://b"),
            ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
        ]);
        assert!(read.ignore_configured_endpoints);
        assert!(read.endpoint_url.is_none() && read.service_endpoints.is_empty());
    }

    #[test]
    fn keys_are_never_shown() {
        let keys = StaticKeys {
            access_key_id: "AKIAEXAMPLE".to_owned(),
            secret_access_key: "hunter2".to_owned(),
            session_token: Some("hunter3".to_owned()),
        };
        let options = Options { credentials: Some(keys), ..Options::default() };
        let shown = format!("{options:?}");
        assert!(!shown.contains("hunter") && !shown.contains("AKIA"), "{shown}");
    }
}
