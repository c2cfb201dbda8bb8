//! The small facts of a record.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

/// Counts the writes to one record; compare-and-set names it.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
pub struct Revision(u64);

impl Revision {
    /// The revision of a record that was just created.
    pub const FIRST: Self = Self(1);

    /// Returns the revision with this number, for stores that keep it apart from the record.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number, for stores that keep it apart from the record.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// Returns the revision after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Counts the changes of whom a record stands for; the writes of a request apply only while it
/// is unchanged.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
pub struct Binding(u32);

impl Binding {
    /// The binding of a record that was just created.
    pub const FIRST: Self = Self(1);

    /// Returns the binding with this number, for stores that keep it apart from the record.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number, for stores that keep it apart from the record.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    pub(crate) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The name of one write. A store that sees it twice knows that the caller asks again
/// because it lost the answer.
#[derive(Clone, Copy, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct WriteId([u8; 16]);

impl WriteId {
    /// Returns the name with these bytes, for stores that keep it apart from the record.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, for stores that keep it apart from the record.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Debug for WriteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriteId({:032x})", u128::from_be_bytes(self.0))
    }
}

/// The epochs in which a session began: that of everybody, of its tenant, of its subject.
///
/// A store that is [`Epochs`](crate::Epochs) writes it, and treats a session as ended once one of
/// the three was counted up further.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "three counters, as many as there are scopes"
)]
pub struct EpochStamp {
    /// The counter of everybody.
    pub everybody: u64,
    /// The counter of the tenant; 0 without one.
    pub tenant: u64,
    /// The counter of the subject; 0 without one.
    pub subject: u64,
}
