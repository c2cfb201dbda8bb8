//! What a leader has under way.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;

use super::lane::Ticket;
use crate::error::SessionError;
use crate::manager::SessionManager;
use crate::record::Revision;
use crate::record::SessionRecord;

/// How many commits one write is for, at the most.
const MAX_TICKETS: usize = 64;

/// One write, on the way or to be repeated.
#[derive(Clone)]
pub(super) struct Attempt {
    pub(super) record: Arc<SessionRecord>,
    pub(super) expected: Revision,
}

/// The tickets that one write is for.
pub(super) struct Flight {
    pub(super) tickets: Vec<Arc<Ticket>>,
    pub(super) base: Arc<SessionRecord>,
    pub(super) attempt: Option<Attempt>,
    /// The answer to an attempt was lost, so that it may have been applied.
    pub(super) doubtful: bool,
}

impl Flight {
    /// Takes what waits. A raise flies alone: the tickets of a flight are told of one record, and
    /// those before a raise must not be told of the one after it.
    pub(super) fn board(queue: &mut Vec<Arc<Ticket>>, base: &Arc<SessionRecord>) -> Self {
        let raise = queue.iter().position(|ticket| ticket.change.is_raise());
        let count = match raise {
            Some(0) => 1,
            Some(place) => place.min(MAX_TICKETS),
            None => queue.len().min(MAX_TICKETS),
        };
        Self {
            tickets: queue.drain(..count).collect(),
            base: Arc::clone(base),
            attempt: None,
            doubtful: false,
        }
    }

    /// Applies all tickets to the base, settles those that are done with that, and keeps the
    /// attempt for the rest. Without one there is nothing to write.
    pub(super) fn prepare(&mut self, manager: &SessionManager) {
        let mut next: Option<SessionRecord> = None;
        let mut written = Vec::new();
        for ticket in std::mem::take(&mut self.tickets) {
            if ticket.is_abandoned() {
                continue;
            }
            let mut candidate = next.as_ref().unwrap_or(&self.base).clone();
            match applied(&ticket, &mut candidate, manager) {
                Ok(Ok(true)) => {
                    next = Some(candidate);
                    written.push(ticket);
                }
                // Nothing of its own to write; what it found is what those before it wrote.
                Ok(Ok(false)) if next.is_some() => written.push(ticket),
                Ok(Ok(false)) => ticket.settle(Ok(Arc::clone(&self.base))),
                Ok(Err(error)) => ticket.settle(Err(error)),
                Err(panic) => ticket.settle_with_panic(panic),
            }
        }
        self.tickets = written;
        let Some(mut record) = next else { return };
        match manager.write_id() {
            Ok(write_id) => {
                record.write_id = write_id;
                record.revision = self.base.revision.next();
                let expected = self.base.revision;
                self.attempt = Some(Attempt {
                    record: Arc::new(record),
                    expected,
                });
            }
            Err(error) => self.settle_all(|| Err(SessionError::Random(error))),
        }
    }

    pub(super) fn settle_all(
        &mut self,
        result: impl Fn() -> Result<Arc<SessionRecord>, SessionError>,
    ) {
        for ticket in self.tickets.drain(..) {
            ticket.settle(result());
        }
    }
}

/// A closure of the application that panics must take its own request down, not the leader's.
fn applied(
    ticket: &Ticket,
    candidate: &mut SessionRecord,
    manager: &SessionManager,
) -> Result<Result<bool, SessionError>, Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(|| {
        ticket.change.apply(
            candidate,
            manager.random(),
            manager.payload_limit(),
            manager.now(),
        )
    }))
}
