//! Commits to one session are combined within a process.
//!
//! The first commit to a handle leads: it takes all that wait, applies them to one copy of the
//! record, each on its own, and writes once. Whoever comes meanwhile waits, and one of them leads
//! next. So parallel requests of one session cost two writes instead of many that conflict, and
//! only other nodes can make a write conflict at all.
//!
//! A leader whose future is dropped hands on what it had under way: the next one repeats the same
//! write under the same write id, so that nothing is applied twice. Where an answer was lost and
//! another write came after, nobody can tell whether ours was applied; its requests are told so
//! ([`SessionError::InDoubt`]) instead of applying it again.

mod flight;
mod lane;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::Change;
use super::SessionManager;
use super::race;
use crate::error::SessionError;
use crate::random::random_bytes;
use crate::record::SessionRecord;
use crate::store::Load;
use crate::store::StoreError;
use crate::store::StoreErrorKind;
use crate::store::Write;

use self::flight::Attempt;
use self::lane::Lane;
use self::lane::LaneMap;
use self::lane::Member;

/// How often a write is tried before its requests are told to come back later.
const MAX_ATTEMPTS: u32 = 16;

/// How many store time-outs a commit waits for others before it gives up. A leader that its own
/// task does not poll must not hold up everybody else for ever.
const PATIENCE: u32 = 4;

/// The lanes of the sessions that are being written.
#[derive(Debug, Default)]
pub(crate) struct Lanes(LaneMap);

impl Lanes {
    /// Commits a change to a record, together with what others change in it meanwhile.
    ///
    /// Returns the record as it was written last. Errors leave the operations where they were.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the change was applied wholly or not at all;
    /// those of others are not affected.
    // Deliberately not an `async fn`, which would keep the change twice: the future is a part of
    // that of every response with changes.
    pub(crate) fn commit<'a>(
        &'a self,
        manager: &'a SessionManager,
        base: &Arc<SessionRecord>,
        change: Change,
    ) -> impl Future<Output = Result<Arc<SessionRecord>, SessionError>> + Send + use<'a> {
        let member = Member::enter(&self.0, base, change);
        async move {
            let patience = || {
                manager
                    .clock()
                    .sleep(manager.store_timeout().saturating_mul(PATIENCE))
            };
            match race(pin!(member.turn()), patience).await {
                Some(true) => lead(manager, &member).await,
                Some(false) => {}
                None => return Err(member.given_up()),
            }
            member.result()
        }
    }
}

/// Writes for all that wait in the lane of this member. What a leader before left under way comes
/// first; it need not be about this member.
async fn lead(manager: &SessionManager, member: &Member<'_>) {
    let baton = member.lead();
    while !member.is_settled() {
        write(manager, baton.lane()).await;
    }
}

/// Writes once for all that wait.
async fn write(manager: &SessionManager, lane: &Lane) {
    let mut attempts = 0;
    while let Some(attempt) = lane.next_attempt(manager) {
        attempts += 1;
        let Attempt { record, expected } = attempt;
        match manager.store_update(&record, expected).await {
            Ok(updated) => match updated.answer {
                Write::Applied => return lane.applied(record),
                Write::Gone => return lane.refuse(|| SessionError::Ended),
                Write::Conflict => {
                    lane.conflicted(updated.repeated);
                    if !reload(manager, lane, &record, attempts).await {
                        return;
                    }
                }
            },
            Err(error) => return lane.refuse(|| SessionError::of_write(error.clone())),
        }
    }
}

/// Loads what won against an attempt. Returns whether to try again.
async fn reload(
    manager: &SessionManager,
    lane: &Lane,
    lost: &Arc<SessionRecord>,
    attempts: u32,
) -> bool {
    if attempts >= MAX_ATTEMPTS {
        lane.refuse(|| SessionError::Contended);
        return false;
    }
    if attempts > 2 {
        // Nodes that conflict again and again step out of each other's way.
        let jitter = random_bytes(manager.random()).map_or(0, |[byte]| byte);
        let millis = u64::from(jitter) * u64::from(attempts) / 64;
        manager.clock().sleep(Duration::from_millis(millis)).await;
    }
    match manager.store_load(lost.handle()).await {
        Ok(Load::Live(fresh)) if fresh.write_id() == lost.write_id() => {
            lane.applied(fresh);
            false
        }
        // Where our write may have been applied and then overwritten, to apply it again could
        // count something twice, and to say that it was applied could lose it.
        Ok(Load::Live(_)) if lane.is_doubtful() => {
            lane.refuse(|| SessionError::Contended);
            false
        }
        Ok(Load::Live(fresh)) => {
            lane.rebase(fresh);
            true
        }
        Ok(Load::Ended(_) | Load::Missing) => {
            lane.refuse(|| SessionError::Ended);
            false
        }
        Err(error) => {
            lane.refuse(|| SessionError::Unavailable(error.clone()));
            false
        }
    }
}

/// Returns what to tell instead of `error`, where what failed may have been applied before.
fn in_doubt(error: SessionError) -> SessionError {
    match error {
        SessionError::InDoubt(cause) | SessionError::Unavailable(cause) => {
            SessionError::InDoubt(cause)
        }
        // Whatever it was, it is over with the session.
        SessionError::Ended => SessionError::Ended,
        _ => SessionError::InDoubt(StoreError::new(StoreErrorKind::Unavailable, AnswerLost)),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the answer to a write was lost, and it could not be repeated")]
struct AnswerLost;

/// The commit waited too long for others of the same session.
fn stuck() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, Stuck)
}

#[derive(Debug, thiserror::Error)]
#[error("a commit of the same session does not come to an end")]
struct Stuck;
