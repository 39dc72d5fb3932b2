//! A connection that is made when it is needed, and made again when it broke.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use lapin::{Channel, Connection, ConnectionProperties, ConnectionStatus, Event};
use protocol::queue::QueueError;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::address::Address;
use super::topology::declare;
use super::trouble::{away, of_lapin};
use crate::patience::{Patience, Trouble};

/// How long one attempt to connect may take.
const CONNECT: Duration = Duration::from_secs(20);

/// How often a connection is looked at that has told nothing of its end.
const LOOK: Duration = Duration::from_secs(1);

/// The channels that a connection is for.
pub(super) trait Channels: Sized + Send + Sync + 'static {
    /// What it is for, as the broker's pages show it.
    const PURPOSE: &'static str;

    /// Opens them.
    fn open(connection: &Connection) -> impl Future<Output = lapin::Result<Self>> + Send;

    /// All of them; if one closes, the connection is made anew.
    fn all(&self) -> impl Iterator<Item = &Channel>;
}

/// A connection with its channels; everything of it ends together.
pub(super) struct Open<C> {
    /// Its channels.
    pub(super) channels: C,
    connection: Connection,
    lost: CancellationToken,
    /// Ends who watches the connection.
    _watched: DropGuard,
}

/// Who keeps one connection open.
pub(super) struct Link<C> {
    address: Arc<Address>,
    capacity: u32,
    bound: Duration,
    state: Mutex<State<C>>,
}

struct State<C> {
    open: Option<Arc<Open<C>>>,
    patience: Patience,
}

impl<C: Channels> Link<C> {
    /// A link that connects when it is first asked, with patience for `bound`.
    pub(super) fn new(address: Arc<Address>, capacity: u32, bound: Duration) -> Self {
        let state = State { open: None, patience: Patience::new(bound) };
        Self { address, capacity, bound, state: Mutex::new(state) }
    }

    /// The connection that lives, or a new one; everybody who asks meanwhile waits for the same.
    ///
    /// # Errors
    /// [`QueueError::Away`] when there was none for the bound, [`QueueError::Refused`].
    pub(super) async fn open(&self) -> Result<Arc<Open<C>>, QueueError> {
        let mut state = self.state.lock().await;
        if let Some(open) = state.open.as_ref().filter(|open| open.lives()) {
            return Ok(Arc::clone(open));
        }
        state.open = None;
        state.patience.resume();
        loop {
            let trouble = match self.connect().await {
                Ok(open) => {
                    if state.patience.is_tried() {
                        tracing::info!(server = %self.address, purpose = C::PURPOSE, "connected again");
                    }
                    state.patience.renew();
                    let open = Arc::new(open);
                    state.open = Some(Arc::clone(&open));
                    return Ok(open);
                }
                Err(trouble) => trouble,
            };
            if let (Trouble::Passing(error), false) = (&trouble, state.patience.is_tried()) {
                tracing::warn!(%error, purpose = C::PURPOSE, "waiting {:?} for {}", self.bound, self.address);
            }
            state.patience.bear(trouble).await?;
        }
    }

    async fn connect(&self) -> Result<Open<C>, Trouble> {
        let name = format!("orgsweep {}", C::PURPOSE);
        let options = ConnectionProperties::default().with_connection_name(name.into());
        let connecting = async {
            let connection = Connection::connect_uri(self.address.uri(), options).await;
            let connection = connection.map_err(|error| of_lapin(&self.address, &error))?;
            declare(&connection, &self.address, self.capacity).await?;
            let channels = C::open(&connection).await;
            let channels = channels.map_err(|error| of_lapin(&self.address, &error))?;
            Ok(Open::new(connection, channels))
        };
        match timeout(CONNECT, connecting).await {
            Ok(connected) => connected,
            Err(_elapsed) => {
                Err(away(format!("{} does not answer within {CONNECT:?}", self.address)))
            }
        }
    }
}

impl<C: Channels> Open<C> {
    fn new(connection: Connection, channels: C) -> Self {
        let lost = CancellationToken::new();
        let (events, status) = (connection.events_listener(), connection.status().clone());
        tokio::spawn(watch(events, status, lost.clone()));
        let watched = lost.clone().drop_guard();
        Self { channels, connection, lost, _watched: watched }
    }

    /// Has the next who asks connect anew, though the connection may live.
    pub(super) fn condemn(&self) {
        self.lost.cancel();
    }

    /// What is cancelled when the connection, or one of its channels, is lost.
    pub(super) fn lost(&self) -> &CancellationToken {
        &self.lost
    }

    /// Waits for what the broker answers, or for the loss of the connection: the client does not
    /// always end what it was asked while it lost it.
    pub(super) async fn answer<T>(
        &self,
        address: &Address,
        asked: impl Future<Output = lapin::Result<T>>,
    ) -> Result<T, Trouble> {
        tokio::select! {
            biased;
            answer = asked => answer.map_err(|error| of_lapin(address, &error)),
            () = self.lost.cancelled() => Err(away(format!("the connection to {address} was lost"))),
        }
    }

    fn lives(&self) -> bool {
        !self.lost.is_cancelled()
            && self.connection.status().connected()
            && self.channels.all().all(|channel| channel.status().connected())
    }
}

/// Waits until a connection is lost, and tells.
async fn watch(
    events: impl Stream<Item = Event> + Send,
    status: ConnectionStatus,
    lost: CancellationToken,
) {
    tokio::pin!(events);
    while status.connected() && !lost.is_cancelled() {
        tokio::select! {
            event = events.next() => match event {
                Some(Event::Error(_)) | None => break,
                Some(_) => {}
            },
            () = lost.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    lost.cancel();
}
