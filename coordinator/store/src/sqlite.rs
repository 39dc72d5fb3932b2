//! SQLite: one writer, several readers, a file that outlives any kill.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use protocol::store::{Row, StoreError, Value};
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Row as _, Sqlite, SqlitePool, TypeInfo, ValueRef};

use crate::Access;
use crate::database::{Bind, Database, Hold, Sql, Transaction};
use crate::lock::RunnerLock;
use crate::many::Style;
use crate::migrations::{self, Age};

/// The name under which migrations know this database.
const NAME: &str = "sqlite";
/// How long a statement waits for another process that writes.
const BUSY: Duration = Duration::from_secs(20);
/// How long a method waits for a connection, while others of this process write.
const ACQUIRE: Duration = Duration::from_secs(120);
/// Connections that read at the same time.
const READERS: u32 = 4;
/// Bytes of the file that are mapped into memory by who only reads it, as reports do. What is mapped counts as memory,
/// and would grow with the file in who runs scans.
const MEMORY_MAP: &str = "1073741824";
/// Memory of each connection for pages, in KiB (the minus says so).
const PAGE_CACHE: &str = "-16384";
/// The size of a page: cells are some hundred bytes, and ten to twenty should share one.
const PAGE: u32 = 8192;
/// Pages in the write-ahead log before they move into the file.
const CHECKPOINT: &str = "4000";
/// Statements that each connection keeps prepared; there are about thirty, most in several sizes.
const STATEMENTS: usize = 256;
/// Rows that a connection's thread reads ahead; with few, each row costs a switch of threads.
const READ_AHEAD: usize = 1024;

/// A store in a file, or in memory for tests.
pub(crate) struct SqliteDatabase {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Whether it is one connection in memory, which a stream must not hold while others wait.
    memory: bool,
    lock: Option<RunnerLock>,
}

/// Opens `place`: a path, or `:memory:`.
pub(crate) async fn open(place: &str, access: Access) -> Result<SqliteDatabase, StoreError> {
    if place.is_empty() {
        return Err(unusable(place, "the path is missing after `sqlite:`"));
    }
    if place == ":memory:" {
        open_memory().await
    } else {
        open_file(Path::new(place), access).await
    }
}

async fn open_memory() -> Result<SqliteDatabase, StoreError> {
    let options = SqliteConnectOptions::new().in_memory(true).filename(":memory:");
    let writer = pool(with_settings(options), 1, ":memory:").await?;
    migrate(&writer, ":memory:").await?;
    Ok(SqliteDatabase { readers: writer.clone(), writer, memory: true, lock: None })
}

async fn open_file(path: &Path, access: Access) -> Result<SqliteDatabase, StoreError> {
    let place = path.display().to_string();
    let lock = match access {
        Access::Run => {
            make_folder(path).await?;
            Some(RunnerLock::take(path)?)
        }
        Access::Control | Access::Read => {
            must_exist(path).await?;
            None
        }
    };
    let options = SqliteConnectOptions::new().filename(path);
    let writing = || {
        with_settings(options.clone())
            .page_size(PAGE)
            .journal_mode(SqliteJournalMode::Wal)
            .create_if_missing(access == Access::Run)
            .pragma("wal_autocheckpoint", CHECKPOINT)
    };
    let map = if access == Access::Read { MEMORY_MAP } else { "0" };
    let reading = || with_settings(options.clone()).read_only(true).pragma("mmap_size", map);
    let (writer, readers) = match access {
        Access::Run => {
            let writer = pool(writing(), 1, &place).await?;
            migrate(&writer, &place).await?;
            (writer, pool(reading(), READERS, &place).await?)
        }
        Access::Control | Access::Read => {
            let readers = pool(reading(), READERS, &place).await?;
            check_age(&readers, &place).await?;
            let changes = access == Access::Control;
            let writer = if changes { pool(writing(), 1, &place).await? } else { readers.clone() };
            (writer, readers)
        }
    };
    Ok(SqliteDatabase { writer, readers, memory: false, lock })
}

fn with_settings(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY)
        .statement_cache_capacity(STATEMENTS)
        .row_buffer_size(READ_AHEAD)
        // Keys of other tables are written in the same transaction; checking them costs a look-up a row.
        .foreign_keys(false)
        .pragma("cache_size", PAGE_CACHE)
        .pragma("temp_store", "memory")
        .disable_statement_logging()
}

async fn pool(
    options: SqliteConnectOptions,
    connections: u32,
    place: &str,
) -> Result<SqlitePool, StoreError> {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options)
        .await
        .map_err(|error| unusable(place, explain(&error)))
}

async fn make_folder(path: &Path) -> Result<(), StoreError> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    tokio::fs::create_dir_all(folder).await.map_err(|error| {
        let why = format!("its folder {} cannot be made: {error}", folder.display());
        unusable(&path.display().to_string(), why)
    })
}

async fn must_exist(path: &Path) -> Result<(), StoreError> {
    let place = path.display().to_string();
    match tokio::fs::metadata(path).await {
        Ok(metadata) if metadata.is_file() => Ok(()),
        Ok(_) => Err(unusable(&place, "it is not a file")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(unusable(&place, "there is no such file; a scan makes it"))
        }
        Err(error) => Err(unusable(&place, error.to_string())),
    }
}

async fn migrate(writer: &SqlitePool, place: &str) -> Result<(), StoreError> {
    let mut connection =
        writer.acquire().await.map_err(|error| unusable(place, explain(&error)))?;
    migrations::run(&mut *connection, NAME, place).await
}

/// Refuses tables that this build does not read as they are.
async fn check_age(readers: &SqlitePool, place: &str) -> Result<(), StoreError> {
    const TABLE: &str =
        "select count(*) from sqlite_master where type = 'table' and name = '_sqlx_migrations'";
    const APPLIED: &str = "select version from _sqlx_migrations where success order by version";
    let read = |error| unusable(place, explain(&error));
    let tables: i64 = sqlx::query_scalar(TABLE).fetch_one(readers).await.map_err(read)?;
    let applied: Vec<i64> = match tables {
        0 => Vec::new(),
        _ => sqlx::query_scalar(APPLIED).fetch_all(readers).await.map_err(read)?,
    };
    match migrations::compare(NAME, &applied) {
        Age::Same => Ok(()),
        Age::Newer => Err(StoreError::Newer(place.to_owned())),
        Age::Older => Err(unusable(
            place,
            "an older orgsweep wrote it; the next scan on it brings it up to date",
        )),
        Age::Empty => Err(unusable(place, "it is a database, but not one of orgsweep's")),
    }
}

fn unusable(place: &str, why: impl Into<String>) -> StoreError {
    StoreError::Unusable { place: place.to_owned(), why: why.into() }
}

fn explain(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(database) if database.code().as_deref() == Some("26") => {
            "it is not a database".to_owned()
        }
        Some(database) => database.message().to_owned(),
        None => error.to_string(),
    }
}

fn failed(error: sqlx::Error) -> StoreError {
    StoreError::Failed(explain(&error))
}

fn arguments(binds: Vec<Bind>) -> Result<SqliteArguments, StoreError> {
    use sqlx::Arguments as _;
    let mut arguments = SqliteArguments::default();
    arguments.reserve(binds.len(), 0);
    for bind in binds {
        match bind {
            Bind::Int(number) => arguments.add(number),
            Bind::Text(text) => arguments.add(text),
            Bind::Ints(_) | Bind::Texts(_) => Err("it takes rows, not columns".into()),
        }
        .map_err(|error| StoreError::Failed(error.to_string()))?;
    }
    Ok(arguments)
}

fn row_of(row: &SqliteRow) -> Result<Row, StoreError> {
    (0..row.len()).map(|index| value_of(row, index)).collect()
}

fn value_of(row: &SqliteRow, index: usize) -> Result<Value, StoreError> {
    let raw = row.try_get_raw(index).map_err(failed)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    match raw.type_info().name() {
        "INTEGER" => row.try_get_unchecked(index).map(Value::Int).map_err(failed),
        "TEXT" => row.try_get_unchecked(index).map(Value::Text).map_err(failed),
        other => Err(StoreError::Failed(format!(
            "column {index} is {other}; a query may select whole numbers and text"
        ))),
    }
}

#[async_trait]
impl Database for SqliteDatabase {
    fn is_exclusive(&self) -> bool {
        self.memory || self.lock.is_some()
    }

    /// A transaction that may write is the only one.
    fn hold(&self, _: Hold) -> &'static str {
        ""
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        // A transaction that starts by reading could not always be made a writing one.
        let open = self.writer.begin_with("begin immediate").await.map_err(failed)?;
        Ok(Box::new(Open(open)))
    }

    async fn fetch(&self, sql: Sql, binds: Vec<Bind>) -> Result<Vec<Row>, StoreError> {
        let query = sqlx::query_with(sql.into_text(), arguments(binds)?);
        let rows = query.fetch_all(&self.readers).await.map_err(failed)?;
        rows.iter().map(row_of).collect()
    }

    fn stream(&self, sql: Sql, binds: Vec<Bind>) -> BoxStream<'_, Result<Row, StoreError>> {
        if self.memory {
            let all = async move {
                Ok::<_, StoreError>(stream::iter(self.fetch(sql, binds).await?).map(Ok))
            };
            return stream::once(all).try_flatten().boxed();
        }
        match arguments(binds) {
            Ok(binds) => sqlx::query_with(sql.into_text(), binds)
                .fetch(&self.readers)
                .map(|row| row_of(&row.map_err(failed)?))
                .boxed(),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    }

    /// Without numbers, since numbered marks are looked up one by one, which is quadratic.
    fn style(&self) -> Style {
        Style::Values
    }

    fn over_whole_scans(&self) -> Option<&'static str> {
        None
    }
}

/// A transaction on the one connection that writes.
struct Open(sqlx::Transaction<'static, Sqlite>);

#[async_trait]
impl Transaction for Open {
    async fn execute(&mut self, sql: Sql, binds: Vec<Bind>) -> Result<u64, StoreError> {
        let query = sqlx::query_with(sql.into_text(), arguments(binds)?);
        Ok(query.execute(&mut *self.0).await.map_err(failed)?.rows_affected())
    }

    async fn fetch(&mut self, sql: Sql, binds: Vec<Bind>) -> Result<Vec<Row>, StoreError> {
        let query = sqlx::query_with(sql.into_text(), arguments(binds)?);
        let rows = query.fetch_all(&mut *self.0).await.map_err(failed)?;
        rows.iter().map(row_of).collect()
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.0.commit().await.map_err(failed)
    }
}
