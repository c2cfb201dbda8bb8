//! How many sessions live, and what happens when there are too many.

use std::error::Error;
use std::fmt;
use std::num::NonZeroUsize;

use hallpass_core::SessionRecord;
use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;

use crate::sync::AtomicUsize;
use crate::sync::Ordering;

/// Why the store refuses a new session: the source of its [`StoreError`].
///
/// # Example: tell the two apart
///
/// ```
/// use std::error::Error;
///
/// use hallpass_core::StoreError;
/// use hallpass_memory::Full;
///
/// fn only_anonymous_sessions_are_refused(error: &StoreError) -> bool {
///     let full = error.source().and_then(|source| source.downcast_ref());
///     matches!(full, Some(Full::Anonymous { .. }))
/// }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Full {
    /// The anonymous sessions have taken all places that they may have. Logins still work.
    Anonymous {
        /// How many places that is.
        share: usize,
    },
    /// All places are taken.
    Store {
        /// How many places that is.
        capacity: usize,
    },
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous { share } => write!(
                f,
                "anonymous sessions have taken the {share} places that they may have: raise \
                 `MemoryStoreBuilder::capacity` or lower `reserve_for_subjects`"
            ),
            Self::Store { capacity } => write!(
                f,
                "sessions have taken all {capacity} places: raise `MemoryStoreBuilder::capacity`"
            ),
        }
    }
}

impl Error for Full {}

impl Full {
    pub(crate) fn into_store_error(self) -> StoreError {
        StoreError::new(StoreErrorKind::Rejected, self)
    }
}

/// The places of live sessions.
///
/// # Invariant
///
/// Each live record in a shard has exactly one place. Who takes a record out of its shard gives
/// the place back or hands it on.
pub(crate) struct Places {
    capacity: NonZeroUsize,
    anonymous_share: usize,
    taken: AtomicUsize,
    anonymous: AtomicUsize,
}

impl Places {
    /// The share of subjects is given in percent, and rounded down to whole places.
    pub(crate) fn new(capacity: NonZeroUsize, reserved_percent: u8) -> Self {
        let percent = usize::from(reserved_percent.min(100));
        let places = capacity.get();
        let reserved = places / 100 * percent + places % 100 * percent / 100;
        Self {
            capacity,
            anonymous_share: places - reserved,
            taken: AtomicUsize::new(0),
            anonymous: AtomicUsize::new(0),
        }
    }

    pub(crate) fn capacity(&self) -> NonZeroUsize {
        self.capacity
    }

    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Takes a place for a new session.
    pub(crate) fn take(&self, record: &SessionRecord) -> Result<(), Full> {
        if !is_anonymous(record) {
            return self.take_any();
        }
        let share = self.anonymous_share;
        if !counted_up(&self.anonymous, share) {
            return Err(Full::Anonymous { share });
        }
        self.take_any()
            .inspect_err(|_full| count_down(&self.anonymous))
    }

    /// Returns whether [`Places::take`] would succeed, if nobody else were faster.
    pub(crate) fn has_room_for(&self, record: &SessionRecord) -> bool {
        self.taken() < self.capacity.get()
            && (!is_anonymous(record)
                || self.anonymous.load(Ordering::Relaxed) < self.anonymous_share)
    }

    /// Gives back the place of a record that lives no more.
    pub(crate) fn give_back(&self, record: &SessionRecord) {
        self.hand_to_subject(record);
        count_down(&self.taken);
    }

    /// Makes the place of a record that lives no more that of a subject's new session.
    pub(crate) fn hand_to_subject(&self, record: &SessionRecord) {
        if is_anonymous(record) {
            count_down(&self.anonymous);
        }
    }

    fn take_any(&self) -> Result<(), Full> {
        let capacity = self.capacity.get();
        if counted_up(&self.taken, capacity) {
            Ok(())
        } else {
            Err(Full::Store { capacity })
        }
    }
}

fn is_anonymous(record: &SessionRecord) -> bool {
    record.subject().is_none()
}

// The counts guard no other memory, so their order with it does not matter.

fn counted_up(count: &AtomicUsize, limit: usize) -> bool {
    let next = |count: usize| (count < limit).then_some(count + 1);
    count
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
        .is_ok()
}

fn count_down(count: &AtomicUsize) {
    count.fetch_sub(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::anonymous;
    use crate::testing::of;
    use crate::testing::places;

    #[test]
    fn anonymous_sessions_leave_the_reserve_alone() {
        let places = places(10, 10);
        for _ in 0..9 {
            assert_eq!(places.take(&anonymous()), Ok(()));
        }
        assert_eq!(places.take(&anonymous()), Err(Full::Anonymous { share: 9 }));
        assert_eq!(places.take(&of("alice")), Ok(()));
        assert_eq!(places.take(&of("bob")), Err(Full::Store { capacity: 10 }));
        assert!(!places.has_room_for(&of("bob")));
    }

    #[test]
    fn an_anonymous_session_that_finds_the_store_full_takes_nothing_of_its_share() {
        let places = places(1, 0);
        assert_eq!(places.take(&of("alice")), Ok(()));
        assert_eq!(places.take(&anonymous()), Err(Full::Store { capacity: 1 }));
        places.give_back(&of("alice"));
        assert_eq!(places.take(&anonymous()), Ok(()));
        assert_eq!(places.taken(), 1);
    }

    #[test]
    fn a_login_takes_over_the_place_of_the_anonymous_session() {
        let places = places(2, 50);
        assert_eq!(places.take(&anonymous()), Ok(()));
        places.hand_to_subject(&anonymous());
        assert_eq!(places.taken(), 1);
        assert!(places.has_room_for(&anonymous()));
    }

    #[test]
    fn the_reserve_is_rounded_down_and_at_most_everything() {
        for (capacity, percent, share) in [
            (1, 10, 1),
            (9, 10, 9),
            (10, 10, 9),
            (1_000_000, 10, 900_000),
            (usize::MAX, 50, usize::MAX / 2 + 1),
            (7, 0, 7),
            (7, 100, 0),
            (7, 255, 0),
        ] {
            assert_eq!(
                places(capacity, percent).anonymous_share,
                share,
                "{capacity} {percent}"
            );
        }
    }
}
