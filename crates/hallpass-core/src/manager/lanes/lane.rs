//! The queue of commits to one session.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::Mutex;
use std::task::Poll;
use std::task::Waker;

use super::flight::Attempt;
use super::flight::Flight;
use super::in_doubt;
use super::stuck;
use crate::error::SessionError;
use crate::manager::Change;
use crate::manager::SessionManager;
use crate::manager::lock;
use crate::record::SessionRecord;
use crate::token::SessionHandle;

/// The lanes, each with the number of its members. No other lock is taken under this one.
#[derive(Default)]
pub(super) struct LaneMap(Mutex<HashMap<SessionHandle, (usize, Arc<Lane>)>>);

/// The commits to one session that are waiting or under way.
///
/// The slot of a ticket is locked under the state of its lane, never the other way round, and
/// nothing of the application runs under either.
pub(super) struct Lane(Mutex<LaneState>);

struct LaneState {
    has_leader: bool,
    queue: Vec<Arc<Ticket>>,
    flight: Option<Flight>,
    /// The latest record that anybody here has seen. A hint: the store decides.
    latest: Arc<SessionRecord>,
}

/// One commit.
pub(super) struct Ticket {
    pub(super) change: Change,
    slot: Mutex<Slot>,
}

/// Where a ticket stands.
enum Slot {
    /// Its owner was dropped.
    Abandoned,
    /// Its owner is to lead next.
    Appointed,
    /// Its owner leads.
    Leading,
    Panicked(Box<dyn Any + Send>),
    Settled(Result<Arc<SessionRecord>, SessionError>),
    Waiting(Option<Waker>),
}

impl Ticket {
    pub(super) fn settle(&self, result: Result<Arc<SessionRecord>, SessionError>) {
        self.finish(Slot::Settled(result));
    }

    pub(super) fn settle_with_panic(&self, panic: Box<dyn Any + Send>) {
        self.finish(Slot::Panicked(panic));
    }

    fn finish(&self, end: Slot) {
        let mut slot = lock(&self.slot);
        if !matches!(*slot, Slot::Abandoned)
            && let Slot::Waiting(Some(waker)) = std::mem::replace(&mut *slot, end)
        {
            waker.wake();
        }
    }

    /// Appoints the owner to lead, if it is still waiting.
    fn appoint(&self) -> bool {
        let mut slot = lock(&self.slot);
        if !matches!(*slot, Slot::Waiting(_)) {
            return false;
        }
        if let Slot::Waiting(Some(waker)) = std::mem::replace(&mut *slot, Slot::Appointed) {
            waker.wake();
        }
        true
    }

    pub(super) fn is_abandoned(&self) -> bool {
        matches!(*lock(&self.slot), Slot::Abandoned)
    }
}

impl Lane {
    fn new(base: &Arc<SessionRecord>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(LaneState {
            has_leader: false,
            queue: Vec::new(),
            flight: None,
            latest: Arc::clone(base),
        })))
    }

    /// Returns the next write; `None` once every ticket that was taken is settled.
    pub(super) fn next_attempt(&self, manager: &SessionManager) -> Option<Attempt> {
        let mut flight = {
            let mut state = lock(&self.0);
            let state = &mut *state;
            let taken = state.flight.take();
            taken.unwrap_or_else(|| Flight::board(&mut state.queue, &state.latest))
        };
        if flight.attempt.is_none() {
            flight.prepare(manager);
        }
        let attempt = flight.attempt.clone();
        if attempt.is_some() {
            lock(&self.0).flight = Some(flight);
        }
        attempt
    }

    /// The attempt was applied.
    pub(super) fn applied(&self, record: Arc<SessionRecord>) {
        let mut state = lock(&self.0);
        if let Some(mut flight) = state.flight.take() {
            flight.settle_all(|| Ok(Arc::clone(&record)));
        }
        state.latest = record;
    }

    /// The attempt met another revision. `lost_answer` says that an answer to it was lost before.
    pub(super) fn conflicted(&self, lost_answer: bool) {
        if let Some(flight) = &mut lock(&self.0).flight {
            flight.attempt = None;
            flight.doubtful |= lost_answer;
        }
    }

    /// Returns whether what is under way may have been applied, although nobody was told.
    pub(super) fn is_doubtful(&self) -> bool {
        lock(&self.0)
            .flight
            .as_ref()
            .is_some_and(|flight| flight.doubtful)
    }

    /// The tickets are to be applied to this record.
    pub(super) fn rebase(&self, fresh: Arc<SessionRecord>) {
        let mut state = lock(&self.0);
        if let Some(flight) = &mut state.flight {
            flight.base = Arc::clone(&fresh);
        }
        state.latest = fresh;
    }

    /// None of the tickets was applied, as far as this attempt goes. Where the answer to one before
    /// it was lost, nobody knows, and they are told so.
    pub(super) fn refuse(&self, error: impl Fn() -> SessionError) {
        if let Some(mut flight) = lock(&self.0).flight.take() {
            let doubtful = flight.doubtful;
            flight.settle_all(|| Err(if doubtful { in_doubt(error()) } else { error() }));
        }
    }

    /// Appoints whoever waits longest. Called when nobody leads.
    fn hand_on(state: &mut LaneState) {
        if let Some(flight) = &mut state.flight {
            flight.doubtful |= flight.attempt.is_some();
        }
        let under_way = state.flight.iter().flat_map(|flight| &flight.tickets);
        state.has_leader = under_way.chain(&state.queue).any(|ticket| ticket.appoint());
        if !state.has_leader {
            state.flight = None;
        }
    }
}

/// The owner of a ticket, entered in a lane until it is dropped.
pub(super) struct Member<'a> {
    lanes: &'a LaneMap,
    handle: SessionHandle,
    lane: Arc<Lane>,
    ticket: Arc<Ticket>,
}

impl<'a> Member<'a> {
    pub(super) fn enter(lanes: &'a LaneMap, base: &Arc<SessionRecord>, change: Change) -> Self {
        let ticket = Arc::new(Ticket {
            change,
            slot: Mutex::new(Slot::Waiting(None)),
        });
        let handle = base.handle();
        let lane = {
            let mut lanes = lock(&lanes.0);
            let (members, lane) = lanes.entry(handle).or_insert_with(|| (0, Lane::new(base)));
            *members += 1;
            Arc::clone(lane)
        };
        {
            let mut state = lock(&lane.0);
            if state.latest.revision() < base.revision() {
                state.latest = Arc::clone(base);
            }
            state.queue.push(Arc::clone(&ticket));
            if !state.has_leader {
                state.has_leader = ticket.appoint();
            }
        }
        Self {
            lanes,
            handle,
            lane,
            ticket,
        }
    }

    /// Waits until the ticket is settled (`false`) or its owner has to lead (`true`).
    pub(super) async fn turn(&self) -> bool {
        poll_fn(|context| {
            let mut slot = lock(&self.ticket.slot);
            match &mut *slot {
                Slot::Appointed => Poll::Ready(true),
                Slot::Waiting(waker) => {
                    *waker = Some(context.waker().clone());
                    Poll::Pending
                }
                Slot::Abandoned | Slot::Leading | Slot::Panicked(_) | Slot::Settled(_) => {
                    Poll::Ready(false)
                }
            }
        })
        .await
    }

    /// Begins to lead. The lane is handed on when the baton is dropped.
    pub(super) fn lead(&self) -> Baton<'_> {
        *lock(&self.ticket.slot) = Slot::Leading;
        Baton(&self.lane)
    }

    /// Returns whether something became of the ticket.
    pub(super) fn is_settled(&self) -> bool {
        !matches!(*lock(&self.ticket.slot), Slot::Leading)
    }

    /// Returns what to tell who waited too long: nothing was applied if nobody took the ticket.
    pub(super) fn given_up(&self) -> SessionError {
        let state = lock(&self.lane.0);
        if state
            .queue
            .iter()
            .any(|ticket| Arc::ptr_eq(ticket, &self.ticket))
        {
            SessionError::Contended
        } else {
            SessionError::InDoubt(stuck())
        }
    }

    /// Returns what became of the ticket.
    pub(super) fn result(&self) -> Result<Arc<SessionRecord>, SessionError> {
        match std::mem::replace(&mut *lock(&self.ticket.slot), Slot::Abandoned) {
            Slot::Settled(result) => result,
            Slot::Panicked(panic) => resume_unwind(panic),
            // A leader settles every ticket that it takes, its own among them.
            Slot::Abandoned | Slot::Appointed | Slot::Leading | Slot::Waiting(_) => {
                Err(SessionError::Contended)
            }
        }
    }
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        {
            let mut state = lock(&self.lane.0);
            let before = std::mem::replace(&mut *lock(&self.ticket.slot), Slot::Abandoned);
            state
                .queue
                .retain(|ticket| !Arc::ptr_eq(ticket, &self.ticket));
            if matches!(before, Slot::Appointed) {
                Lane::hand_on(&mut state);
            }
        }
        let mut lanes = lock(&self.lanes.0);
        if let Some((members, _lane)) = lanes.get_mut(&self.handle) {
            *members -= 1;
            if *members == 0 {
                lanes.remove(&self.handle);
            }
        }
    }
}

/// The right to lead a lane.
pub(super) struct Baton<'a>(&'a Arc<Lane>);

impl Baton<'_> {
    pub(super) fn lane(&self) -> &Lane {
        self.0
    }
}

impl Drop for Baton<'_> {
    fn drop(&mut self) {
        Lane::hand_on(&mut lock(&self.0.0));
    }
}

impl fmt::Debug for LaneMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LaneMap({} sessions)", lock(&self.0).len())
    }
}
