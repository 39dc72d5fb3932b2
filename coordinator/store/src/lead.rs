//! The lead of an installation: a lease with a fencing number, which every write of its holder carries.
//!
//! A transaction of a handle that leads holds the lease's row together with others of its kind; who
//! takes the lead over holds it alone. So a takeover waits for writes that have begun, and none of
//! the old lead begins after it. Renewing changes no key and waits for nobody.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use protocol::store::StoreError;

use crate::database::{Hold, binds};
use crate::port::{Open, SqlStore};
use crate::record::{Columns, count};

const READ: &str = "select holder, number, until_at from leases where what = 'coordinator'";

const RENEW: &str = "
update leases set until_at = $3 where what = 'coordinator' and holder = $1 and number = $2";

const TAKE: &str = "
update leases set holder = $1, number = number + 1, until_at = $2 where what = 'coordinator'";

const RESIGN: &str = "
update leases set holder = '', until_at = 0 where what = 'coordinator' and holder = $1";

/// The number under which a handle leads or led; once it has one it writes under one.
#[derive(Debug, Default)]
pub(crate) struct Fence(AtomicU64);

impl Fence {
    fn number(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Acquire)).filter(|number| *number > 0)
    }

    fn set(&self, number: u64) {
        self.0.store(number, Ordering::Release);
    }
}

/// The lease as it is stored.
struct Lease {
    holder: String,
    number: u64,
    until: i64,
}

impl Lease {
    /// Whether `holder` may take it over: it was given up, ran out, or was this holder's under another handle.
    fn is_free(&self, holder: &str, now: i64) -> bool {
        self.holder.is_empty() || self.holder == holder || self.until <= now
    }
}

impl SqlStore {
    pub(crate) async fn take_lead(
        &self,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<u64>, StoreError> {
        let (now, until) = (now.timestamp_millis(), until.timestamp_millis());
        let mut open = self.begin_unfenced().await?;
        let seen = open.lease("").await?;
        if self.fence.number() == Some(seen.number)
            && open.execute(RENEW, binds![holder, count(seen.number), until]).await? > 0
        {
            open.commit().await?;
            return Ok(Some(seen.number));
        }
        // Nobody else can be alive where only one process can write.
        let alone = self.database.is_exclusive();
        if !alone && !seen.is_free(holder, now) {
            return Ok(None);
        }
        let seen = open.lease(self.database.hold(Hold::Alone)).await?;
        if !alone && !seen.is_free(holder, now) {
            return Ok(None);
        }
        open.execute(TAKE, binds![holder, until]).await?;
        open.commit().await?;
        let number = seen.number + 1;
        self.fence.set(number);
        Ok(Some(number))
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
        Ok(Lease { holder: columns.text()?, number: columns.number()?, until: columns.int()? })
    }
}
