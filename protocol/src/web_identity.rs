//! Credentials by somebody else's token (OIDC): where the token comes from, and whom it becomes.

use serde::{Deserialize, Serialize};

/// A client of a token endpoint, whose token roles trust. Names its secret, and never holds it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WebIdentity {
    /// The endpoint that gives tokens for client credentials.
    pub token_url: String,
    /// The client.
    pub client_id: String,
    /// The scope that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Where the client's secret is.
    pub secret: SecretPlace,
    /// The role that the token becomes where the current credentials are meant; none means that there are such credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
}

/// Where a secret is, read where it is used.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum SecretPlace {
    /// An environment variable.
    Variable {
        /// Its name.
        name: String,
    },
    /// A file that holds nothing else; read anew for each token, so that it may change.
    File {
        /// Its path.
        path: String,
    },
}

/// Why a web identity could never work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWebIdentity {
    /// The endpoint would be told the secret in the clear, or is none.
    #[error(
        "{0:?} is not a token endpoint: one begins with https://, or with http:// on a loopback address, and has no user in it"
    )]
    Url(String),
    /// The client has no name.
    #[error("the client of the token endpoint has no name")]
    NoClient,
}

impl WebIdentity {
    /// Checks that the secret is sent to nobody who could read it on the way.
    ///
    /// # Errors
    /// [`InvalidWebIdentity`] for an endpoint that is no URL, or not encrypted and not on loopback; or without a client.
    pub fn check(&self) -> Result<(), InvalidWebIdentity> {
        if self.client_id.is_empty() {
            return Err(InvalidWebIdentity::NoClient);
        }
        let plain = || InvalidWebIdentity::Url(shown(&self.token_url).chars().take(200).collect());
        let (scheme, rest) = self.token_url.split_once("://").ok_or_else(plain)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let clean = !self.token_url.contains(|c: char| c.is_whitespace() || c.is_control());
        if authority.is_empty() || authority.contains('@') || !clean {
            return Err(plain());
        }
        match scheme {
            "https" => Ok(()),
            "http" if is_loopback(authority) => Ok(()),
            _ => Err(plain()),
        }
    }

    /// The endpoint for messages: without what may be secret in it.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        shown(&self.token_url)
    }
}

fn shown(url: &str) -> &str {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    // Whoever wrote a user and a password into it does not want to read them in a message.
    if url.contains('@') { "(with a user in it)" } else { url }
}

/// Whether an authority is a loopback address, with or without a port.
fn is_loopback(authority: &str) -> bool {
    let bare = |text: &str| {
        let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        text.parse::<core::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    };
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    bare(host)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(url: &str) -> WebIdentity {
        WebIdentity {
            token_url: url.to_owned(),
            client_id: "client".to_owned(),
            scope: None,
            secret: SecretPlace::Variable { name: "SECRET".to_owned() },
            role_arn: None,
        }
    }

    #[test]
    fn a_secret_goes_only_to_encrypted_endpoints_or_loopback() {
        for url in [
            "https://login.example.com/tenant/oauth2/v2.0/token",
            "http://127.0.0.1:8080/token",
            "http://127.1.2.3/token",
            "http://[::1]:8080/token",
        ] {
            assert_eq!(at(url).check(), Ok(()), "{url}");
        }
        for url in [
            "",
            "login.example.com",
            "http://login.example.com/token",
            "http://127.0.0.1.example.com/token",
            "http://127.0.0.1@example.com/token",
            "http://localhost/token",
            "https://",
            "https:///token",
            "https://user:hunter2@example.com/token",
            "https://example.com/a b",
            "ftp://127.0.0.1/token",
        ] {
            let told = at(url).check().expect_err(url).to_string();
            assert!(!told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn a_client_has_a_name() {
        let nameless = WebIdentity { client_id: String::new(), ..at("https://example.com/") };
        assert_eq!(nameless.check(), Err(InvalidWebIdentity::NoClient));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(https?://)?[a-z0-9:@/\\[\\]?# .]{0,30}") {
            prop_assert_eq!(at(&text).check().is_ok(), at(&text).check().is_ok());
            prop_assert!(!at(&text).endpoint().contains('?'));
        }
    }
}
