//! Tells an address, by POST, that a scan ended.
//!
//! The body is a [`Notice`] as JSON. `X-Orgsweep-Signature` is the hexadecimal HMAC-SHA256 of the body with the secret that both
//! sides know, `X-Orgsweep-Delivery` names scan and round, by which whoever hears it twice recognises it.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use coordinator::{Notice, Notifier};
use hmac::{Hmac, KeyInit, Mac};
use http::{Method, Request, Uri};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use sha2::Sha256;

use crate::stop::Stop;

/// How long the other side may take to answer.
const DEADLINE: Duration = Duration::from_secs(10);
/// The fewest bytes that a secret has.
const SHORTEST: usize = 16;

/// An address that is told.
pub(crate) struct Webhook {
    address: Uri,
    secret: Option<Vec<u8>>,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Webhook {
    /// The address to tell, and the file with the secret that signs what is told.
    ///
    /// # Errors
    /// A sentence when the address is none, or the secret cannot be read.
    pub(crate) fn new(address: &str, secret: Option<&Path>) -> Result<Self, Stop> {
        let wrong = || {
            // The path of such an address is often a secret of its own.
            Stop::usage("--webhook: the address must look like https://host/path")
        };
        let address: Uri = address.parse().map_err(|_| wrong())?;
        if !matches!(address.scheme_str(), Some("http" | "https")) || address.host().is_none() {
            return Err(wrong());
        }
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| {
                Stop::usage(format!("--webhook: the machine's trust roots cannot be read: {error}"))
            })?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { address, secret: secret.map(read).transpose()?, client })
    }

    fn request(&self, notice: &Notice) -> Result<Request<Full<Bytes>>, String> {
        let body = serde_json::to_vec(notice).map_err(|error| error.to_string())?;
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(self.address.clone())
            .header("content-type", "application/json")
            .header("user-agent", concat!("orgsweep/", env!("CARGO_PKG_VERSION")))
            .header("x-orgsweep-delivery", format!("{}/{}", notice.scan, notice.round));
        if let Some(secret) = &self.secret {
            request = request.header("x-orgsweep-signature", signature(secret, &body)?);
        }
        request.body(Full::new(Bytes::from(body))).map_err(|error| error.to_string())
    }
}

#[async_trait]
impl Notifier for Webhook {
    async fn tell(&self, notice: &Notice) -> Result<(), String> {
        let request = self.request(notice)?;
        let answer = tokio::time::timeout(DEADLINE, self.client.request(request)).await;
        let answer = answer.map_err(|_| "the webhook did not answer in time".to_owned())?;
        let status =
            answer.map_err(|error| format!("the webhook was not reached: {error}"))?.status();
        if status.is_success() { Ok(()) } else { Err(format!("the webhook answered {status}")) }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Stop> {
    let secret = std::fs::read(path).map_err(|error| {
        Stop::usage(format!("--webhook-secret: {} cannot be read: {error}", path.display()))
    })?;
    let secret = secret.trim_ascii().to_vec();
    if secret.len() < SHORTEST {
        return Err(Stop::usage(format!(
            "--webhook-secret: {} is too short to be a secret: {SHORTEST} bytes at least",
            path.display()
        )));
    }
    Ok(secret)
}

/// The HMAC-SHA256 of a body, in hexadecimal.
fn signature(secret: &[u8], body: &[u8]) -> Result<String, String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|error| error.to_string())?;
    mac.update(body);
    Ok(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_signed_as_others_compute_it() {
        // RFC 4231, test case 2.
        let signed = signature(b"Jefe", b"what do ya want for nothing?");
        let known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signed.as_deref(), Ok(known));
    }

    #[test]
    fn an_address_that_is_none_is_refused_without_being_shown() {
        for wrong in ["", "ftp://host/x", "/path", "https://"] {
            let refused = Webhook::new(wrong, None).err().expect(wrong);
            assert!(refused.message.contains("--webhook") && !refused.message.contains("ftp"));
        }
    }
}
