//! TLS: the certificate that is shown, and certificates that cannot be.

use std::path::PathBuf;
use std::sync::Arc;

use coordinator::http::{Connections, Parts, ServeError, Settings, Tls, serve};
use protocol::clock::SystemClock;
use protocol::registry::Scope;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use store::Access;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::client::{Answer, Ask};
use crate::server::{PATIENCE, Server, wide};

/// The certificate for `localhost` and its key, which are for these tests alone and open nothing.
fn certificate() -> Tls {
    Tls { cert: file("localhost.pem"), key: file("localhost.key") }
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/http/tls").join(name)
}

fn connector() -> TlsConnector {
    let trusted = CertificateDer::from_pem_file(file("localhost.pem")).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(trusted).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

#[tokio::test]
async fn over_tls_the_cookie_is_for_this_host_alone() {
    let server = Server::with(Settings { tls: Some(certificate()), ..wide() }).await;
    let token = server.token(Scope::Read).await;
    let connector = connector();
    let connect = async || {
        let name = ServerName::try_from("localhost").unwrap();
        connector.connect(name, server.connect().await).await.unwrap()
    };
    let ask = Ask::new("POST", "/session").json(&json!({"token": token}));
    let ask = ask.header("origin", "https://localhost");
    let opened = Answer::of(ask.over(connect().await).await).await.is(200);
    let cookie = opened.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-orgsweep=") && cookie.ends_with("; Secure"), "{cookie}");
    assert!(opened.header("strict-transport-security").is_some());
    let pair = cookie.split(';').next().unwrap();
    let who = Ask::new("GET", "/session").header("cookie", pair);
    Answer::of(who.over(connect().await).await).await.is(200);
    let plain = Ask::new("GET", "/session").header("cookie", &pair.replace("__Host-", ""));
    Answer::of(plain.over(connect().await).await).await.refused(401, "no_token");
}

#[tokio::test]
async fn who_speaks_in_the_clear_to_a_server_with_tls_gets_nothing() {
    let server = Server::with(Settings { tls: Some(certificate()), ..wide() }).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    // A connection that is reset says nothing either.
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut said)).await.unwrap();
    assert!(read.is_err() || !said.starts_with(b"HTTP"), "{said:?}");
}

#[tokio::test]
async fn a_certificate_that_cannot_be_shown_is_named_before_anything_is_served() {
    let Tls { cert, key } = certificate();
    let wrong = [
        (Tls { cert: file("nowhere.pem"), key: key.clone() }, "nowhere.pem"),
        (Tls { cert: key.clone(), key: key.clone() }, "localhost.key"),
        (Tls { cert: cert.clone(), key: cert.clone() }, "localhost.pem"),
        (Tls { cert, key: file("other.key") }, "other.key"),
    ];
    for (tls, part) in wrong {
        let said = started(Settings { tls: Some(tls), ..wide() }).await.to_string();
        assert!(said.contains(part) && said.contains("cannot be used"), "{said}");
        assert!(!said.contains("PRIVATE KEY"), "{said}");
    }
    let name = Settings { names: vec!["https://x".to_owned()], ..wide() };
    assert!(matches!(started(name).await, ServeError::Name(_)));
}

async fn started(settings: Settings) -> ServeError {
    let store = store::connect("sqlite::memory:", Access::Run).await.unwrap();
    let parts = Parts {
        store: Arc::clone(&store) as _,
        registry: store,
        catalog: catalog::Catalog::embedded().unwrap(),
        connections: Connections::default(),
        clock: Arc::new(SystemClock),
        budget: None,
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    serve(listener, parts, settings, CancellationToken::new()).await.unwrap_err()
}
