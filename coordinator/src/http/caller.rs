//! Who asks, and whether they may: bearer tokens, and sessions of browsers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use protocol::registry::{Scope, Token};
use protocol::{TokenId, WorkspaceId};
use tokio::time::Instant;

use super::app::App;
use super::problem::Problem;
use super::session;
use super::token::{self, Kind};

/// The header that a session must bring to change something.
pub(super) const CSRF: &str = "x-csrf-token";

/// Who asks.
#[derive(Clone)]
pub(super) struct Caller {
    /// What is known of the token, or of the session.
    pub(super) token: Token,
    /// What the session must bring to change something, where it is one.
    pub(super) csrf: Option<String>,
}

impl Caller {
    /// The workspace that is open to them.
    pub(super) fn workspace(&self) -> &WorkspaceId {
        &self.token.workspace
    }

    /// Refuses those of another workspace than the installation's own, for what concerns all workspaces.
    pub(super) fn of_installation(&self, what: &str) -> Result<(), Problem> {
        let main = WorkspaceId::main();
        if *self.workspace() == main {
            return Ok(());
        }
        let sentence = format!(
            "{what} concern every workspace: ask with a token of the workspace {main:?} that has the scope admin"
        );
        Err(Problem::new(StatusCode::FORBIDDEN, "workspace", sentence))
    }
}

/// Lets only those on who may do as much as the routes behind it need.
pub(super) async fn require(
    State((app, scope)): State<(Arc<App>, Scope)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let caller = identify(&app, request.headers(), request.method()).await?;
    app.tokens.take(&caller.token.id, Instant::now()).map_err(|wait| too_many(wait.as_secs()))?;
    if caller.token.scope < scope {
        let sentence =
            format!("this needs a token with the scope {scope}; yours has {}", caller.token.scope);
        return Err(Problem::new(StatusCode::FORBIDDEN, "scope", sentence));
    }
    if !request.method().is_safe() {
        tracing::info!(
            method = %request.method(), path = request.uri().path(), workspace = %caller.workspace(),
            owner = caller.token.owner, token = %caller.token.id, "asked",
        );
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// The refusal of those who ask too often.
pub(super) fn too_many(whole_seconds: u64) -> Problem {
    Problem::too_many(whole_seconds.saturating_add(1))
}

/// Finds the token that is good for a text of that kind.
///
/// Whoever guesses learns nothing: only the holder of a whole secret is told what became of it.
pub(super) async fn look_up(app: &App, kind: Kind, text: &str) -> Result<Token, Problem> {
    let ended = |code, sentence| match kind {
        Kind::Bearer => unauthorized(code, sentence),
        Kind::Session => unauthorized("session", "this session has ended; open one with a token"),
    };
    let unknown = || {
        let sentence = "this token is not known here; `orgsweep token create` makes one";
        ended("unknown_token", sentence)
    };
    let id: TokenId = token::claimed(kind, text).ok_or_else(unknown)?;
    let found = app.parts.registry.token(&token::digest(text)).await?;
    let token = found.filter(|token| token.id == id).ok_or_else(unknown)?;
    if token.revoked_at.is_some() {
        return Err(ended("revoked_token", "this token was taken back; ask for a new one"));
    }
    if !token::is_good(&token, app.parts.clock.now()) {
        return Err(ended("expired_token", "this token has expired; ask for a new one"));
    }
    Ok(token)
}

pub(super) fn unauthorized(code: &'static str, sentence: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code, sentence)
}

async fn identify(app: &App, headers: &HeaderMap, method: &Method) -> Result<Caller, Problem> {
    if headers.contains_key(header::AUTHORIZATION) {
        let text = bearer(headers).ok_or_else(|| {
            unauthorized("no_token", "the Authorization header must be `Bearer osw_…`, once")
        })?;
        return Ok(Caller { token: look_up(app, Kind::Bearer, text).await?, csrf: None });
    }
    let Some(cookie) = session::cookie(app, headers) else {
        return Err(unauthorized(
            "no_token",
            "there is no token: send `Authorization: Bearer osw_…`; `orgsweep token create` makes one",
        ));
    };
    let session = look_up(app, Kind::Session, cookie).await?;
    let csrf = token::csrf(cookie);
    let brought =
        headers.get(CSRF).map(|value| token::digest(&String::from_utf8_lossy(value.as_bytes())));
    // Digests are compared, so that the time it takes tells nothing.
    if !method.is_safe() && brought != Some(token::digest(&csrf)) {
        let sentence =
            "a session must bring its X-CSRF-Token to change something; GET /session tells it";
        return Err(Problem::new(StatusCode::FORBIDDEN, "csrf", sentence));
    }
    Ok(Caller { token: session, csrf: Some(csrf) })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, text) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| text.trim())
}
