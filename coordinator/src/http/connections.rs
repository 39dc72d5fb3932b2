//! Connections: which workspace may name which.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use protocol::{ConnectionId, WorkspaceId};

use super::api;
use super::app::App;
use super::caller::Caller;
use super::problem::Refused;

/// The connections that the server's settings name, each with the workspaces that own it. For every other workspace
/// it is not there.
#[derive(Debug, Clone, Default)]
pub struct Connections(BTreeMap<ConnectionId, BTreeSet<WorkspaceId>>);

impl Connections {
    /// Those that a workspace may name, in order.
    #[must_use]
    pub fn of(&self, workspace: &WorkspaceId) -> Vec<ConnectionId> {
        let own = self.0.iter().filter(|(_, owners)| owners.contains(workspace));
        own.map(|(name, _)| name.clone()).collect()
    }
}

impl FromIterator<(ConnectionId, BTreeSet<WorkspaceId>)> for Connections {
    fn from_iter<I>(connections: I) -> Self
    where
        I: IntoIterator<Item = (ConnectionId, BTreeSet<WorkspaceId>)>,
    {
        Self(connections.into_iter().collect())
    }
}

/// List connections
///
/// Those that the server's settings name for the token's workspace, and that its scans may get in by.
#[utoipa::path(
    get, path = "/connections", operation_id = "listConnections", tag = "scans",
    responses((status = 200, description = "Their names", body = api::Connections), Refused),
    security(("bearer" = ["read"]), ("cookie" = ["read"])),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Json<api::Connections> {
    Json(api::Connections { connections: app.parts.connections.of(caller.workspace()) })
}
