//! Accounts that are paused: nothing of theirs is given out.

use protocol::store::StoreError;
use protocol::{AccountId, WorkspaceId};

use crate::database::binds;
use crate::port::SqlStore;
use crate::record::Columns;

const PAUSE: &str = "
insert into paused_accounts (workspace, account_id) values ($1, $2)
on conflict (workspace, account_id) do nothing";

const GO_ON: &str = "delete from paused_accounts where workspace = $1 and account_id = $2";

const READ: &str =
    "select workspace, account_id from paused_accounts order by workspace, account_id";

impl SqlStore {
    pub(crate) async fn write_pause(
        &self,
        workspace: &WorkspaceId,
        account: &AccountId,
        paused: bool,
    ) -> Result<(), StoreError> {
        let mut open = self.begin().await?;
        let sql = if paused { PAUSE } else { GO_ON };
        open.execute(sql, binds![workspace.as_str(), account.as_str()]).await?;
        open.commit().await
    }

    pub(crate) async fn read_pauses(&self) -> Result<Vec<(WorkspaceId, AccountId)>, StoreError> {
        let pause = |row| {
            let mut columns = Columns::from(row);
            Ok((columns.word()?, columns.word()?))
        };
        self.fetch(READ, []).await?.into_iter().map(pause).collect()
    }
}
