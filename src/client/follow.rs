//! Follows a scan to its end by its events; comes back when the coordinator was away.

use std::time::Duration;

use coordinator::http::api::{Moment, Stage};
use coordinator::{Phase, Snapshot};
use http_body_util::BodyExt;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::address::part;
use super::events::Reader;
use super::link::{Fault, Link};
use super::say;
use crate::stop::Stop;

/// How long a stream may be silent; a coordinator shows every 15 s that it lives.
const SILENCE: Duration = Duration::from_secs(60);
/// How long a coordinator is waited for that is away.
const PATIENCE: Duration = Duration::from_secs(600);
/// The longest wait before it is asked again.
const LONGEST: Duration = Duration::from_secs(15);

/// Follows a scan; its last moment.
pub(super) async fn follow(
    link: &Link,
    scan: &str,
    watch: &watch::Sender<Snapshot>,
) -> Result<Moment, Stop> {
    let path = format!("/api/v1/scans/{}/events", part(scan));
    let mut seen = Instant::now();
    let mut wait = Duration::from_secs(1);
    loop {
        let was = seen;
        let away = match listen(link, &path, watch, &mut seen).await {
            Ok(Some(last)) => return Ok(last),
            Ok(None) => None,
            Err(Fault::Refused(status, sentence)) if !status.is_server_error() => {
                return Err(Fault::Refused(status, sentence).into());
            }
            Err(Fault::Refused(_, sentence) | Fault::Away(sentence)) => Some(sentence),
        };
        if seen > was {
            wait = Duration::from_secs(1);
        }
        if let Some(sentence) = away {
            if seen.elapsed() > PATIENCE {
                return Err(Stop::failed(format!(
                    "{sentence}; scan {scan} goes on, and `orgsweep status {scan} --server {}` tells of it",
                    link.base()
                )));
            }
            tracing::info!("{sentence}; asking again");
            if wait == Duration::from_secs(4) {
                say(&format!("{sentence}; it is asked again"));
            }
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST);
    }
}

/// Listens to a stream; the last moment where the scan has ended, none where only the stream has.
async fn listen(
    link: &Link,
    path: &str,
    watch: &watch::Sender<Snapshot>,
    seen: &mut Instant,
) -> Result<Option<Moment>, Fault> {
    let cut = |why: &str| Fault::Away(format!("the events of {} were cut: {why}", link.base()));
    let mut body = link.stream(path).await?;
    let mut reader = Reader::default();
    loop {
        let frame = timeout(SILENCE, body.frame()).await;
        let Some(frame) = frame.map_err(|_| cut("it is silent"))? else { return Ok(None) };
        let frame = frame.map_err(|error| cut(&error.to_string()))?;
        *seen = Instant::now();
        let Some(piece) = frame.data_ref() else { continue };
        for event in reader.take(piece).map_err(cut)? {
            if event.name == "lost" {
                return Err(cut("the scan cannot be seen just now"));
            }
            if event.name != "progress" && event.name != "end" {
                continue;
            }
            let moment: Moment = serde_json::from_str(&event.data)
                .map_err(|error| cut(&format!("an event is none: {error}")))?;
            watch.send_replace(snapshot(&moment));
            if event.name == "end" {
                return Ok(Some(moment));
            }
        }
    }
}

fn snapshot(moment: &Moment) -> Snapshot {
    Snapshot {
        phase: match moment.stage {
            Stage::Discovering => Phase::Discovering,
            Stage::Scanning | Stage::Ended => Phase::Scanning,
            Stage::Paused => Phase::Paused,
        },
        accounts: moment.accounts,
        planned: moment.planned,
        done: moment.done,
        unknown: moment.unknown,
        out: moment.out,
        ..Snapshot::default()
    }
}
