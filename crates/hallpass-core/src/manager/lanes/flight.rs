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

/// One write, on the way or to be repeated.
#[derive(Clone)]
pub(super) struct Attempt {
    pub(super) record: Arc<SessionRecord>,
    pub(super) expected: Revision,
    /// The leader that sent it was dropped before it heard the answer.
    pub(super) doubtful: bool,
}

/// The tickets that one write is for.
pub(super) struct Flight {
    pub(super) tickets: Vec<Arc<Ticket>>,
    pub(super) base: Arc<SessionRecord>,
    pub(super) attempt: Option<Attempt>,
}

impl Flight {
    /// Applies all tickets to the base, settles those that are done with that, and keeps the
    /// attempt for the rest. Without one there is nothing to write.
    pub(super) fn prepare(&mut self, manager: &SessionManager) {
        let mut next: Option<SessionRecord> = None;
        let mut written = Vec::new();
        for ticket in std::mem::take(&mut self.tickets) {
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
                    doubtful: false,
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
