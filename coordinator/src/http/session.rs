//! Sessions of browsers: a token is exchanged once for a cookie that no script can read.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chrono::TimeDelta;

use super::api::{NewSession, Session};
use super::app::App;
use super::caller::{self, Caller};
use super::door::Wire;
use super::input::Body;
use super::problem::{Problem, Refused};
use super::token::{self, Kind};

/// How long a session lasts, in hours.
const HOURS: i64 = 8;

/// Open a session
///
/// Exchanges a token for a cookie that no script can read. What changes something must then bring the answer's `csrf` as
/// `X-CSRF-Token`.
#[utoipa::path(
    post, path = "/session", operation_id = "openSession", tag = "session", request_body = NewSession,
    responses((status = 200, description = "The session; the cookie is set", body = Session), Refused),
    security(()),
)]
pub(super) async fn open(
    State(app): State<Arc<App>>,
    Body(asked): Body<NewSession>,
) -> Result<Response, Problem> {
    let parent = caller::look_up(&app, Kind::Bearer, asked.token.trim()).await?;
    let registry = &*app.parts.registry;
    let now = app.parts.clock.now();
    let until = now + TimeDelta::hours(HOURS);
    let until = parent.expires_at.map_or(until, |end| end.min(until));
    let opened = token::open_session(registry, &parent, until, now).await;
    let (session, secret) = opened.map_err(super::tokens::refusal)?;
    // The token may have been taken back meanwhile, when its sessions had been looked for already.
    if let Err(problem) = caller::look_up(&app, Kind::Bearer, asked.token.trim()).await {
        registry.revoke_token(&session.workspace, &session.id, now).await?;
        return Err(problem);
    }
    tracing::info!(workspace = %session.workspace, owner = session.owner, token = %parent.id, "opened a session");
    let csrf = Some(token::csrf(secret.reveal()));
    let seconds = (until - now).num_seconds();
    let body = told(Caller { token: session, csrf });
    with_cookie(&app, secret.reveal(), seconds, (StatusCode::OK, Json(body)).into_response())
}

/// Tell who asks
///
/// By token or by cookie.
#[utoipa::path(
    get, path = "/session", operation_id = "showSession", tag = "session",
    responses((status = 200, description = "Who asks", body = Session), Refused),
    security(("bearer" = ["read"]), ("cookie" = ["read"])),
)]
pub(super) async fn show(Extension(caller): Extension<Caller>) -> Json<Session> {
    Json(told(caller))
}

/// End the session
#[utoipa::path(
    delete, path = "/session", operation_id = "closeSession", tag = "session",
    responses((status = 204, description = "The session has ended"), Refused),
    security(("bearer" = ["read"]), ("cookie" = ["read"])),
)]
pub(super) async fn close(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Problem> {
    if caller.csrf.is_none() {
        let sentence = "a token is no session; `orgsweep token revoke` takes it back";
        return Err(Problem::conflict("no_session", sentence));
    }
    let now = app.parts.clock.now();
    app.parts.registry.revoke_token(caller.workspace(), &caller.token.id, now).await?;
    with_cookie(&app, "", 0, StatusCode::NO_CONTENT.into_response())
}

/// The session's secret, where the request has a cookie of ours.
pub(super) fn cookie<'h>(app: &App, headers: &'h HeaderMap) -> Option<&'h str> {
    let name = name(app);
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Browsers keep a `__Host-` cookie only over TLS, and only for this very host.
fn name(app: &App) -> &'static str {
    match app.door.wire() {
        Wire::Plain => "orgsweep",
        Wire::Tls | Wire::Proxy => "__Host-orgsweep",
    }
}

fn with_cookie(
    app: &App,
    value: &str,
    seconds: i64,
    mut response: Response,
) -> Result<Response, Problem> {
    let secure = if app.door.wire() == Wire::Plain { "" } else { "; Secure" };
    let text = format!(
        "{}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}",
        name(app)
    );
    let cookie = HeaderValue::from_str(&text)
        .map_err(|_| Problem::later("session", "the session could not be opened; ask again"))?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

fn told(caller: Caller) -> Session {
    Session {
        workspace: caller.token.workspace,
        owner: caller.token.owner,
        scope: caller.token.scope,
        expires_at: caller.token.expires_at,
        csrf: caller.csrf,
    }
}
