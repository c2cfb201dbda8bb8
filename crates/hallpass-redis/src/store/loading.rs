//! How a session is read, which is what every request does.

use hallpass_core::HandleTag;
use hallpass_core::Load;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::StoreError;
use hallpass_core::Timestamp;
use redis::Value;

use super::Inner;
use crate::fault::Fault;
use crate::layout;
use crate::layout::Damaged;
use crate::layout::Marks;
use crate::layout::eight;
use crate::reply;
use crate::script;

impl Inner {
    /// Reads the record together with the two marks that change with every counter it may be subject
    /// to. Where they are those under which it was last compared, it is as live as it was, and no
    /// script has to run: that takes half of the time. Otherwise the script compares.
    pub(super) async fn load(
        &self,
        handle: SessionHandle,
        now: Timestamp,
    ) -> Result<Load, StoreError> {
        self.feed.start();
        let bucket = self.keys.bucket_of(handle);
        let mut command = redis::cmd("MGET");
        command
            .arg(bucket.session(handle))
            .arg(bucket.mark())
            .arg(bucket.alike(HandleTag::of(handle)));
        let answer = match self.link.send(&command).await {
            Ok(answer) => answer,
            Err(failure) => return Err(Fault::from(failure).into_error()),
        };
        let mut values = reply::list(answer)?;
        let stored = reply::next_bytes(&mut values)?;
        let marks = Marks {
            bucket: mark(&mut values)?,
            alike: mark(&mut values)?.unwrap_or_default(),
        };
        let Some(bytes) = stored else {
            return Ok(Load::Missing);
        };
        match layout::read(handle, &bytes).map_err(reply::damaged)? {
            Load::Live(record)
                if layout::is_fresh(&bytes, &record, marks) && self.is_tagged(&record) =>
            {
                Ok(record.expired(now).map_or(Load::Live(record), Load::Ended))
            }
            Load::Live(_) => self.compare(handle, now).await,
            known => Ok(known),
        }
    }

    /// Returns whether the name of a session begins with its subject's tag. Without, as where the
    /// `DynStore` gives no tags, the mark that was read is not the one that changes with the subject's
    /// counter.
    pub(super) fn is_tagged(&self, record: &SessionRecord) -> bool {
        record
            .subject()
            .is_none_or(|subject| self.keys.tag(subject) == HandleTag::of(record.handle()))
    }

    async fn compare(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
        let args: [&[u8]; 1] = [&eight(now)];
        let answer = self.run_on(handle, &script::LOAD, &args).await?;
        match reply::bytes(answer)? {
            Some(bytes) => layout::read(handle, &bytes).map_err(reply::damaged),
            None => Ok(Load::Missing),
        }
    }
}

fn mark(values: &mut std::vec::IntoIter<Value>) -> Result<Option<[u8; 8]>, StoreError> {
    let mark = reply::next_bytes(values)?.map(<[u8; 8]>::try_from);
    mark.transpose().map_err(|_bytes| reply::damaged(Damaged))
}
