//! Token buckets as AWS has them, and counters of what was asked of each.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::budget::Bucket;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::depth::{Depth, ShareUse};
use super::windows::BucketCalls;

/// Which bucket: the account, the region (none for the whole account), the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BucketKey {
    pub(crate) account: u32,
    pub(crate) region: Option<u16>,
    pub(crate) class: u16,
}

#[derive(Debug)]
struct Level {
    tokens: f64,
    filled_at: Instant,
    calls: u64,
    throttled: u64,
    /// Calls in each of the last ten tenths of a second.
    tenths: [u16; 10],
    tenth: u64,
    peak: u32,
    bucket: Bucket,
    /// How far calls went into the share that is watched.
    depth: Depth,
    /// When each call came, in milliseconds, where times are kept.
    at_ms: Vec<u32>,
}

/// All buckets and counters.
pub(crate) struct Limits {
    start: Instant,
    enforced: bool,
    keep_times: bool,
    /// The share of every bucket whose use is counted, in per cent.
    share: Option<u8>,
    shards: Vec<Mutex<HashMap<BucketKey, Level>>>,
    cells: Vec<Mutex<HashSet<u64>>>,
    calls: AtomicU64,
    throttled: AtomicU64,
    faults: AtomicU64,
    refused: AtomicU64,
    refusals: Mutex<Vec<String>>,
    in_flight: AtomicI64,
    most_in_flight: AtomicI64,
}

/// What was asked of the stand-in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    /// Requests that were answered.
    pub calls: u64,
    /// Requests that were answered with a throttle.
    pub throttled: u64,
    /// Requests that met a fault that goes away.
    pub faults: u64,
    /// Requests that botocore's models or the catalog do not know, or whose parameters are wrong.
    pub refused: u64,
    /// What was refused and why, at most [`Counters::REFUSALS`].
    pub refusals: Vec<String>,
    /// Distinct (account, region, service) that were asked.
    pub distinct_cells: u64,
    /// Requests that are being answered.
    pub in_flight: i64,
    /// The most that were being answered at once.
    pub most_in_flight: i64,
    /// How the watched share of the buckets was used, where one is watched.
    pub share: Option<ShareUse>,
    /// By api class, the most called first.
    pub classes: Vec<ClassCount>,
}

impl Counters {
    /// The most refusals that are kept in words.
    pub const REFUSALS: usize = 100;
}

/// What was asked of the buckets of one api class.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassCount {
    /// The class, e.g. `ec2/2016-11-15:DescribeInstances`.
    pub class: String,
    /// Its buckets, of all accounts and regions, that were touched.
    pub buckets: u64,
    /// Calls.
    pub calls: u64,
    /// Calls that were throttled.
    pub throttled: u64,
    /// The most calls that one bucket saw in a second.
    pub peak_per_second: u32,
}

const SHARDS: usize = 64;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Limits {
    pub(crate) fn new(enforced: bool, keep_times: bool, share: Option<u8>) -> Self {
        Self {
            start: Instant::now(),
            enforced,
            keep_times,
            share,
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            cells: (0..SHARDS).map(|_| Mutex::default()).collect(),
            calls: AtomicU64::new(0),
            throttled: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            refusals: Mutex::default(),
            in_flight: AtomicI64::new(0),
            most_in_flight: AtomicI64::new(0),
        }
    }

    /// Takes a token; false where the bucket is empty.
    pub(crate) fn take(&self, key: BucketKey, bucket: Bucket) -> bool {
        let now = Instant::now();
        let spread = key.account as usize * 31 + usize::from(key.class);
        let Some(shard) = self.shards.get(spread % SHARDS) else { return true };
        let mut shard = locked(shard);
        let level = shard.entry(key).or_insert_with(|| Level {
            tokens: bucket.burst,
            filled_at: now,
            calls: 0,
            throttled: 0,
            tenths: [0; 10],
            tenth: 0,
            peak: 0,
            bucket,
            depth: Depth::default(),
            at_ms: Vec::new(),
        });
        let since = now.duration_since(level.filled_at).as_secs_f64();
        level.tokens = (level.tokens + since * bucket.per_second).min(bucket.burst);
        level.filled_at = now;
        let at_ms = now.duration_since(self.start).as_millis() as u64;
        if let Some(share) = self.share {
            let seconds = now.duration_since(self.start).as_secs_f64();
            level.depth.see(level.calls, seconds, bucket.share(share));
        }
        level.count(at_ms / 100);
        if self.keep_times {
            level.at_ms.push(u32::try_from(at_ms).unwrap_or(u32::MAX));
        }
        let granted = !self.enforced || level.tokens >= 1.0;
        if granted {
            level.tokens -= 1.0;
        } else {
            level.throttled += 1;
            self.throttled.fetch_add(1, Ordering::Relaxed);
        }
        granted
    }

    /// Notes a cell that was asked, by a hash of its name.
    pub(crate) fn see_cell(&self, cell: u64) {
        if let Some(cells) = self.cells.get(cell as usize % SHARDS) {
            locked(cells).insert(cell);
        }
    }

    pub(crate) fn count_throttle(&self) {
        self.throttled.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_refusal(&self, what: String) {
        tracing::warn!(refused = %what, "the stand-in refused a request");
        self.refused.fetch_add(1, Ordering::Relaxed);
        let mut refusals = locked(&self.refusals);
        if refusals.len() < Counters::REFUSALS && !refusals.contains(&what) {
            refusals.push(what);
        }
    }

    /// Counts a request as in flight until the guard is dropped.
    pub(crate) fn enter(&self) -> InFlight<'_> {
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_in_flight.fetch_max(now, Ordering::Relaxed);
        self.calls.fetch_add(1, Ordering::Relaxed);
        InFlight(self)
    }

    /// The calls of each bucket, with the names of `classes` and regions.
    pub(crate) fn calls(
        &self,
        classes: &[String],
        region: impl Fn(u16) -> String,
    ) -> Vec<BucketCalls> {
        let mut calls = Vec::new();
        for shard in &self.shards {
            for (key, level) in &*locked(shard) {
                let mut at_ms = level.at_ms.clone();
                // Two calls at the same moment may have met the lock in the other order.
                at_ms.sort_unstable();
                calls.push(BucketCalls {
                    class: classes.get(usize::from(key.class)).cloned().unwrap_or_default(),
                    account: key.account,
                    region: key.region.map(&region),
                    bucket: level.bucket,
                    calls: level.calls,
                    throttled: level.throttled,
                    peak_per_second: level.peak,
                    at_ms,
                });
            }
        }
        calls
    }

    /// The counters as they stand.
    pub(crate) fn counters(&self, classes: &[String]) -> Counters {
        let mut by_class: HashMap<u16, ClassCount> = HashMap::new();
        let name = |class: u16| classes.get(usize::from(class)).cloned().unwrap_or_default();
        let mut used = self.share.map(ShareUse::of);
        for shard in &self.shards {
            for (key, level) in &*locked(shard) {
                let count = by_class.entry(key.class).or_default();
                count.buckets += 1;
                count.calls += level.calls;
                count.throttled += level.throttled;
                count.peak_per_second = count.peak_per_second.max(level.peak);
                if let Some(used) = &mut used {
                    used.see(level.depth, level.bucket, || name(key.class));
                }
            }
        }
        let mut by_class: Vec<ClassCount> = by_class
            .into_iter()
            .map(|(class, count)| ClassCount { class: name(class), ..count })
            .collect();
        by_class.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.class.cmp(&b.class)));
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            calls: read(&self.calls),
            throttled: read(&self.throttled),
            faults: read(&self.faults),
            refused: read(&self.refused),
            refusals: locked(&self.refusals).clone(),
            distinct_cells: self.cells.iter().map(|cells| locked(cells).len() as u64).sum(),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            most_in_flight: self.most_in_flight.load(Ordering::Relaxed),
            share: used,
            classes: by_class,
        }
    }
}

impl Level {
    fn count(&mut self, tenth: u64) {
        self.calls += 1;
        for passed in (self.tenth + 1..=tenth).take(10) {
            if let Some(slot) = self.tenths.get_mut((passed % 10) as usize) {
                *slot = 0;
            }
        }
        if tenth > self.tenth + 10 {
            self.tenths = [0; 10];
        }
        self.tenth = tenth;
        if let Some(slot) = self.tenths.get_mut((tenth % 10) as usize) {
            *slot = slot.saturating_add(1);
        }
        let second = self.tenths.iter().map(|calls| u32::from(*calls)).sum();
        self.peak = self.peak.max(second);
    }
}

/// A request in flight.
pub(crate) struct InFlight<'l>(&'l Limits);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const KEY: BucketKey = BucketKey { account: 1, region: Some(2), class: 0 };
    const BUCKET: Bucket = Bucket { burst: 5.0, per_second: 2.0 };

    #[tokio::test(start_paused = true)]
    async fn a_bucket_gives_its_burst_and_then_its_rate() {
        let limits = Limits::new(true, false, None);
        let granted = |calls: u32| (0..calls).filter(|_| limits.take(KEY, BUCKET)).count();
        assert_eq!(granted(10), 5);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(granted(10), 4);
        let other = BucketKey { account: 2, ..KEY };
        assert!(limits.take(other, BUCKET), "another account has a bucket of its own");
        let counters = limits.counters(&["kms".to_owned()]);
        assert_eq!((counters.throttled, counters.classes[0].calls), (11, 21));
        assert_eq!(counters.classes[0].buckets, 2);
        assert_eq!(counters.classes[0].peak_per_second, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn the_peak_is_of_a_sliding_second() {
        let limits = Limits::new(false, false, None);
        for _ in 0..30 {
            limits.take(KEY, BUCKET);
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        assert_eq!(limits.counters(&[]).classes[0].peak_per_second, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_in_flight_are_counted() {
        let limits = Limits::new(false, false, None);
        let first = limits.enter();
        drop(limits.enter());
        assert_eq!(limits.counters(&[]).most_in_flight, 2);
        drop(first);
        assert_eq!(limits.counters(&[]).in_flight, 0);
    }
}
