//! A schema of its own for a test, on the PostgreSQL server that the tests are given.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use sqlx::{AssertSqlSafe, Connection, PgConnection};

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
        format!("{}?schema={}", server(), self.name)
    }

    /// Drops it.
    pub(crate) async fn drop(self) {
        let mut connection = PgConnection::connect(&server()).await.expect("a connection");
        let sql = format!("drop schema {} cascade", self.name);
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("dropped");
    }
}

fn server() -> String {
    let url = std::env::var_os("ORGSWEEP_TEST_POSTGRES").and_then(|url| url.into_string().ok());
    url.expect(
        "this test needs PostgreSQL, which ORGSWEEP_TEST_POSTGRES leads to: cargo xtask test",
    )
}
