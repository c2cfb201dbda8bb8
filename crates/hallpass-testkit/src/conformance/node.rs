//! A store as one node sees it: answers without errors, and what tests look for in it.

use std::sync::Arc;

use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::Create;
use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::Load;
use hallpass_core::Revision;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::StoreOperation;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Swept;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use hallpass_core::Touch;
use hallpass_core::Touched;
use hallpass_core::Write;

/// A store as one node sees it. Each call panics where the store answers an error: the suite
/// never asks for anything that a healthy store refuses.
#[derive(Debug)]
pub(super) struct Node<S>(Arc<S>);

impl<S> Node<S> {
    pub(super) const fn new(store: Arc<S>) -> Self {
        Self(store)
    }

    pub(super) fn store(&self) -> &S {
        &self.0
    }
}

impl<S> Clone for Node<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: SessionStore> Node<S> {
    pub(super) async fn create(&self, record: &SessionRecord, now: Timestamp) -> Create {
        answered(StoreOperation::Create, self.0.create(record, now).await)
    }

    pub(super) async fn load(&self, handle: SessionHandle, now: Timestamp) -> Load {
        answered(StoreOperation::Load, self.0.load(handle, now).await)
    }

    pub(super) async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Write {
        answered(
            StoreOperation::Update,
            self.0.update(record, expected, now).await,
        )
    }

    pub(super) async fn touch(&self, touch: &Touch, now: Timestamp) -> Touched {
        answered(StoreOperation::Touch, self.0.touch(touch, now).await)
    }

    pub(super) async fn end(&self, end: &End, now: Timestamp) -> EndOutcome {
        answered(StoreOperation::End, self.0.end(end, now).await)
    }

    /// Returns the live record with this name.
    pub(super) async fn live(
        &self,
        handle: SessionHandle,
        now: Timestamp,
        clause: &str,
    ) -> Arc<SessionRecord> {
        match self.load(handle, now).await {
            Load::Live(record) => record,
            other => panic!("{clause}: a live session was told as {other:?}"),
        }
    }

    pub(super) async fn is_live(&self, handle: SessionHandle, now: Timestamp) -> bool {
        matches!(self.load(handle, now).await, Load::Live(_))
    }

    /// Checks that the record is stored as it is, but for the epochs, which are the store's own.
    pub(super) async fn assert_live(&self, record: &SessionRecord, now: Timestamp, clause: &str) {
        assert_same(
            &*self.live(record.handle(), now, clause).await,
            record,
            clause,
        );
    }

    /// Checks that this is what stays of the session.
    pub(super) async fn assert_ended(&self, tombstone: &Tombstone, now: Timestamp, clause: &str) {
        match self.load(tombstone.handle(), now).await {
            Load::Ended(found) => assert_eq!(found, *tombstone, "{clause}: another tombstone"),
            other => panic!("{clause}: an ended session was told as {other:?}"),
        }
    }

    /// Checks that the session is not live, whatever is told of it.
    pub(super) async fn assert_dead(&self, handle: SessionHandle, now: Timestamp, clause: &str) {
        if let Load::Live(record) = self.load(handle, now).await {
            panic!("{clause}: at {now} the store returned the live record {record:?}");
        }
    }

    pub(super) async fn assert_missing(&self, handle: SessionHandle, now: Timestamp, clause: &str) {
        match self.load(handle, now).await {
            Load::Missing => {}
            other => panic!("{clause}: nothing should be known, and the store told {other:?}"),
        }
    }
}

impl<S: SubjectIndex> Node<S> {
    pub(super) async fn bind(&self, bind: &Bind, now: Timestamp) -> Bound {
        answered(StoreOperation::Bind, self.0.bind(bind, now).await)
    }

    /// Returns the listed records, in the order of their names.
    pub(super) async fn list(&self, subject: &Subject, now: Timestamp) -> Vec<Arc<SessionRecord>> {
        let mut listed = answered(StoreOperation::List, self.0.list(subject, now).await);
        listed.sort_by_key(|record| record.handle());
        listed
    }

    /// Returns the names of the listed records, in order.
    pub(super) async fn names(&self, subject: &Subject, now: Timestamp) -> Vec<SessionHandle> {
        self.list(subject, now)
            .await
            .iter()
            .map(|record| record.handle())
            .collect()
    }

    /// Returns what stays of the sessions that ended, in the order of their names.
    pub(super) async fn end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
        now: Timestamp,
    ) -> Vec<Tombstone> {
        let answer = self.0.end_subject(subject, except, reason, now).await;
        let mut ended = answered(StoreOperation::EndSubject, answer);
        ended.sort_by_key(Tombstone::handle);
        ended
    }
}

impl<S: Epochs> Node<S> {
    pub(super) async fn advance(&self, scope: &EpochScope, reason: &EndReason, now: Timestamp) {
        answered(
            StoreOperation::Advance,
            self.0.advance(scope, reason, now).await,
        );
    }
}

impl<S: Sweep> Node<S> {
    pub(super) async fn sweep(&self, max: usize, now: Timestamp) -> Swept {
        answered(StoreOperation::Sweep, self.0.sweep(max, now).await)
    }
}

/// Checks that both records are the same to the last bit, but for the epochs.
pub(super) fn assert_same(stored: &SessionRecord, expected: &SessionRecord, clause: &str) {
    let expected = expected.clone().stamped(stored.epochs());
    assert!(
        stored.encode() == expected.encode(),
        "{clause}: the store returned\n  {stored:?}\ninstead of\n  {expected:?}\n(data {}; \
         neither data nor secrets are shown)",
        if stored.data() == expected.data() {
            "the same"
        } else {
            "differs"
        },
    );
}

pub(super) fn answered<T>(operation: StoreOperation, answer: Result<T, StoreError>) -> T {
    answer.unwrap_or_else(|error| panic!("`{}` answered an error: {error:?}", operation.as_str()))
}
