//! What a store may be able to do beside keeping records.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::Weak;

use serde::Deserialize;
use serde::Serialize;

use super::Bound;
use super::SessionStore;
use super::StoreError;
use super::Swept;
use crate::end::EndReason;
use crate::policy::Concurrency;
use crate::record::Revision;
use crate::record::SessionRecord;
use crate::record::Tombstone;
use crate::subject::Subject;
use crate::time::Timestamp;
use crate::token::SessionHandle;

/// A store that finds sessions by their subject, and bounds how many there are.
///
/// Needed for a limit of concurrent sessions, lists of devices, and ending all sessions of a
/// subject. The manager refuses a policy that needs it on a store without; otherwise a login there
/// is a `create` and an `end`, which is two steps. The suite tests it with `abilities: [index]`.
///
/// # Contract
///
/// 1. `bind` stores the record, ends what it replaces and what the limit evicts, and adds the
///    record to the index of its subject, as one step.
/// 2. However many logins race, at no time are there more live sessions of a subject than the
///    limit that the logins name. Sessions that expired or ended by any way do not count, without
///    any event; neither does the one that is replaced.
/// 3. With [`AtLimit::Reject`](crate::AtLimit::Reject) nothing is changed where there is no room,
///    and the answer lists the live sessions. Otherwise those end, with the reason
///    [`EndReason::Evicted`], that were used longest ago or created first.
/// 4. A `bind` that is repeated with the same handle and the same write id answers
///    [`Bound::Bound`] again and is applied once: it is not denied by its own ghost. A
///    session that has ended meanwhile stays ended.
/// 5. The session to replace ends with the reason [`EndReason::Superseded`] only at the revision
///    that is named; where it lives at another, has ended, or is missing, the answer is
///    [`Bound::Conflict`].
/// 6. `list` and `end_subject` see live sessions of that subject only: tenant and id.
///
/// # What the caller promises
///
/// The record has a subject, and is otherwise as for [`SessionStore::create`].
///
/// # Errors, cancel safety, concurrency
///
/// As for [`SessionStore`].
pub trait SubjectIndex: SessionStore {
    /// Begins the session of a subject.
    fn bind(
        &self,
        bind: &Bind,
        now: Timestamp,
    ) -> impl Future<Output = Result<Bound, StoreError>> + Send;

    /// Returns the live sessions of a subject, in no particular order.
    fn list(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Arc<SessionRecord>>, StoreError>> + Send;

    /// Ends the live sessions of a subject, all or all but one, and returns what stays of them.
    fn end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Tombstone>, StoreError>> + Send;
}

/// What [`SubjectIndex::bind`] is asked to do.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "every store reads every field")]
pub struct Bind {
    /// The record of the new session. It has a subject.
    pub record: SessionRecord,
    /// The session that ends with it: the anonymous one, or that of a login before.
    pub replaces: Option<Replaced>,
    /// The limit of concurrent sessions.
    pub limit: Option<Concurrency>,
}

/// A session that a login replaces.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a name and a revision")]
pub struct Replaced {
    /// The session.
    pub handle: SessionHandle,
    /// The revision whose data the new session carries over.
    pub revision: Revision,
}

/// A store that ends many sessions at once by counting, without looking at each.
///
/// Needed to end the sessions of everybody, of a tenant or of a subject at a cost that does not
/// grow with them. The suite tests it with `abilities: [epochs]`, and what an index and epochs
/// promise together where both are named.
///
/// # Contract
///
/// 1. `create` and `bind` note the counters in the record
///    ([`SessionRecord::stamped`]). An update keeps them: [`SessionRecord::updated`] sees to it.
/// 2. After `advance` has returned, no operation sees a record as live that began before, within
///    the scope: it is treated as ended, with reason and time of an advance that it is subject to.
///    A record that begins later is untouched. The counters are compared, never the times.
/// 3. The cost of `advance` does not depend on the number of sessions, and the comparison adds no
///    round trip to any operation, but for one at most to the first of a session after an advance.
///
/// # Errors, cancel safety, concurrency
///
/// As for [`SessionStore`].
pub trait Epochs: SessionStore {
    /// Ends all sessions of a scope that began before.
    fn advance(
        &self,
        scope: &EpochScope,
        reason: &EndReason,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Whose sessions an epoch is about.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every store implements every scope"
)]
pub enum EpochScope {
    /// Everybody's, anonymous sessions included.
    Everybody,
    /// Those of one subject.
    Subject(Subject),
    /// Those of all subjects of one tenant.
    Tenant(String),
}

impl EpochScope {
    /// Returns whether a session of `subject` is within the scope.
    #[must_use]
    pub fn holds(&self, subject: Option<&Subject>) -> bool {
        match self {
            Self::Everybody => true,
            Self::Subject(scope) => subject == Some(scope),
            Self::Tenant(scope) => subject.and_then(Subject::tenant) == Some(scope),
        }
    }
}

/// A store that spreads sessions over several servers by their handles, and keeps those of one
/// subject together.
///
/// Needed where one atomic step reaches one server only, as in a Redis Cluster: the record of a
/// session, the index of its subject and the counters that end it have to be on the same one. The
/// core makes the handle of every session of a subject with the tag of the subject in front; that of
/// an anonymous session is random. The suite tests it with `abilities: [tags]`.
///
/// # Contract
///
/// 1. The tag of a subject, tenant included, is always the same, on every node.
/// 2. The tag tells little of the subject: it is a keyed hash. Handles are public, and sessions with
///    the same tag may be of one subject.
///
/// # Errors, cancel safety, concurrency
///
/// As for [`SessionStore`]. Must not block: it is computed for each login.
pub trait HandleTags: SessionStore {
    /// Returns what the handles of a subject's sessions begin with; `None` where any handle will do.
    fn handle_tag(&self, subject: &Subject) -> Option<HandleTag>;
}

/// What the handles of a subject's sessions begin with: 2 of the 16 bytes. The other 14 are random.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct HandleTag([u8; 2]);

impl HandleTag {
    /// Returns the tag with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 2]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes of the tag.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0
    }

    /// Returns the tag of a handle.
    #[must_use]
    pub const fn of(handle: SessionHandle) -> Self {
        let [first, second, ..] = handle.to_bytes();
        Self([first, second])
    }

    /// Puts the tag in front of a handle.
    #[must_use]
    pub const fn put_on(self, handle: SessionHandle) -> SessionHandle {
        let mut bytes = handle.to_bytes();
        [bytes[0], bytes[1]] = self.0;
        SessionHandle::from_bytes(bytes)
    }
}

/// A store that has to be swept, because it keeps what is past its time until somebody removes it.
///
/// Needed nearly wherever the store is a disk:
/// [`SessionManager::sweep_every`](crate::SessionManager::sweep_every) calls it. The suite tests it
/// with `abilities: [sweep]`.
///
/// # Contract
///
/// 1. `sweep` removes only what is past its time: records at or after their deadline (it may leave
///    a tombstone), tombstones at or after their [`keep_until`](Tombstone::keep_until).
/// 2. It looks at no more than about `max` of them, and says whether there are more.
/// 3. Several nodes may sweep at once.
///
/// # Errors, cancel safety, concurrency
///
/// As for [`SessionStore`]. A sweep that fails has removed some or nothing; the next one goes on.
pub trait Sweep: SessionStore {
    /// Removes what is past its time.
    fn sweep(
        &self,
        max: usize,
        now: Timestamp,
    ) -> impl Future<Output = Result<Swept, StoreError>> + Send;
}

/// A store that tells every node of endings.
///
/// A hint that makes waiting quick, never the authority: who hears of an ending asks the store.
/// Needed where streams on several nodes are to end at once with their session; without it they
/// look by themselves, every 30 seconds. The suite tests it with `abilities: [feed]`.
///
/// # Contract
///
/// 1. What is published reaches every listener on every node, also those of the publishing node,
///    unless the way is interrupted; then each listener is told so.
/// 2. Listeners that are gone are forgotten.
///
/// # Errors, cancel safety, concurrency
///
/// As for [`SessionStore`]. A publication that fails is reported and not repeated: whoever waits
/// looks again by itself.
pub trait RevocationFeed: SessionStore {
    /// Tells every node of an ending.
    fn publish(&self, ending: &Ending) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Adds a listener, for as long as somebody else holds it.
    fn subscribe(&self, listener: Weak<dyn FeedListener>);
}

/// Who hears of endings.
pub trait FeedListener: fmt::Debug + Send + Sync {
    /// Something ended. Must not block.
    fn ended(&self, ending: &Ending);

    /// Endings may have been missed: ask the store. Must not block.
    fn interrupted(&self);
}

/// What ended. [`Ending::encode`] makes the bytes that a feed carries.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_enums, reason = "every feed carries every kind")]
pub enum Ending {
    /// All sessions of a scope.
    Scope(EpochScope),
    /// One session.
    Session(SessionHandle),
}
