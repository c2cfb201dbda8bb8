//! Finding sessions by their subject.

use std::sync::Arc;

use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::EndReason;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::StoreError;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use redis::Value;

use super::RedisStore;
use super::Safety;
use crate::keys;
use crate::layout;
use crate::layout::Damaged;
use crate::layout::eight;
use crate::reply;
use crate::script;

impl SubjectIndex for RedisStore {
    async fn bind(&self, bind: &Bind, now: Timestamp) -> Result<Bound, StoreError> {
        self.0.bind(bind, now).await
    }

    async fn list(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<Arc<SessionRecord>>, StoreError> {
        let bucket = self.0.keys.bucket_of_subject(subject);
        let keys = [&*bucket.index(subject), &*bucket.epochs()];
        let args: [&[u8]; 2] = [&eight(now), &keys::spelled(subject)];
        let answer = self.0.run(&script::LIST, &keys, &args).await?;
        records(reply::list(answer)?)
    }

    async fn end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<Vec<Tombstone>, StoreError> {
        let bucket = self.0.keys.bucket_of_subject(subject);
        let keys = [&*bucket.index(subject), &*bucket.epochs()];
        let except = except.map(|handle| handle.to_string()).unwrap_or_default();
        let args: [&[u8]; 4] = [
            &eight(now),
            &keys::spelled(subject),
            except.as_bytes(),
            &reason.encode(),
        ];
        let answer = self
            .0
            .run_ending(&script::END_SUBJECT, &keys, &args, Safety::Replicas);
        let ended = tombstones(reply::list(answer.await?)?)?;
        self.0.memory.buried(&ended, now);
        self.0.guard();
        Ok(ended)
    }
}

/// Reads records that a script lists.
pub(super) fn records(
    values: impl Iterator<Item = Value>,
) -> Result<Vec<Arc<SessionRecord>>, StoreError> {
    values
        .map(|value| {
            let bytes = reply::bytes(value)?.unwrap_or_default();
            let record = layout::read_record(&bytes).map_err(reply::damaged)?;
            Ok(Arc::new(record))
        })
        .collect()
}

/// Reads what a script lists of sessions that ended: each handle, and what stays of it.
pub(super) fn tombstones(
    mut values: std::vec::IntoIter<Value>,
) -> Result<Vec<Tombstone>, StoreError> {
    let mut tombstones = Vec::with_capacity(values.len() / 2);
    while let Some(handle) = reply::next_bytes(&mut values)? {
        let handle = str::from_utf8(&handle)
            .ok()
            .and_then(|handle| handle.parse().ok())
            .ok_or_else(|| reply::damaged(Damaged))?;
        let bytes = reply::next_bytes(&mut values)?.unwrap_or_default();
        tombstones.push(layout::read_tombstone(handle, &bytes).map_err(reply::damaged)?);
    }
    Ok(tombstones)
}
