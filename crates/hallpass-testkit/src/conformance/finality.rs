//! Clause 7, ended is final: once `end` has returned, no later call on any node sees the record
//! as live.

mod racing;
mod tombstones;

use hallpass_core::Create;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::RecordFixture;
use hallpass_core::Revocation;
use hallpass_core::SessionStore;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use hallpass_core::Touched;
use hallpass_core::Write;

use super::bed::ABSOLUTE;
use super::bed::IDLE;
use super::bed::START;
use super::bed::TestBed;
use super::bed::at;
use super::bed::end;
use super::bed::member;
use super::bed::touch;

pub use self::racing::a_late_touch_cannot_undo_an_end;
pub use self::racing::a_late_writer_cannot_undo_an_end;
pub use self::racing::a_session_that_begins_while_it_ends_is_ended;
pub use self::racing::no_call_that_starts_after_the_end_sees_the_session;
pub use self::racing::of_ends_that_race_the_first_counts;
pub use self::tombstones::a_tombstone_stays_until_the_absolute_deadline;
pub use self::tombstones::a_tombstone_tells_whose_session_it_was_and_why_it_ended;
pub use self::tombstones::ending_an_expired_session_leaves_a_tombstone;
pub use self::tombstones::ending_what_is_not_there_leaves_a_tombstone;
pub use self::tombstones::every_reason_comes_back;
pub use self::tombstones::only_the_holder_of_the_last_token_is_told;

const CLAUSE: &str = "clause 7 of `SessionStore` (ended is final)";

/// Clause 7, races 1 to 3 and 6: no operation sees the session as live again, on any node, also one
/// that has read it before, and at any time, also where the clock goes back.
pub async fn no_operation_sees_an_ended_session<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::of(&member("acme", "alice"))).await;
    bed.here().assert_live(&record, at(29), CLAUSE).await;
    bed.there().assert_live(&record, at(29), CLAUSE).await;
    let order = end(record.handle(), EndReason::Logout, at(30));
    let answer = bed.here().end(&order, at(30)).await;
    let tombstone = Tombstone::of(&record, EndReason::Logout, at(30));
    assert_eq!(
        answer,
        EndOutcome::Ended(tombstone.clone()),
        "{CLAUSE}: a live session"
    );

    for now in [
        at(30),
        at(31),
        at(IDLE),
        at(ABSOLUTE - 1),
        at(29),
        START,
        BEFORE,
    ] {
        for node in [bed.here(), bed.there()] {
            node.assert_ended(&tombstone, now, CLAUSE).await;
            let next = bed.next(&record).last_seen(now).build();
            let answer = node.update(&next, record.revision(), now).await;
            assert_eq!(answer, Write::Gone, "{CLAUSE}: an update at {now}");
            let answer = node.touch(&touch(&record, now, true), now).await;
            assert_eq!(answer, Touched::Gone, "{CLAUSE}: a touch at {now}");
            let answer = node.create(&record, now).await;
            assert_eq!(answer, Create::Occupied, "{CLAUSE}: a `create` at {now}");
            node.assert_ended(&tombstone, now, CLAUSE).await;
        }
    }
}

/// Clause 7: the first end counts, and the later ones are told of it.
pub async fn the_first_end_counts<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    let first = end(record.handle(), EndReason::Replayed, at(1));
    let tombstone = Tombstone::of(&record, EndReason::Replayed, at(1));
    let answer = bed.here().end(&first, at(1)).await;
    assert_eq!(
        answer,
        EndOutcome::Ended(tombstone.clone()),
        "{CLAUSE}: a live session"
    );
    let revoked = EndReason::Revoked(Revocation::by("support"));
    for (reason, now) in [
        (EndReason::Logout, at(2)),
        (revoked, at(0)),
        (EndReason::Idle, at(3)),
    ] {
        for node in [bed.here(), bed.there()] {
            let answer = node
                .end(&end(record.handle(), reason.clone(), now), now)
                .await;
            assert_eq!(
                answer,
                EndOutcome::Already(tombstone.clone()),
                "{CLAUSE}: ended before"
            );
            node.assert_ended(&tombstone, now, CLAUSE).await;
        }
    }
}

/// Clauses 4, 5 and 7: what an update and a touch have stored is what ends.
pub async fn the_tombstone_is_that_of_the_latest_record<S: SessionStore>(bed: &TestBed<S>) {
    let (record, token) = bed.begin_with_token(RecordFixture::anonymous()).await;
    let next = bed.next(&record).renewed(&token, at(1)).build();
    let answer = bed.here().update(&next, record.revision(), at(1)).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: an update of the stored revision"
    );
    let order = end(record.handle(), EndReason::Logout, at(2));
    let answer = bed.there().end(&order, at(2)).await;
    let tombstone = Tombstone::of(&next, EndReason::Logout, at(2));
    assert_eq!(
        answer,
        EndOutcome::Ended(tombstone.clone()),
        "{CLAUSE}: a renewed session"
    );
    bed.here().assert_ended(&tombstone, at(2), CLAUSE).await;
}

const BEFORE: Timestamp = Timestamp::from_millis(START.as_millis() - 86_400_000);
