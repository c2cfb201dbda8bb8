//! The store: one statement for each operation.

mod abilities;
mod columns;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hallpass_core::Create;
use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::Load;
use hallpass_core::Revision;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use hallpass_core::TombstoneParts;
use hallpass_core::Touch;
use hallpass_core::Touched;
use hallpass_core::Write;

use self::columns::Columns;
use crate::builder::PostgresStoreBuilder;
use crate::error::PostgresError;
use crate::feed::Feed;
use crate::migrations;
use crate::names::Names;
use crate::row;
use crate::row::column;
use crate::server::Server;
use crate::sql::Op;
use crate::time::instant;
use crate::time::millis;
use crate::time::present;

/// Sessions in tables of PostgreSQL, with every ability that a store may have.
///
/// Clones are the same store, and so are all stores on the same tables, in whatever process. `Debug`
/// shows no address, no password and no session.
///
/// # Cancel safety
///
/// Each operation is one statement. An operation that is dropped may still be carried out by the
/// server, in whole.
#[derive(Clone)]
pub struct PostgresStore(Arc<Inner>);

struct Inner {
    server: Server,
    names: Names,
    feed: Feed,
}

impl PostgresStore {
    /// Starts with the URL of a server, as in `postgres://app@localhost/shop`, for a store with
    /// connections of its own.
    pub fn builder(url: &str) -> PostgresStoreBuilder {
        PostgresStoreBuilder::of_url(url)
    }

    /// Starts with a pool of your own. Its connections may have any isolation as their default, and
    /// are used for one statement at a time.
    ///
    /// A pool cannot listen, so the store has no feed of endings unless you name
    /// [`PostgresStoreBuilder::feed_url`].
    #[cfg(feature = "deadpool")]
    #[cfg_attr(docsrs_hallpass, doc(cfg(feature = "deadpool")))]
    pub fn from_pool(pool: deadpool_postgres::Pool) -> PostgresStoreBuilder {
        PostgresStoreBuilder::of_pool(pool)
    }

    pub(crate) fn new(server: Server, names: Names, feed: Feed) -> Self {
        Self(Arc::new(Inner {
            server,
            names,
            feed,
        }))
    }

    /// Makes the tables and functions, or what is missing of them.
    ///
    /// Any number of processes may do so at once, and other versions of the library may use the same
    /// tables at the same time: a step only adds. What a later version has added is left alone. The
    /// role needs the right to create in the schema, and in the database where the schema is missing.
    /// To migrate by other means, see [`PostgresStoreBuilder::migrations_sql`].
    ///
    /// # Errors
    ///
    /// [`PostgresError`]. After one that is [`Unavailable`](hallpass_core::StoreErrorKind::Unavailable)
    /// nobody knows: it may still be carried out, in whole. After any other nothing was changed.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it may still be carried out, in whole.
    pub async fn migrate(&self) -> Result<(), PostgresError> {
        let text = migrations::program(&self.0.names);
        // A transaction that began before another one ended may have seen less than there is.
        for _ in 0..MOST_MIGRATIONS {
            match self.0.server.run(&text, LONGEST_MIGRATION).await {
                Err(error) if error.is_taken() => {}
                answer => return answer,
            }
        }
        self.0.server.run(&text, LONGEST_MIGRATION).await
    }
}

impl SessionStore for PostgresStore {
    async fn create(&self, record: &SessionRecord, _now: Timestamp) -> Result<Create, StoreError> {
        let columns = Columns::of(record);
        let answer = self
            .0
            .server
            .ask(Op::Create, &columns.values(), |rows| Ok(Some(rows.len())))
            .await?;
        Ok(match answer {
            0 => Create::Occupied,
            _ => Create::Created,
        })
    }

    async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
        let key = handle.to_bytes();
        self.0
            .server
            .ask(Op::Load, &[key.as_slice().into()], |rows| {
                Ok(Some(match rows.first() {
                    Some(row) => row::load(row, handle, now)?,
                    None => Load::Missing,
                }))
            })
            .await
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        let columns = Columns::of(record);
        let values = columns.update(expected, now);
        self.0
            .server
            .ask(Op::Update, &values, |rows| {
                let Some(row) = rows.first() else {
                    return Ok(Some(Write::Gone));
                };
                let [written, live, repeated, expected] = flags(row)?;
                Ok(match (written, live, repeated, expected) {
                    (true, ..) | (false, true, true, _) => Some(Write::Applied),
                    (false, false, ..) => Some(Write::Gone),
                    (false, true, false, false) => Some(Write::Conflict),
                    // It was as expected, and then somebody else was faster.
                    (false, true, false, true) => None,
                })
            })
            .await
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        let (handle, digest) = (touch.handle.to_bytes(), touch.digest.to_bytes());
        let values = [
            handle.as_slice().into(),
            digest.as_slice().into(),
            i64::from(touch.binding.number()).into(),
            millis(touch.last_seen).into(),
            touch.confirm.into(),
            present(now).into(),
        ];
        self.0
            .server
            .ask(Op::Touch, &values, |rows| {
                let Some(row) = rows.first() else {
                    return Ok(Some(Touched::Gone));
                };
                let [written, live, fits, moves] = flags(row)?;
                Ok(match (written, live, fits, moves) {
                    (true, ..) | (false, true, true, false) => Some(Touched::Applied),
                    (false, false, ..) => Some(Touched::Gone),
                    (false, true, false, _) => Some(Touched::Refused),
                    (false, true, true, true) => None,
                })
            })
            .await
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        let handle = end.handle.to_bytes();
        let reasons = [&end.reason, &EndReason::Idle, &EndReason::Absolute].map(EndReason::encode);
        let [reason, idle, absolute] = reasons.each_ref().map(Vec::as_slice);
        let values = [
            handle.as_slice().into(),
            reason.into(),
            millis(end.at).into(),
            millis(end.keep_until).into(),
            idle.into(),
            absolute.into(),
            present(now).into(),
        ];
        self.0
            .server
            .ask(Op::End, &values, |rows| {
                let row = rows.first().ok_or_else(PostgresError::corrupt)?;
                let answer: &str = column(row, 0)?;
                if answer == "missing" {
                    return Ok(Some(EndOutcome::Missing));
                }
                let tombstone = Tombstone::from_parts(TombstoneParts {
                    handle: end.handle,
                    digest: row::digest(column(row, 1)?)?,
                    subject: row::subject(column(row, 2)?, column(row, 3)?)?,
                    reason: row::reason(column(row, 4)?)?,
                    ended_at: instant(column(row, 5)?),
                    keep_until: instant(column(row, 6)?),
                });
                Ok(Some(match answer {
                    "ended" => EndOutcome::Ended(tombstone),
                    _ => EndOutcome::Already(tombstone),
                }))
            })
            .await
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("schema", &self.0.names.schema())
            .field("prefix", &self.0.names.prefix())
            .field("server", &self.0.server)
            .finish_non_exhaustive()
    }
}

fn flags(row: &tokio_postgres::Row) -> Result<[bool; 4], PostgresError> {
    Ok([
        column(row, 0)?,
        column(row, 1)?,
        column(row, 2)?,
        column(row, 3)?,
    ])
}

/// How often a migration meets another one, at most.
const MOST_MIGRATIONS: u32 = 64;

/// A migration waits for those of other processes.
const LONGEST_MIGRATION: Duration = Duration::from_secs(60);
