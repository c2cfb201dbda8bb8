//! What a presented token means.

use std::time::Duration;

use super::Credential;
use super::MAX_WALK;
use super::PreviousCredential;
use crate::client::ClientKind;
use crate::time::Timestamp;
use crate::token::SessionToken;

/// How long the tokens around a renewal stay good.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the three durations of the ratchet"
)]
pub struct Windows {
    /// How long after a renewal the same child is sent again to whoever presents the parent,
    /// because the answer that carried it may be lost.
    pub repair: Duration,
    /// How long after the first use of a child its parent is still accepted, because a request
    /// with it may be in flight.
    pub grace: Duration,
    /// How far the clocks of two nodes may be apart. Added to both windows.
    pub max_skew: Duration,
}

impl Windows {
    /// Returns how long after a renewal a request with the parent may come in at the most. No
    /// token is renewed again within this time.
    #[must_use]
    pub const fn span(self) -> Duration {
        let skew = self.max_skew.saturating_mul(2);
        self.repair.saturating_add(self.grace).saturating_add(skew)
    }

    /// Returns whether `now` is at most `window` and the allowed skew after `start`. A negative
    /// age counts as none.
    pub(crate) fn is_within(self, window: Duration, start: Timestamp, now: Timestamp) -> bool {
        now.since(start) <= window.saturating_add(self.max_skew)
    }
}

/// What a presented token means, judged once, when the request opens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new verdict must break the engine on purpose"
)]
pub enum Verdict {
    /// The current token.
    Current {
        /// Nobody had used it before: this request's touch confirms it.
        confirm: bool,
    },
    /// The parent of a child that nobody has used: accepted, and the same child is sent again.
    Repaired {
        /// The repair window is over; the client looks like the one that caused the renewal.
        late: bool,
    },
    /// The parent of a child in use, within the grace: accepted, never given a token.
    Grace,
    /// A token from before the assurance was raised: accepted with the old assurance, never given
    /// a token.
    Outranked {
        /// The windows are over, and the client looks like the honest one: either nobody has used
        /// the raised token, or the answer with the old one may have arrived after it.
        late: bool,
    },
    /// An earlier token of the family, outside of every window: somebody has a copy.
    Replayed,
    /// Nothing that this session ever issued, as far as can be told. As if no token had been sent.
    Unknown,
}

impl Verdict {
    /// Returns whether the request is accepted.
    #[must_use]
    pub const fn is_accepted(self) -> bool {
        match self {
            Self::Current { .. } | Self::Repaired { .. } | Self::Grace | Self::Outranked { .. } => {
                true
            }
            Self::Replayed | Self::Unknown => false,
        }
    }
}

/// Judges a presented token against the credentials of the record that it names.
///
/// `max_walk` bounds how many generations an ancestor is followed forward, [`MAX_WALK`] at most.
/// With 1, everything that an honest client sends is still judged; only replays of older tokens
/// look unknown.
///
/// The order of the answers is the table of `docs/DESIGN.md`, "What a presented token means".
pub fn judge_token(
    current: &Credential,
    previous: Option<&PreviousCredential>,
    presented: &SessionToken,
    client: &ClientKind,
    windows: Windows,
    max_walk: u32,
    now: Timestamp,
) -> Verdict {
    match previous {
        Some(previous) if presented.generation() <= previous.credential.generation() => {
            // As it counted when its chain was broken; what that is worth now comes after.
            let verdict = judge_chain(
                &previous.credential,
                presented,
                client,
                windows,
                max_walk,
                now.min(previous.replaced_at),
            );
            outranked(verdict, current, previous, client, windows, now)
        }
        _ => judge_chain(current, presented, client, windows, max_walk, now),
    }
}

fn judge_chain(
    credential: &Credential,
    presented: &SessionToken,
    client: &ClientKind,
    windows: Windows,
    max_walk: u32,
    now: Timestamp,
) -> Verdict {
    let Some(distance) = credential.generation().checked_sub(presented.generation()) else {
        return Verdict::Unknown;
    };
    if distance == 0 {
        return if credential.matches(presented) {
            Verdict::Current {
                confirm: credential.confirmed_at().is_none(),
            }
        } else {
            Verdict::Unknown
        };
    }
    if distance > max_walk.min(MAX_WALK) || !credential.is_descendant_of(presented) {
        return Verdict::Unknown;
    }
    if distance > 1 {
        return Verdict::Replayed;
    }
    match credential.confirmed_at() {
        None if windows.is_within(windows.repair, credential.renewed_at(), now) => {
            Verdict::Repaired { late: false }
        }
        None if client.looks_like(credential.renewed_by()) => Verdict::Repaired { late: true },
        Some(confirmed_at) if windows.is_within(windows.grace, confirmed_at, now) => Verdict::Grace,
        None | Some(_) => Verdict::Replayed,
    }
}

/// Turns the verdict of a broken chain into that of the session.
fn outranked(
    verdict: Verdict,
    current: &Credential,
    previous: &PreviousCredential,
    client: &ClientKind,
    windows: Windows,
    now: Timestamp,
) -> Verdict {
    match verdict {
        Verdict::Current { .. } | Verdict::Repaired { .. } | Verdict::Grace => {}
        Verdict::Outranked { .. } | Verdict::Replayed | Verdict::Unknown => return verdict,
    }
    if previous.is_successor_unused(current) {
        let window = windows.repair.max(windows.grace);
        return if windows.is_within(window, previous.replaced_at, now) {
            Verdict::Outranked { late: false }
        } else if client.looks_like(current.renewed_by()) {
            // The answer that carried the raised token is lost, and is not sent again: the client
            // goes on as it was.
            Verdict::Outranked { late: true }
        } else {
            Verdict::Unknown
        };
    }
    // Once the raised token was renewed, its own first use is longer ago than any window.
    let is_raised = current.renewed_at() == previous.replaced_at;
    match current.confirmed_at() {
        Some(used) if is_raised && windows.is_within(windows.grace, used, now) => {
            Verdict::Outranked { late: false }
        }
        // The last token of its chain, that is, and no parent of it.
        _ if is_raised
            && matches!(verdict, Verdict::Current { .. })
            && previous.may_arrive_late(client, windows) =>
        {
            Verdict::Outranked { late: true }
        }
        _ => Verdict::Replayed,
    }
}

#[cfg(test)]
mod tests;
