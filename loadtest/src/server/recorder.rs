//! Keeps some of the requests that come, so that others can send them again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::play::{Incoming, Mint};

/// Headers that a sender makes anew.
const MADE_ANEW: [&str; 7] = [
    "authorization",
    "content-length",
    "host",
    "user-agent",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
];

/// A request as it was sent, without its signature, and what it takes to sign it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The path, with the query string where there is one.
    pub target: String,
    /// Its headers, without those that every sender makes anew.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// What it was signed for.
    pub signing: String,
    /// The region that it was signed for.
    pub region: String,
    /// The key that it was signed with.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// The token of the session.
    pub token: Option<String>,
}

/// Which requests are kept: each so manieth, up to so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recording {
    /// One of so many is kept.
    pub one_of: u64,
    /// So many at most.
    pub most: usize,
}

/// Keeps requests.
pub(super) struct Recorder {
    which: Option<Recording>,
    seen: AtomicU64,
    kept: Mutex<Vec<Recorded>>,
}

impl Recorder {
    pub(super) fn new(which: Option<Recording>) -> Self {
        Self { which, seen: AtomicU64::new(0), kept: Mutex::default() }
    }

    /// Keeps a request if it is one to keep.
    pub(super) fn see(&self, incoming: &Incoming, mint: Mint) {
        let Some(which) = self.which else { return };
        let seen = self.seen.fetch_add(1, Ordering::Relaxed);
        if !seen.is_multiple_of(which.one_of.max(1)) {
            return;
        }
        let Some(credential) = incoming.credential() else { return };
        let text = |value: &http::HeaderValue| value.to_str().ok().map(str::to_owned);
        let headers =
            incoming.headers.iter().filter(|(name, _)| !MADE_ANEW.contains(&name.as_str()));
        let target = match incoming.query.as_str() {
            "" => incoming.path.clone(),
            query => format!("{}?{query}", incoming.path),
        };
        let recorded = Recorded {
            method: incoming.method.to_string(),
            target,
            headers: headers
                .filter_map(|(name, value)| Some((name.to_string(), text(value)?)))
                .collect(),
            body: String::from_utf8_lossy(&incoming.body).into_owned(),
            signing: credential.signing,
            region: credential.region,
            secret_access_key: mint.secret(&credential.key),
            access_key_id: credential.key,
            token: incoming.header("x-amz-security-token").map(str::to_owned),
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < which.most {
            kept.push(recorded);
        }
    }

    /// What was kept.
    pub(super) fn kept(&self) -> Vec<Recorded> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
