//! Private parts, opened for `benches/call.rs`: what one call costs besides its round trip.

use aws_credential_types::Credentials;
use bytes::Bytes;
use catalog::{Catalog, ProbeView};
use http_body_util::Full;
use protocol::{AccountId, Failure, ProbeId};

use crate::page::{self, Asked};
use crate::sign::{Signing, signed};
use crate::signing_key::SigningKeys;
use crate::wire::{self, Prepared, Values};

/// The first call of a probe, as it is made of one account.
pub struct Measured<'c> {
    view: ProbeView<'c>,
    account: AccountId,
    credentials: Credentials,
    keys: SigningKeys,
    prepared: Prepared,
}

impl<'c> Measured<'c> {
    /// The first call of a probe; none where the catalog has no such probe.
    #[must_use]
    pub fn of(catalog: &'c Catalog, probe: &str) -> Option<Self> {
        let view = catalog.probe(&ProbeId::new(probe).ok()?)?;
        let prepared = Prepared::of(view.entry, view.probe, view.probe.calls.first()?);
        let token = Some("t".repeat(900));
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", token, None, "measured");
        Some(Self {
            view,
            account: AccountId::new("111122223333").ok()?,
            credentials,
            keys: SigningKeys::default(),
            prepared,
        })
    }

    fn asked(&self) -> Option<Asked<'_>> {
        let ProbeView { entry, probe, .. } = self.view;
        let (account, call) = (&self.account, probe.calls.first()?);
        let prepared = &self.prepared;
        Some(Asked { entry, probe, call, account, parent: None, token: None, prepared })
    }

    fn values(&self) -> Values<'_> {
        let account = self.account.as_str();
        Values {
            account,
            region: "eu-west-1",
            partition: "aws",
            suffix: "amazonaws.com",
            item: None,
        }
    }

    /// Builds the request and signs it; its size.
    #[must_use]
    pub fn request(&self) -> Option<usize> {
        let asked = self.asked()?;
        let outgoing =
            asked.prepared.request(asked.entry, asked.call, &self.values(), None).ok()?;
        let mut request = http::Request::builder()
            .method(outgoing.method)
            .uri(format!("https://x.eu-west-1.amazonaws.com{}?{}", outgoing.path, outgoing.query))
            .body(Full::new(outgoing.body.clone()))
            .ok()?;
        request.headers_mut().extend(outgoing.headers.iter().cloned());
        let signing = Signing {
            name: &asked.entry.endpoint_prefix,
            region: "eu-west-1",
            time: std::time::SystemTime::UNIX_EPOCH,
            credentials: &self.credentials,
            keys: &self.keys,
        };
        let request = signed(request, &outgoing.body, signing).ok()?;
        Some(request.headers().len() + outgoing.body.len())
    }

    /// Reads an answer; how many things it has.
    ///
    /// # Errors
    /// The failure of an answer that cannot be read.
    pub fn page(&self, body: &Bytes) -> Result<usize, Failure> {
        let Some(asked) = self.asked() else { return Ok(0) };
        let values = self.values();
        let value = wire::read(asked.entry, &asked.call.operation, body, &asked.prepared.kept);
        let value = value.unwrap_or_default();
        page::read(&asked, &|name| values.get(name), &value).map(|page| page.items.len())
    }
}
