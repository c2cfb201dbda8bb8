//! A store that never notices a deadline: the record stays live for it until somebody ends it.

use std::sync::Arc;

use hallpass::Create;
use hallpass::End;
use hallpass::EndOutcome;
use hallpass::Load;
use hallpass::MemoryStore;
use hallpass::Revision;
use hallpass::SessionHandle;
use hallpass::SessionRecord;
use hallpass::SessionStore;
use hallpass::StoreError;
use hallpass::Timestamp;
use hallpass::Touch;
use hallpass::Touched;
use hallpass::Write;

/// Asks the store inside as if no time had passed.
#[derive(Debug, Default)]
pub(super) struct Overdue(Arc<MemoryStore>);

#[deny(clippy::missing_trait_methods)]
impl SessionStore for Overdue {
    async fn create(&self, record: &SessionRecord, _now: Timestamp) -> Result<Create, StoreError> {
        self.0.create(record, Timestamp::default()).await
    }

    async fn load(&self, handle: SessionHandle, _now: Timestamp) -> Result<Load, StoreError> {
        self.0.load(handle, Timestamp::default()).await
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        _now: Timestamp,
    ) -> Result<Write, StoreError> {
        self.0.update(record, expected, Timestamp::default()).await
    }

    async fn touch(&self, touch: &Touch, _now: Timestamp) -> Result<Touched, StoreError> {
        self.0.touch(touch, Timestamp::default()).await
    }

    async fn end(&self, end: &End, _now: Timestamp) -> Result<EndOutcome, StoreError> {
        self.0.end(end, Timestamp::default()).await
    }
}
