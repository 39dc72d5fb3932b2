//! Tokens of a web identity (OIDC): asked for with the client's secret, kept for most of their life, never shown.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::failure::cut;
use protocol::web_identity::{SecretPlace, WebIdentity};
use protocol::{Failure, FailureKind};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::access::may_pass;
use crate::classify;
use crate::control::user_agent;
use crate::error::ConnectError;
use crate::options::named_secret;
use crate::transport::Transport;
use crate::wire::Answer;

/// The largest answer that is read: tokens have a few kilobytes.
const LARGEST_ANSWER: usize = 64 << 10;

/// The largest file of a secret.
const LARGEST_SECRET: u64 = 64 << 10;

/// How long a token lives that does not say so.
const USUAL_LIFE: Duration = Duration::from_secs(300);

/// The longest life that is believed.
const LONGEST_LIFE: Duration = Duration::from_secs(86_400);

/// What stays as it is in a form.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const OPERATION: &str = "GetToken";

/// Gives the tokens of a web identity; one is asked for at a time, however many wait for it.
pub(crate) struct Tokens {
    identity: WebIdentity,
    /// The secret, where it does not change.
    secret: Option<Secret>,
    transport: Transport,
    deadline: Duration,
    held: Mutex<Option<Token>>,
}

/// A token, as it is sent to STS.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token {
    text: String,
    renew_at: Instant,
    ends_at: Instant,
}

#[derive(Clone)]
struct Secret(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    /// The token's text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl Tokens {
    /// The tokens of an identity, asked for over `transport`. Its secret must be there; nothing is called yet.
    pub(crate) fn new(
        identity: &WebIdentity,
        transport: Transport,
        deadline: Duration,
    ) -> Result<Self, ConnectError> {
        let read = read(&identity.secret)?;
        let secret = match &identity.secret {
            SecretPlace::Variable { .. } => Some(read),
            SecretPlace::File { .. } => None,
        };
        let held = Mutex::new(None);
        Ok(Self { identity: identity.clone(), secret, transport, deadline, held })
    }

    /// A token that lives; a new one after four fifths of the old one's life.
    pub(crate) async fn get(&self) -> Result<Token, Failure> {
        let mut held = self.held.lock().await;
        let now = Instant::now();
        if let Some(token) = held.as_ref().filter(|token| now < token.renew_at) {
            return Ok(token.clone());
        }
        match self.ask().await {
            Ok(token) => Ok(held.insert(token).clone()),
            Err(failure) => match held.as_ref().filter(|token| now < token.ends_at) {
                Some(token) if may_pass(&failure) => Ok(token.clone()),
                _ => Err(failure.during(OPERATION)),
            },
        }
    }

    /// Forgets a token that was refused, unless another has taken its place.
    pub(crate) async fn forget(&self, refused: &Token) {
        let mut held = self.held.lock().await;
        if held.as_ref() == Some(refused) {
            *held = None;
        }
    }

    async fn ask(&self) -> Result<Token, Failure> {
        let failed = |code: &str, what: String| Failure::new(FailureKind::RoleFailed, code, what);
        let secret = match &self.secret {
            Some(secret) => secret.clone(),
            None => read(&self.identity.secret)
                .map_err(|error| failed("NoSecret", error.to_string()))?,
        };
        let endpoint = self.identity.endpoint();
        let request = request(&self.identity, &secret)
            .map_err(|error| failed("BadCall", format!("{endpoint}: {error}")))?;
        let asked_at = Instant::now();
        let answer = self.transport.send_small(request, self.deadline, LARGEST_ANSWER).await;
        let answer = answer.map_err(|fault| {
            let failure = classify::fault(&fault);
            let message = format!("the token endpoint {endpoint}: {}", failure.message);
            Failure { message, ..failure }
        })?;
        let (text, life) = self.read(&answer, &secret)?;
        let (renew_at, ends_at) = (asked_at + life.mul_f64(0.8), asked_at + life);
        Ok(Token { text, renew_at, ends_at })
    }

    /// The token of an answer, and how long it lives.
    fn read(&self, answer: &Answer, secret: &Secret) -> Result<(String, Duration), Failure> {
        let endpoint = self.identity.endpoint();
        let failed = |kind, code: &str, what: String| {
            let what = what.replace(&secret.0, "***");
            let mut failure =
                Failure::new(kind, code, format!("the token endpoint {endpoint} {what}"));
            failure.http_status = Some(answer.status.as_u16());
            failure
        };
        let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let text = |name: &str| body.as_ref()?.get(name)?.as_str().map(str::to_owned);
        if !answer.status.is_success() {
            let (kind, code) = match answer.status {
                StatusCode::TOO_MANY_REQUESTS => (FailureKind::Throttled, "TokenThrottled"),
                status if status.is_server_error() => (FailureKind::Transient, "TokenFailed"),
                _ => (FailureKind::RoleFailed, "TokenRefused"),
            };
            let status = answer.status.as_u16();
            let said = [text("error"), text("error_description")];
            let said: Vec<String> = said.into_iter().flatten().collect();
            let said = if said.is_empty() { "no reason".to_owned() } else { said.join(": ") };
            return Err(failed(kind, code, format!("answered {status} with {}", cut(&said, 400))));
        }
        let role_failed = FailureKind::RoleFailed;
        if body.is_none() {
            let what = "gave an answer that is not JSON: is it a token endpoint?".to_owned();
            return Err(failed(role_failed, "UnreadableToken", what));
        }
        let Some(token) = text("access_token").filter(|token| !token.is_empty()) else {
            let what = "gave an answer without an access_token".to_owned();
            return Err(failed(role_failed, "NoToken", what));
        };
        let seconds = body.as_ref().and_then(|body| seconds(body.get("expires_in")?));
        let life = seconds.map_or(USUAL_LIFE, Duration::from_secs).min(LONGEST_LIFE);
        Ok((token, life))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}

/// A number of seconds, as a number or as text.
fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn request(identity: &WebIdentity, secret: &Secret) -> Result<Request<Full<Bytes>>, http::Error> {
    let scope = identity.scope.as_deref().map(|scope| ("scope", scope));
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", identity.client_id.as_str()),
        ("client_secret", secret.0.as_str()),
    ];
    let fields = fields.into_iter().chain(scope);
    let encoded =
        fields.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, FORM)));
    let body = encoded.collect::<Vec<_>>().join("&");
    Request::post(&identity.token_url)
        .header(header::USER_AGENT, user_agent(None))
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from(body)))
}

/// Reads a secret; the end of a line behind it does not belong to it.
fn read(place: &SecretPlace) -> Result<Secret, ConnectError> {
    let secret = match place {
        SecretPlace::Variable { name } => named_secret(name).ok_or_else(|| {
            ConnectError::NoSecret { place: format!("the environment variable {name} is not set") }
        })?,
        SecretPlace::File { path } => {
            let cannot = |why: String| ConnectError::NoSecret { place: format!("{path} {why}") };
            let unreadable = |error: std::io::Error| cannot(format!("cannot be read: {error}"));
            let size = std::fs::metadata(path).map_err(unreadable)?.len();
            if size > LARGEST_SECRET {
                return Err(cannot(format!(
                    "has {size} bytes, at most {LARGEST_SECRET} are allowed"
                )));
            }
            std::fs::read_to_string(path).map_err(unreadable)?
        }
    };
    let secret = secret.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(ConnectError::NoSecret { place: "it is empty".to_owned() });
    }
    Ok(Secret(secret.to_owned()))
}
