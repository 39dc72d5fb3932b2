//! TLS: the certificate that the stand-in shows.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// The files of a certificate, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate, for `127.0.0.1`.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Tls {
    /// What takes connections with this certificate.
    pub(super) fn acceptor(&self) -> io::Result<TlsAcceptor> {
        let wrong = |error: &dyn std::fmt::Display| {
            let files = format!("{} and {}", self.cert.display(), self.key.display());
            io::Error::other(format!("{files} are no certificate and its key: {error}"))
        };
        let cert = CertificateDer::from_pem_file(&self.cert).map_err(|error| wrong(&error))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| wrong(&error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![cert], key))
            .map_err(|error| wrong(&error))?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
