//! Where the budgets of a fleet are: `redis://[user:password@]host[:port][/db][?prefix=orgsweep]`.

use std::fmt;

use protocol::budget::BudgetError;
use redis::{ConnectionInfo, IntoConnectionInfo};

/// The prefix of keys where the URL has none.
const PREFIX: &str = "orgsweep";
/// The longest prefix, in characters.
const LONGEST_PREFIX: usize = 64;

/// A server, a database of it, and the prefix of our keys there.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) server: ConnectionInfo,
    pub(super) prefix: String,
    /// The URL without user and password.
    name: String,
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`BudgetError`] that never has the URL's password.
    pub(super) fn parse(url: &str) -> Result<Self, BudgetError> {
        let wrong = |what: &str| {
            BudgetError(format!(
                "--budgets {what}: it is redis://[user:password@]host[:port][/db][?prefix={PREFIX}], or rediss:// with TLS"
            ))
        };
        let url = redis::parse_redis_url(url).ok_or_else(|| wrong("is not a URL of Redis"))?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("names no host"))?;
        let mut prefix = PREFIX.to_owned();
        for (key, value) in url.query_pairs() {
            if key != "prefix" {
                return Err(wrong(&format!("has a setting {key:?} that is not known")));
            }
            prefix = value.into_owned();
        }
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.:".contains(letter);
        if prefix.is_empty() || prefix.len() > LONGEST_PREFIX || !prefix.chars().all(plain) {
            return Err(wrong(&format!(
                "has a prefix that is not 1 to {LONGEST_PREFIX} letters, digits and -_.:"
            )));
        }
        if url.fragment().is_some() {
            return Err(wrong("ends in a fragment"));
        }
        let port = url.port().unwrap_or(6379);
        let name = format!("{}://{host}:{port}{}", url.scheme(), url.path());
        let server = url.into_connection_info();
        let server = server.map_err(|error| wrong(&format!("cannot be used ({error})")))?;
        Ok(Self { server, prefix, name })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}?prefix={}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_server_database_and_prefix() {
        let address = Address::parse("redis://jo:secret@cache.example:6380/3?prefix=house-a");
        let address = address.expect("a right URL");
        assert_eq!(address.prefix, "house-a");
        assert_eq!(address.server.redis_settings().db(), 3);
        assert_eq!(
            format!("{address} {address:?}"),
            "redis://cache.example:6380/3 redis://cache.example:6380/3?prefix=house-a"
        );
        let address = Address::parse("rediss://cache.example").expect("a right URL");
        assert_eq!(format!("{address:?}"), "rediss://cache.example:6379?prefix=orgsweep");
    }

    #[test]
    fn a_wrong_url_is_told_without_its_password() {
        for (url, told) in [
            ("redis://jo:secret@", "is not a URL of Redis"),
            ("redis://jo:secret@host:99999", "is not a URL of Redis"),
            ("redis:///secret", "names no host"),
            ("redis://jo:secret@host/db", "cannot be used"),
            ("redis://jo:secret@host?prefix=", "has a prefix that"),
            ("redis://jo:secret@host?prefix={a}", "has a prefix that"),
            ("redis://jo:secret@host?prefx=a", "has a setting \"prefx\""),
            ("rediss://jo:secret@host#insecure", "ends in a fragment"),
        ] {
            let error = Address::parse(url).expect_err(url).to_string();
            assert!(error.contains("--budgets") && error.contains(told), "{url}: {error}");
            assert!(!error.contains("secret"), "{url}: {error}");
        }
    }
}
