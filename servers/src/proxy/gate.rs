//! What all connections of a proxy pass, piece by piece.

use std::collections::BTreeMap;
use std::net::Shutdown;
use std::net::TcpStream;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Direction {
    ToClient,
    ToServer,
}

/// What may be done with a piece.
#[derive(Debug)]
pub(super) enum Pass {
    All,
    /// The connection is closed.
    Closed,
    /// So many bytes may go; then these sockets are shut. They belong to no connection any more, so
    /// nothing else passes.
    Cut {
        allowed: usize,
        doomed: Vec<TcpStream>,
    },
}

#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The sockets of each open connection.
    connections: BTreeMap<u64, Vec<TcpStream>>,
    next: u64,
    is_hanging: bool,
    is_refusing: bool,
    delay: Duration,
    to_client: Lane,
    to_server: Lane,
}

#[derive(Debug, Default)]
struct Lane {
    /// Counted before they go, so that whoever sees what they caused finds them counted.
    forwarded: u64,
    /// How many bytes may still go before all connections are cut.
    left: Option<u64>,
}

impl Gate {
    /// Adds a connection with its first socket.
    pub(super) fn open(&self, socket: TcpStream) -> u64 {
        let mut state = self.lock();
        let id = state.next;
        state.next += 1;
        state.connections.insert(id, vec![socket]);
        id
    }

    /// Adds the second socket, unless the connection was cut meanwhile.
    pub(super) fn add(&self, id: u64, socket: TcpStream) -> bool {
        let mut state = self.lock();
        let sockets = state.connections.get_mut(&id);
        sockets.map(|sockets| sockets.push(socket)).is_some()
    }

    pub(super) fn close(&self, id: u64) {
        let sockets = self.lock().connections.remove(&id);
        self.changed.notify_all();
        shut(&sockets.unwrap_or_default());
    }

    pub(super) fn cut(&self) {
        let doomed = self.lock().take_connections();
        self.changed.notify_all();
        shut(&doomed);
    }

    pub(super) fn cut_after(&self, direction: Direction, count: u64) {
        self.lock().lane(direction).left = Some(count);
    }

    pub(super) fn hang(&self) {
        self.lock().is_hanging = true;
    }

    pub(super) fn delay(&self, time: Duration) {
        self.lock().delay = time;
    }

    pub(super) fn set_refusing(&self, is_refusing: bool) {
        self.lock().is_refusing = is_refusing;
    }

    pub(super) fn heal(&self) {
        let mut state = self.lock();
        state.is_hanging = false;
        state.delay = Duration::ZERO;
        state.to_client.left = None;
        state.to_server.left = None;
        drop(state);
        self.changed.notify_all();
    }

    /// Asks whether a piece may go, and waits for as long as it may not. The end of a stream is a
    /// piece of no bytes.
    pub(super) fn pass(&self, direction: Direction, id: u64, length: usize) -> Pass {
        let state = self.lock();
        let delay = state.delay;
        let is_delayed =
            |state: &mut State| state.connections.contains_key(&id) && state.delay > Duration::ZERO;
        let (state, _) = self
            .changed
            .wait_timeout_while(state, delay, is_delayed)
            .unwrap_or_else(PoisonError::into_inner);
        let mut state = self
            .changed
            .wait_while(state, |state| {
                state.connections.contains_key(&id) && state.is_hanging
            })
            .unwrap_or_else(PoisonError::into_inner);

        if !state.connections.contains_key(&id) {
            return Pass::Closed;
        }
        let lane = state.lane(direction);
        let Some(left) = lane.left.filter(|_| length > 0) else {
            lane.forwarded += length as u64;
            return Pass::All;
        };
        match left.checked_sub(length as u64) {
            Some(left) if left > 0 => {
                lane.left = Some(left);
                lane.forwarded += length as u64;
                Pass::All
            }
            _ => {
                lane.left = None;
                lane.forwarded += left;
                let doomed = state.take_connections();
                drop(state);
                self.changed.notify_all();
                Pass::Cut {
                    allowed: usize::try_from(left).map_or(length, |left| left.min(length)),
                    doomed,
                }
            }
        }
    }

    pub(super) fn forwarded(&self, direction: Direction) -> u64 {
        self.lock().lane(direction).forwarded
    }

    pub(super) fn connections(&self) -> usize {
        self.lock().connections.len()
    }

    pub(super) fn is_refusing(&self) -> bool {
        self.lock().is_refusing
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_connections(&mut self) -> Vec<TcpStream> {
        let connections = std::mem::take(&mut self.connections);
        connections.into_values().flatten().collect()
    }

    fn lane(&mut self, direction: Direction) -> &mut Lane {
        match direction {
            Direction::ToClient => &mut self.to_client,
            Direction::ToServer => &mut self.to_server,
        }
    }
}

pub(super) fn shut(sockets: &[TcpStream]) {
    for socket in sockets {
        // One that is closed already is what is wanted.
        let _ = socket.shutdown(Shutdown::Both);
    }
}
