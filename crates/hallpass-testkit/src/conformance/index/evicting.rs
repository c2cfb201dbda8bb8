//! Clause 3: who is evicted, exactly.

use std::time::Duration;

use hallpass_core::AtLimit;
use hallpass_core::EndReason;
use hallpass_core::RecordFixture;
use hallpass_core::SessionRecord;
use hallpass_core::SubjectIndex;
use hallpass_core::Timestamp;
use hallpass_core::Touched;

use super::assert_bound;
use super::assert_listed;
use super::limit;
use super::logged_in;
use super::login;
use super::tombstones;
use crate::conformance::bed::START;
use crate::conformance::bed::TestBed;
use crate::conformance::bed::at;
use crate::conformance::bed::subject;
use crate::conformance::bed::touch;

const CLAUSE: &str = "clause 3 of `SubjectIndex` (at the limit)";

/// Clause 3, race 27: the session that was used longest ago ends, by what touches and updates
/// have told, and its tombstone says why.
pub async fn the_session_used_longest_ago_is_evicted<S: SubjectIndex>(bed: &TestBed<S>) {
    let [first, second, third] = three(bed).await;
    let touched = used(bed, &first, at(10)).await;
    let next = bed.next(&second).last_seen(at(9)).build();
    let _applied = bed.here().update(&next, second.revision(), at(10)).await;
    let way = AtLimit::EvictLeastRecentlyUsed;
    evicts(bed, way, &[touched, next], &[third]).await;
}

/// Clause 3, race 27: the session that was created first ends, also when it was just used.
pub async fn the_session_created_first_is_evicted<S: SubjectIndex>(bed: &TestBed<S>) {
    let [first, second, third] = three(bed).await;
    let touched = used(bed, &first, at(10)).await;
    evicts(bed, AtLimit::EvictOldest, &[second, third], &[touched]).await;
}

/// Clauses 2 and 3: a login that names a smaller limit than those before evicts as many sessions
/// as are too many for it.
pub async fn a_smaller_limit_evicts_all_that_are_too_many<S: SubjectIndex>(bed: &TestBed<S>) {
    for at_limit in [AtLimit::EvictLeastRecentlyUsed, AtLimit::EvictOldest] {
        let alice = subject(&format!("alice {at_limit:?}"));
        let mut records = Vec::new();
        for second in 0..6 {
            records.push(logged_in(bed, &alice, at(second)).await);
        }
        let (kept, evicted) = match records.split_last() {
            Some((last, others)) => (last.clone(), others.to_vec()),
            None => panic!("six records have a last one"),
        };
        let (record, _token) = bed.build(RecordFixture::of(&alice), at(20));
        let answer = bed
            .here()
            .bind(&login(&record, limit(2, at_limit)), at(20))
            .await;
        let evicted = tombstones(&evicted, &EndReason::Evicted, at(20));
        assert_bound(&answer, &evicted, CLAUSE);
        assert_listed(
            &bed.there().list(&alice, at(20)).await,
            &[kept, record],
            CLAUSE,
        );
    }
}

/// Clauses 1 and 3: the new session never makes room for itself, also where it looks like the
/// oldest one, because the clock went back.
pub async fn a_login_is_never_evicted_by_itself<S: SubjectIndex>(bed: &TestBed<S>) {
    let earlier = START.saturating_sub(Duration::from_secs(60));
    for at_limit in [AtLimit::EvictLeastRecentlyUsed, AtLimit::EvictOldest] {
        let alice = subject(&format!("alice {at_limit:?}"));
        let old = logged_in(bed, &alice, START).await;
        let (record, _token) = bed.build(RecordFixture::of(&alice), earlier);
        let answer = bed
            .here()
            .bind(&login(&record, limit(1, at_limit)), earlier)
            .await;
        let evicted = tombstones(&[old], &EndReason::Evicted, earlier);
        assert_bound(&answer, &evicted, CLAUSE);
        assert_listed(&bed.there().list(&alice, earlier).await, &[record], CLAUSE);
    }
}

/// Logs alice in with a limit of three, and checks who stays and who ends.
async fn evicts<S: SubjectIndex>(
    bed: &TestBed<S>,
    at_limit: AtLimit,
    stay: &[SessionRecord; 2],
    end: &[SessionRecord; 1],
) {
    let alice = subject("alice");
    let (record, _token) = bed.build(RecordFixture::of(&alice), at(20));
    let answer = bed
        .there()
        .bind(&login(&record, limit(3, at_limit)), at(20))
        .await;
    let evicted = tombstones(end, &EndReason::Evicted, at(20));
    assert_bound(&answer, &evicted, CLAUSE);
    for tombstone in &evicted {
        bed.here().assert_ended(tombstone, at(20), CLAUSE).await;
    }
    let [one, other] = stay.clone();
    assert_listed(
        &bed.here().list(&alice, at(20)).await,
        &[one, other, record],
        CLAUSE,
    );
}

/// Begins three sessions of alice, one after the other.
async fn three<S: SubjectIndex>(bed: &TestBed<S>) -> [SessionRecord; 3] {
    let alice = subject("alice");
    [
        logged_in(bed, &alice, START).await,
        logged_in(bed, &alice, at(1)).await,
        logged_in(bed, &alice, at(2)).await,
    ]
}

/// Touches a session, and returns what is stored then.
async fn used<S: SubjectIndex>(
    bed: &TestBed<S>,
    record: &SessionRecord,
    now: Timestamp,
) -> SessionRecord {
    let touch = touch(record, now, false);
    assert_eq!(
        bed.here().touch(&touch, now).await,
        Touched::Applied,
        "{CLAUSE}"
    );
    record
        .touched(&touch, now)
        .1
        .unwrap_or_else(|| record.clone())
}
