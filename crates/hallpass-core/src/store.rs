//! What a store is asked to do, and what it promises.

mod abilities;
mod dynamic;
mod error;
mod listeners;
mod outcome;

use std::fmt;
use std::future::Future;

use crate::record::Revision;
use crate::record::SessionRecord;
use crate::time::Timestamp;
use crate::token::SessionHandle;

pub use self::abilities::Bind;
pub use self::abilities::Ending;
pub use self::abilities::EpochScope;
pub use self::abilities::Epochs;
pub use self::abilities::FeedListener;
pub use self::abilities::HandleTag;
pub use self::abilities::HandleTags;
pub use self::abilities::Replaced;
pub use self::abilities::RevocationFeed;
pub use self::abilities::SubjectIndex;
pub use self::abilities::Sweep;
pub use self::dynamic::DynStore;
pub use self::dynamic::DynStoreBuilder;
pub use self::error::StoreError;
pub use self::error::StoreErrorKind;
pub use self::listeners::FeedListeners;
pub use self::outcome::Bound;
pub use self::outcome::Create;
pub use self::outcome::End;
pub use self::outcome::EndOutcome;
pub use self::outcome::Load;
pub use self::outcome::Swept;
pub use self::outcome::Touch;
pub use self::outcome::Touched;
pub use self::outcome::Write;

/// Keeps the records of sessions.
///
/// A store keeps one of two things under the handle of a session: the record while it lives, a
/// tombstone once it has ended. It decides nothing by itself: [`SessionRecord::updated`],
/// [`SessionRecord::touched`] and [`SessionRecord::expired`] are the rules, and
/// [`SessionRecord::encode`] makes the bytes to keep. What is left to do is to read, to decide and
/// to write as one step. A manager takes a store as `DynStore::builder(store).build()`, see
/// [`DynStore`]. The repository has a guide, `docs/custom-stores.md`.
///
/// # Contract
///
/// 1. **Expiry.** No operation sees a record as live at or after its deadline,
///    [`SessionRecord::expires_at`]. `now` is passed in; a store compares with no other clock.
/// 2. **No overwrite.** `create` never replaces a live record or a tombstone: it answers
///    [`Create::Occupied`], also where the same record was created before.
/// 3. **No resurrection.** `update` and `touch` never bring a missing, ended or expired record to
///    life: they answer `Gone`.
/// 4. **One winner.** Of two updates that name the same revision at most one is applied; the other
///    is told [`Write::Conflict`]. An update that is repeated with the same write id, while no
///    other one came between, answers [`Write::Applied`] again and is applied once.
/// 5. **Touch only moves forward.** It raises `last_seen` and confirms the credential (at `now`),
///    only for the digest and the binding that it names; it never changes data, the revision or a
///    limit. An update never takes that back: the later `last_seen` of the two stays, and so does
///    the confirmation of the same digest. What to store is what the rules return, not the
///    argument.
/// 6. **Durable answer.** What was answered `Applied` (or `Created`, `Bound`, `Ended`, and the
///    `Missing` of `end`) survives whatever the store's own durability promises, and every node
///    reads it from then on, byte for byte.
/// 7. **Ended is final.** After `end` has returned, no later call on any node sees the record as
///    live, within the server's own durability. Ending what is not there succeeds and leaves a
///    tombstone, and so does ending what has expired, because `now` may go backwards; the first
///    tombstone stays. `load` answers [`Load::Live`], [`Load::Ended`] with the tombstone, or
///    [`Load::Missing`].
///
/// A record past its deadline may be told as `Missing` or as `Ended` with the tombstone that
/// [`SessionRecord::expired`] makes; a store may forget it and every tombstone past its
/// [`keep_until`](crate::Tombstone::keep_until). Once forgotten, a handle is as free as one that
/// was never used. A record that locks when it is idle lives until its absolute deadline; the rules
/// know that.
///
/// # What the caller promises
///
/// Handles are never used twice: they are 128 random bits. The record of an update has the
/// revision after the one that the update expects, the handle of the stored one, and a write id of
/// its own. `now` comes from one clock per process, and may go backwards. With data of 64 KiB, the
/// default limit, a record takes somewhat more than that.
///
/// # What may go wrong
///
/// Losing a record is safe: the user signs in again. Returning an ended one is not: somebody was
/// told that the session is over. Where a store must choose, it forgets.
///
/// # Sensitive data
///
/// A record holds no usable token, only its digest. It does hold the application's data and the
/// chain key of its tokens, so its bytes are confidential: not for logs, not for error texts, and
/// not for the `Debug` output of the store.
///
/// # Errors
///
/// A [`StoreError`] means that the machine is broken, never that a race was lost. Its kind decides
/// what the client hears.
///
/// - [`StoreErrorKind::Unavailable`]: there is no answer, and a write may have been applied. The
///   engine repeats `create`, `update`, `bind` and `end` once, unless its own time-out is over, and
///   an update with the same write id. Then the client gets 503 with `Retry-After`.
/// - [`StoreErrorKind::Rejected`]: the store refuses, and nothing was changed. 503 at once.
/// - [`StoreErrorKind::Corrupt`]: the stored bytes can not be decoded. A `load` counts as
///   [`Load::Missing`]; any other call is answered with 500.
///
/// # Cancel safety
///
/// The engine drops futures: after its time-out, and when a client disconnects. Each operation is
/// one atomic step of the store, so a dropped future leaves either all of it or nothing. All of it
/// may also come later, where the step goes on without its future. A call that blocks its thread
/// can not be dropped, and keeps the time-out from coming.
///
/// # Concurrency and clones
///
/// All methods take `&self` and run concurrently. If the store is `Clone`, all clones are the same
/// store. A second store that is opened on the same data, in this process or on another node, is
/// the same store too, or is refused, or your documentation forbids it.
///
/// # Wrappers
///
/// A store around a store forwards every method; put
/// `#[deny(clippy::missing_trait_methods)]` on the impl, so that one which is added later breaks
/// the build instead of the promise. It has those abilities only that it implements itself.
///
/// # Testing your store
///
/// The crate `hallpass-testkit` has one test or more for each clause: after
/// `cargo add --dev hallpass-testkit`, this is the complete module for the store below.
///
/// ```ignore
/// #[cfg(test)]
/// mod conformance {
///     use super::SmallestStore;
///
///     hallpass_testkit::conformance! {
///         // Asked for each test anew, and empty each time: all tests use the same names.
///         store: async { SmallestStore::default() },
///         abilities: [],
///     }
/// }
/// ```
///
/// A store that several nodes use adds `peer: async |store| ..`, which makes what another node
/// would use: a clone, or a second connection to the same data. That answers survive a crash, as
/// clause 6 says, is for tests of your own.
///
/// # Example: the smallest correct store
///
/// [`SessionRecord::updated`], [`SessionRecord::touched`] and [`SessionRecord::expired`] decide;
/// the store makes sure that reading, deciding and writing are one step.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
///
/// use hallpass_core::{
///     Create, End, EndOutcome, Load, Revision, SessionHandle, SessionRecord, SessionStore,
///     StoreError, Timestamp, Tombstone, Touch, Touched, Write,
/// };
///
/// #[derive(Debug)]
/// enum Slot {
///     Live(Arc<SessionRecord>),
///     Ended(Tombstone),
/// }
///
/// #[derive(Debug, Default)]
/// struct SmallestStore(Mutex<HashMap<SessionHandle, Slot>>);
///
/// impl SmallestStore {
///     fn slots(&self) -> MutexGuard<'_, HashMap<SessionHandle, Slot>> {
///         self.0.lock().unwrap_or_else(PoisonError::into_inner)
///     }
/// }
///
/// impl SessionStore for SmallestStore {
///     async fn create(&self, record: &SessionRecord, _now: Timestamp) -> Result<Create, StoreError> {
///         let mut slots = self.slots();
///         if slots.contains_key(&record.handle()) {
///             return Ok(Create::Occupied);
///         }
///         slots.insert(record.handle(), Slot::Live(Arc::new(record.clone())));
///         Ok(Create::Created)
///     }
///
///     async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
///         Ok(match self.slots().get(&handle) {
///             Some(Slot::Live(record)) => match record.expired(now) {
///                 Some(tombstone) => Load::Ended(tombstone),
///                 None => Load::Live(Arc::clone(record)),
///             },
///             Some(Slot::Ended(tombstone)) => Load::Ended(tombstone.clone()),
///             None => Load::Missing,
///         })
///     }
///
///     async fn update(
///         &self,
///         record: &SessionRecord,
///         expected: Revision,
///         now: Timestamp,
///     ) -> Result<Write, StoreError> {
///         let mut slots = self.slots();
///         let Some(Slot::Live(stored)) = slots.get_mut(&record.handle()) else {
///             return Ok(Write::Gone);
///         };
///         let (answer, applied) = stored.updated(record, expected, now);
///         if let Some(applied) = applied {
///             *stored = Arc::new(applied);
///         }
///         Ok(answer)
///     }
///
///     async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
///         let mut slots = self.slots();
///         let Some(Slot::Live(stored)) = slots.get_mut(&touch.handle) else {
///             return Ok(Touched::Gone);
///         };
///         let (answer, applied) = stored.touched(touch, now);
///         if let Some(applied) = applied {
///             *stored = Arc::new(applied);
///         }
///         Ok(answer)
///     }
///
///     async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
///         let mut slots = self.slots();
///         let (outcome, tombstone) = match slots.get(&end.handle) {
///             Some(Slot::Ended(tombstone)) => return Ok(EndOutcome::Already(tombstone.clone())),
///             Some(Slot::Live(record)) => match record.expired(now) {
///                 Some(tombstone) => (EndOutcome::Already(tombstone.clone()), tombstone),
///                 None => {
///                     let tombstone = Tombstone::of(record, end.reason.clone(), end.at);
///                     (EndOutcome::Ended(tombstone.clone()), tombstone)
///                 }
///             },
///             None => (EndOutcome::Missing, end.tombstone()),
///         };
///         slots.insert(end.handle, Slot::Ended(tombstone));
///         Ok(outcome)
///     }
/// }
/// ```
///
/// And a *wrong* `update`:
///
/// ```ignore
/// async fn update(&self, record: &SessionRecord, expected: Revision, now: Timestamp) -> ... {
///     match self.load(record.handle(), now).await? {
///         Load::Live(stored) if stored.revision() == expected => {
///             self.slots().insert(record.handle(), Slot::Live(Arc::new(record.clone())));
///             Ok(Write::Applied)
///         }
///         Load::Live(_) => Ok(Write::Conflict),
///         Load::Ended(_) | Load::Missing => Ok(Write::Gone),
///     }
/// }
/// ```
///
/// The check and the write are two steps. Between them another update can be applied, which is
/// then lost (clause 4); the session can end, and the insert brings it back to life (clauses 3 and
/// 7). A lock around both is not enough: a touch since the record was loaded is taken back (clause
/// 5), and the same write asked for again is told [`Write::Conflict`] (clause 4). Both are what
/// [`SessionRecord::updated`] is for.
pub trait SessionStore: fmt::Debug + Send + Sync + 'static {
    /// Stores a new record, unless its name is taken (clause 2).
    ///
    /// Never an upsert.
    fn create(
        &self,
        record: &SessionRecord,
        now: Timestamp,
    ) -> impl Future<Output = Result<Create, StoreError>> + Send;

    /// Returns what is known of a session, and changes nothing: a load keeps nothing alive.
    fn load(
        &self,
        handle: SessionHandle,
        now: Timestamp,
    ) -> impl Future<Output = Result<Load, StoreError>> + Send;

    /// Replaces a live record whose revision is `expected` (clauses 3 to 5).
    ///
    /// What to answer and what to store is said by [`SessionRecord::updated`] of the stored record.
    /// `expected` is the revision of that one; `record` has the next one already.
    fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> impl Future<Output = Result<Write, StoreError>> + Send;

    /// Moves `last_seen` forward, and confirms the credential if that is asked for (clauses 3
    /// and 5).
    ///
    /// What to answer and what to store is said by [`SessionRecord::touched`] of the stored record.
    fn touch(
        &self,
        touch: &Touch,
        now: Timestamp,
    ) -> impl Future<Output = Result<Touched, StoreError>> + Send;

    /// Ends a session for good (clause 7).
    ///
    /// Puts a tombstone in place of the record: [`Tombstone::of`] of a live one, with the reason
    /// and the time of the order; what [`SessionRecord::expired`] makes of one past its deadline;
    /// [`End::tombstone`] where nothing is known. A tombstone that is there already stays, and is
    /// told.
    ///
    /// [`Tombstone::of`]: crate::Tombstone::of
    fn end(
        &self,
        end: &End,
        now: Timestamp,
    ) -> impl Future<Output = Result<EndOutcome, StoreError>> + Send;
}
