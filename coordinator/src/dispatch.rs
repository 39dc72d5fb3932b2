//! Sends what is due of one scan.

use chrono::{DateTime, Utc};
use protocol::Region;
use protocol::batch::{Batch, BatchPace, Work};
use protocol::message::Versioned;
use protocol::queue::{Line, Message, QueueError};
use protocol::result::{Answer, Page, Return};
use protocol::scan::Scan;
use protocol::store::{Due, DueWork};
use protocol::task::Task;
use serde::Serialize;

use crate::shared::Shared;
use crate::trace::traceparent;
use crate::{Error, Parts};

/// Takes up to `most` pieces of work that are due and publishes a batch for each; says how many.
///
/// What could not be published becomes due again at once.
pub(crate) async fn send(
    parts: &Parts,
    scan: &Scan,
    shared: &Shared,
    most: usize,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let due = parts.store.take_due(&scan.id, now, u32::try_from(most).unwrap_or(u32::MAX)).await?;
    let taken = due.len();
    if taken == 0 {
        return Ok(0);
    }
    // What was asked for again is called.
    let due = if scan.settings.skip_predicted_denials && scan.round == 1 {
        shared.predicting.lock().await.sort_out(parts, scan, due, now).await?
    } else {
        due
    };
    let sent = due.len();
    let returns: Vec<Answer> = due.iter().map(give_back).collect();
    let limit = parts.queue.message_limit();
    let messages: Result<Vec<Message>, Error> =
        due.into_iter().map(|due| message(scan, due, limit)).collect();
    shared.send_out(sent as u64);
    if let Err(error) = parts.queue.publish(Line::Tasks, messages?).await {
        parts.store.ingest(&scan.id, scan.round, &[Page::from(&returns[..])], now).await?;
        shared.come_back(sent as u64);
        return Err(error.into());
    }
    Ok(taken)
}

fn give_back(due: &Due) -> Answer {
    let region = match &due.work {
        DueWork::Preflight { .. } => None,
        DueWork::Probes { region, .. } => Some(region.clone()),
    };
    let (account, dispatch) = (due.account.clone(), due.dispatch);
    Answer::Returned { account, region, dispatch, why: Return::Stopped }
}

/// A batch as a message of at most `limit` bytes. Tasks that do not fit stay where they are: they are not answered with
/// this dispatch, and so go with the next one.
fn message(scan: &Scan, due: Due, limit: usize) -> Result<Message, Error> {
    let (region, work) = match due.work {
        DueWork::Preflight { attempt } => (Region::global(), Work::Preflight { attempt }),
        DueWork::Probes { region, tasks } => (region, Work::Probes(tasks)),
    };
    let group = due.account.to_string();
    let mut batch = Batch {
        version: Batch::VERSION,
        scan: scan.id.clone(),
        round: scan.round,
        dispatch: due.dispatch,
        catalog: scan.catalog.clone(),
        account: due.account,
        connection: due.connection,
        region,
        pace: BatchPace::from(&scan.settings.pace),
        trace: Some(traceparent(&scan.id, scan.round)),
        work,
    };
    let mut body = written(&batch)?;
    if let Work::Probes(tasks) = &mut batch.work
        && body.len() > limit
    {
        let rest = body.len() - tasks.iter().map(size).sum::<Result<usize, Error>>()?;
        *tasks = fitting(std::mem::take(tasks), limit.saturating_sub(rest))?;
        body = written(&batch)?;
    }
    Ok(Message { body, group })
}

fn written(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    let written = serde_json::to_vec(value);
    Ok(written.map_err(|error| QueueError::Refused(format!("a batch: {error}")))?)
}

fn size(task: &Task) -> Result<usize, Error> {
    Ok(written(task)?.len())
}

/// As many tasks as fit into so many bytes, one at least; those that begin first, since they are small.
fn fitting(mut tasks: Vec<Task>, bytes: usize) -> Result<Vec<Task>, Error> {
    tasks.sort_by_key(|task| task.continuation.is_some());
    let mut left = bytes;
    let mut fitting: Vec<Task> = Vec::new();
    for task in tasks {
        match left.checked_sub(size(&task)?) {
            Some(less) => left = less,
            None if fitting.is_empty() => {}
            None => break,
        }
        fitting.push(task);
    }
    Ok(fitting)
}
