//! Scans: started, listed, inspected, paused, continued, cancelled, re-queued.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use protocol::ScanId;
use protocol::scan::{Scan, ScanState, Source};
use serde::Deserialize;
use utoipa::IntoParams;

use super::api::{NewScan, Requeue, Requeued, ScanView, Scans};
use super::app::App;
use super::caller::Caller;
use super::input::{Body, Named, Params};
use super::order;
use super::problem::{Problem, Refused};
use super::{Parts, view};
use crate::{Error, Order, create};

/// The most scans of a page.
const PAGE: u32 = 50;
/// Scans of a page where nobody says.
const USUAL: u32 = 20;
/// The most scans of a workspace that may be running or paused.
const OPEN: usize = 100;

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// The most scans to tell.
    #[param(minimum = 1, maximum = 50, default = 20)]
    limit: Option<u32>,
    /// Tell those that started before this scan: `next` of the page before.
    #[param(min_length = 1, max_length = 256)]
    before: Option<String>,
}

/// List scans
///
/// Those of the token's workspace, newest first.
#[utoipa::path(
    get, path = "/scans", operation_id = "listScans", tag = "scans", params(Page),
    responses((status = 200, description = "A page of scans", body = Scans), Refused),
    security(("bearer" = ["read"]), ("cookie" = ["read"])),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Params(page): Params<Page>,
) -> Result<Json<Scans>, Problem> {
    let limit = page.limit.unwrap_or(USUAL);
    if !(1..=PAGE).contains(&limit) {
        return Err(Problem::field("limit", format!("limit must be 1 to {PAGE}")));
    }
    let store = &*app.parts.store;
    let mut scans = match &page.before {
        None => store.scans(caller.workspace(), limit + 1).await?,
        Some(before) => {
            let before = find(&app, &caller, before).await?;
            store.earlier_scans(&before, limit + 1).await?
        }
    };
    let more = scans.len() > limit as usize;
    scans.truncate(limit as usize);
    let next = scans.last().filter(|_| more).map(|scan| scan.id.to_string());
    let mut rows = Vec::with_capacity(scans.len());
    for scan in scans {
        rows.push(view::row(store, &scan).await?);
    }
    Ok(Json(Scans { scans: rows, next }))
}

/// Start a scan
///
/// It is written down as running; the coordinator that leads takes it up within a second or two.
#[utoipa::path(
    post, path = "/scans", operation_id = "startScan", tag = "scans", request_body = NewScan,
    responses(
        (status = 201, description = "The scan; `Location` is where it is told", body = ScanView), Refused,
    ),
    security(("bearer" = ["operate"]), ("cookie" = ["operate"])),
)]
pub(super) async fn start(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Body(asked): Body<NewScan>,
) -> Result<Response, Problem> {
    let settings = order::check(&app.parts, caller.workspace(), asked)?;
    let open = app.parts.registry.open_scans().await?;
    if open.iter().filter(|scan| scan.workspace == *caller.workspace()).count() >= OPEN {
        let sentence =
            format!("{OPEN} scans of this workspace are open; cancel one, or wait for one to end");
        return Err(Problem::conflict("too_many_scans", sentence));
    }
    let order = Order {
        workspace: caller.workspace().clone(),
        owner: caller.token.owner.clone(),
        state: ScanState::Running,
    };
    let Parts { store, catalog, clock, .. } = &app.parts;
    let id = create(&**store, catalog, &**clock, settings, order).await.map_err(
        |error| match error {
            Error::Store(error) => error.into(),
            error => Problem::field("selection", error.to_string()),
        },
    )?;
    let scan = store.scan(&id).await?;
    let body = Json(view::whole(&**store, scan).await?);
    let mut response = (StatusCode::CREATED, body).into_response();
    if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/scans/{id}")) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// Inspect a scan
#[utoipa::path(
    get, path = "/scans/{scan}", operation_id = "inspectScan", tag = "scans",
    params(("scan" = String, Path, description = "The scan's id, or `latest`")),
    responses((status = 200, description = "The scan", body = ScanView), Refused),
    security(("bearer" = ["read"]), ("cookie" = ["read"])),
)]
pub(super) async fn inspect(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(scan): Named<String>,
) -> Result<Json<ScanView>, Problem> {
    let scan = find(&app, &caller, &scan).await?;
    Ok(Json(view::whole(&*app.parts.store, scan).await?))
}

/// Pause a scan
///
/// Nothing more of it is dispatched until it is continued.
#[utoipa::path(
    post, path = "/scans/{scan}/pause", operation_id = "pauseScan", tag = "scans",
    params(("scan" = String, Path, description = "The scan's id, or `latest`")),
    responses((status = 200, description = "The scan", body = ScanView), Refused),
    security(("bearer" = ["operate"]), ("cookie" = ["operate"])),
)]
pub(super) async fn pause(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(scan): Named<String>,
) -> Result<Json<ScanView>, Problem> {
    let scan = find(&app, &caller, &scan).await?;
    become_(&app, scan, ScanState::Paused, &[ScanState::Running]).await
}

/// Continue a scan
///
/// One that was paused or interrupted.
#[utoipa::path(
    post, path = "/scans/{scan}/continue", operation_id = "continueScan", tag = "scans",
    params(("scan" = String, Path, description = "The scan's id, or `latest`")),
    responses((status = 200, description = "The scan", body = ScanView), Refused),
    security(("bearer" = ["operate"]), ("cookie" = ["operate"])),
)]
pub(super) async fn go_on(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(scan): Named<String>,
) -> Result<Json<ScanView>, Problem> {
    let scan = find(&app, &caller, &scan).await?;
    can_be_worked_on(&app, &scan)?;
    become_(&app, scan, ScanState::Running, &[ScanState::Paused, ScanState::Interrupted]).await
}

/// Cancel a scan
///
/// Cells without an answer stay `not_run`.
#[utoipa::path(
    post, path = "/scans/{scan}/cancel", operation_id = "cancelScan", tag = "scans",
    params(("scan" = String, Path, description = "The scan's id, or `latest`")),
    responses((status = 200, description = "The scan", body = ScanView), Refused),
    security(("bearer" = ["operate"]), ("cookie" = ["operate"])),
)]
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(scan): Named<String>,
) -> Result<Json<ScanView>, Problem> {
    let scan = find(&app, &caller, &scan).await?;
    let from = [ScanState::Running, ScanState::Paused, ScanState::Interrupted];
    become_(&app, scan, ScanState::Cancelled, &from).await
}

/// Re-queue cells
///
/// Opens the next round of a scan with the cells that match; these run again, the others keep what they have.
#[utoipa::path(
    post, path = "/scans/{scan}/requeue", operation_id = "requeueCells", tag = "scans", request_body = Requeue,
    params(("scan" = String, Path, description = "The scan's id, or `latest`")),
    responses((status = 200, description = "How many cells run again", body = Requeued), Refused),
    security(("bearer" = ["operate"]), ("cookie" = ["operate"])),
)]
pub(super) async fn requeue(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(scan): Named<String>,
    Body(asked): Body<Requeue>,
) -> Result<Json<Requeued>, Problem> {
    order::check_names(&app.parts.catalog, &asked)?;
    let scan = find(&app, &caller, &scan).await?;
    can_be_worked_on(&app, &scan)?;
    let filter = asked.filter();
    let cells = app.parts.store.requeue(&scan.id, &filter, app.parts.clock.now()).await?;
    if cells == 0 {
        let sentence = format!(
            "no cell of scan {} matches; its report `failures` says what is unknown",
            scan.id
        );
        return Err(Problem::conflict("no_cells", sentence));
    }
    let scan = app.parts.store.scan(&scan.id).await?;
    Ok(Json(Requeued { scan: scan.id, round: scan.round, cells }))
}

/// Finds a scan of the caller's workspace by its id, or the latest.
pub(super) async fn find(app: &App, caller: &Caller, name: &str) -> Result<Scan, Problem> {
    let workspace = caller.workspace();
    let shown: String = name.chars().take(80).collect();
    let none =
        || Problem::absent("no_scan", format!("there is no scan {shown} in workspace {workspace}"));
    if name == "latest" {
        let latest = app.parts.store.scans(workspace, 1).await?.into_iter().next();
        return latest.ok_or_else(|| {
            Problem::absent("no_scan", format!("there is no scan in workspace {workspace} yet"))
        });
    }
    let id = ScanId::new(name).map_err(|_| none())?;
    match app.parts.store.scan(&id).await {
        Ok(scan) if scan.workspace == *workspace => Ok(scan),
        Ok(_) | Err(protocol::store::StoreError::NoScan(_)) => Err(none()),
        Err(error) => Err(error.into()),
    }
}

/// Moves a scan on to a state, from one of those that lead to it.
async fn become_(
    app: &App,
    scan: Scan,
    to: ScanState,
    from: &[ScanState],
) -> Result<Json<ScanView>, Problem> {
    let moved = app.parts.store.set_state(&scan.id, from, to, app.parts.clock.now()).await?;
    let scan = app.parts.store.scan(&scan.id).await?;
    if !moved {
        let hint = match scan.state {
            ScanState::Finished | ScanState::Cancelled => "; a re-queue runs cells of it again",
            _ => "",
        };
        let sentence = format!("scan {} is {} and cannot become {to}{hint}", scan.id, scan.state);
        return Err(Problem::conflict("state", sentence));
    }
    Ok(Json(view::whole(&*app.parts.store, scan).await?))
}

fn foreign(scan: &Scan) -> Problem {
    let sentence = format!(
        "scan {} gets in by what is only on the machine that started it; go on with it there",
        scan.id
    );
    Problem::conflict("foreign_scan", sentence)
}

/// Refuses a scan that this installation could not go on with.
fn can_be_worked_on(app: &App, scan: &Scan) -> Result<(), Problem> {
    let sources = &scan.settings.sources;
    let own = app.parts.connections.of(&scan.workspace);
    if sources.is_empty() {
        return Err(foreign(scan));
    }
    for source in sources {
        let Source::Connection { name } = source else { return Err(foreign(scan)) };
        if !own.contains(name) {
            let sentence = format!(
                "scan {} gets in by {name}, and workspace {} has no such connection any more",
                scan.id, scan.workspace
            );
            return Err(Problem::conflict("no_connection", sentence));
        }
    }
    if scan.catalog != *app.parts.catalog.digest() {
        let sentence = format!(
            "scan {} was planned with another catalog; orgsweep {} can go on with it",
            scan.id, scan.version
        );
        return Err(Problem::conflict("catalog", sentence));
    }
    Ok(())
}
