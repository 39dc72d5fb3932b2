//! Whether the process lives, and whether it can serve.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::WorkspaceId;

use super::api::{Health, Ready};
use super::app::App;

/// How long a part may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Say that the process lives
#[utoipa::path(
    get, path = "/livez", operation_id = "live", tag = "health",
    responses((status = 200, description = "It lives", body = Health)),
    security(()),
)]
pub(super) async fn live() -> Json<Health> {
    Json(Health { version: env!("CARGO_PKG_VERSION").to_owned() })
}

/// Say whether requests can be served
#[utoipa::path(
    get, path = "/readyz", operation_id = "ready", tag = "health",
    responses(
        (status = 200, description = "They can", body = Ready),
        (status = 503, description = "They cannot: the store is away", body = Ready),
    ),
    security(()),
)]
pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Ready>) {
    let workspace = WorkspaceId::main();
    let store = tokio::time::timeout(PATIENCE, app.parts.store.scans(&workspace, 1));
    let budgets = async {
        match &app.parts.budget {
            Some(budget) => tokio::time::timeout(PATIENCE, budget.control())
                .await
                .is_ok_and(|read| read.is_ok()),
            None => true,
        }
    };
    let (store, budgets) = futures_util::join!(store, budgets);
    let ready = matches!(store, Ok(Ok(_)));
    let mut missing = Vec::new();
    if !ready {
        missing.push("store".to_owned());
    }
    if !budgets {
        missing.push("budgets".to_owned());
    }
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Ready { ready, missing }))
}
