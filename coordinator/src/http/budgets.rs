//! The shares of AWS's rate limits that stand in place of the scans' own, for the whole installation.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};

use super::api::{Share, ShareOf, Shares};
use super::app::App;
use super::caller::Caller;
use super::input::{Body, Named};
use super::problem::{Problem, Refused};

/// The longest name of an api class, in bytes.
const LONGEST: usize = 128;
/// The most shares that can be set.
const MOST: usize = 200;

/// List shares
#[utoipa::path(
    get, path = "/budgets", operation_id = "listShares", tag = "budgets",
    responses((status = 200, description = "The shares that were set", body = Shares), Refused),
    security(("bearer" = ["admin"]), ("cookie" = ["admin"])),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Shares>, Problem> {
    caller.of_installation("budgets")?;
    let shares = app.parts.registry.shares().await?;
    let shares = shares.into_iter().map(|(class, percent)| ShareOf { class, percent }).collect();
    Ok(Json(Shares { shares }))
}

/// Set a share
///
/// Of the buckets of an api class (`*`: of all), in place of the scans' own. Workers know it within five seconds.
#[utoipa::path(
    put, path = "/budgets/{class}", operation_id = "setShare", tag = "budgets", request_body = Share,
    params(("class" = String, Path, description = "The api class, or `*`")),
    responses((status = 204, description = "The share is set"), Refused),
    security(("bearer" = ["admin"]), ("cookie" = ["admin"])),
)]
pub(super) async fn put(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(class): Named<String>,
    Body(share): Body<Share>,
) -> Result<StatusCode, Problem> {
    caller.of_installation("budgets")?;
    check(&class)?;
    if !(1..=100).contains(&share.percent) {
        return Err(Problem::field("percent", "percent must be 1 to 100"));
    }
    let there = app.parts.registry.shares().await?;
    if there.len() >= MOST && there.iter().all(|(name, _)| *name != class) {
        let sentence = format!("{MOST} shares are set; take one back first");
        return Err(Problem::conflict("too_many_shares", sentence));
    }
    app.parts.registry.set_share(&class, Some(share.percent)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a share back
#[utoipa::path(
    delete, path = "/budgets/{class}", operation_id = "removeShare", tag = "budgets",
    params(("class" = String, Path, description = "The api class, or `*`")),
    responses((status = 204, description = "The scans' own shares count again"), Refused),
    security(("bearer" = ["admin"]), ("cookie" = ["admin"])),
)]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(class): Named<String>,
) -> Result<StatusCode, Problem> {
    caller.of_installation("budgets")?;
    check(&class)?;
    if app.parts.registry.shares().await?.iter().all(|(name, _)| *name != class) {
        return Err(Problem::absent("no_share", format!("no share is set for {class:?}")));
    }
    app.parts.registry.set_share(&class, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn check(class: &str) -> Result<(), Problem> {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b":*._-".contains(&byte);
    if (1..=LONGEST).contains(&class.len()) && class.bytes().all(fine) {
        return Ok(());
    }
    let sentence = "an api class is a service or service:Operation, e.g. `ec2:DescribeInstances`, or `*` for all";
    Err(Problem::field("class", sentence))
}
