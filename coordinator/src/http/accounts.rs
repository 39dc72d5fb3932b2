//! Accounts of the workspace that are paused.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use protocol::AccountId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::api::PausedAccounts;
use super::app::App;
use super::caller::Caller;
use super::input::{Named, Params};
use super::problem::{Problem, Refused};

/// Entries of a page where nobody says.
const USUAL: usize = 100;
/// The most entries of a page.
const PAGE: usize = 500;

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// The most entries to tell.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<usize>,
    /// Tell those after this one: `next` of the page before.
    #[param(min_length = 1, max_length = 256)]
    after: Option<String>,
}

impl Page {
    /// Cuts the page out of a list, by what names its entries; and says what names the last one where more follow.
    pub(super) fn cut<T>(
        &self,
        mut all: Vec<T>,
        name: impl Fn(&T) -> &str,
    ) -> Result<(Vec<T>, Option<String>), Problem> {
        let limit = self.limit.unwrap_or(USUAL);
        if !(1..=PAGE).contains(&limit) {
            return Err(Problem::field("limit", format!("limit must be 1 to {PAGE}")));
        }
        if let Some(after) = &self.after {
            let Some(at) = all.iter().position(|one| name(one) == after) else {
                let sentence = "`after` names nothing that is there; begin with the first page";
                return Err(Problem::field("after", sentence));
            };
            all.drain(..=at);
        }
        let more = all.len() > limit;
        all.truncate(limit);
        let next = all.last().filter(|_| more).map(|last| name(last).to_owned());
        Ok((all, next))
    }
}

/// List paused accounts
#[utoipa::path(
    get, path = "/accounts/paused", operation_id = "listPausedAccounts", tag = "accounts", params(Page),
    responses((status = 200, description = "Their ids", body = PausedAccounts), Refused),
    security(("bearer" = ["read"]), ("cookie" = ["read"])),
)]
pub(super) async fn paused(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Params(page): Params<Page>,
) -> Result<Json<PausedAccounts>, Problem> {
    let all = app.parts.registry.paused_accounts().await?;
    let own = all.into_iter().filter(|(workspace, _)| workspace == caller.workspace());
    let mut own: Vec<AccountId> = own.map(|(_, account)| account).collect();
    own.sort();
    let (accounts, next) = page.cut(own, AccountId::as_str)?;
    Ok(Json(PausedAccounts { accounts, next }))
}

/// Pause an account
///
/// No scan of the workspace works in it until it is continued.
#[utoipa::path(
    post, path = "/accounts/{account}/pause", operation_id = "pauseAccount", tag = "accounts",
    params(("account" = String, Path, description = "The account's id")),
    responses((status = 204, description = "The account is paused"), Refused),
    security(("bearer" = ["operate"]), ("cookie" = ["operate"])),
)]
pub(super) async fn pause(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(account): Named<String>,
) -> Result<StatusCode, Problem> {
    set(&app, &caller, &account, true).await
}

/// Continue an account
#[utoipa::path(
    post, path = "/accounts/{account}/continue", operation_id = "continueAccount", tag = "accounts",
    params(("account" = String, Path, description = "The account's id")),
    responses((status = 204, description = "The account is not paused"), Refused),
    security(("bearer" = ["operate"]), ("cookie" = ["operate"])),
)]
pub(super) async fn go_on(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(account): Named<String>,
) -> Result<StatusCode, Problem> {
    set(&app, &caller, &account, false).await
}

async fn set(
    app: &App,
    caller: &Caller,
    account: &str,
    paused: bool,
) -> Result<StatusCode, Problem> {
    let account =
        AccountId::new(account).map_err(|error| Problem::field("account", error.to_string()))?;
    app.parts.registry.pause_account(caller.workspace(), &account, paused).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_tell_everything_once_and_in_order() {
        let all: Vec<String> = (0..7).map(|number| format!("n{number}")).collect();
        let mut page = Page { limit: Some(3), after: None };
        let mut seen = Vec::new();
        loop {
            let (part, next) = page.cut(all.clone(), |name| name).unwrap();
            seen.extend(part);
            page.after = next;
            if page.after.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
        assert!(Page { limit: Some(0), after: None }.cut(all.clone(), |name| name).is_err());
        assert!(Page { limit: None, after: Some("x".into()) }.cut(all, |name| name).is_err());
    }
}
