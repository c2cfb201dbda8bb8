//! A few connections of the store's own, each of which comes back by itself.

use std::pin::pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use futures_util::future::Either;
use futures_util::future::select;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::connection::Connection;
use crate::error::PostgresError;
use crate::target::Target;
use crate::target::Wire;
use crate::timer::Backoff;

/// The connections. When it is dropped, each of them is closed after its last answer.
#[derive(Debug)]
pub(crate) struct Connections {
    lanes: Vec<Arc<Lane>>,
    next: AtomicUsize,
    _open: watch::Sender<()>,
}

/// The place of one connection.
#[derive(Debug, Default)]
struct Lane(Mutex<Option<Arc<Connection>>>);

impl Connections {
    /// Opens the first connection, and lets the others follow.
    pub(crate) async fn open(count: usize, target: &Target) -> Result<Self, PostgresError> {
        let (client, wire) = target.connect().await?;
        let mut first = Some((Arc::new(Connection::new(client)), wire));
        let (open, closed) = watch::channel(());
        let runtime = Handle::current();
        let lanes = (0..count.max(1))
            .map(|_| {
                let lane = Arc::new(Lane::default());
                if let Some((connection, _wire)) = &first {
                    lane.set(Some(Arc::clone(connection)));
                }
                let keeper = Keeper {
                    lane: Arc::clone(&lane),
                    target: target.clone(),
                    closed: closed.clone(),
                };
                runtime.spawn(keeper.keep(first.take()));
                lane
            })
            .collect();
        Ok(Self {
            lanes,
            next: AtomicUsize::new(0),
            _open: open,
        })
    }

    pub(crate) const fn count(&self) -> usize {
        self.lanes.len()
    }

    /// Returns a connection that is up, each in turn.
    pub(crate) fn get(&self) -> Result<Arc<Connection>, PostgresError> {
        let start = self.next.fetch_add(1, Ordering::Relaxed) % self.lanes.len();
        let (before, after) = self.lanes.split_at(start);
        after
            .iter()
            .chain(before)
            .find_map(|lane| lane.get())
            .ok_or_else(PostgresError::all_down)
    }
}

impl Lane {
    fn get(&self) -> Option<Arc<Connection>> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connection.as_ref().filter(|up| up.is_up()).cloned()
    }

    fn set(&self, connection: Option<Arc<Connection>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = connection;
    }
}

/// The task behind a lane.
struct Keeper {
    lane: Arc<Lane>,
    target: Target,
    closed: watch::Receiver<()>,
}

impl Keeper {
    async fn keep(mut self, mut opened: Option<(Arc<Connection>, Wire)>) {
        let mut backoff = Backoff::reconnecting();
        while self.closed.has_changed().is_ok() {
            let (connection, wire) = match opened.take() {
                Some(opened) => opened,
                None => match self.target.connect().await {
                    Ok((client, wire)) => (Arc::new(Connection::new(client)), wire),
                    Err(error) => {
                        tracing::debug!(%error, "no connection to PostgreSQL");
                        self.pause(&mut backoff).await;
                        continue;
                    }
                },
            };
            backoff.reset();
            self.serve(connection, wire).await;
            self.lane.set(None);
            self.pause(&mut backoff).await;
        }
    }

    /// Keeps one connection until it is over or the store is gone. Operations that were begun by then
    /// have it until they are done.
    async fn serve(&mut self, connection: Arc<Connection>, wire: Wire) {
        self.lane.set(Some(Arc::clone(&connection)));
        let running = tokio::spawn(wire.run());
        let stop = running.abort_handle();
        let given_up = pin!(connection.until_given_up());
        let over = select(running, given_up);
        match select(over, pin!(self.closed.changed())).await {
            Either::Left((Either::Left(_over), _)) => {
                tracing::debug!("a connection to PostgreSQL is lost");
            }
            Either::Left((Either::Right(_given_up), _)) => {
                tracing::debug!("a connection to PostgreSQL does not answer");
                stop.abort();
            }
            Either::Right(_closed) => {}
        }
    }

    async fn pause(&mut self, backoff: &mut Backoff) {
        select(pin!(backoff.pause()), pin!(self.closed.changed())).await;
    }
}
