//! A schema of its own for each test, on the PostgreSQL server that the tests are given.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

use sqlx::{Connection, PgConnection};
use store::{Access, SqlStore, connect};

/// A schema that is dropped with all that is in it.
pub(crate) struct Schema {
    name: String,
}

impl Schema {
    /// A schema that is not there yet; opening a store makes it.
    pub(crate) fn new() -> Self {
        Self { name: format!("test_{:016x}", RandomState::new().hash_one(std::process::id())) }
    }

    /// The store's URL.
    pub(crate) fn url(&self) -> String {
        // What a test writes need not outlive a crash of the server.
        let settings = "options=-csynchronous_commit%3Doff";
        format!("{}?{settings}&schema={}&application_name={}", server(), self.name, self.name)
    }

    /// A store in it.
    pub(crate) async fn open(&self, access: Access) -> Arc<SqlStore> {
        connect(&self.url(), access).await.expect("a store")
    }

    /// A connection that knows nothing of stores.
    pub(crate) async fn connection(&self) -> PgConnection {
        let mut connection = PgConnection::connect(&server()).await.expect("a connection");
        self.say(&mut connection, &format!("set search_path to {}", self.name)).await;
        connection
    }

    /// Runs statements that answer nothing.
    pub(crate) async fn say(&self, connection: &mut PgConnection, sql: &str) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(connection).await.expect(sql);
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        // The test's runtime stands still now: what it has not undone yet, the server undoes.
        let name = &self.name;
        let sql = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = '{name}'; \
            drop schema if exists {name} cascade"
        );
        let drop = async {
            let mut connection = PgConnection::connect(&server()).await?;
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await
        };
        let dropped = std::thread::scope(|scope| {
            let work = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(drop)
            });
            work.join()
        });
        assert!(matches!(dropped, Ok(Ok(_))), "the schema {} is left behind", self.name);
    }
}

/// The server's URL, without a schema.
pub(crate) fn server() -> String {
    let url = std::env::var_os("ORGSWEEP_TEST_POSTGRES").and_then(|url| url.into_string().ok());
    url.expect(
        "these tests need PostgreSQL, which ORGSWEEP_TEST_POSTGRES leads to: cargo xtask test",
    )
}
