//! `token`: made, listed and taken back, beside the store or over a coordinator.

use std::time::Duration;

use coordinator::http::api::{self, NewToken, NewTokenMade, Tokens};
use coordinator::http::token::{self, Order};
use protocol::clock::{Clock, SystemClock};
use protocol::registry::Scope;
use protocol::{TokenId, WorkspaceId};
use store::Access;

use crate::args::Listing;
use crate::args::Token;
use crate::args::server::Place;
use crate::client::Link;
use crate::output::{Cells, print, print_json, print_text};
use crate::stop::{Exit, Stop};

/// Makes, lists or takes back tokens.
pub(crate) async fn token(args: Token) -> Result<Exit, Stop> {
    match args {
        Token::Create { owner, scope, expires, place } => {
            create(owner, scope, expires, &place).await
        }
        Token::List { place, format } => list(&place, format).await,
        Token::Revoke { id, place } => revoke(&id, &place).await,
    }
}

async fn create(
    owner: String,
    scope: Scope,
    expires: Option<Duration>,
    place: &Place,
) -> Result<Exit, Stop> {
    let seconds = expires.map(|life| life.as_secs());
    let (secret, token) = match link(place)? {
        Some(link) => {
            let asked = NewToken { owner, scope, expires_in_seconds: seconds };
            let made: NewTokenMade = link.post("/api/v1/tokens", &asked).await?;
            (made.secret, made.token)
        }
        None => {
            let store = store::connect(&place.store.store, Access::Control).await?;
            let order = Order { workspace: workspace(place)?, owner, scope, seconds };
            let made = token::issue(&*store, order, SystemClock.now()).await;
            let (token, secret) = made.map_err(Stop::usage)?;
            (secret.reveal().to_owned(), token.into())
        }
    };
    let end = token.expires_at.map_or("when it is taken back".to_owned(), |at| at.to_rfc3339());
    say(&format!(
        "token {} of {}: scope {}, workspace {}, ends {end}; keep it, nothing shows it again",
        token.id, token.owner, token.scope, token.workspace
    ));
    print_text(&format!("{secret}\n"))?;
    Ok(Exit::Known)
}

async fn list(place: &Place, format: Listing) -> Result<Exit, Stop> {
    let tokens = match link(place)? {
        Some(link) => {
            let mut all = Vec::new();
            let mut after = String::new();
            loop {
                let path = format!("/api/v1/tokens?limit=500{after}");
                let page: Tokens = link.get(&path).await?;
                all.extend(page.tokens);
                let Some(next) = page.next else { break all };
                after = format!("&after={next}");
            }
        }
        None => {
            let store = store::connect(&place.store.store, Access::Read).await?;
            let all = token::list(&*store, &workspace(place)?).await?;
            all.into_iter().map(api::Token::from).collect()
        }
    };
    if format == Listing::Json {
        print_json(&tokens)?;
        return Ok(Exit::Known);
    }
    let now = SystemClock.now();
    let row = |token: &api::Token| {
        let state = match token {
            token if token.revoked_at.is_some() => "taken back",
            token if token.expires_at.is_some_and(|end| end <= now) => "expired",
            _ => "good",
        };
        vec![
            token.id.to_string(),
            token.owner.clone(),
            token.scope.to_string(),
            state.to_owned(),
            token.created_at.to_rfc3339(),
            token.expires_at.map_or(String::new(), |at| at.to_rfc3339()),
        ]
    };
    let header = ["token", "owner", "scope", "state", "made", "ends"];
    print(&Cells { header: &header, rows: tokens.iter().map(row).collect() })?;
    Ok(Exit::Known)
}

async fn revoke(id: &str, place: &Place) -> Result<Exit, Stop> {
    let id = TokenId::new(id).map_err(Stop::usage)?;
    match link(place)? {
        Some(link) => {
            link.delete(&format!("/api/v1/tokens/{}", crate::client::part(id.as_str()))).await?
        }
        None => {
            let store = store::connect(&place.store.store, Access::Control).await?;
            let workspace = workspace(place)?;
            let was_good = token::revoke(&*store, &workspace, &id, SystemClock.now()).await?;
            if !was_good {
                return Err(Stop::usage(format!(
                    "there is no good token {id} in workspace {workspace}; `orgsweep token list` lists those that there are"
                )));
            }
        }
    }
    Ok(Exit::Known)
}

/// The link to the coordinator, where one is named.
fn link(place: &Place) -> Result<Option<Link>, Stop> {
    if place.server.server.is_none() {
        return Ok(None);
    }
    if place.workspace.is_some() {
        let sentence = "--workspace is that of the token that asks: leave it out with --server";
        return Err(Stop::usage(sentence));
    }
    Link::open(&place.server).map(Some)
}

fn workspace(place: &Place) -> Result<WorkspaceId, Stop> {
    let named = place.workspace.as_ref();
    named.map_or(Ok(WorkspaceId::main()), |name| {
        WorkspaceId::new(name).map_err(|error| Stop::usage(format!("--workspace: {error}")))
    })
}

#[expect(clippy::print_stderr, reason = "this is the command's voice")]
fn say(sentence: &str) {
    eprintln!("orgsweep: {sentence}");
}
