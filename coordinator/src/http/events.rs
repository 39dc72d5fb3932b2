//! Live progress: a scan as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::api::{Moment, Refusal, Stage, Why};
use super::app::App;
use super::caller::Caller;
use super::input::Named;
use super::live::{self, Seen};
use super::problem::{Problem, Refused};
use super::scans::find;

/// How often a stream that has nothing to tell shows that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a stream lasts before its watcher has to ask again, with a token that is still good.
const LONGEST: Duration = Duration::from_secs(900);
/// How long a watcher waits before it asks again.
const RETRY: Duration = Duration::from_secs(3);

/// Watch a scan
///
/// Server-sent events: `progress` with a moment of the scan at most once a second, `end` with the last one when the scan
/// ends, `lost` with a refusal when it cannot be seen. A stream lasts a quarter of an hour at most; ask again then.
#[utoipa::path(
    get, path = "/scans/{scan}/events", operation_id = "watchScan", tag = "scans",
    params(("scan" = String, Path, description = "The scan's id, or `latest`")),
    responses((status = 200, description = "Events", body = Moment, content_type = "text/event-stream"), Refused),
    security(("bearer" = ["read"]), ("cookie" = ["read"])),
)]
pub(super) async fn events(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Named(scan): Named<String>,
) -> Result<Response, Problem> {
    let scan = find(&app, &caller, &scan).await?;
    let Ok(permit) = Arc::clone(&app.streams).try_acquire_owned() else {
        return Err(Problem::later("busy", "as many watch scans as may; ask again"));
    };
    let watching = Watching {
        seen: live::watch(&app, &scan.id),
        until: Instant::now() + LONGEST,
        stop: app.stop.clone(),
        over: false,
        _permit: permit,
    };
    let alive = KeepAlive::new().interval(HEARTBEAT).text("still here");
    let mut response = Sse::new(watching.events()).keep_alive(alive).into_response();
    // A proxy is to hand events on as they come.
    let unbuffered = HeaderName::from_static("x-accel-buffering");
    response.headers_mut().insert(unbuffered, HeaderValue::from_static("no"));
    Ok(response)
}

struct Watching {
    seen: watch::Receiver<Seen>,
    until: Instant,
    stop: CancellationToken,
    over: bool,
    _permit: OwnedSemaphorePermit,
}

impl Watching {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut watching| async move {
            let event = watching.next().await?;
            Some((Ok(event), watching))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        if self.over {
            return None;
        }
        loop {
            tokio::select! {
                changed = self.seen.changed() => changed.ok()?,
                () = tokio::time::sleep_until(self.until) => return None,
                () = self.stop.cancelled() => return None,
            }
            let seen = self.seen.borrow_and_update().clone();
            match seen {
                Seen::Nothing => {}
                Seen::Moment(moment) => {
                    self.over = moment.stage == Stage::Ended;
                    let name = if self.over { "end" } else { "progress" };
                    return event(name, &*moment);
                }
                Seen::Lost => {
                    self.over = true;
                    let why = Why {
                        code: "store".to_owned(),
                        message: "the scan cannot be seen just now; ask again".to_owned(),
                        field: None,
                    };
                    return event("lost", &Refusal { error: why });
                }
            }
        }
    }
}

fn event(name: &str, data: &impl serde::Serialize) -> Option<Event> {
    Event::default().event(name).retry(RETRY).json_data(data).ok()
}
