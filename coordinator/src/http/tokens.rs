//! Tokens of the workspace: made, listed, taken back.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use protocol::TokenId;

use super::accounts::Page;
use super::api::{NewToken, NewTokenMade, Token, Tokens};
use super::app::App;
use super::caller::Caller;
use super::input::{Body, Named, Params};
use super::problem::{Problem, Refused};
use super::token::{self, Order, TokenError};

/// List tokens
///
/// Those of the workspace, oldest first, with those that are not good any more. No secret is among what is told.
#[utoipa::path(
    get, path = "/tokens", operation_id = "listTokens", tag = "tokens", params(Page),
    responses((status = 200, description = "A page of tokens", body = Tokens), Refused),
    security(("bearer" = ["admin"]), ("cookie" = ["admin"])),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Params(page): Params<Page>,
) -> Result<Json<Tokens>, Problem> {
    let all = token::list(&*app.parts.registry, caller.workspace()).await?;
    let (tokens, next) = page.cut(all, |token| token.id.as_str())?;
    Ok(Json(Tokens { tokens: tokens.into_iter().map(Token::from).collect(), next }))
}

/// Make a token
///
/// The answer holds its secret, and nothing shows it again.
#[utoipa::path(
    post, path = "/tokens", operation_id = "createToken", tag = "tokens", request_body = NewToken,
    responses((status = 201, description = "The token with its secret", body = NewTokenMade), Refused),
    security(("bearer" = ["admin"]), ("cookie" = ["admin"])),
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Body(asked): Body<NewToken>,
) -> Result<(StatusCode, Json<NewTokenMade>), Problem> {
    let order = Order {
        workspace: caller.workspace().clone(),
        owner: asked.owner,
        scope: asked.scope,
        seconds: asked.expires_in_seconds,
    };
    let made = token::issue(&*app.parts.registry, order, app.parts.clock.now()).await;
    let (token, secret) = made.map_err(refusal)?;
    let secret = secret.reveal().to_owned();
    Ok((StatusCode::CREATED, Json(NewTokenMade { secret, token: token.into() })))
}

/// Take a token back
///
/// With the sessions that it opened.
#[utoipa::path(
    delete, path = "/tokens/{token}", operation_id = "revokeToken", tag = "tokens",
    params(("token" = String, Path, description = "Its id")),
    responses((status = 204, description = "The token is good for nothing now"), Refused),
    security(("bearer" = ["admin"]), ("cookie" = ["admin"])),
)]
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    let workspace = caller.workspace();
    let none = || {
        let shown: String = id.chars().take(80).collect();
        let sentence = format!("there is no good token {shown} in workspace {workspace}");
        Problem::absent("no_token", sentence)
    };
    let id = TokenId::new(&id).map_err(|_| none())?;
    let now = app.parts.clock.now();
    match token::revoke(&*app.parts.registry, workspace, &id, now).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(none()),
    }
}

/// Why a token was not made, as an answer.
pub(super) fn refusal(error: TokenError) -> Problem {
    match error {
        TokenError::Owner => Problem::field("owner", error.to_string()),
        TokenError::Life => Problem::field("expires_in_seconds", error.to_string()),
        TokenError::TooMany(_) => Problem::conflict("too_many_tokens", error.to_string()),
        TokenError::Store(error) => error.into(),
        TokenError::Random(_) => {
            tracing::error!(%error, "no token was made");
            Problem::later("random", "no token was made; ask again")
        }
    }
}
