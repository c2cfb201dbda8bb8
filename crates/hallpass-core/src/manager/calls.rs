//! The calls of the store: bounded in time, reported when they fail, repeated where that is safe.

use std::future::Future;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;

use super::SessionManager;
use super::circuit::Permit;
use super::circuit::Turn;
use super::waiting::race;
use crate::end::EndReason;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::StoreOperation;
use crate::random::random_bytes;
use crate::record::Revision;
use crate::record::SessionRecord;
use crate::record::Tombstone;
use crate::store::Bind;
use crate::store::Bound;
use crate::store::Create;
use crate::store::End;
use crate::store::EndOutcome;
use crate::store::Ending;
use crate::store::EpochScope;
use crate::store::Epochs;
use crate::store::Load;
use crate::store::RevocationFeed;
use crate::store::SessionStore;
use crate::store::StoreError;
use crate::store::StoreErrorKind;
use crate::store::SubjectIndex;
use crate::store::Sweep;
use crate::store::Swept;
use crate::store::Touch;
use crate::store::Touched;
use crate::store::Write;
use crate::subject::Subject;
use crate::token::SessionHandle;

/// The answer to an update, and whether it had to be asked twice.
pub(super) struct Updated {
    pub(super) answer: Write,
    /// The first answer was lost, so that a conflict may be with our own write.
    pub(super) repeated: bool,
}

impl SessionManager {
    pub(crate) async fn store_load(&self, handle: SessionHandle) -> Result<Load, StoreError> {
        let call = pin!(self.0.store.load(handle, self.now()));
        self.called(StoreOperation::Load, call).await
    }

    pub(crate) async fn store_create(&self, record: &SessionRecord) -> Result<Create, StoreError> {
        let call = || self.0.store.create(record, self.now());
        match self.called(StoreOperation::Create, pin!(call())).await {
            Err(error) if error.may_be_repeated() => {
                // A name that nobody else can have drawn: occupied means created before.
                match self.called(StoreOperation::Create, pin!(call())).await {
                    Ok(Create::Created | Create::Occupied) => Ok(Create::Created),
                    Err(error) => Err(after_a_lost_answer(error)),
                }
            }
            answer => answer,
        }
    }

    pub(super) async fn store_update(
        &self,
        record: &SessionRecord,
        expected: Revision,
    ) -> Result<Updated, StoreError> {
        let call = || self.0.store.update(record, expected, self.now());
        match self.called(StoreOperation::Update, pin!(call())).await {
            Err(error) if error.may_be_repeated() => self
                .called(StoreOperation::Update, pin!(call()))
                .await
                .map(|answer| Updated {
                    answer,
                    repeated: true,
                })
                .map_err(after_a_lost_answer),
            answer => answer.map(|answer| Updated {
                answer,
                repeated: false,
            }),
        }
    }

    pub(crate) async fn store_touch(&self, touch: &Touch) -> Result<Touched, StoreError> {
        let call = pin!(self.0.store.touch(touch, self.now()));
        self.called(StoreOperation::Touch, call).await
    }

    pub(crate) async fn store_bind(&self, bind: &Bind) -> Result<Bound, StoreError> {
        let call = || self.0.store.bind(bind, self.now());
        match self.called(StoreOperation::Bind, pin!(call())).await {
            Err(error) if error.may_be_repeated() => self
                .called(StoreOperation::Bind, pin!(call()))
                .await
                .map_err(after_a_lost_answer),
            answer => answer,
        }
    }

    pub(crate) async fn store_list(
        &self,
        subject: &Subject,
    ) -> Result<Vec<Arc<SessionRecord>>, StoreError> {
        let call = pin!(self.0.store.list(subject, self.now()));
        self.called(StoreOperation::List, call).await
    }

    pub(super) async fn store_end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
    ) -> Result<Vec<Tombstone>, StoreError> {
        let store = &self.0.store;
        let call = pin!(store.end_subject(subject, except, reason, self.now()));
        self.called(StoreOperation::EndSubject, call).await
    }

    pub(super) async fn store_advance(
        &self,
        scope: &EpochScope,
        reason: &EndReason,
    ) -> Result<(), StoreError> {
        let call = pin!(self.0.store.advance(scope, reason, self.now()));
        self.called(StoreOperation::Advance, call).await
    }

    pub(super) async fn store_sweep(&self, max: usize) -> Result<Swept, StoreError> {
        let call = pin!(self.0.store.sweep(max, self.now()));
        self.called(StoreOperation::Sweep, call).await
    }

    pub(super) async fn store_end(&self, end: &End) -> Result<EndOutcome, StoreError> {
        let call = || self.0.store.end(end, self.now());
        match self.called(StoreOperation::End, pin!(call())).await {
            Err(error) if error.may_be_repeated() => {
                match self.called(StoreOperation::End, pin!(call())).await {
                    // It was the first call that ended it, and nobody has told so yet.
                    Ok(EndOutcome::Already(tombstone)) if tombstone.is_of(end) => {
                        Ok(EndOutcome::Ended(tombstone))
                    }
                    answer => answer.map_err(after_a_lost_answer),
                }
            }
            answer => answer,
        }
    }

    /// Tells every node of an ending, where the store has a feed. The ending itself is done: that
    /// nobody hears of it is reported, and no reason to fail.
    pub(crate) async fn publish(&self, ending: &Ending) {
        if self.0.store.has_feed() {
            let call = pin!(self.0.store.publish(ending));
            let _reported = self.called(StoreOperation::Publish, call).await;
        }
    }

    async fn called<T>(
        &self,
        operation: StoreOperation,
        call: Pin<&mut (impl Future<Output = Result<T, StoreError>> + Send)>,
    ) -> Result<T, StoreError> {
        let circuit = &self.0.circuit;
        let count = || self.clock().count();
        let permit = circuit.permit(count);
        if let Permit::Rest = permit {
            return Err(StoreError::resting());
        }
        let began = self.0.time_store_calls.then(count);
        let limit = || self.clock().sleep(self.0.store_timeout);
        // A store that hangs is not asked again by the same request.
        let answer = race(call, limit)
            .await
            .unwrap_or_else(|| Err(StoreError::timed_out()));
        let error = answer.as_ref().err().map(StoreError::kind);
        if let Some(began) = began {
            let took = count().saturating_sub(began);
            self.tell_of_store(EventKind::StoreCalled {
                operation,
                error,
                took,
            });
        }
        if let Some(error) = error {
            self.tell_of_store(EventKind::StoreFailed { operation, error });
        }
        let turn = if error == Some(StoreErrorKind::Unavailable) {
            circuit.unanswered(&permit, count, || self.jitter())
        } else {
            circuit.answered()
        };
        match turn {
            Some(Turn::Away) => self.tell_of_store(EventKind::StoreAway),
            Some(Turn::Back) => self.tell_of_store(EventKind::StoreBack),
            None => {}
        }
        answer
    }

    fn tell_of_store(&self, kind: EventKind) {
        self.emit(&Event::new(self.now(), kind));
    }

    /// Returns a number that spreads what several nodes do at the same time.
    pub(super) fn jitter(&self) -> u8 {
        random_bytes(self.random()).map_or(0, |[byte]| byte)
    }
}

/// Whatever a store says to the repetition of a write whose answer was lost: nobody knows whether
/// the write was applied, so it must not pass for refused.
fn after_a_lost_answer(error: StoreError) -> StoreError {
    if error.leaves_in_doubt() {
        error
    } else {
        StoreError::new(StoreErrorKind::Unavailable, error)
    }
}
