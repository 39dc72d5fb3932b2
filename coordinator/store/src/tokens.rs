//! Access tokens: their secrets only as digests.

use chrono::{DateTime, Utc};
use protocol::registry::Token;
use protocol::store::{Row, StoreError};
use protocol::{TokenId, WorkspaceId};

use crate::database::binds;
use crate::port::SqlStore;
use crate::record::Columns;

const INSERT: &str = "
insert into tokens (workspace, token_id, owner, scope, digest, created_at, expires_at, revoked_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict do nothing";

const READ: &str = "
select workspace, token_id, owner, scope, digest, created_at, expires_at, revoked_at
from tokens where digest = $1";

const READ_ALL: &str = "
select workspace, token_id, owner, scope, digest, created_at, expires_at, revoked_at
from tokens where workspace = $1 order by created_at, token_id";

const REVOKE: &str = "
update tokens set revoked_at = $3
where workspace = $1 and token_id = $2 and revoked_at is null
    and (expires_at is null or expires_at > $3)";

const REMOVE: &str = "
delete from tokens
where (workspace, token_id) in (
    select workspace, token_id from tokens
    where revoked_at < $1 or expires_at < $1
    order by workspace, token_id limit $2)";

impl SqlStore {
    pub(crate) async fn write_token(&self, token: &Token) -> Result<(), StoreError> {
        let record = binds![
            token.workspace.as_str(),
            token.id.as_str(),
            token.owner.as_str(),
            token.scope.as_str(),
            token.digest.as_str(),
            token.created_at.timestamp_millis(),
            token.expires_at.map(|at| at.timestamp_millis()),
            token.revoked_at.map(|at| at.timestamp_millis()),
        ];
        let mut open = self.begin().await?;
        if open.execute(INSERT, record).await? == 0 {
            // The same token written again is there; another one under its name is not this one.
            let there = open.fetch(READ, binds![token.digest.as_str()]).await?.into_iter().next();
            let there = there.map(token_of).transpose()?;
            if there.is_none_or(|there| there.id != token.id || there.workspace != token.workspace)
            {
                return Err(StoreError::Failed(format!("there is a token {} already", token.id)));
            }
        }
        open.commit().await
    }

    pub(crate) async fn read_token(&self, digest: &str) -> Result<Option<Token>, StoreError> {
        self.fetch(READ, binds![digest]).await?.into_iter().next().map(token_of).transpose()
    }

    pub(crate) async fn read_tokens(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<Vec<Token>, StoreError> {
        let rows = self.fetch(READ_ALL, binds![workspace.as_str()]).await?;
        rows.into_iter().map(token_of).collect()
    }

    pub(crate) async fn end_token(
        &self,
        workspace: &WorkspaceId,
        id: &TokenId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut open = self.begin().await?;
        let key = binds![workspace.as_str(), id.as_str(), now.timestamp_millis()];
        let revoked = open.execute(REVOKE, key).await? > 0;
        open.commit().await?;
        Ok(revoked)
    }

    pub(crate) async fn remove_ended_tokens(
        &self,
        before: DateTime<Utc>,
        most: u32,
    ) -> Result<u64, StoreError> {
        let mut open = self.begin().await?;
        let removed = open.execute(REMOVE, binds![before.timestamp_millis(), most]).await?;
        open.commit().await?;
        Ok(removed)
    }
}

fn token_of(row: Row) -> Result<Token, StoreError> {
    let mut columns = Columns::from(row);
    Ok(Token {
        workspace: columns.word()?,
        id: columns.word()?,
        owner: columns.text()?,
        scope: columns.word()?,
        digest: columns.text()?,
        created_at: columns.time()?,
        expires_at: columns.maybe_time()?,
        revoked_at: columns.maybe_time()?,
    })
}
