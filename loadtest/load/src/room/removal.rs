//! Removes what a run has left on the servers of a fleet.

use anyhow::Context;
use lapin::options::QueueDeleteOptions;
use lapin::{Connection, ConnectionProperties};
use protocol::queue::Line;
use sqlx::{Connection as _, PgConnection};

use crate::run::Servers;

/// How many keys are looked at at once.
const AT_ONCE: usize = 1000;

/// Removes queues, keys and schema of that name.
pub(super) async fn remove(name: &str, servers: &Servers) -> anyhow::Result<()> {
    let Servers { postgres, redis, rabbitmq } = servers;
    remove_queues(name, rabbitmq).await.context("the queues of the run could not be removed")?;
    remove_keys(name, redis).await.context("the keys of the run could not be removed")?;
    remove_schema(name, postgres).await.context("the schema of the run could not be removed")
}

async fn remove_queues(name: &str, url: &str) -> anyhow::Result<()> {
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    for line in Line::ALL {
        let queue = format!("{name}.{line}");
        channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await?;
    }
    Ok(connection.close(200, "done".into()).await?)
}

async fn remove_keys(name: &str, url: &str) -> anyhow::Result<()> {
    let mut connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    let mut cursor = 0_u64;
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(format!("{name}:*")).arg("COUNT").arg(AT_ONCE);
        let (next, keys): (u64, Vec<String>) = scan.query_async(&mut connection).await?;
        if !keys.is_empty() {
            redis::cmd("UNLINK").arg(keys).query_async::<()>(&mut connection).await?;
        }
        if next == 0 {
            return Ok(());
        }
        cursor = next;
    }
}

async fn remove_schema(name: &str, url: &str) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::query(include_str!("name_schema.sql")).bind(name).execute(&mut connection).await?;
    sqlx::query(include_str!("drop_schema.sql")).execute(&mut connection).await?;
    Ok(connection.close().await?)
}
