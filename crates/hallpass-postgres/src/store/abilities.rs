//! What the store is able to do beside keeping records: everything.

use std::sync::Arc;
use std::sync::Weak;

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::DynStore;
use hallpass_core::EndReason;
use hallpass_core::Ending;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::FeedListener;
use hallpass_core::RevocationFeed;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::StoreError;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Swept;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use hallpass_core::TombstoneParts;
use tokio_postgres::Row;

use super::PostgresStore;
use super::columns::Columns;
use super::columns::number;
use crate::error::PostgresError;
use crate::row;
use crate::row::column;
use crate::sql::Op;
use crate::time::instant;
use crate::time::millis;
use crate::time::present;
use crate::value::Value;

impl SubjectIndex for PostgresStore {
    async fn bind(&self, bind: &Bind, now: Timestamp) -> Result<Bound, StoreError> {
        let Some(subject) = bind.record.subject() else {
            return Err(PostgresError::no_subject().into());
        };
        let columns = Columns::of(&bind.record);
        let replaced = bind.replaces.map(|replaced| replaced.handle.to_bytes());
        let reasons = [EndReason::Superseded, EndReason::Evicted].map(|why| why.encode());
        let [superseded, evicted] = reasons.each_ref().map(Vec::as_slice);
        let mut values = columns.values().to_vec();
        values.extend([
            Value::Bytes(replaced.as_ref().map(<[u8; 16]>::as_slice)),
            bind.replaces
                .map(|replaced| number(replaced.revision))
                .into(),
            superseded.into(),
            bind.limit.map(|limit| i64::from(limit.max.get())).into(),
            bind.limit.map(|limit| word(limit.at_limit)).into(),
            evicted.into(),
            present(now).into(),
        ]);
        self.0
            .server
            .ask(Op::Bind, &values, |rows| {
                bound(&rows, subject, now).map(Some)
            })
            .await
    }

    async fn list(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<Arc<SessionRecord>>, StoreError> {
        let values = [
            subject.tenant().into(),
            subject.id().into(),
            present(now).into(),
        ];
        self.0
            .server
            .ask(Op::List, &values, |rows| Ok(Some(readable(&rows, 0))))
            .await
    }

    async fn end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<Vec<Tombstone>, StoreError> {
        let except = except.map(SessionHandle::to_bytes);
        let bytes = reason.encode();
        let values = [
            subject.tenant().into(),
            subject.id().into(),
            Value::Bytes(except.as_ref().map(<[u8; 16]>::as_slice)),
            bytes.as_slice().into(),
            present(now).into(),
        ];
        self.0
            .server
            .ask(Op::EndSubject, &values, |rows| {
                rows.iter()
                    .map(|row| ended(row, 0, subject, reason, now))
                    .collect::<Result<Vec<_>, _>>()
                    .map(Some)
            })
            .await
    }
}

impl Epochs for PostgresStore {
    async fn advance(
        &self,
        scope: &EpochScope,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (kind, tenant, subject) = match scope {
            EpochScope::Everybody => (0, "", ""),
            EpochScope::Tenant(tenant) => (1, tenant.as_str(), ""),
            EpochScope::Subject(subject) => (2, subject.tenant().unwrap_or(""), subject.id()),
        };
        let reason = reason.encode();
        let values = [
            Value::from(kind),
            tenant.into(),
            subject.into(),
            reason.as_slice().into(),
            millis(now).into(),
        ];
        self.0
            .server
            .ask(Op::Advance, &values, |_rows| Ok(Some(())))
            .await
    }
}

impl Sweep for PostgresStore {
    async fn sweep(&self, max: usize, now: Timestamp) -> Result<Swept, StoreError> {
        // At least one, so that whoever sweeps until there is no more comes to an end.
        let max = i64::try_from(max.max(1)).unwrap_or(i64::MAX);
        self.0
            .server
            .ask(Op::Sweep, &[max.into(), present(now).into()], |rows| {
                let row = rows.first().ok_or_else(PostgresError::corrupt)?;
                let removed: i64 = column(row, 0)?;
                Ok(Some(Swept {
                    removed: usize::try_from(removed).unwrap_or(0),
                    more: column(row, 1)?,
                }))
            })
            .await
    }
}

impl RevocationFeed for PostgresStore {
    async fn publish(&self, ending: &Ending) -> Result<(), StoreError> {
        let message = self.0.feed.message(ending);
        let values = [self.0.feed.channel().into(), message.as_str().into()];
        self.0
            .server
            .ask(Op::Publish, &values, |_rows| Ok(Some(())))
            .await
    }

    /// Does nothing where the store has no way to listen: see
    /// [`PostgresStoreBuilder::feed_url`](crate::PostgresStoreBuilder::feed_url).
    fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        self.0.feed.subscribe(listener);
    }
}

impl From<PostgresStore> for DynStore {
    /// With all abilities, but without a feed where the store has no way to listen.
    fn from(store: PostgresStore) -> Self {
        let has_feed = store.0.feed.can_listen();
        let builder = Self::builder(store).with_index().with_epochs().with_sweep();
        if has_feed {
            builder.with_feed().build()
        } else {
            builder.build()
        }
    }
}

fn bound(rows: &[Row], subject: &Subject, now: Timestamp) -> Result<Bound, PostgresError> {
    let (first, others) = rows.split_first().ok_or_else(PostgresError::corrupt)?;
    Ok(match column(first, 0)? {
        "bound" => Bound::Bound {
            evicted: others
                .iter()
                .map(|row| ended(row, 1, subject, &EndReason::Evicted, now))
                .collect::<Result<_, _>>()?,
        },
        "conflict" => Bound::Conflict,
        "denied" => Bound::Denied {
            active: readable(rows, 4),
        },
        _ => Bound::Occupied,
    })
}

/// Reads the records whose first columns these are. One that can not be read is left out: its user has
/// to see the others, to end one of them.
fn readable(rows: &[Row], first: usize) -> Vec<Arc<SessionRecord>> {
    let read = |row| match row::record(row, first) {
        Ok(record) => Some(Arc::new(record)),
        Err(error) => {
            tracing::warn!(%error, "a session is left out of a list");
            None
        }
    };
    rows.iter().filter_map(read).collect()
}

/// Reads what stays of a session of `subject` that ended now, from three columns in their order.
fn ended(
    row: &Row,
    first: usize,
    subject: &Subject,
    reason: &EndReason,
    now: Timestamp,
) -> Result<Tombstone, PostgresError> {
    Ok(Tombstone::from_parts(TombstoneParts {
        handle: row::handle(column(row, first)?)?,
        digest: row::digest(column(row, first + 1)?)?,
        subject: Some(subject.clone()),
        reason: reason.clone(),
        ended_at: now,
        keep_until: instant(column(row, first + 2)?),
    }))
}

const fn word(at_limit: AtLimit) -> &'static str {
    match at_limit {
        AtLimit::EvictLeastRecentlyUsed => "used",
        AtLimit::EvictOldest => "oldest",
        AtLimit::Reject => "reject",
    }
}
