//! Sessions: credentials and whose they are, entered once for everybody who waits for them.

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use chrono::{DateTime, Utc};
use moka::future::Cache;
use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;
use protocol::{AccountId, ConnectionId, Failure, ScanId};
use tokio::time::Instant;

use crate::access::may_pass;
use crate::signing_key::SigningKeys;

/// The most accounts of which something is kept (sessions, closed regions): eight windows of them. Whoever was used
/// longest ago is entered again.
const MOST_KEPT: u64 = 2_000;

/// How long a session that could not be renewed is used before that is tried again.
const RENEWAL_PAUSE: Duration = Duration::from_secs(60);

/// The longest life that is believed; no session of AWS lasts longer than a day and a half.
const LONGEST_LIFE: Duration = Duration::from_secs(7 * 86_400);

/// Keeps what was used lately, whatever was used often before: accounts come by windows, and never again after theirs.
pub(crate) fn lately_used<K, V>() -> Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder().max_capacity(MOST_KEPT).eviction_policy(EvictionPolicy::lru()).build()
}

/// As whom somebody acts, and for which scan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// The scan, which names the session; none where it names none.
    pub scan: Option<ScanId>,
    /// The connection.
    pub connection: ConnectionId,
    /// The identity within the connection.
    pub identity: Identity,
}

/// The identities that a connection leads to, each entered from the one before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Identity {
    /// What the credential chain, the profile or the keys give.
    Base,
    /// The base, after the first role or the source's own.
    Hub,
    /// Who reads the organization.
    Organization,
    /// The member role of an account, or the hub where the account is the hub's own.
    Account(AccountId),
}

/// Credentials and whose they are.
#[derive(Clone)]
pub(crate) struct Session {
    /// The credentials.
    pub credentials: Credentials,
    /// The principal's ARN.
    pub arn: String,
    /// The principal's account.
    pub account: AccountId,
    /// The partition of that account.
    pub partition: String,
    /// The keys of the credentials.
    pub keys: Arc<SigningKeys>,
    /// When they should be renewed, and when they are worth nothing; none for lasting ones.
    life: Option<Life>,
}

#[derive(Debug, Clone, Copy)]
struct Life {
    renew_at: Instant,
    ends_at: Instant,
}

impl Session {
    /// A session of a principal, whose life begins now.
    pub(crate) fn new(
        credentials: Credentials,
        arn: String,
        account: AccountId,
        partition: String,
        now: DateTime<Utc>,
    ) -> Self {
        let life = credentials.expiry().map(|expiry| {
            let left = expiry.duration_since(now.into()).unwrap_or_default().min(LONGEST_LIFE);
            let now = Instant::now();
            Life { renew_at: now + left.mul_f64(0.8), ends_at: now + left }
        });
        let keys = Arc::default();
        Self { credentials, arn, account, partition, keys, life }
    }

    fn is_alive(&self) -> bool {
        self.life.is_none_or(|life| Instant::now() < life.ends_at)
    }

    fn is_fresh(&self) -> bool {
        self.life.is_none_or(|life| Instant::now() < life.renew_at)
    }

    /// The same session, to be renewed a little later; none when it has ended.
    fn stretched(&self) -> Option<Self> {
        let life = self.life?;
        let renew_at = (Instant::now() + RENEWAL_PAUSE).min(life.ends_at);
        self.is_alive().then(|| Self { life: Some(Life { renew_at, ..life }), ..self.clone() })
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("arn", &self.arn).finish_non_exhaustive()
    }
}

/// Keeps sessions: one entry into an account, however many wait for it; renewal at 80% of life.
pub(crate) struct Broker(Cache<Key, Arc<Session>>);

impl Broker {
    /// A broker that keeps nothing yet.
    pub(crate) fn new() -> Self {
        Self(lately_used())
    }

    /// The session of `key`, entered by `enter` if there is none that is fresh.
    ///
    /// A session that cannot be renewed just now is used on as long as it lives. A failure is told
    /// to all who waited, and is not kept.
    pub(crate) async fn get<F>(&self, key: Key, enter: F) -> Result<Arc<Session>, Failure>
    where
        F: Future<Output = Result<Session, Failure>> + Send,
    {
        let stale = match self.0.get(&key).await {
            Some(session) if session.is_fresh() => return Ok(session),
            stale => stale,
        };
        if let Some(stale) = &stale {
            self.remove_if(&key, |session| Arc::ptr_eq(session, stale)).await;
        }
        let renewed = async {
            match (enter.await, stale) {
                (Ok(session), _) => Ok(Arc::new(session)),
                (Err(failure), Some(stale)) if may_pass(&failure) => {
                    stale.stretched().map(Arc::new).ok_or(failure)
                }
                (Err(failure), _) => Err(failure),
            }
        };
        self.0.try_get_with(key, renewed).await.map_err(|failure: Arc<Failure>| (*failure).clone())
    }

    /// The session of `key`, if there is one that is not to be renewed yet.
    pub(crate) async fn fresh(&self, key: &Key) -> Option<Arc<Session>> {
        self.0.get(key).await.filter(|session| session.is_fresh())
    }

    /// The session of `key`, if there is one that lives: calls that are under way do not wait for its renewal.
    pub(crate) async fn present(&self, key: &Key) -> Option<Arc<Session>> {
        self.0.get(key).await.filter(|session| session.is_alive())
    }

    /// Forgets the session of `key` if it has the credentials that were refused; another may have
    /// taken its place already.
    pub(crate) async fn forget(&self, key: &Key, refused: &Credentials) {
        self.remove_if(key, |session| session.credentials == *refused).await;
    }

    async fn remove_if(&self, key: &Key, is_it: impl Fn(&Arc<Session>) -> bool + Send) {
        let decide = |entry: Option<moka::Entry<Key, Arc<Session>>>| {
            let remove = entry.is_some_and(|entry| is_it(entry.value()));
            std::future::ready(if remove { Op::Remove } else { Op::Nop })
        };
        self.0.entry_by_ref(key).and_compute_with(decide).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use protocol::FailureKind;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn key() -> Key {
        Key {
            scan: None,
            connection: ConnectionId::new("source-0").expect("an id"),
            identity: Identity::Hub,
        }
    }

    /// A session of an hour, counted.
    async fn enter(entries: &AtomicUsize) -> Result<Session, Failure> {
        entries.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a moment");
        let expiry = std::time::SystemTime::from(now + HOUR);
        let name = format!("AKIA{}", entries.load(Ordering::SeqCst));
        let credentials = Credentials::new(name, "hunter2", None, Some(expiry), "test");
        let account = AccountId::new("111122223333").expect("an id");
        Ok(Session::new(credentials, "arn".to_owned(), account, "aws".to_owned(), now))
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_wait_enter_once() {
        let (broker, entries) = (Arc::new(Broker::new()), Arc::new(AtomicUsize::new(0)));
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let (broker, entries) = (broker.clone(), entries.clone());
            waiting.spawn(async move { broker.get(key(), enter(&entries)).await.map(drop) });
        }
        for outcome in waiting.join_all().await {
            assert_eq!(outcome, Ok(()));
        }
        assert_eq!(entries.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_was_used_longest_ago_gives_way_however_often_that_was() {
        let sessions: Cache<u64, ()> = lately_used();
        let (old, new) = (0..MOST_KEPT, MOST_KEPT..2 * MOST_KEPT);
        for _ in 0..10 {
            for account in old.clone() {
                sessions.get_with(account, async {}).await;
            }
        }
        for account in new.clone() {
            sessions.insert(account, ()).await;
        }
        sessions.run_pending_tasks().await;
        assert_eq!(sessions.entry_count(), MOST_KEPT);
        assert!(new.clone().all(|account| sessions.contains_key(&account)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_is_renewed_at_four_fifths_of_its_life() {
        let (broker, entries) = (Broker::new(), AtomicUsize::new(0));
        let first = broker.get(key(), enter(&entries)).await.expect("a session");
        tokio::time::advance(HOUR.mul_f64(0.79)).await;
        let same = broker.get(key(), enter(&entries)).await.expect("a session");
        assert!(Arc::ptr_eq(&first, &same));
        tokio::time::advance(HOUR.mul_f64(0.02)).await;
        let other = broker.get(key(), enter(&entries)).await.expect("a session");
        assert!(!Arc::ptr_eq(&first, &other));
        assert_eq!(entries.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_cannot_be_renewed_now_is_used_while_it_lives() {
        let (broker, entries) = (Broker::new(), AtomicUsize::new(0));
        let throttled = || async { Err(Failure::new(FailureKind::Throttled, "Throttling", "")) };
        broker.get(key(), enter(&entries)).await.expect("a session");
        tokio::time::advance(HOUR.mul_f64(0.9)).await;
        assert!(broker.get(key(), throttled()).await.is_ok());
        tokio::time::advance(HOUR.mul_f64(0.2)).await;
        assert!(broker.get(key(), throttled()).await.is_err());
        assert!(broker.get(key(), enter(&entries)).await.is_ok(), "a failure is not kept");
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_session_that_was_refused_is_forgotten() {
        let (broker, entries) = (Broker::new(), AtomicUsize::new(0));
        let first = broker.get(key(), enter(&entries)).await.expect("a session");
        broker.forget(&key(), &first.credentials).await;
        let second = broker.get(key(), enter(&entries)).await.expect("a session");
        broker.forget(&key(), &first.credentials).await;
        let third = broker.get(key(), enter(&entries)).await.expect("a session");
        assert!(Arc::ptr_eq(&second, &third));
        assert!(!format!("{second:?}").contains("hunter2"));
    }
}
