//! From one store to another while sessions live.

mod abilities;
mod ending;
mod index;
mod marks;
mod place;
mod room;
mod sessions;

use std::fmt;

use hallpass_core::BoxFuture;
use hallpass_core::HandleTag;
use hallpass_core::HandleTags;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::Subject;
use hallpass_core::Sweep;
use hallpass_core::Swept;
use hallpass_core::Timestamp;

/// A store around two stores, which takes the sessions of the old one to the new one without a
/// logout, while several nodes serve requests and are deployed one after the other.
///
/// It has two phases, and each node is in one of them. [`MigratingStore::dual`] is for the time in
/// which some nodes use the old store alone, or do not move yet; [`MigratingStore::moving`] moves.
/// The [crate's page](crate#moving-from-one-store-to-another) has the order of the steps.
///
/// # Where a session is
///
/// The old store decides. What lives there is as it is there. What has ended there has ended,
/// unless the reason says that it was moved; then, and where the old store knows nothing, the new
/// store decides. So there is one step in which a session changes hands: the one that ends it in
/// the old store as moved.
///
/// A session moves when somebody writes to it: an update, a touch, an end, or a login or an ending
/// of all of its subject. A load moves nothing. To move one, a node
///
/// 1. notes in the new store that this session, and some session of this subject, is about to move.
///    A note is a tombstone under a name that is derived from the handle or the subject;
/// 2. reads the session in the old store;
/// 3. creates it in the new store, with its revision, its write id and its activity, where it is
///    stamped with the epochs of the new store;
/// 4. ends it in the old store as moved.
///
/// Whoever dies in between leaves the session living in the old store, and the next one who writes
/// to it begins anew. Where somebody ended it in the old store after step 2, step 4 finds that, and
/// the copy ends as well; until then the old store has said that it ended, and is believed.
///
/// # What holds in each phase
///
/// | | `dual` | `moving` |
/// | --- | --- | --- |
/// | may run beside nodes with the old store alone | yes, while none is `moving` | no |
/// | may run beside nodes of the other phase | yes | yes |
/// | may run beside nodes with the new store alone | no | yes, once nothing lives in the old one |
/// | sessions begin in | the old store; in the new one where their subject has moved | the new store |
/// | sessions that were moved | live on in the new store | live on in the new store |
/// | a write | to the old store, then a look at the note: if there is one, again to the new store, under the same write id | moves the session first, then to the new store |
/// | an end | where the session is; where nobody knows it, both remember | the same, after a move |
/// | an advance of an epoch | the old store, then the new one | the same |
///
/// A write that was answered in phase `dual` found no note *after* it was applied, so it was there
/// before anybody read the session to move it: it is not lost. One that found a note is asked for
/// once more in the new store. Where that conflicts, it cannot be told whether it was applied, and
/// the answer is an error of the kind
/// [`Unavailable`](hallpass_core::StoreErrorKind::Unavailable), which the engine knows how to take.
///
/// # Limits of concurrent sessions
///
/// A login in phase `moving` moves all sessions of the subject first, so that the new store counts
/// all of them, in one step with the login. In phase `dual` the old store counts all of them, as
/// long as no note says that one was moved; where one does, the login is one of phase `moving`. So
/// while all nodes are in one phase the limit holds at any time.
///
/// Where nodes of both phases run, a login of phase `dual` can meet the first note on its subject,
/// which came while the login was applied. It is then counted once more in the new store, together
/// with the others, and evicts or is denied. Until it has been answered there may be one session
/// more than the limit for each such login, whose token nobody has; afterwards there may be fewer
/// than the limit, because both stores have evicted, or each of two logins the other one. If it is
/// never answered, because its process ends, the next login of the subject corrects it.
///
/// # Sessions that cannot move
///
/// A Redis Cluster takes a subject's session only if its handle has the tag of the subject. With
/// [`MigratingStore::with_tags_of_new`], sessions with another handle are told by it, on every node
/// alike, and stay where they are: the old store keeps them until they end, and a login counts
/// them. At a limit that evicts, they end in the same order as the others, before the login and
/// not in one step with it; at one that rejects, a login that comes at the same time as another may
/// end the session that it replaces and still be denied. In phase `dual` new sessions get the tags
/// of the new store, if the old one has none of its own, so that they can move.
///
/// Where the new store refuses a session for another reason, for instance because it is full, a
/// write to it fails with that error, and the session lives on in the old store.
///
/// # What the caller promises
///
/// Both stores keep the contract, and all nodes have the same two, in the same order. The notes on
/// subjects are forgotten after 90 days: do not run `dual` beside or after `moving` for longer.
///
/// # Errors
///
/// As the two stores. Nearly every operation needs both, so the one that is down decides.
///
/// # Cancel safety
///
/// As for any store: an operation that is dropped has been applied in whole or not at all. It may
/// have moved the session, which nobody sees.
///
/// # Example: from memory to memory
///
/// ```
/// use hallpass_core::DynStore;
/// use hallpass_memory::MemoryStore;
/// use hallpass_stores::MigratingStore;
///
/// let (old, new) = (MemoryStore::new(), MemoryStore::new());
/// let store = MigratingStore::moving(new, old).with_sweep_of_new().with_sweep_of_old();
/// let store = DynStore::builder(store)
///     .with_index()
///     .with_epochs()
///     .with_sweep()
///     .with_feed()
///     .build();
/// # assert!(store.has_sweep());
/// ```
#[derive(Clone)]
pub struct MigratingStore<New, Old> {
    new: New,
    old: Old,
    phase: Phase,
    tags_of_new: Option<TagOf<New>>,
    tags_of_old: Option<TagOf<Old>>,
    sweep_of_new: Option<SweepOf<New>>,
    sweep_of_old: Option<SweepOf<Old>>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Dual,
    Moving,
}

type TagOf<S> = fn(&S, &Subject) -> Option<HandleTag>;
type SweepOf<S> = for<'a> fn(&'a S, usize, Timestamp) -> BoxFuture<'a, Result<Swept, StoreError>>;

impl<New: SessionStore, Old: SessionStore> MigratingStore<New, Old> {
    /// The first phase: sessions stay in the old store, and those that other nodes have moved are
    /// found in the new one.
    #[must_use]
    pub const fn dual(new: New, old: Old) -> Self {
        Self::with(new, old, Phase::Dual)
    }

    /// The second phase: sessions begin in the new store, and move there when they are written to.
    ///
    /// # Security
    ///
    /// No node may use the old store alone any more. It would not see what was moved, and what it
    /// ends or writes meanwhile could be lost.
    #[must_use]
    pub const fn moving(new: New, old: Old) -> Self {
        Self::with(new, old, Phase::Moving)
    }

    const fn with(new: New, old: Old, phase: Phase) -> Self {
        Self {
            new,
            old,
            phase,
            tags_of_new: None,
            tags_of_old: None,
            sweep_of_new: None,
            sweep_of_old: None,
        }
    }

    /// Gives handles the tags of the new store, and leaves sessions where they are whose handles
    /// have others. Needed where the new store has [`HandleTags`]. Default: any handle will do.
    #[must_use]
    pub fn with_tags_of_new(mut self) -> Self
    where
        New: HandleTags,
    {
        self.tags_of_new = Some(New::handle_tag);
        self
    }

    /// Gives handles the tags of the old store for as long as sessions begin there. Needed where
    /// the old store has [`HandleTags`]. Where both stores have, give both the same key for their
    /// tags: sessions with the tags of another key cannot move. Default: any handle will do.
    #[must_use]
    pub fn with_tags_of_old(mut self) -> Self
    where
        Old: HandleTags,
    {
        self.tags_of_old = Some(Old::handle_tag);
        self
    }

    /// Sweeps the new store. Needed where it is a [`Sweep`]. Default: nothing is swept.
    #[must_use]
    pub fn with_sweep_of_new(mut self) -> Self
    where
        New: Sweep,
    {
        self.sweep_of_new = Some(|store, max, now| Box::pin(store.sweep(max, now)));
        self
    }

    /// Sweeps the old store. Needed where it is a [`Sweep`]. Default: nothing is swept.
    #[must_use]
    pub fn with_sweep_of_old(mut self) -> Self
    where
        Old: Sweep,
    {
        self.sweep_of_old = Some(|store, max, now| Box::pin(store.sweep(max, now)));
        self
    }

    /// Returns the new store.
    #[must_use]
    pub const fn new_store(&self) -> &New {
        &self.new
    }

    /// Returns the old store.
    #[must_use]
    pub const fn old_store(&self) -> &Old {
        &self.old
    }

    /// Returns whether the new store takes a session with this handle. Every node says the same,
    /// so nobody moves one while another writes to it where it is.
    fn can_move(&self, record: &SessionRecord) -> bool {
        let Some((tag_of, subject)) = self.tags_of_new.zip(record.subject()) else {
            return true;
        };
        tag_of(&self.new, subject).is_none_or(|tag| tag == HandleTag::of(record.handle()))
    }
}

impl<New: fmt::Debug, Old: fmt::Debug> fmt::Debug for MigratingStore<New, Old> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MigratingStore")
            .field("new", &self.new)
            .field("old", &self.old)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}
