//! Every route, and what it takes to come to it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use protocol::registry::Scope;
use tokio::time::Instant;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::{App, counted_as};
use super::door::Wire;
use super::listen::Peer;
use super::problem::Problem;
use super::{
    accounts, budgets, caller, connections, diff, docs, events, health, parked, report, scans,
    schedules, session, tokens,
};

/// The largest body of a request.
const LARGEST_BODY: usize = 64 << 10;
/// How long an answer may take to begin.
const QUICK: Duration = Duration::from_secs(30);
/// How long an answer may take to begin that has to go over the cells of a scan.
const SLOW: Duration = Duration::from_secs(600);

/// The interface, and the document that tells it.
pub(super) fn router(app: &Arc<App>) -> (Router, OpenApi) {
    let need = |scope| from_fn_with_state((Arc::clone(app), scope), caller::require);
    let within = |most| from_fn_with_state(most, deadline);

    let read = OpenApiRouter::new()
        .routes(routes!(scans::list))
        .routes(routes!(scans::inspect))
        .routes(routes!(events::events))
        .routes(routes!(report::list))
        .routes(routes!(accounts::paused))
        .routes(routes!(schedules::list))
        .routes(routes!(connections::list))
        .layer(within(QUICK))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(report::write))
                .routes(routes!(diff::write))
                .layer(within(SLOW)),
        )
        .layer(need(Scope::Read));
    let operate = OpenApiRouter::new()
        .routes(routes!(scans::start))
        .routes(routes!(scans::pause))
        .routes(routes!(scans::go_on))
        .routes(routes!(scans::cancel))
        .routes(routes!(accounts::pause))
        .routes(routes!(accounts::go_on))
        .layer(within(QUICK))
        .merge(OpenApiRouter::new().routes(routes!(scans::requeue)).layer(within(SLOW)))
        .layer(need(Scope::Operate));
    let admin = OpenApiRouter::new()
        .routes(routes!(budgets::list))
        .routes(routes!(budgets::put, budgets::remove))
        .routes(routes!(schedules::put, schedules::remove))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(parked::list))
        .layer(within(QUICK))
        .layer(need(Scope::Admin));
    let session = OpenApiRouter::new()
        .routes(routes!(session::show, session::close))
        .layer(need(Scope::Read))
        .merge(OpenApiRouter::new().routes(routes!(session::open)))
        .layer(within(QUICK));
    let open = OpenApiRouter::new().routes(routes!(health::live)).routes(routes!(health::ready));

    let api = OpenApiRouter::with_openapi(docs::head())
        .nest("/api/v1", read.merge(operate).merge(admin))
        .merge(session);
    let (guarded, told) = api.split_for_parts();
    let (open, open_told) = open.split_for_parts();
    let told = docs::finish(told.merge_from(open_told));
    let router = guarded
        .merge(pages(&told))
        .fallback(nothing)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(Arc::clone(app), admit))
        .merge(open.method_not_allowed_fallback(no_method))
        .layer(map_response_with_state(Arc::clone(app), harden))
        .layer(from_fn(log))
        .with_state(Arc::clone(app));
    (router, told)
}

/// The document, as JSON and as a page.
fn pages(told: &OpenApi) -> Router<Arc<App>> {
    let page = |kind: &'static str, text: String| -> MethodRouter<Arc<App>> {
        get(move || async move { ([("content-type", kind)], text) })
    };
    Router::new()
        .route("/openapi.json", page("application/json", docs::json(told)))
        .route("/docs", page("text/html; charset=utf-8", docs::page(told)))
        .route("/docs.css", page("text/css; charset=utf-8", docs::STYLE.to_owned()))
}

/// Lets in who calls the server by its name, from no other site's page, and not too often.
async fn admit(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    if let Some(peer) = peer {
        let asker = counted_as(app.door.asker(peer, request.headers()));
        let taken = app.peers.take(&asker, Instant::now());
        taken.map_err(|wait| caller::too_many(wait.as_secs()))?;
    }
    app.door.enter(request.headers())?;
    Ok(next.run(request).await)
}

/// Gives an answer that does not begin in time up.
async fn deadline(State(most): State<Duration>, request: Request, next: Next) -> Response {
    tokio::time::timeout(most, next.run(request)).await.unwrap_or_else(|_| {
        let sentence = format!("this took more than {} s and was given up", most.as_secs());
        Problem::later("slow", sentence).into_response()
    })
}

/// Tells browsers to be careful with what they get.
async fn harden(State(app): State<Arc<App>>, mut response: Response) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let always = [
        ("cache-control", "no-store"),
        ("content-security-policy", POLICY),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ];
    let headers = response.headers_mut();
    for (name, value) in always {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if app.door.wire() != Wire::Plain {
        let name = HeaderName::from_static("strict-transport-security");
        headers.insert(name, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

async fn log(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    // The pattern, not the path: what stands in a path may be anybody's.
    let path = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let path = path.as_ref().map_or("", MatchedPath::as_str);
    let status = response.status().as_u16();
    let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(%method, path, status, ms, "answered");
    } else {
        tracing::debug!(%method, path, status, ms, "answered");
    }
    response
}

async fn nothing(uri: Uri) -> Problem {
    let shown: String = uri.path().chars().take(80).collect();
    Problem::absent("no_route", format!("there is nothing at {shown}; /docs tells what there is"))
}

async fn no_method(method: Method, uri: Uri) -> Problem {
    let shown: String = uri.path().chars().take(80).collect();
    let sentence = format!("{method} does nothing at {shown}; /docs tells what does");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no_method", sentence)
}
