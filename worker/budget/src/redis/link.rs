//! The one connection to Redis that all share: made in bounded time, restored in the background.

use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use std::{fmt, io};

use protocol::budget::BudgetError;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind,
};
use tokio::time::{Instant, sleep};

use super::address::Address;

/// A command without an answer after this time has failed, and its connection with it.
const ANSWER: Duration = Duration::from_secs(5);
/// An attempt to connect without success after this time has failed.
const CONNECT: Duration = Duration::from_secs(5);
/// The wait before the first attempt to connect again; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// No wait between attempts is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Commands that wait to be written.
const WAITING: usize = 1024;

/// The connection, or why there is none at present. While there is none, commands fail at once.
pub(super) struct Link(Arc<Shared>);

/// Why a command has no answer.
pub(super) enum Refused {
    /// The server does not know the script of that digest.
    UnknownScript,
    /// Anything else.
    Failed(BudgetError),
}

struct Shared {
    client: Client,
    address: Address,
    state: Mutex<State>,
}

enum State {
    Up { connection: MultiplexedConnection, number: u64 },
    Away { why: String },
}

impl Link {
    /// Connects; waits for a server that is not there yet for `patience`.
    ///
    /// # Errors
    /// [`BudgetError`] when nothing answers for so long, or what answers is not a Redis that lets us in.
    pub(super) async fn open(address: Address, patience: Duration) -> Result<Self, BudgetError> {
        let failed = |error: &RedisError| told(&address, &reason(error));
        let client = Client::open(address.server.clone()).map_err(|error| failed(&error))?;
        let start = Instant::now();
        let mut pause = FIRST_PAUSE;
        let connection = loop {
            let error = match connect(&client).await {
                Ok(connection) => break connection,
                Err(error) => error,
            };
            if is_final(&error) {
                return Err(failed(&error));
            }
            let why = silence(&error);
            if start.elapsed() + pause >= patience {
                let seconds = patience.as_secs();
                return Err(told(&address, &format!("no Redis answered in {seconds} s: {why}")));
            }
            if pause == FIRST_PAUSE {
                tracing::warn!(server = %address, why, "waiting for the Redis that --budgets names");
            }
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        };
        let state = Mutex::new(State::Up { connection, number: 0 });
        Ok(Self(Arc::new(Shared { client, address, state })))
    }

    /// Sends a command and waits for its answer, at most [`ANSWER`].
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Refused> {
        let (mut connection, number) = match &*self.0.state() {
            State::Up { connection, number } => (connection.clone(), *number),
            State::Away { why } => return Err(Refused::Failed(told(&self.0.address, why))),
        };
        let error = match command.query_async(&mut connection).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) {
            return Err(Refused::UnknownScript);
        }
        let why = reason(&error);
        if breaks(&error) {
            self.lost(number, &why);
        }
        Err(Refused::Failed(told(&self.0.address, &why)))
    }

    /// Puts the connection of that number away and restores it in the background.
    fn lost(&self, number: u64, why: &str) {
        let mut state = self.0.state();
        // Several commands fail with one connection; the first of them tells.
        if !matches!(&*state, State::Up { number: present, .. } if *present == number) {
            return;
        }
        *state = State::Away { why: why.to_owned() };
        tracing::warn!(server = %self.0.address, why, "the budgets are away: no new calls until they are back");
        tokio::spawn(restore(Arc::downgrade(&self.0), number + 1));
    }

    /// An error that names the server.
    pub(super) fn error(&self, why: &str) -> BudgetError {
        told(&self.0.address, why)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Link").field(&self.0.address).finish()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tries to connect until that succeeds or nobody holds the link any more.
async fn restore(link: Weak<Shared>, number: u64) {
    let start = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
        let Some(link) = link.upgrade() else { return };
        match connect(&link.client).await {
            Ok(connection) => {
                *link.state() = State::Up { connection, number };
                tracing::info!(server = %link.address, after = ?start.elapsed(), "the budgets are back");
                return;
            }
            Err(error) => *link.state() = State::Away { why: reason(&error) },
        }
    }
}

/// One attempt; what connects also answers.
async fn connect(client: &Client) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(ANSWER))
        .set_pipeline_buffer_size(WAITING);
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
    let () = redis::cmd("PING").query_async(&mut connection).await?;
    Ok(connection)
}

fn told(address: &Address, why: &str) -> BudgetError {
    BudgetError(format!("--budgets {address}: {why}"))
}

/// Whether waiting helps nothing: somebody must change a setting.
fn is_final(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Io => is_tls(error),
        ErrorKind::Server(kind) => !matches!(
            kind,
            ServerErrorKind::BusyLoading | ServerErrorKind::MasterDown | ServerErrorKind::TryAgain
        ),
        _ => true,
    }
}

/// Whether a new connection is needed, and not only another try.
fn breaks(error: &RedisError) -> bool {
    // A server that became a replica: the name may lead to the new primary by now.
    let demoted = ErrorKind::Server(ServerErrorKind::ReadOnly);
    error.is_unrecoverable_error() || error.is_timeout() || error.kind() == demoted
}

/// What is wrong and what helps, in words that never have a password.
fn reason(error: &RedisError) -> String {
    let detail = error.detail().unwrap_or_default();
    match (error.kind(), error.code()) {
        (ErrorKind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS")) => {
            "Redis refuses its user or password".to_owned()
        }
        (ErrorKind::Server(ServerErrorKind::NoPerm), _) => {
            format!("the user lacks a permission of Redis: {detail}")
        }
        (ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask), _) => {
            "the keys are spread over a Redis Cluster; name a Redis that has them all".to_owned()
        }
        (ErrorKind::Parse, _) => {
            "what answers there is not a Redis, or expects TLS (rediss://)".to_owned()
        }
        _ if is_tls(error) => format!("TLS cannot be agreed on: {error}"),
        _ => error.to_string(),
    }
}

/// Why nothing answers at first, and what may be wrong where somebody listens.
fn silence(error: &RedisError) -> String {
    let hangs_up = error.is_connection_dropped() && !error.is_connection_refusal();
    let doubt = if hangs_up || error.is_timeout() {
        ", though somebody listens there; is it a Redis, and redis:// or rediss:// right?"
    } else {
        ""
    };
    format!("{}{doubt}", reason(error))
}

/// Whether the two sides do not agree on TLS: no certificate that is trusted, or no TLS at all.
fn is_tls(error: &RedisError) -> bool {
    // What redis tells as the source is an error behind a shared pointer.
    let shared: Option<&Arc<dyn Error + Send + Sync>> =
        error.source().and_then(<dyn Error>::downcast_ref);
    let io = shared.and_then(|shared| shared.downcast_ref::<io::Error>());
    io.is_some_and(|io| io.kind() == io::ErrorKind::InvalidData)
}
