//! Shares of budgets that were set for everybody.

use protocol::store::StoreError;

use crate::database::binds;
use crate::port::SqlStore;
use crate::record::Columns;

const SET: &str = "
insert into shares (class, percent) values ($1, $2)
on conflict (class) do update set percent = excluded.percent";

const TAKE_BACK: &str = "delete from shares where class = $1";

const READ: &str = "select class, percent from shares order by class";

impl SqlStore {
    pub(crate) async fn write_share(
        &self,
        class: &str,
        percent: Option<u8>,
    ) -> Result<(), StoreError> {
        let mut open = self.begin().await?;
        match percent {
            Some(percent) => open.execute(SET, binds![class, u32::from(percent)]).await?,
            None => open.execute(TAKE_BACK, binds![class]).await?,
        };
        open.commit().await
    }

    pub(crate) async fn read_shares(&self) -> Result<Vec<(String, u8)>, StoreError> {
        let share = |row| {
            let mut columns = Columns::from(row);
            Ok((columns.text()?, columns.number()?))
        };
        self.fetch(READ, []).await?.into_iter().map(share).collect()
    }
}
