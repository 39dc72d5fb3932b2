//! What differs between two scans, streamed as it is made.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use protocol::scan::Scan;
use reports::diff::Of;
use serde::Deserialize;
use utoipa::IntoParams;

use super::app::App;
use super::caller::Caller;
use super::input::{Named, Params};
use super::problem::{Problem, Refused};
use super::report::{Look, What, send};
use super::scans::find;

/// What is compared, and how it is to look.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// The earlier scan: an id, `latest`, or `previous` for the one before; `previous` where nothing is said.
    #[param(min_length = 1, max_length = 256, default = "previous")]
    before: Option<String>,
    /// summary, accounts or cells; summary where nothing is said.
    #[param(example = "cells")]
    of: Option<String>,
    /// json, jsonl, csv, html or table; json where nothing is said.
    #[param(example = "csv")]
    format: Option<String>,
    /// Put stable pseudonyms in place of account ids.
    #[serde(default)]
    redact: bool,
    /// The columns of a table, 40 to 500.
    #[param(minimum = 40, maximum = 500, default = 120)]
    width: Option<u16>,
}

/// Compare two scans
///
/// What changed in AWS, what became visible or invisible, and what happened to accounts. It is streamed as it is
/// made; an answer that is cut is not whole.
#[utoipa::path(
    get, path = "/scans/{scan}/diff", operation_id = "compareScans", tag = "reports",
    params(
        ("scan" = String, Path, description = "The later scan's id, `latest`, or `previous` for the one before"),
        Asked,
    ),
    responses(
        (status = 200, description = "What differs", content(
            (serde_json::Value = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (String = "text/html"), (String = "text/plain"),
        )),
        Refused,
    ),
    security(("bearer" = ["read"]), ("cookie" = ["read"])),
)]
pub(super) async fn write(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(scan): Named<String>,
    Params(asked): Params<Asked>,
) -> Result<Response, Problem> {
    let of = asked.of.as_deref().map_or(Ok(Of::Summary), Of::parse);
    let of = of.map_err(|error| Problem::field("of", error.to_string()))?;
    let look = Look { format: asked.format, redact: asked.redact, width: asked.width };
    let (format, options) = look.read(&app)?;
    let after = match scan.as_str() {
        "previous" => previous(&app, find(&app, &caller, "latest").await?).await?,
        name => find(&app, &caller, name).await?,
    };
    let before = match asked.before.as_deref().unwrap_or("previous") {
        "previous" => previous(&app, after.clone()).await?,
        name => find(&app, &caller, name).await?,
    };
    if before.id == after.id {
        let sentence = format!("scan {} cannot be compared with itself: name two", after.id);
        return Err(Problem::conflict("same_scan", sentence));
    }
    let file = format!("{}_{}_diff", before.id, after.id);
    send(&app, What::Diff(before.id, after.id, of), format, options, &file).await
}

/// The scan before one.
async fn previous(app: &App, scan: Scan) -> Result<Scan, Problem> {
    let earlier = app.parts.store.earlier_scans(&scan, 1).await?.into_iter().next();
    earlier.ok_or_else(|| {
        Problem::absent(
            "no_scan",
            format!("there is no scan before {} to compare it with", scan.id),
        )
    })
}
