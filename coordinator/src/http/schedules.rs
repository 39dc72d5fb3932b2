//! Schedules: scans that recur.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use protocol::ScheduleId;
use protocol::registry;

use super::api::{NewSchedule, Schedule, Schedules};
use super::app::App;
use super::caller::Caller;
use super::input::{Body, Named};
use super::order;
use super::problem::{Problem, Refused};
use crate::cron;

/// The most schedules of a workspace.
const MOST: usize = 100;
/// The longest name of a schedule, in bytes.
const LONGEST: usize = 64;

/// List schedules
#[utoipa::path(
    get, path = "/schedules", operation_id = "listSchedules", tag = "schedules",
    responses((status = 200, description = "Those of the workspace, by name", body = Schedules), Refused),
    security(("bearer" = ["read"]), ("cookie" = ["read"])),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Schedules>, Problem> {
    let schedules = app.parts.registry.schedules(caller.workspace()).await?;
    Ok(Json(Schedules { schedules: schedules.into_iter().map(Into::into).collect() }))
}

/// Set a schedule
///
/// One of the same name is replaced. A time that comes while the schedule's last scan is open starts none.
#[utoipa::path(
    put, path = "/schedules/{name}", operation_id = "setSchedule", tag = "schedules", request_body = NewSchedule,
    params(("name" = String, Path, description = "Its name")),
    responses((status = 200, description = "The schedule", body = Schedule), Refused),
    security(("bearer" = ["admin"]), ("cookie" = ["admin"])),
)]
pub(super) async fn put(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
    Body(asked): Body<NewSchedule>,
) -> Result<Json<Schedule>, Problem> {
    let id = read_name(&name)?;
    let settings = order::check(&app.parts, caller.workspace(), asked.scan)?;
    let next_at = cron::next(&asked.cron, app.parts.clock.now())
        .map_err(|sentence| Problem::field("cron", sentence))?;
    let registry = &*app.parts.registry;
    let there = registry.schedules(caller.workspace()).await?;
    if there.len() >= MOST && there.iter().all(|schedule| schedule.id != id) {
        let sentence = format!("this workspace has {MOST} schedules; remove one first");
        return Err(Problem::conflict("too_many_schedules", sentence));
    }
    let schedule = registry::Schedule {
        id,
        workspace: caller.workspace().clone(),
        cron: asked.cron,
        settings,
        owner: caller.token.owner.clone(),
        next_at,
    };
    registry.put_schedule(&schedule).await?;
    Ok(Json(schedule.into()))
}

/// Remove a schedule
///
/// Scans that it started go on.
#[utoipa::path(
    delete, path = "/schedules/{name}", operation_id = "removeSchedule", tag = "schedules",
    params(("name" = String, Path, description = "Its name")),
    responses((status = 204, description = "The schedule is removed"), Refused),
    security(("bearer" = ["admin"]), ("cookie" = ["admin"])),
)]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Result<StatusCode, Problem> {
    let id = read_name(&name)?;
    if app.parts.registry.remove_schedule(caller.workspace(), &id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let sentence = format!("there is no schedule {id} in workspace {}", caller.workspace());
    Err(Problem::absent("no_schedule", sentence))
}

fn read_name(name: &str) -> Result<ScheduleId, Problem> {
    let wrong = || {
        let sentence = format!(
            "a schedule's name has 1 to {LONGEST} letters, digits, dots, dashes or underscores"
        );
        Problem::field("name", sentence)
    };
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.len() > LONGEST || !name.bytes().all(fine) {
        return Err(wrong());
    }
    ScheduleId::new(name).map_err(|_| wrong())
}
