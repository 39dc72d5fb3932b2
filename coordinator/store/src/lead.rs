//! The lead of an installation: a lease with a fencing number, which every write of its holder carries.
//!
//! A transaction of a handle that leads holds the lease's row together with others of its kind; who
//! takes the lead over holds it alone. So a takeover waits for writes that have begun, and none of
//! the old lead begins after it. Renewing changes no key and waits for nobody.
//!
//! The row holds no time. Who stands by sees how often the lead was renewed, and takes it over once that number has
//! stood still for long enough by a clock of its own that never jumps.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use protocol::store::StoreError;

use crate::database::{Hold, binds};
use crate::port::{Open, SqlStore};
use crate::record::{Columns, count};

const READ: &str = "select holder, number, renewals from leases where what = 'coordinator'";

const RENEW: &str = "
update leases set renewals = renewals + 1 where what = 'coordinator' and holder = $1 and number = $2";

const TAKE: &str = "
update leases set holder = $1, number = number + 1, renewals = renewals + 1 where what = 'coordinator'";

const RESIGN: &str = "
update leases set holder = '' where what = 'coordinator' and holder = $1";

/// What a handle knows of the lead.
#[derive(Debug, Default)]
pub(crate) struct Fence {
    /// The number under which it leads or led; once it has one it writes under one.
    number: AtomicU64,
    /// The lease as it was last seen, and since when it stands like that.
    seen: Mutex<Option<(Lease, Instant)>>,
}

impl Fence {
    fn number(&self) -> Option<u64> {
        Some(self.number.load(Ordering::Acquire)).filter(|number| *number > 0)
    }

    fn set(&self, number: u64) {
        self.number.store(number, Ordering::Release);
    }

    /// For how long nobody has renewed or taken the lease, as far as this handle has looked.
    fn unchanged(&self, lease: &Lease, now: Instant) -> Duration {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match &*seen {
            Some((before, since)) if before == lease => now.saturating_duration_since(*since),
            _ => {
                *seen = Some((lease.clone(), now));
                Duration::ZERO
            }
        }
    }
}

/// The lease as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Lease {
    holder: String,
    number: u64,
    renewals: u64,
}

impl SqlStore {
    pub(crate) async fn take_lead(
        &self,
        holder: &str,
        now: Instant,
        lasts: Duration,
    ) -> Result<Option<u64>, StoreError> {
        let mut open = self.begin_unfenced().await?;
        let seen = open.lease("").await?;
        if self.fence.number() == Some(seen.number)
            && open.execute(RENEW, binds![holder, count(seen.number)]).await? > 0
        {
            open.commit().await?;
            return Ok(Some(seen.number));
        }
        if !self.may_take(&seen, holder, now, lasts) {
            return Ok(None);
        }
        let seen = open.lease(self.database.hold(Hold::Alone)).await?;
        if !self.may_take(&seen, holder, now, lasts) {
            return Ok(None);
        }
        open.execute(TAKE, binds![holder]).await?;
        open.commit().await?;
        let number = seen.number + 1;
        self.fence.set(number);
        Ok(Some(number))
    }

    /// Whether `holder` may take the lease over: it was given up, is not renewed any more, was this holder's under
    /// another handle, or only one process can write, so that nobody else can be alive.
    fn may_take(&self, lease: &Lease, holder: &str, now: Instant, lasts: Duration) -> bool {
        let unchanged = self.fence.unchanged(lease, now);
        self.database.is_exclusive()
            || lease.holder.is_empty()
            || lease.holder == holder
            || unchanged >= lasts
    }

    pub(crate) async fn give_lead_up(&self, holder: &str) -> Result<(), StoreError> {
        let mut open = self.begin_unfenced().await?;
        open.execute(RESIGN, binds![holder]).await?;
        open.commit().await
    }
}

impl Open<'_> {
    /// Refuses to go on for a handle that led and was deposed; until the transaction ends, nobody takes over.
    pub(crate) async fn check_lead(&mut self) -> Result<(), StoreError> {
        let Some(number) = self.store.fence.number() else { return Ok(()) };
        let lease = self.lease(self.store.database.hold(Hold::Together)).await?;
        if lease.number == number { Ok(()) } else { Err(StoreError::Deposed) }
    }

    async fn lease(&mut self, hold: &'static str) -> Result<Lease, StoreError> {
        let rows = self.fetch(format!("{READ}{hold}"), []).await?;
        let row = rows.into_iter().next();
        let lost = || StoreError::Failed("the record of who leads is gone".to_owned());
        let mut columns = Columns::from(row.ok_or_else(lost)?);
        Ok(Lease {
            holder: columns.text()?,
            number: columns.number()?,
            renewals: columns.number()?,
        })
    }
}
