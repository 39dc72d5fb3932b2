//! One look at a scan for all who watch it, however many they are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::ScanId;
use tokio::sync::watch;
use tokio::time::Instant;

use super::api::{Moment, Stage};
use super::app::App;
use super::view;

/// The least time between two looks.
const PERIOD: Duration = Duration::from_secs(1);
/// Looking may cost a tenth of the time at most.
const EASE: u32 = 10;

/// What was last seen of a scan.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Seen {
    /// Nothing yet.
    #[default]
    Nothing,
    /// A moment of it.
    Moment(Arc<Moment>),
    /// The store did not answer.
    Lost,
}

/// Those who watch, by scan.
#[derive(Default)]
pub(super) struct Live(Mutex<HashMap<ScanId, watch::Sender<Seen>>>);

/// Watches a scan. What is received is the newest; the sender goes when the scan has ended, or cannot be seen.
pub(super) fn watch(app: &Arc<App>, scan: &ScanId) -> watch::Receiver<Seen> {
    let mut scans = app.live.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(sender) = scans.get(scan) {
        let mut seen = sender.subscribe();
        seen.mark_changed();
        return seen;
    }
    let (sender, seen) = watch::channel(Seen::Nothing);
    scans.insert(scan.clone(), sender.clone());
    tokio::spawn(follow(Arc::clone(app), scan.clone(), sender));
    seen
}

async fn follow(app: Arc<App>, scan: ScanId, sender: watch::Sender<Seen>) {
    loop {
        let start = Instant::now();
        let seen = match view::moment(&*app.parts.store, &scan).await {
            Ok(moment) => Seen::Moment(Arc::new(moment)),
            Err(error) => {
                tracing::warn!(%scan, %error, "a scan cannot be watched");
                Seen::Lost
            }
        };
        let over = match &seen {
            Seen::Moment(moment) => moment.stage == Stage::Ended,
            Seen::Nothing | Seen::Lost => true,
        };
        sender.send_if_modified(|old| {
            let changed = *old != seen;
            *old = seen;
            changed
        });
        let pause = (start.elapsed() * EASE).max(PERIOD);
        if !over {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = sender.closed() => {}
                () = app.stop.cancelled() => {}
            }
        }
        // Whoever comes while this lock is held finds no entry any more, and begins anew.
        let mut scans = app.live.0.lock().unwrap_or_else(PoisonError::into_inner);
        if over || app.stop.is_cancelled() || sender.receiver_count() == 0 {
            scans.remove(&scan);
            return;
        }
    }
}
