//! What nodes leave in the stores for each other: notes on what is about to move, and the reason
//! with which a session ends in the old store that lives on in the new one.
//!
//! A note is a tombstone of a session that never was. Stores keep tombstones durably, the first
//! one stays, and every store can keep one under any handle, so it needs no ability beside.

use std::time::Duration;

use hallpass_core::End;
use hallpass_core::EndReason;
use hallpass_core::Revocation;
use hallpass_core::SessionHandle;
use hallpass_core::Subject;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use sha2::Digest;
use sha2::Sha256;

/// The name of the note that a session is about to move, or has.
pub(super) fn of_session(handle: SessionHandle) -> SessionHandle {
    name(b"session", &[&handle.to_bytes()])
}

/// The name of the note that sessions of a subject may be in the new store.
pub(super) fn of_subject(subject: &Subject) -> SessionHandle {
    match subject.tenant() {
        Some(tenant) => name(b"member", &[tenant.as_bytes(), subject.id().as_bytes()]),
        None => name(b"subject", &[subject.id().as_bytes()]),
    }
}

/// Until when a note on a subject is kept: longer than two phases run beside each other.
pub(super) fn subject_noted_until(now: Timestamp) -> Timestamp {
    now.saturating_add(SUBJECTS_NOTED_FOR)
}

/// The order that notes something under a name.
pub(super) fn note(name: SessionHandle, keep_until: Timestamp, now: Timestamp) -> End {
    End {
        handle: name,
        reason: reason("hallpass.moving"),
        at: now,
        keep_until,
    }
}

/// The order that hands a session over. The tombstone of a record is kept as long as any.
pub(super) fn moved(handle: SessionHandle, now: Timestamp) -> End {
    End {
        handle,
        reason: reason(MOVED),
        at: now,
        keep_until: now,
    }
}

/// Returns whether a session has ended in the old store only because it was handed over.
pub(super) fn is_moved(tombstone: &Tombstone) -> bool {
    matches!(tombstone.reason(), EndReason::Revoked(by) if by.who() == MOVED)
}

/// The order that ends a copy as the session has ended of which it is one.
pub(super) fn as_ended(tombstone: &Tombstone) -> End {
    End {
        handle: tombstone.handle(),
        reason: tombstone.reason().clone(),
        at: tombstone.ended_at(),
        keep_until: tombstone.keep_until(),
    }
}

fn reason(who: &str) -> EndReason {
    EndReason::Revoked(Revocation::by(who))
}

/// A handle that is no session's: they are random, and this is a hash of 128 bits. Each part has
/// its length in front, so that no two lists of parts look alike.
fn name(kind: &[u8], parts: &[&[u8]]) -> SessionHandle {
    let mut hash = Sha256::new_with_prefix(b"hallpass note of a migration v1");
    for part in [&[kind], parts].concat() {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(digest) {
        *byte = hashed;
    }
    SessionHandle::from_bytes(bytes)
}

/// The reserved prefix keeps it apart from any operator's name.
const MOVED: &str = "hallpass.moved";

const SUBJECTS_NOTED_FOR: Duration = Duration::from_secs(90 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_note_has_a_name_of_its_own() {
        let handle = SessionHandle::from_bytes([7; 16]);
        let names = [
            handle,
            of_session(handle),
            of_session(of_session(handle)),
            of_subject(&Subject::new("alice").unwrap()),
            of_subject(&Subject::of_tenant("a", "lice").unwrap()),
            of_subject(&Subject::of_tenant("al", "ice").unwrap()),
        ];
        for (place, name) in names.iter().enumerate() {
            assert!(!names[..place].contains(name), "{place}");
        }
        assert_eq!(names[1], of_session(handle));
    }

    #[test]
    fn only_what_was_handed_over_counts_as_moved() {
        let handle = SessionHandle::from_bytes([7; 16]);
        let now = Timestamp::from_millis(1);
        assert!(is_moved(&moved(handle, now).tombstone()));
        assert!(!is_moved(&note(handle, now, now).tombstone()));
        let logout = End {
            reason: EndReason::Logout,
            ..moved(handle, now)
        };
        assert!(!is_moved(&logout.tombstone()));
    }
}
