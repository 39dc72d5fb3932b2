//! Messages that nobody could work on.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::IntoParams;

use super::api::{ParkedList, ParkedMessage};
use super::app::App;
use super::caller::Caller;
use super::input::Params;
use super::problem::{Problem, Refused};

/// The most messages that are told.
const MOST: u32 = 200;

/// How many to tell.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Latest {
    /// The most messages to tell.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// List parked messages
///
/// The latest messages that nobody could work on, newest first.
#[utoipa::path(
    get, path = "/parked", operation_id = "listParked", tag = "parked", params(Latest),
    responses((status = 200, description = "The messages", body = ParkedList), Refused),
    security(("bearer" = ["admin"]), ("cookie" = ["admin"])),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Params(latest): Params<Latest>,
) -> Result<Json<ParkedList>, Problem> {
    caller.of_installation("parked messages")?;
    let limit = latest.limit.unwrap_or(50);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::field("limit", format!("limit must be 1 to {MOST}")));
    }
    let parked = app.parts.registry.parked(limit).await?;
    let told = |parked: protocol::registry::Parked| ParkedMessage {
        body: parked.body,
        why: parked.why,
        at: parked.at,
    };
    Ok(Json(ParkedList { parked: parked.into_iter().map(told).collect() }))
}
