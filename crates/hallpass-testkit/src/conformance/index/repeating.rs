//! Clause 4: a repeated `bind` is applied once, and a name that is taken stays as it is.

use std::slice;

use hallpass_core::AtLimit;
use hallpass_core::Bound;
use hallpass_core::EndReason;
use hallpass_core::RecordFixture;
use hallpass_core::SessionHandle;
use hallpass_core::SubjectIndex;
use hallpass_core::Tombstone;

use super::assert_bound;
use super::assert_listed;
use super::limit;
use super::logged_in;
use super::login;
use super::replacing;
use super::tombstones;
use crate::conformance::bed::START;
use crate::conformance::bed::TestBed;
use crate::conformance::bed::at;
use crate::conformance::bed::end;
use crate::conformance::bed::subject;
use crate::conformance::bed::touch;
use crate::conformance::meeting::STEPS;
use crate::conformance::meeting::dropped;
use crate::conformance::meeting::meetings;
use crate::conformance::racing::RACERS;
use crate::conformance::racing::ROUNDS;
use crate::conformance::racing::race;

const CLAUSE: &str = "clause 4 of `SubjectIndex` (a repeated bind)";

/// Clause 4, race 48: a login whose answer was lost is not denied by its own ghost, evicts nobody
/// a second time, and takes no touch back.
pub async fn a_login_that_is_repeated_is_applied_once<S: SubjectIndex>(bed: &TestBed<S>) {
    for at_limit in [
        AtLimit::EvictLeastRecentlyUsed,
        AtLimit::EvictOldest,
        AtLimit::Reject,
    ] {
        let alice = subject(&format!("alice {at_limit:?}"));
        let anonymous = bed.begin(RecordFixture::anonymous()).await;
        let (record, _token) = bed.build(RecordFixture::of(&alice), at(1));
        let bind = replacing(&record, &anonymous, limit(1, at_limit));
        assert_bound(&bed.here().bind(&bind, at(1)).await, &[], CLAUSE);
        let touch = touch(&record, at(2), false);
        let _applied = bed.here().touch(&touch, at(2)).await;
        let touched = record.touched(&touch, at(2)).1.unwrap_or(record);

        for node in [bed.here(), bed.there()] {
            assert_bound(&node.bind(&bind, at(3)).await, &[], CLAUSE);
            assert_listed(
                &node.list(&alice, at(3)).await,
                slice::from_ref(&touched),
                CLAUSE,
            );
        }
        let superseded = Tombstone::of(&anonymous, EndReason::Superseded, at(1));
        bed.there().assert_ended(&superseded, at(3), CLAUSE).await;
    }
}

/// Clause 4, race 48: repetitions that race with the first call begin one session.
pub async fn repetitions_of_a_login_that_race_begin_one_session<S: SubjectIndex>(bed: &TestBed<S>) {
    let alice = subject("alice");
    for meeting in meetings(bed).await {
        let (record, _token) = bed.build(RecordFixture::of(&alice), START);
        let bind = login(&record, limit(1, AtLimit::Reject));
        let (first, second) = meeting
            .of(
                bed.here().bind(&bind, START),
                bed.there().bind(&bind, START),
            )
            .await;
        assert_bound(&first, &[], CLAUSE);
        assert_bound(&second, &[], CLAUSE);
        assert_listed(&bed.here().list(&alice, START).await, &[record], CLAUSE);
        let _ended = bed
            .here()
            .end_subject(&alice, None, &EndReason::Logout, START)
            .await;
    }
    for round in 0..ROUNDS {
        let way = if round % 2 == 0 {
            AtLimit::Reject
        } else {
            AtLimit::EvictOldest
        };
        let alice = subject(&format!("alice {round}"));
        let (record, _token) = bed.build(RecordFixture::of(&alice), START);
        let bind = login(&record, limit(1, way));
        let answers = race((0..RACERS).map(|n| {
            let (node, bind) = (bed.node(n), bind.clone());
            async move { node.bind(&bind, START).await }
        }))
        .await;
        for answer in &answers {
            assert_bound(answer, &[], CLAUSE);
        }
        assert_listed(&bed.here().list(&alice, START).await, &[record], CLAUSE);
    }
}

/// Clause 7 of the store: a repetition that comes after the session ended does not revive it.
pub async fn a_repeated_login_does_not_revive_its_session<S: SubjectIndex>(bed: &TestBed<S>) {
    let alice = subject("alice");
    let record = logged_in(bed, &alice, START).await;
    let order = end(record.handle(), EndReason::Logout, at(1));
    let _ended = bed.here().end(&order, at(1)).await;
    let _any = bed.there().bind(&login(&record, None), at(2)).await;
    let tombstone = Tombstone::of(&record, EndReason::Logout, at(1));
    bed.here().assert_ended(&tombstone, at(2), CLAUSE).await;
    assert_listed(&bed.here().list(&alice, at(2)).await, &[], CLAUSE);
}

/// Clauses 1 and 4, race 42: a name that is taken by another session, or by a tombstone, stays as
/// it is, and nobody ends for a login that does not begin.
pub async fn bind_on_a_taken_name_answers_occupied_and_changes_nothing<S: SubjectIndex>(
    bed: &TestBed<S>,
) {
    let alice = subject("alice");
    let taken = logged_in(bed, &alice, START).await;
    let ended = bed.begin(RecordFixture::anonymous()).await;
    let order = end(ended.handle(), EndReason::Logout, START);
    let _ended = bed.here().end(&order, START).await;
    let tombstone = Tombstone::of(&ended, EndReason::Logout, START);
    let anonymous = bed.begin(RecordFixture::anonymous()).await;

    for handle in [taken.handle(), ended.handle()] {
        let twin = bed.named(handle, RecordFixture::of(&alice).data("k", b"2"), at(1));
        let bind = replacing(&twin, &anonymous, limit(1, AtLimit::EvictOldest));
        let answer = bed.here().bind(&bind, at(1)).await;
        assert!(
            matches!(answer, Bound::Occupied),
            "{CLAUSE}: a taken name: {answer:?}"
        );
        bed.there().assert_live(&taken, at(1), CLAUSE).await;
        bed.there().assert_live(&anonymous, at(1), CLAUSE).await;
        bed.there().assert_ended(&tombstone, at(1), CLAUSE).await;
        assert_listed(
            &bed.there().list(&alice, at(1)).await,
            slice::from_ref(&taken),
            CLAUSE,
        );
    }
}

/// Clause 1, cancel safety, races 18 and 48: a dropped login leaves all of it or nothing: the new
/// session, the end of the replaced one, and that of the evicted one.
pub async fn a_bind_that_is_dropped_is_applied_in_whole_or_not_at_all<S: SubjectIndex>(
    bed: &TestBed<S>,
) {
    for steps in 0..STEPS {
        let alice = subject(&format!("alice {steps}"));
        let old = logged_in(bed, &alice, START).await;
        let anonymous = bed.begin(RecordFixture::anonymous()).await;
        let (record, _token) = bed.build(RecordFixture::of(&alice), at(1));
        let bind = replacing(&record, &anonymous, limit(1, AtLimit::EvictOldest));
        dropped(steps, bed.here().bind(&bind, at(1))).await;

        let handles = [record.handle(), anonymous.handle(), old.handle()];
        let begun = match settled(bed, handles).await {
            [true, false, false] => true,
            [false, true, true] => false,
            live => panic!("{CLAUSE}: half of a login was applied; new, replaced, old: {live:?}"),
        };
        let listed = bed.there().list(&alice, at(1)).await;
        let begun = begun || listed.iter().any(|one| one.handle() == record.handle());
        assert_listed(
            &listed,
            slice::from_ref(if begun { &record } else { &old }),
            CLAUSE,
        );

        let answer = bed.here().bind(&bind, at(1)).await;
        let evicted = tombstones(&[old], &EndReason::Evicted, at(1));
        // A server may carry out the dropped call as late as this, and then the second one is the
        // repetition.
        let has_begun = begun || matches!(&answer, Bound::Bound { evicted } if evicted.is_empty());
        assert_bound(&answer, if has_begun { &[] } else { &evicted }, CLAUSE);
        assert_listed(&bed.there().list(&alice, at(1)).await, &[record], CLAUSE);
        for tombstone in &evicted {
            bed.there().assert_ended(tombstone, at(1), CLAUSE).await;
        }
    }
}

/// Returns who of these lives, once two looks in a row agree: a server may carry out a dropped call
/// between one answer and the next.
async fn settled<S: SubjectIndex>(bed: &TestBed<S>, handles: [SessionHandle; 3]) -> [bool; 3] {
    let mut before = None;
    loop {
        let mut live = [false; 3];
        for (handle, live) in handles.into_iter().zip(&mut live) {
            *live = bed.there().is_live(handle, at(1)).await;
        }
        // One look may be torn, because the dropped call can be applied in the middle of it.
        if before == Some(live) {
            return live;
        }
        before = Some(live);
    }
}
