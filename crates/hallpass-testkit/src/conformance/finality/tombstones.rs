//! Clause 7: what stays of an ended session, and for how long.

use std::time::Duration;

use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::Revocation;
use hallpass_core::SessionHandle;
use hallpass_core::SessionStore;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use hallpass_core::Write;

use super::CLAUSE;
use crate::conformance::bed::ABSOLUTE;
use crate::conformance::bed::IDLE;
use crate::conformance::bed::START;
use crate::conformance::bed::TestBed;
use crate::conformance::bed::at;
use crate::conformance::bed::end;
use crate::conformance::bed::member;

/// Clause 7, race 27: the tombstone tells the session, its subject, the reason and the time.
pub async fn a_tombstone_tells_whose_session_it_was_and_why_it_ended<S: SessionStore>(
    bed: &TestBed<S>,
) {
    let alice = member("acme", "al\u{ed}ce");
    let why = Revocation::by("support:jane").because("reported stolen \u{1f6a8}");
    let reason = EndReason::Revoked(why);
    for fixture in [RecordFixture::anonymous(), RecordFixture::of(&alice)] {
        let record = bed.begin(fixture).await;
        let order = end(record.handle(), reason.clone(), at(5));
        let _ended = bed.here().end(&order, at(6)).await;
        let tombstone = ended(bed, record.handle(), at(7)).await;
        assert_eq!(tombstone.handle(), record.handle(), "{CLAUSE}");
        assert_eq!(tombstone.subject(), record.subject(), "{CLAUSE}");
        assert_eq!(*tombstone.reason(), reason, "{CLAUSE}");
        assert_eq!(tombstone.ended_at(), at(5), "{CLAUSE}");
        // What anybody can begin and end is not worth keeping for long.
        let keep_until = if record.subject().is_some() {
            ABSOLUTE
        } else {
            5 + IDLE
        };
        assert_eq!(tombstone.keep_until(), at(keep_until), "{CLAUSE}");
    }
}

/// Clause 7: every reason comes back as it was given.
pub async fn every_reason_comes_back<S: SessionStore>(bed: &TestBed<S>) {
    for reason in [
        EndReason::Absolute,
        EndReason::Evicted,
        EndReason::Idle,
        EndReason::Logout,
        EndReason::Replayed,
        EndReason::Revoked(Revocation::by("")),
        EndReason::Revoked(Revocation::by("op").because("'; drop table sessions; --\n\0")),
        EndReason::Superseded,
    ] {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let _ended = bed
            .here()
            .end(&end(record.handle(), reason.clone(), START), START)
            .await;
        assert_eq!(
            *ended(bed, record.handle(), START).await.reason(),
            reason,
            "{CLAUSE}"
        );

        let (unknown, _token) = bed.build(RecordFixture::anonymous(), START);
        let _missing = bed
            .here()
            .end(&end(unknown.handle(), reason.clone(), START), START)
            .await;
        assert_eq!(
            *ended(bed, unknown.handle(), START).await.reason(),
            reason,
            "{CLAUSE}"
        );
    }
}

/// Clause 7, race 49: only the token that was the current one verifies, so that nobody else is
/// told why the session ended.
pub async fn only_the_holder_of_the_last_token_is_told<S: SessionStore>(bed: &TestBed<S>) {
    let (record, token) = bed.begin_with_token(RecordFixture::anonymous()).await;
    let (renewed, parent) = bed.begin_with_token(RecordFixture::anonymous()).await;
    let next = bed.next(&renewed).renewed(&parent, START).build();
    let answer = bed.here().update(&next, renewed.revision(), START).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: an update of the stored revision"
    );
    let (unknown, stranger) = bed.build(RecordFixture::anonymous(), START);
    for handle in [record.handle(), renewed.handle(), unknown.handle()] {
        let _ended = bed
            .here()
            .end(&end(handle, EndReason::Logout, START), START)
            .await;
    }
    let tombstone = ended(bed, record.handle(), START).await;
    assert!(
        tombstone.verifies(&token),
        "{CLAUSE}: the holder of the token is told"
    );
    assert!(
        !tombstone.verifies(&parent),
        "{CLAUSE}: a token of another session"
    );
    let tombstone = ended(bed, renewed.handle(), START).await;
    assert!(
        !tombstone.verifies(&parent),
        "{CLAUSE}: a token from before a renewal"
    );
    let tombstone = ended(bed, unknown.handle(), START).await;
    assert!(
        !tombstone.verifies(&stranger),
        "{CLAUSE}: nothing is known of this session"
    );
}

/// Clause 7, race 2: ending what is not there succeeds, and the first such end counts.
pub async fn ending_what_is_not_there_leaves_a_tombstone<S: SessionStore>(bed: &TestBed<S>) {
    let (record, _token) = bed.build(RecordFixture::anonymous(), START);
    let order = end(record.handle(), EndReason::Logout, at(1));
    let answer = bed.here().end(&order, at(1)).await;
    assert_eq!(answer, EndOutcome::Missing, "{CLAUSE}: nothing was known");
    bed.there()
        .assert_ended(&order.tombstone(), at(2), CLAUSE)
        .await;
    let later = end(record.handle(), EndReason::Replayed, at(2));
    let answer = bed.there().end(&later, at(2)).await;
    assert_eq!(
        answer,
        EndOutcome::Already(order.tombstone()),
        "{CLAUSE}: ended before"
    );
    bed.here()
        .assert_ended(
            &order.tombstone(),
            order.keep_until.saturating_sub(MS),
            CLAUSE,
        )
        .await;
}

/// Clauses 1 and 7: the end of an expired session leaves a tombstone, too: that of its deadline,
/// or, where the store had forgotten it, that of the order.
pub async fn ending_an_expired_session_leaves_a_tombstone<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    let order = end(record.handle(), EndReason::Logout, at(IDLE + 5));
    let tombstone = match bed.here().end(&order, at(IDLE + 5)).await {
        EndOutcome::Already(tombstone) => {
            assert_eq!(
                Some(&tombstone),
                record.expired(at(IDLE)).as_ref(),
                "{CLAUSE}"
            );
            tombstone
        }
        EndOutcome::Missing => order.tombstone(),
        EndOutcome::Ended(_) => panic!("{CLAUSE}: an expired session ended as if it were live"),
    };
    bed.here()
        .assert_ended(&tombstone, at(IDLE + 6), CLAUSE)
        .await;
    bed.there()
        .assert_ended(&tombstone, at(IDLE - 1), CLAUSE)
        .await;
    let answer = bed.there().end(&order, at(IDLE + 6)).await;
    assert_eq!(
        answer,
        EndOutcome::Already(tombstone),
        "{CLAUSE}: ended before"
    );
}

/// Clause 7: a tombstone stays as long as the session could have lived, and longer than its idle
/// timeout.
pub async fn a_tombstone_stays_until_the_absolute_deadline<S: SessionStore>(bed: &TestBed<S>) {
    for (fixture, deadline) in [
        (RecordFixture::anonymous(), at(ABSOLUTE)),
        (
            RecordFixture::anonymous().timeouts(None, Duration::from_millis(700)),
            after(700),
        ),
        (
            RecordFixture::anonymous().timeouts(None, Duration::from_secs(86_400)),
            at(86_400),
        ),
    ] {
        let record = bed.begin(fixture).await;
        let _ended = bed
            .here()
            .end(&end(record.handle(), EndReason::Logout, START), START)
            .await;
        let tombstone = Tombstone::of(&record, EndReason::Logout, START);
        for now in [START, deadline.saturating_sub(MS)] {
            bed.here().assert_ended(&tombstone, now, CLAUSE).await;
            bed.there().assert_ended(&tombstone, now, CLAUSE).await;
        }
        bed.here()
            .assert_dead(record.handle(), deadline, CLAUSE)
            .await;
    }
}

async fn ended<S: SessionStore>(
    bed: &TestBed<S>,
    handle: SessionHandle,
    now: Timestamp,
) -> Tombstone {
    match bed.there().load(handle, now).await {
        Load::Ended(tombstone) => tombstone,
        other => panic!("{CLAUSE}: an ended session was told as {other:?}"),
    }
}

const fn after(millis: u64) -> Timestamp {
    Timestamp::from_millis(START.as_millis() + millis)
}

const MS: Duration = Duration::from_millis(1);
