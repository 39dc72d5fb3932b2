//! How a PostgreSQL store is opened: its URL, patience with a server that starts, its tables.

use std::str::FromStr;
use std::time::Duration;

use protocol::store::StoreError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};
use tokio::time::{Instant, sleep, timeout};

use super::{PostgresDatabase, explain};
use crate::Access;
use crate::database::Sql;
use crate::migrations::{self, Age};

/// The name under which migrations know this database.
const NAME: &str = "postgres";
/// What a URL may set after its `?`.
const KNOWN: [&str; 7] =
    ["schema", "sslmode", "sslrootcert", "sslcert", "sslkey", "application_name", "options"];
/// How long a service waits for a server that is not there yet.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it waits between two tries.
const PAUSE: Duration = Duration::from_secs(1);
/// How long one try to connect may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the tables may take to be brought up to date, by this process or another.
const MIGRATE: Duration = Duration::from_secs(600);
/// How long a method waits for a connection, while others are busy or the server is away.
const ACQUIRE: Duration = Duration::from_secs(30);
/// Connections that write at the same time: answers, dispatch, people, retention.
const WRITERS: u32 = 4;
/// Connections that read at the same time.
const READERS: u32 = 6;
/// Statements that each connection keeps prepared; there are about forty, most in several sizes.
const STATEMENTS: usize = 256;

/// What holds in every connection. Statements are planned anew each time, by how large the tables are
/// now: a plan that was made when a scan began would look at every cell for each when it is large.
const ALWAYS: &str =
    "set statement_timeout = '120s'; set plan_cache_mode = force_custom_plan; set jit = off";
/// What holds in one that writes: how long a transaction may lie idle, with its rows held, before
/// the server ends it.
const WRITING: &str = "set idle_in_transaction_session_timeout = '30s'";
/// What holds in one that reads: a report may be read slowly, to its end, and is about whole scans, of
/// which the server thinks that they are small as long as it has not counted a new one's rows.
const READING: &str = "set idle_in_transaction_session_timeout = '900s'; \
    set default_transaction_read_only = on; set cursor_tuple_fraction = 1.0; \
    set enable_nestloop = off; set work_mem = '32MB'";

/// A URL that was read.
struct Target {
    options: PgConnectOptions,
    /// The schema that holds the tables; the server's choice where it is not given.
    schema: Option<String>,
    /// How it is called in messages: without a password.
    place: String,
}

/// Opens the store at `url`, which begins with `postgres://` or `postgresql://`.
pub(crate) async fn open(url: &str, access: Access) -> Result<PostgresDatabase, StoreError> {
    let target = Target::read(url)?;
    let patience = if access == Access::Run { PATIENCE } else { Duration::ZERO };
    let mut connection = target.connect(patience).await?;
    match (target.age(&mut connection).await?, access) {
        (Age::Same, _) => {}
        (Age::Empty, Access::Run) => target.migrate(connection).await?,
        (Age::Empty, Access::Control | Access::Read) => {
            let why =
                "it has no tables of orgsweep; `orgsweep migrate` with this --store makes them";
            return Err(target.unusable(why));
        }
        (Age::Older, _) => {
            let why = "an older orgsweep made its tables; `orgsweep migrate` with this --store brings them up to date";
            return Err(target.unusable(why));
        }
        (Age::Newer, _) => return Err(StoreError::Newer(target.place)),
    }
    let readers = target.pool(READERS, READING);
    let writers = match access {
        Access::Run | Access::Control => target.pool(WRITERS, WRITING),
        Access::Read => readers.clone(),
    };
    Ok(PostgresDatabase { writers, readers })
}

/// Makes the tables at `url`, or brings them up to date; two that do it at once wait for each other.
pub(crate) async fn bring_up_to_date(url: &str) -> Result<(), StoreError> {
    let target = Target::read(url)?;
    let mut connection = target.connect(PATIENCE).await?;
    match target.age(&mut connection).await? {
        Age::Same => Ok(()),
        Age::Newer => Err(StoreError::Newer(target.place)),
        Age::Empty | Age::Older => target.migrate(connection).await,
    }
}

impl Target {
    fn read(url: &str) -> Result<Self, StoreError> {
        // The URL is not repeated: it may hold a password.
        let wrong = |why: String| StoreError::Unusable {
            place: "postgres:".to_owned(),
            why: format!(
                "its URL in --store cannot be read: {why}; it is like `postgres://USER:PASSWORD@HOST:5432/DATABASE?schema=NAME`"
            ),
        };
        let (address, settings) = url.split_once('?').unwrap_or((url, ""));
        let mut schema = None;
        let mut kept = Vec::new();
        for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
            let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
            if name == "schema" {
                schema = Some(value.to_owned());
            } else if KNOWN.contains(&name) {
                kept.push(setting);
            } else {
                return Err(wrong(format!("`{name}` is none of {}", KNOWN.join(", "))));
            }
        }
        if let Some(schema) = schema.as_deref().filter(|schema| !is_plain(schema)) {
            let why = format!(
                "the schema {schema:?} is not made of a to z, 0 to 9 and _, or begins with a digit"
            );
            return Err(wrong(why));
        }
        let options = PgConnectOptions::from_str(&format!("{address}?{}", kept.join("&")));
        let options = options.map_err(|error| match error {
            sqlx::Error::Configuration(why) => wrong(why.to_string()),
            other => wrong(explain(&other)),
        })?;
        let place = place_of(&options, schema.as_deref());
        let named = options.get_application_name().is_some();
        let options = if named { options } else { options.application_name("orgsweep") };
        let options = options.statement_cache_capacity(STATEMENTS).disable_statement_logging();
        Ok(Self { options, schema, place })
    }

    /// Connects, and waits for a server that is not there yet.
    async fn connect(&self, patience: Duration) -> Result<PgConnection, StoreError> {
        let began = Instant::now();
        let mut said = false;
        loop {
            let tried = timeout(CONNECT, PgConnection::connect_with(&self.options)).await;
            let away = match tried {
                Ok(Ok(connection)) => return self.enter_schema(connection).await,
                Ok(Err(error)) => self.is_away(&error).map_err(|why| self.unusable(why))?,
                Err(_) => format!("it does not answer within {} s", CONNECT.as_secs()),
            };
            if began.elapsed() + PAUSE > patience {
                return Err(self.unusable(format!("{away}; is --store right, and does it run?")));
            }
            if !said {
                tracing::warn!(store = %self.place, why = %away, "waiting for the store, at most {} s", patience.as_secs());
                said = true;
            }
            sleep(PAUSE).await;
        }
    }

    /// Why a server is not there, if it may come; else what is to be mended.
    fn is_away(&self, error: &sqlx::Error) -> Result<String, String> {
        let database = self.options.get_database().unwrap_or(self.options.get_username());
        match error {
            sqlx::Error::Io(error) => Ok(format!("it cannot be reached: {error}")),
            sqlx::Error::Database(refusal) => match refusal.code().as_deref() {
                // Starting, stopping, crashed, full.
                Some("57P01" | "57P02" | "57P03" | "53300") => Ok(refusal.message().to_owned()),
                Some("28P01" | "28000") => {
                    Err(format!("{}: see user and password in --store", refusal.message()))
                }
                Some("3D000") => Err(format!(
                    "there is no database {database:?}: make it, or name another in --store"
                )),
                _ => Err(format!("{}: see --store", refusal.message())),
            },
            sqlx::Error::Tls(error) => {
                Err(format!("TLS failed: {error}: see sslmode and sslrootcert in --store"))
            }
            // It reads a connection that is closed at once as an answer of zero, which no server gives.
            sqlx::Error::Protocol(what) if what.contains("SSLRequest: 0x00") => {
                Ok("it hangs up".to_owned())
            }
            sqlx::Error::Protocol(_) => {
                Err("what answers there is no PostgreSQL: see host and port in --store".to_owned())
            }
            other => Err(format!("{}: see --store", explain(other))),
        }
    }

    async fn enter_schema(&self, mut connection: PgConnection) -> Result<PgConnection, StoreError> {
        if let Some(sql) = self.search_path() {
            let done = sqlx::raw_sql(Sql::from(sql).into_text()).execute(&mut connection).await;
            done.map_err(|error| self.unusable(explain(&error)))?;
        }
        Ok(connection)
    }

    fn search_path(&self) -> Option<String> {
        self.schema.as_ref().map(|schema| format!("set search_path to \"{schema}\""))
    }

    /// How old the tables are.
    async fn age(&self, connection: &mut PgConnection) -> Result<Age, StoreError> {
        const TABLE: &str =
            "select count(*) from pg_class where oid = to_regclass('_sqlx_migrations')";
        const APPLIED: &str = "select version from _sqlx_migrations where success order by version";
        let read = |error| self.unusable(explain(&error));
        let tables: i64 =
            sqlx::query_scalar(TABLE).fetch_one(&mut *connection).await.map_err(read)?;
        let applied: Vec<i64> = match tables {
            0 => Vec::new(),
            _ => sqlx::query_scalar(APPLIED).fetch_all(connection).await.map_err(read)?,
        };
        Ok(migrations::compare(NAME, &applied))
    }

    async fn migrate(&self, mut connection: PgConnection) -> Result<(), StoreError> {
        let work = async {
            self.wait_for_turn(&mut connection).await?;
            if let Some(schema) = &self.schema {
                self.make_schema(&mut connection, schema).await?;
            }
            migrations::run(&mut connection, NAME, &self.place).await
        };
        let done = timeout(MIGRATE, work).await;
        done.unwrap_or_else(|_| {
            Err(self
                .unusable(format!("its tables were not up to date within {} s", MIGRATE.as_secs())))
        })?;
        // Closing gives the turn up; a server that is gone has given it up already.
        if let Err(error) = connection.close().await {
            tracing::debug!(store = %self.place, %error, "the connection that migrated did not close");
        }
        Ok(())
    }

    async fn make_schema(
        &self,
        connection: &mut PgConnection,
        schema: &str,
    ) -> Result<(), StoreError> {
        // Asked first: `if not exists` is not for those who may not make one.
        const THERE: &str = "select count(*) from pg_namespace where nspname = $1";
        let why = |error| self.unusable(migrations::why_not(&error));
        let there: i64 = sqlx::query_scalar(THERE)
            .bind(schema)
            .fetch_one(&mut *connection)
            .await
            .map_err(why)?;
        if there == 0 {
            let sql = Sql::from(format!("create schema \"{schema}\"")).into_text();
            sqlx::raw_sql(sql).execute(connection).await.map_err(why)?;
        }
        Ok(())
    }

    /// Waits until no other process migrates these tables.
    async fn wait_for_turn(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        const TURN: &str = "select pg_try_advisory_lock(hashtextextended('orgsweep ' || coalesce($1, current_schema(), ''), 0))";
        let mut said = false;
        loop {
            let turn = sqlx::query_scalar(TURN).bind(self.schema.as_deref());
            let turn: Result<bool, sqlx::Error> = turn.fetch_one(&mut *connection).await;
            if turn.map_err(|error| self.unusable(explain(&error)))? {
                return Ok(());
            }
            if !said {
                tracing::info!(store = %self.place, "another process makes the tables; waiting for it");
                said = true;
            }
            sleep(PAUSE / 10).await;
        }
    }

    fn pool(&self, connections: u32, settings: &str) -> PgPool {
        let settings = [Some(ALWAYS.to_owned()), Some(settings.to_owned()), self.search_path()];
        let settings = settings.into_iter().flatten().collect::<Vec<_>>().join("; ");
        PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE)
            // What is lost shows when a transaction begins.
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                let settings = Sql::from(settings.clone()).into_text();
                Box::pin(
                    async move { sqlx::raw_sql(settings).execute(connection).await.map(|_| ()) },
                )
            })
            .connect_lazy_with(self.options.clone())
    }

    fn unusable(&self, why: impl Into<String>) -> StoreError {
        StoreError::Unusable { place: self.place.clone(), why: why.into() }
    }
}

/// Whether a name needs no quoting in any statement.
fn is_plain(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn place_of(options: &PgConnectOptions, schema: Option<&str>) -> String {
    let (user, port) = (options.get_username(), options.get_port());
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => options.get_host().to_owned(),
    };
    let database = options.get_database().unwrap_or(user);
    let schema = schema.map(|schema| format!("?schema={schema}")).unwrap_or_default();
    format!("postgres://{user}@{host}:{port}/{database}{schema}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> String {
        match Target::read(url) {
            Ok(target) => target.place,
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_url_is_read_and_told_without_its_password() {
        let told = place("postgres://me:se%63ret@host:5433/db?sslmode=require&schema=one_2");
        assert_eq!(told, "postgres://me@host:5433/db?schema=one_2");
        assert_eq!(place("postgresql://me@host/db"), "postgres://me@host:5432/db");
    }

    #[test]
    fn a_wrong_url_is_told_how_it_should_be_and_not_repeated() {
        for (url, told) in [
            ("postgres://me:secret@host:x/db", "invalid port number"),
            ("postgres://me:secret@host/db?sslmode=maybe", "maybe"),
            ("postgres://me:secret@host/db?pasword=secret", "`pasword` is none of schema"),
            ("postgres://me:secret@host/db?schema=Mine;drop", "begins with a digit"),
            ("postgres://me:secret@host/db?schema=", "begins with a digit"),
            ("postgres://me:secret@host/db?schema=1st", "begins with a digit"),
        ] {
            let why = place(url);
            assert!(why.contains(told) && why.contains("--store"), "{url}: {why}");
            assert!(!why.contains("secret"), "{why}");
        }
    }
}
