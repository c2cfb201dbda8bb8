//! The store as its users see it.

mod binding;
mod counting;
mod ending;
mod guarding;
mod index;
mod loading;
mod telling;

use std::fmt;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use hallpass_core::Clock;
use hallpass_core::Create;
use hallpass_core::DynStore;
use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::HandleTag;
use hallpass_core::HandleTags;
use hallpass_core::Load;
use hallpass_core::Revision;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::Subject;
use hallpass_core::Timestamp;
use hallpass_core::Touch;
use hallpass_core::Touched;
use hallpass_core::Write;
use redis::Value;
use redis::aio::ConnectionManager;
use redis::cluster_async::ClusterConnection;

use crate::builder::RedisStoreBuilder;
use crate::fault::Fault;
use crate::feed::Feed;
use crate::keys::Keys;
use crate::layout;
use crate::layout::eight;
use crate::link::Link;
use crate::link::Replicas;
use crate::memory::Memory;
use crate::reply;
use crate::script;
use crate::script::Script;
use crate::task::Task;

/// Keeps sessions on a Redis server, or on a Cluster. Clones are the same store.
///
/// Has a [`SubjectIndex`](hallpass_core::SubjectIndex), [`Epochs`](hallpass_core::Epochs),
/// [`HandleTags`] and a [`RevocationFeed`](hallpass_core::RevocationFeed); what is past its time
/// the server removes by itself. The [crate's page](crate) says what the defaults do and what is
/// guaranteed. `Debug` shows the prefix only.
///
/// # Errors
///
/// The source of an error is a [`Fault`]. A server that is out of memory refuses new sessions and
/// changes of data with [`StoreErrorKind::Rejected`](hallpass_core::StoreErrorKind::Rejected);
/// it still ends sessions and notes their use.
///
/// # Cancel safety
///
/// An operation is one script, which runs in whole once it has been sent. A login on a Cluster that
/// replaces a session of another node is three; it goes on in a task of its own where its future is
/// dropped.
#[derive(Clone)]
pub struct RedisStore(Arc<Inner>);

/// What the clones of a store share.
pub(crate) struct Inner {
    pub(crate) link: Link,
    pub(crate) keys: Keys,
    pub(crate) prefix: Box<str>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) feed: Feed,
    pub(crate) is_cluster: bool,
    /// The way of endings that wait for replicas, so that nothing else waits behind them.
    pub(crate) replicated: Option<(Link, Replicas)>,
    pub(crate) memory: Memory,
    pub(crate) guard: OnceLock<Task>,
}

impl RedisStore {
    /// Starts with the URL of the server. The [crate's page](crate) lists the forms that it takes.
    pub fn builder(url: &str) -> RedisStoreBuilder {
        RedisStoreBuilder::url(url)
    }

    /// Starts with a connection to one server that you made. Time-outs and reconnecting are its own,
    /// and there is no feed.
    pub fn from_connection_manager(connection: ConnectionManager) -> RedisStoreBuilder {
        RedisStoreBuilder::manager(connection)
    }

    /// Starts with connections to a Cluster that you made. Time-outs are their own, and there is no
    /// feed. They must not read from replicas (`read_from_replicas` of the driver): a replica that
    /// lags behind still has sessions that have ended.
    pub fn from_cluster_connection(connection: ClusterConnection) -> RedisStoreBuilder {
        RedisStoreBuilder::cluster(connection)
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Returns what all keys of the store begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.0.prefix
    }

    pub(crate) async fn connect(&self) -> Result<(), Fault> {
        self.0.link.connect().await
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.0.prefix)
            .finish_non_exhaustive()
    }
}

impl Inner {
    /// Runs a script.
    pub(super) async fn run(
        &self,
        script: &Script,
        keys: &[&str],
        args: &[&[u8]],
    ) -> Result<Value, StoreError> {
        // Who subscribed before there was a runtime is served from the first call on.
        self.feed.start();
        self.link
            .run(script, keys, args)
            .await
            .map_err(Fault::into_error)
    }

    /// Runs a script that ends something by choice.
    pub(super) async fn run_ending(
        &self,
        script: &Script,
        keys: &[&str],
        args: &[&[u8]],
        safety: Safety,
    ) -> Result<Value, StoreError> {
        match &self.replicated {
            Some((link, replicas)) if safety == Safety::Replicas => link
                .run_replicated(script, keys, args, *replicas)
                .await
                .map_err(Fault::into_error),
            _ => self.run(script, keys, args).await,
        }
    }

    /// Runs a script about one session: its key, then that of the epochs.
    pub(super) async fn run_on(
        &self,
        handle: SessionHandle,
        script: &Script,
        args: &[&[u8]],
    ) -> Result<Value, StoreError> {
        self.run_ending_on(handle, script, args, Safety::Master)
            .await
    }

    /// The same for a script that ends something by choice.
    pub(super) async fn run_ending_on(
        &self,
        handle: SessionHandle,
        script: &Script,
        args: &[&[u8]],
        safety: Safety,
    ) -> Result<Value, StoreError> {
        let bucket = self.keys.bucket_of(handle);
        let keys = [&*bucket.session(handle), &*bucket.epochs()];
        self.run_ending(script, &keys, args, safety).await
    }

    /// Answers for a name that was made without the tag of its subject: whether it is taken can be
    /// told, but the session cannot begin there.
    pub(super) async fn is_taken(
        &self,
        record: &SessionRecord,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        let id = record.write_id().to_bytes();
        let args: [&[u8]; 2] = [&eight(now), &id];
        let answer = self.run_on(record.handle(), &script::OCCUPIED, &args);
        match reply::number(&answer.await?)? {
            0 => Ok(Taken::No),
            2 => Ok(Taken::ByThisWrite),
            _ => Ok(Taken::ByAnother),
        }
    }

    /// Returns whether the session of a subject has a name that leads to the subject's server: any
    /// name where there is one server, so that sessions can be moved here from a store without tags.
    pub(super) fn is_at_home(&self, record: &SessionRecord) -> bool {
        !self.is_cluster || self.is_tagged(record)
    }
}

/// When an ending is told.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Safety {
    /// When the master has it. So are endings asserted again: after a failover there may be no replica
    /// to wait for, and there may be thousands of them.
    Master,
    /// When as many replicas have it as the application asks for.
    Replicas,
}

/// Whether a name is free.
pub(crate) enum Taken {
    ByAnother,
    ByThisWrite,
    No,
}

impl SessionStore for RedisStore {
    async fn create(&self, record: &SessionRecord, now: Timestamp) -> Result<Create, StoreError> {
        if !self.0.is_at_home(record) {
            return match self.0.is_taken(record, now).await? {
                Taken::No => Err(Fault::Untagged.into_error()),
                Taken::ByAnother | Taken::ByThisWrite => Ok(Create::Occupied),
            };
        }
        let args: [&[u8]; 2] = [&eight(now), &layout::record(record)];
        let answer = self.0.run_on(record.handle(), &script::CREATE, &args);
        match reply::number(&answer.await?)? {
            0 => Ok(Create::Created),
            _ => Ok(Create::Occupied),
        }
    }

    async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
        self.0.load(handle, now).await
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        let expected = expected.number().to_be_bytes();
        let args: [&[u8]; 3] = [&eight(now), &layout::record(record), &expected];
        for _ in 0..FROZEN_LOOKS {
            let answer = self.0.run_on(record.handle(), &script::UPDATE, &args);
            match reply::number(&answer.await?)? {
                0 => return Ok(Write::Applied),
                1 => return Ok(Write::Conflict),
                2 => return Ok(Write::Gone),
                // A login is about to replace the session: soon it is gone, or free again.
                _ => self.0.clock.sleep(FROZEN_WAIT).await,
            }
        }
        Ok(Write::Conflict)
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        let args: [&[u8]; 5] = [
            &eight(now),
            &touch.digest.to_bytes(),
            &touch.binding.number().to_be_bytes(),
            &eight(touch.last_seen),
            if touch.confirm { b"1" } else { b"0" },
        ];
        let answer = self.0.run_on(touch.handle, &script::TOUCH, &args);
        match reply::number(&answer.await?)? {
            0 => Ok(Touched::Applied),
            1 => Ok(Touched::Refused),
            _ => Ok(Touched::Gone),
        }
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        self.0.end(end, now).await
    }
}

impl HandleTags for RedisStore {
    /// Also where there is one server, so that a `MigratingStore` can move its sessions to a Cluster.
    fn handle_tag(&self, subject: &Subject) -> Option<HandleTag> {
        Some(self.0.keys.tag(subject))
    }
}

impl From<RedisStore> for DynStore {
    /// With all abilities. A store on a connection that somebody else made has no feed.
    fn from(store: RedisStore) -> Self {
        let has_feed = store.0.feed.can_listen();
        let builder = Self::builder(store).with_index().with_epochs().with_tags();
        if has_feed {
            builder.with_feed().build()
        } else {
            builder.build()
        }
    }
}

/// How often an update looks whether a login has replaced the session, and how long it waits each
/// time. Together much less than the engine waits for a store.
const FROZEN_LOOKS: u32 = 20;
const FROZEN_WAIT: Duration = Duration::from_millis(10);
