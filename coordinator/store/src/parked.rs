//! Messages that nobody could work on, kept as they came; one that comes again is kept once.

use protocol::registry::Parked;
use protocol::store::{Row, StoreError};

use crate::database::binds;
use crate::objects::digest_of;
use crate::port::SqlStore;
use crate::record::Columns;

/// The most messages that are kept; the oldest give way.
const MOST: u32 = 1000;

const INSERT: &str = "
insert into parked (digest, body, reason, parked_at) values ($1, $2, $3, $4)
on conflict (digest) do update set parked_at = excluded.parked_at";

const FORGET_OLDEST: &str = "
delete from parked where digest in (
    select p.digest from parked p order by p.parked_at desc, p.digest limit 1000000 offset $1)";

const READ: &str = "
select body, reason, parked_at from parked order by parked_at desc, digest limit $1";

impl SqlStore {
    pub(crate) async fn write_parked(&self, parked: &Parked) -> Result<(), StoreError> {
        let digest = digest_of(&format!("{}\n{}", parked.why, parked.body));
        let at = parked.at.timestamp_millis();
        let mut open = self.begin().await?;
        open.execute(INSERT, binds![digest, parked.body.as_str(), parked.why.as_str(), at]).await?;
        open.execute(FORGET_OLDEST, binds![MOST]).await?;
        open.commit().await
    }

    pub(crate) async fn read_parked(&self, most: u32) -> Result<Vec<Parked>, StoreError> {
        self.fetch(READ, binds![most]).await?.into_iter().map(parked_of).collect()
    }
}

fn parked_of(row: Row) -> Result<Parked, StoreError> {
    let mut columns = Columns::from(row);
    Ok(Parked { body: columns.text()?, why: columns.text()?, at: columns.time()? })
}
