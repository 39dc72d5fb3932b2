//! PostgreSQL: several writers that hold the rows that they count, readers that may only read.

mod opening;

use std::io::ErrorKind;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use protocol::store::{Row, StoreError, Value};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgDatabaseError, PgRow, PgSeverity};
use sqlx::{PgConnection, PgPool, Postgres, Row as _, TypeInfo, ValueRef};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::database::{Bind, Database, Hold, Sql, Transaction};
use crate::many::Style;

pub(crate) use opening::{bring_up_to_date, open};

/// How long one statement may take; the server gives up a little before.
const STATEMENT: Duration = Duration::from_secs(135);
/// How long a transaction may take to begin, or to be undone.
const BEGIN: Duration = Duration::from_secs(15);
/// Rows of a stream that are asked for at a time.
const FETCH: usize = 1000;
/// The next rows of the cursor that a stream reads.
const NEXT: &str = "fetch 1000 from rows";

/// A store in a schema of a PostgreSQL database.
pub(crate) struct PostgresDatabase {
    writers: PgPool,
    readers: PgPool,
}

/// What is known of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It has answered everything.
    Sound,
    /// It owes an answer; if nobody waits any more, it owes it for ever.
    Owing,
    /// It is gone.
    Lost,
}

/// A connection, which is given back only if it is sound.
struct Session {
    connection: PoolConnection<Postgres>,
    state: State,
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.state != State::Sound {
            self.connection.close_on_drop();
        }
    }
}

impl Session {
    async fn of(pool: &PgPool) -> Result<Self, StoreError> {
        let connection = pool.acquire().await.map_err(failed)?;
        Ok(Self { connection, state: State::Sound })
    }

    async fn execute(&mut self, sql: Sql, binds: Vec<Bind>) -> Result<u64, StoreError> {
        let query = sqlx::query_with(sql.into_text(), arguments(binds)?);
        let done = within(STATEMENT, query.execute(self.owing())).await;
        self.judge(done).map(|done| done.rows_affected())
    }

    async fn fetch(&mut self, sql: Sql, binds: Vec<Bind>) -> Result<Vec<Row>, StoreError> {
        let query = sqlx::query_with(sql.into_text(), arguments(binds)?);
        let rows = within(STATEMENT, query.fetch_all(self.owing())).await;
        self.judge(rows)?.iter().map(row_of).collect()
    }

    /// The next rows of the stream that was begun in this transaction.
    async fn fetch_next(&mut self) -> Result<Vec<Row>, StoreError> {
        let rows = within(STATEMENT, sqlx::raw_sql(NEXT).fetch_all(self.owing())).await;
        self.judge(rows)?.iter().map(row_of).collect()
    }

    /// Begins a transaction, or ends it one way or the other.
    async fn say(&mut self, word: &'static str, limit: Duration) -> Result<(), StoreError> {
        let done = within(limit, sqlx::raw_sql(word).execute(self.owing())).await;
        self.judge(done).map(|_| ())
    }

    fn owing(&mut self) -> &mut PgConnection {
        self.state = State::Owing;
        &mut self.connection
    }

    /// A statement that failed leaves a connection as it was; anything else does not.
    fn judge<T>(&mut self, done: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        self.state = match &done {
            Ok(_) => State::Sound,
            Err(sqlx::Error::Database(refusal)) => {
                let refusal = refusal.try_downcast_ref::<PgDatabaseError>();
                let severity = refusal.map(PgDatabaseError::severity);
                let ends = matches!(severity, Some(PgSeverity::Fatal | PgSeverity::Panic));
                if ends { State::Lost } else { State::Sound }
            }
            Err(sqlx::Error::Io(error)) if error.kind() != ErrorKind::TimedOut => State::Lost,
            Err(_) => State::Owing,
        };
        done.map_err(failed)
    }
}

impl PostgresDatabase {
    /// Begins a transaction. Connections may have been lost since they were used last, all of them
    /// where the server was restarted; what is lost is replaced.
    async fn begin_on(&self, pool: &PgPool) -> Result<Open, StoreError> {
        let mut tries = pool.options().get_max_connections();
        loop {
            let mut session = Session::of(pool).await?;
            match session.say("begin", BEGIN).await {
                Ok(()) => return Ok(Open { session: Some(session) }),
                Err(_) if session.state == State::Lost && tries > 0 => tries -= 1,
                Err(error) => return Err(error),
            }
        }
    }
}

/// A transaction; dropping it undoes it.
struct Open {
    /// Taken by what ends it.
    session: Option<Session>,
}

impl Open {
    fn session(&mut self) -> Result<&mut Session, StoreError> {
        self.session
            .as_mut()
            .ok_or_else(|| StoreError::Failed("the transaction has ended".to_owned()))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let (Some(mut session), Ok(runtime)) = (self.session.take(), Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            if let Err(error) = session.say("rollback", BEGIN).await {
                tracing::debug!(%error, "the server undoes a transaction by itself");
            }
        });
    }
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match timeout(limit, work).await {
        Ok(done) => done,
        Err(_) => Err(sqlx::Error::Io(ErrorKind::TimedOut.into())),
    }
}

/// What went wrong, without values: those stand in a message's details.
fn explain(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => database.message().to_owned(),
        sqlx::Error::Io(error) => format!("the connection to it broke: {error}"),
        sqlx::Error::PoolTimedOut => {
            "no connection to it was free in time: it is away, or everything waits for it"
                .to_owned()
        }
        other => other.to_string(),
    }
}

fn failed(error: sqlx::Error) -> StoreError {
    StoreError::Failed(explain(&error))
}

fn arguments(binds: Vec<Bind>) -> Result<PgArguments, StoreError> {
    use sqlx::Arguments as _;
    let mut arguments = PgArguments::default();
    arguments.reserve(binds.len(), 0);
    for bind in binds {
        match bind {
            Bind::Int(number) => arguments.add(number),
            Bind::Text(text) => arguments.add(text),
            Bind::Ints(numbers) => arguments.add(numbers),
            Bind::Texts(texts) => {
                arguments.add(texts.iter().map(Option::as_deref).collect::<Vec<_>>())
            }
        }
        .map_err(|error| StoreError::Failed(error.to_string()))?;
    }
    Ok(arguments)
}

fn row_of(row: &PgRow) -> Result<Row, StoreError> {
    (0..row.len()).map(|index| value_of(row, index)).collect()
}

fn value_of(row: &PgRow, index: usize) -> Result<Value, StoreError> {
    let raw = row.try_get_raw(index).map_err(failed)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    match raw.type_info().name() {
        "INT8" => row.try_get_unchecked(index).map(Value::Int).map_err(failed),
        "INT4" => row
            .try_get_unchecked::<i32, _>(index)
            .map(|number| Value::Int(i64::from(number)))
            .map_err(failed),
        "TEXT" => row.try_get_unchecked(index).map(Value::Text).map_err(failed),
        other => Err(StoreError::Failed(format!(
            "column {index} is {other}; a query may select whole numbers and text"
        ))),
    }
}

#[async_trait]
impl Database for PostgresDatabase {
    fn is_exclusive(&self) -> bool {
        false
    }

    fn hold(&self, hold: Hold) -> &'static str {
        match hold {
            Hold::Together => " for key share",
            Hold::Alone => " for update",
        }
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(self.begin_on(&self.writers).await?))
    }

    async fn fetch(&self, sql: Sql, binds: Vec<Bind>) -> Result<Vec<Row>, StoreError> {
        let mut tries = self.readers.options().get_max_connections();
        loop {
            let mut session = Session::of(&self.readers).await?;
            match session.fetch(sql.clone(), binds.clone()).await {
                Err(_) if session.state == State::Lost && tries > 0 => tries -= 1,
                done => return done,
            }
        }
    }

    /// Through a cursor: what nobody reads any more is not sent, and a slow reader keeps no statement waiting.
    fn stream(&self, sql: Sql, binds: Vec<Bind>) -> BoxStream<'_, Result<Row, StoreError>> {
        let begun = async move {
            let mut open = self.begin_on(&self.readers).await?;
            let text = match &sql {
                Sql::Fixed(text) => text,
                Sql::Made(text) => &**text,
            };
            if let Some(first) = self.over_whole_scans() {
                open.session()?.execute(first.into(), Vec::new()).await?;
            }
            let declare = format!("declare rows no scroll cursor for {text}");
            open.session()?.execute(declare.into(), binds).await?;
            Ok::<_, StoreError>(rows_of(open))
        };
        stream::once(begun).try_flatten().boxed()
    }

    fn style(&self) -> Style {
        Style::Columns
    }

    /// It would go through all cells for each, since it thinks that a new scan has hardly any.
    fn over_whole_scans(&self) -> Option<&'static str> {
        Some("set local enable_nestloop = off")
    }
}

/// The rows of a cursor; its connection is given back with the last of them.
fn rows_of(open: Open) -> impl stream::Stream<Item = Result<Row, StoreError>> {
    let parts = stream::try_unfold(Some(open), |open| async {
        let Some(mut open) = open else { return Ok(None) };
        let rows = open.session()?.fetch_next().await?;
        let rest = if rows.len() == FETCH {
            Some(open)
        } else {
            Box::new(open).commit().await?;
            None
        };
        Ok(Some((stream::iter(rows.into_iter().map(Ok)), rest)))
    });
    parts.try_flatten()
}

#[async_trait]
impl Transaction for Open {
    async fn execute(&mut self, sql: Sql, binds: Vec<Bind>) -> Result<u64, StoreError> {
        self.session()?.execute(sql, binds).await
    }

    async fn fetch(&mut self, sql: Sql, binds: Vec<Bind>) -> Result<Vec<Row>, StoreError> {
        self.session()?.fetch(sql, binds).await
    }

    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        self.session()?.say("commit", STATEMENT).await?;
        self.session = None;
        Ok(())
    }
}
