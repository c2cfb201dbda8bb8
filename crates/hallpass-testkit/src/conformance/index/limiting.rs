//! Clauses 2 and 3: a limit that rejects, no limit, and whom a limit concerns.

use std::slice;

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
use crate::conformance::bed::START;
use crate::conformance::bed::TestBed;
use crate::conformance::bed::at;
use crate::conformance::bed::end;
use crate::conformance::bed::subject;

const CLAUSE: &str = "clause 3 of `SubjectIndex` (at the limit)";

/// Clause 3, race 26: a denied login changes nothing, and its answer lists the sessions to choose
/// from.
pub async fn a_login_beyond_the_limit_is_denied_and_changes_nothing<S: SubjectIndex>(
    bed: &TestBed<S>,
) {
    let alice = subject("alice");
    let active = [
        logged_in(bed, &alice, START).await,
        logged_in(bed, &alice, at(1)).await,
    ];
    for max in [1, 2] {
        let (record, _token) = bed.build(RecordFixture::of(&alice), at(2));
        let bind = login(&record, limit(max, AtLimit::Reject));
        assert_denied(&bed.here().bind(&bind, at(2)).await, &active, CLAUSE);
        bed.here()
            .assert_missing(record.handle(), at(2), CLAUSE)
            .await;
        assert_listed(&bed.there().list(&alice, at(2)).await, &active, CLAUSE);
        for record in &active {
            bed.there().assert_live(record, at(2), CLAUSE).await;
        }
    }
    let (record, _token) = bed.build(RecordFixture::of(&alice), at(2));
    let bind = login(&record, limit(3, AtLimit::Reject));
    assert_bound(&bed.here().bind(&bind, at(2)).await, &[], CLAUSE);
}

/// Clauses 3 and 4, race 26: a login that was denied succeeds once there is room, under the same
/// name: it left nothing.
pub async fn a_denied_login_can_be_repeated_once_there_is_room<S: SubjectIndex>(bed: &TestBed<S>) {
    let alice = subject("alice");
    let active = logged_in(bed, &alice, START).await;
    let (record, _token) = bed.build(RecordFixture::of(&alice), at(1));
    let bind = login(&record, limit(1, AtLimit::Reject));
    assert_denied(
        &bed.here().bind(&bind, at(1)).await,
        slice::from_ref(&active),
        CLAUSE,
    );
    let order = end(active.handle(), EndReason::Logout, at(2));
    let _ended = bed.here().end(&order, at(2)).await;
    assert_bound(&bed.here().bind(&bind, at(2)).await, &[], CLAUSE);
    assert_listed(&bed.there().list(&alice, at(2)).await, &[record], CLAUSE);
}

/// Clause 2: without a limit there may be any number of sessions.
pub async fn sessions_without_a_limit_are_all_kept<S: SubjectIndex>(bed: &TestBed<S>) {
    let alice = subject("alice");
    let mut records = Vec::new();
    for _ in 0..40 {
        records.push(logged_in(bed, &alice, START).await);
    }
    assert_listed(&bed.there().list(&alice, START).await, &records, CLAUSE);
}

/// Clause 2: the sessions of a subject do not count for another one, and anonymous ones for
/// nobody.
pub async fn the_limit_of_one_subject_is_not_that_of_another<S: SubjectIndex>(bed: &TestBed<S>) {
    let bob = logged_in(bed, &subject("bob"), START).await;
    let nobody = bed.begin(RecordFixture::anonymous()).await;
    for at_limit in WAYS {
        let carol = subject(&format!("carol {at_limit:?}"));
        let (record, _token) = bed.build(RecordFixture::of(&carol), START);
        let bind = login(&record, limit(1, at_limit));
        assert_bound(&bed.here().bind(&bind, START).await, &[], CLAUSE);
    }
    bed.here().assert_live(&bob, START, CLAUSE).await;
    bed.here().assert_live(&nobody, START, CLAUSE).await;
}

const WAYS: [AtLimit; 3] = [
    AtLimit::EvictLeastRecentlyUsed,
    AtLimit::EvictOldest,
    AtLimit::Reject,
];
