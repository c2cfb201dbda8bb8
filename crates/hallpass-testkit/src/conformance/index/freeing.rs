//! Clause 2: who counts for the limit, without any event that would tell.

use std::time::Duration;

use hallpass_core::AtLimit;
use hallpass_core::EndReason;
use hallpass_core::RecordFixture;
use hallpass_core::SubjectIndex;

use super::assert_bound;
use super::assert_denied;
use super::assert_listed;
use super::limit;
use super::logged_in;
use super::login;
use crate::conformance::bed::IDLE;
use crate::conformance::bed::START;
use crate::conformance::bed::TestBed;
use crate::conformance::bed::at;
use crate::conformance::bed::end;
use crate::conformance::bed::subject;

const CLAUSE: &str = "clause 2 of `SubjectIndex` (who counts)";

/// Clause 2, races 25 and 43: sessions that expired, by idle or by absolute timeout, free their
/// place at their deadline and not before.
pub async fn expired_sessions_free_their_place<S: SubjectIndex>(bed: &TestBed<S>) {
    let minute = Duration::from_secs(60);
    for at_limit in WAYS {
        let idle = (Some(minute), minute * 10);
        for (idle, absolute) in [idle, (None, minute)] {
            let alice = subject(&format!("alice {at_limit:?} {idle:?}"));
            let fixture = RecordFixture::of(&alice).timeouts(idle, absolute);
            let (old, _token) = bed.build(fixture, START);
            let bind = login(&old, limit(1, at_limit));
            assert_bound(&bed.here().bind(&bind, START).await, &[], CLAUSE);

            let (record, _token) = bed.build(RecordFixture::of(&alice), at(60));
            let early = login(&record, limit(1, AtLimit::Reject));
            let just_before = at(60).saturating_sub(Duration::from_millis(1));
            let answer = bed.here().bind(&early, just_before).await;
            assert_denied(&answer, &[old], CLAUSE);

            let bind = login(&record, limit(1, at_limit));
            assert_bound(&bed.here().bind(&bind, at(60)).await, &[], CLAUSE);
            assert_listed(&bed.there().list(&alice, at(60)).await, &[record], CLAUSE);
        }
    }
}

/// Clause 2: sessions that ended free their place, by whatever way they ended.
pub async fn ended_sessions_free_their_place<S: SubjectIndex>(bed: &TestBed<S>) {
    for at_limit in WAYS {
        let alice = subject(&format!("alice {at_limit:?}"));
        let first = logged_in(bed, &alice, START).await;
        let order = end(first.handle(), EndReason::Logout, START);
        let _ended = bed.there().end(&order, START).await;

        let (second, _token) = bed.build(RecordFixture::of(&alice), at(1));
        let bind = login(&second, limit(1, at_limit));
        assert_bound(&bed.here().bind(&bind, at(1)).await, &[], CLAUSE);
        let _ended = bed
            .there()
            .end_subject(&alice, None, &EndReason::Logout, at(1))
            .await;

        let (third, _token) = bed.build(RecordFixture::of(&alice), at(2));
        let bind = login(&third, limit(1, at_limit));
        assert_bound(&bed.here().bind(&bind, at(2)).await, &[], CLAUSE);
        assert_listed(&bed.there().list(&alice, at(2)).await, &[third], CLAUSE);
    }
}

/// Clause 2: a session that locks when it is idle is live for the store, so it keeps its place.
pub async fn locked_sessions_keep_their_place<S: SubjectIndex>(bed: &TestBed<S>) {
    let alice = subject("alice");
    let (locks, _token) = bed.build(RecordFixture::of(&alice).lock_when_idle(), START);
    let bind = login(&locks, limit(1, AtLimit::Reject));
    assert_bound(&bed.here().bind(&bind, START).await, &[], CLAUSE);
    let (record, _token) = bed.build(RecordFixture::of(&alice), at(IDLE + 1));
    let bind = login(&record, limit(1, AtLimit::Reject));
    assert_denied(
        &bed.here().bind(&bind, at(IDLE + 1)).await,
        &[locks],
        CLAUSE,
    );
}

const WAYS: [AtLimit; 3] = [
    AtLimit::EvictLeastRecentlyUsed,
    AtLimit::EvictOldest,
    AtLimit::Reject,
];
