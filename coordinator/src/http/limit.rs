//! Rate limits: a token bucket for each peer and each token, in a map of bounded size.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How often something may be asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Requests a second, in the long run.
    pub per_second: f64,
    /// Requests at once.
    pub burst: f64,
}

/// Counts who asked how often. Whoever is not in it has a full bucket.
pub(super) struct Limiter<K> {
    rate: Rate,
    most: usize,
    buckets: Mutex<HashMap<K, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl<K: Eq + Hash + Clone> Limiter<K> {
    /// Lets everybody ask at this rate, and remembers `most` of them.
    pub(super) fn new(rate: Rate, most: usize) -> Self {
        Self { rate, most, buckets: Mutex::default() }
    }

    /// Takes a token of `who`.
    ///
    /// # Errors
    /// How long to wait for one.
    pub(super) fn take(&self, who: &K, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if !buckets.contains_key(who) && buckets.len() >= self.most {
            self.make_room(&mut buckets, now);
        }
        let bucket =
            buckets.entry(who.clone()).or_insert(Bucket { tokens: self.rate.burst, at: now });
        bucket.tokens = self.filled(*bucket, now);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - bucket.tokens) / self.rate.per_second))
    }

    fn filled(&self, bucket: Bucket, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        (bucket.tokens + passed * self.rate.per_second).min(self.rate.burst)
    }

    /// Forgets those whose buckets are full again, and where there is none the one that is nearest to it.
    fn make_room(&self, buckets: &mut HashMap<K, Bucket>, now: Instant) {
        buckets.retain(|_, bucket| self.filled(*bucket, now) < self.rate.burst);
        if buckets.len() < self.most {
            return;
        }
        let fullest = buckets.iter().max_by(|(_, one), (_, other)| {
            self.filled(**one, now).total_cmp(&self.filled(**other, now))
        });
        if let Some(who) = fullest.map(|(who, _)| who.clone()) {
            buckets.remove(&who);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: Rate = Rate { per_second: 2.0, burst: 3.0 };

    #[test]
    fn a_burst_is_spent_and_comes_back_slowly() {
        let limiter = Limiter::new(RATE, 10);
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(limiter.take(&"a", now), Ok(()));
        }
        let wait = limiter.take(&"a", now).unwrap_err();
        assert_eq!(wait, Duration::from_millis(500));
        assert_eq!(limiter.take(&"b", now), Ok(()), "another's bucket is another");
        assert_eq!(limiter.take(&"a", now + wait), Ok(()));
    }

    #[test]
    fn many_who_ask_never_fill_the_memory_and_do_not_free_one_who_asked_too_much() {
        let limiter = Limiter::new(RATE, 10);
        let now = Instant::now();
        while limiter.take(&0, now).is_ok() {}
        for who in 1..1000 {
            assert_eq!(limiter.take(&who, now), Ok(()));
        }
        assert!(limiter.buckets.lock().unwrap().len() <= 10);
        assert!(limiter.take(&0, now).is_err());
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_burst_and_rate(waits in prop::collection::vec(0_u64..2000, 1..200)) {
            let limiter = Limiter::new(RATE, 10);
            let start = Instant::now();
            let mut now = start;
            let mut granted = 0_u32;
            for wait in waits {
                now += Duration::from_millis(wait);
                granted += u32::from(limiter.take(&(), now).is_ok());
            }
            let most = RATE.burst + RATE.per_second * (now - start).as_secs_f64();
            prop_assert!(f64::from(granted) <= most + 1e-6);
        }
    }
}
