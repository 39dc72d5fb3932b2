//! What is shown on standard error while a scan works.

use std::time::Duration;

use coordinator::{Phase, Snapshot};
use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use crate::args::Show;

/// How often a terminal is drawn.
const FRAME: Duration = Duration::from_millis(250);
/// How often a line is written where there is no terminal.
const PLAIN: Duration = Duration::from_secs(5);

/// Shows progress until the run ends (its sender is dropped).
pub(crate) async fn show(mut seen: watch::Receiver<Snapshot>, show: Show, terminal: bool) {
    if show.quiet || show.no_progress {
        while seen.changed().await.is_ok() {}
        return;
    }
    let start = Instant::now();
    let bar = terminal.then(bar);
    let mut tick = tokio::time::interval(if terminal { FRAME } else { PLAIN });
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick.tick().await;
    loop {
        let ended = tokio::select! {
            _ = tick.tick() => false,
            ended = wait_for_end(&mut seen) => ended,
        };
        let snapshot = *seen.borrow();
        let line = sentence(&snapshot, start.elapsed());
        match &bar {
            Some(bar) => {
                bar.set_length(snapshot.planned.max(1));
                bar.set_position(snapshot.done);
                bar.set_message(line);
            }
            None => write(&line),
        }
        if ended {
            break;
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

async fn wait_for_end(seen: &mut watch::Receiver<Snapshot>) -> bool {
    while seen.changed().await.is_ok() {}
    true
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:28} {percent:>3}%  {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

#[expect(clippy::print_stderr, reason = "this is where progress goes")]
fn write(line: &str) {
    eprintln!("{line}");
}

/// A moment of a scan as a line.
fn sentence(snapshot: &Snapshot, elapsed: Duration) -> String {
    let phase = match snapshot.phase {
        Phase::Discovering => "discovering",
        Phase::Scanning => "scanning",
        Phase::Paused => "paused",
        Phase::Reading => "reading the organization",
        Phase::Draining => "draining",
    };
    let seconds = elapsed.as_secs_f64().max(0.001);
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let rate = snapshot.calls as f64 / seconds;
    // Who follows a scan on another machine is not told of calls.
    let calls = if snapshot.calls == 0 {
        String::new()
    } else {
        let (calls, throttles) = (HumanCount(snapshot.calls), HumanCount(snapshot.throttles));
        format!(" {calls} calls ({rate:.0}/s), {throttles} throttled,")
    };
    format!(
        "{phase}: {} of {} cells, {} unknown,{calls} {} elapsed{}",
        HumanCount(snapshot.done),
        HumanCount(snapshot.planned),
        HumanCount(snapshot.unknown),
        HumanDuration(Duration::from_secs(elapsed.as_secs())),
        left(snapshot, seconds).map_or(String::new(), |left| format!(", {left} left")),
    )
}

/// The time that is left at the rate so far, once that says something.
fn left(snapshot: &Snapshot, seconds: f64) -> Option<HumanDuration> {
    let known = snapshot.phase == Phase::Scanning && seconds > 3.0;
    if !known || snapshot.done == 0 || snapshot.done > snapshot.planned {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let share = (snapshot.planned - snapshot.done) as f64 / snapshot.done as f64;
    Duration::try_from_secs_f64((share * seconds).round()).ok().map(HumanDuration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_done_and_what_is_left() {
        let snapshot = Snapshot {
            phase: Phase::Scanning,
            planned: 2000,
            done: 1000,
            unknown: 5,
            calls: 1500,
            throttles: 2,
            ..Snapshot::default()
        };
        let line = sentence(&snapshot, Duration::from_secs(10));
        assert_eq!(
            line,
            "scanning: 1,000 of 2,000 cells, 5 unknown, 1,500 calls (150/s), 2 throttled, \
             10 seconds elapsed, 10 seconds left"
        );
    }

    #[test]
    fn nothing_is_promised_before_it_is_known() {
        let line = sentence(&Snapshot::default(), Duration::from_secs(60));
        assert!(!line.contains("left"), "{line}");
    }
}
