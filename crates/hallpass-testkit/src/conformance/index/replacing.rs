//! Clause 5: a login replaces a session only as it was loaded.

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::EndReason;
use hallpass_core::RecordFixture;
use hallpass_core::SubjectIndex;
use hallpass_core::Tombstone;
use hallpass_core::Write;

use super::assert_bound;
use super::assert_listed;
use super::limit;
use super::logged_in;
use super::replacing;
use crate::conformance::bed::IDLE;
use crate::conformance::bed::START;
use crate::conformance::bed::TestBed;
use crate::conformance::bed::at;
use crate::conformance::bed::end;
use crate::conformance::bed::subject;
use crate::conformance::bed::touch;
use crate::conformance::meeting::meetings;
use crate::conformance::racing::ROUNDS;
use crate::conformance::racing::Racer;
use crate::conformance::racing::race;

const CLAUSE: &str = "clause 5 of `SubjectIndex` (the session to replace)";

/// Clause 5, race 8: the session before the login is dead for the very next call, and its
/// tombstone says why. It was replaced, so it is not among those that were evicted.
pub async fn the_replaced_session_is_superseded<S: SubjectIndex>(bed: &TestBed<S>) {
    let alice = subject("alice");
    let anonymous = bed
        .begin(RecordFixture::anonymous().data("cart", b"[1]"))
        .await;
    // A touch is no write, so the login still replaces what it loaded.
    let _applied = bed
        .here()
        .touch(&touch(&anonymous, at(1), false), at(1))
        .await;
    let (record, _token) = bed.build(RecordFixture::of(&alice), at(2));
    let answer = bed
        .here()
        .bind(&replacing(&record, &anonymous, None), at(2))
        .await;
    assert_bound(&answer, &[], CLAUSE);
    let tombstone = Tombstone::of(&anonymous, EndReason::Superseded, at(2));
    bed.there().assert_ended(&tombstone, at(2), CLAUSE).await;
    bed.there().assert_live(&record, at(2), CLAUSE).await;
    let late = bed.next(&anonymous).data("cart", b"[2]").build();
    let answer = bed.there().update(&late, anonymous.revision(), at(2)).await;
    assert_eq!(
        answer,
        Write::Gone,
        "{CLAUSE}: an update of the replaced session"
    );
}

/// Clauses 2 and 5: the replaced session makes room for its successor.
pub async fn a_replaced_session_does_not_count<S: SubjectIndex>(bed: &TestBed<S>) {
    for at_limit in [
        AtLimit::EvictLeastRecentlyUsed,
        AtLimit::EvictOldest,
        AtLimit::Reject,
    ] {
        let alice = subject(&format!("alice {at_limit:?}"));
        let other = logged_in(bed, &alice, START).await;
        let old = logged_in(bed, &alice, at(1)).await;
        let (record, _token) = bed.build(RecordFixture::of(&alice), at(2));
        let bind = replacing(&record, &old, limit(2, at_limit));
        assert_bound(&bed.here().bind(&bind, at(2)).await, &[], CLAUSE);
        let tombstone = Tombstone::of(&old, EndReason::Superseded, at(2));
        bed.there().assert_ended(&tombstone, at(2), CLAUSE).await;
        assert_listed(
            &bed.there().list(&alice, at(2)).await,
            &[other, record],
            CLAUSE,
        );
    }
}

/// Clause 5: a session that was written meanwhile is not replaced, and nothing changes.
pub async fn a_session_at_another_revision_is_not_replaced<S: SubjectIndex>(bed: &TestBed<S>) {
    let alice = subject("alice");
    let evictable = logged_in(bed, &alice, START).await;
    let loaded = bed.begin(RecordFixture::anonymous()).await;
    let written = bed.next(&loaded).data("cart", b"[1]").build();
    let answer = bed.here().update(&written, loaded.revision(), START).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: an update of the stored revision"
    );
    let later = bed.next(&written).build();
    for old in [&loaded, &later] {
        let (record, _token) = bed.build(RecordFixture::of(&alice), at(1));
        let bind = replacing(&record, old, limit(1, AtLimit::EvictOldest));
        assert_conflict(bed, &bind).await;
        bed.there().assert_live(&written, at(1), CLAUSE).await;
        bed.there().assert_live(&evictable, at(1), CLAUSE).await;
    }
}

/// Clause 5: a session that ended or expired meanwhile is not replaced, and nothing changes.
pub async fn a_session_that_ended_or_expired_is_not_replaced<S: SubjectIndex>(bed: &TestBed<S>) {
    let alice = subject("alice");
    let ended = bed.begin(RecordFixture::anonymous()).await;
    let order = end(ended.handle(), EndReason::Logout, START);
    let _ended = bed.here().end(&order, START).await;
    let expired = bed.begin(RecordFixture::anonymous()).await;
    for (old, now) in [(&ended, at(1)), (&expired, at(IDLE))] {
        let (record, _token) = bed.build(RecordFixture::of(&alice), now);
        let answer = bed.here().bind(&replacing(&record, old, None), now).await;
        assert!(matches!(answer, Bound::Conflict), "{CLAUSE}: {answer:?}");
        bed.there()
            .assert_missing(record.handle(), now, CLAUSE)
            .await;
        bed.there().assert_dead(old.handle(), now, CLAUSE).await;
    }
    let tombstone = Tombstone::of(&ended, EndReason::Logout, START);
    bed.there().assert_ended(&tombstone, at(1), CLAUSE).await;
    assert_listed(&bed.there().list(&alice, at(1)).await, &[], CLAUSE);
}

/// Clauses 1 and 5: of two logins that replace one session, one begins.
pub async fn a_session_is_replaced_by_one_login_only<S: SubjectIndex>(bed: &TestBed<S>) {
    for (n, meeting) in meetings(bed).await.into_iter().enumerate() {
        let alice = subject(&format!("alice of meeting {n}"));
        let old = bed.begin(RecordFixture::anonymous()).await;
        let (one, _token) = bed.build(RecordFixture::of(&alice), START);
        let (other, _token) = bed.build(RecordFixture::of(&alice), START);
        let (first, second) = (replacing(&one, &old, None), replacing(&other, &old, None));
        let (login, another) = (
            bed.here().bind(&first, START),
            bed.there().bind(&second, START),
        );
        let begun = match meeting.of(login, another).await {
            (Bound::Bound { .. }, Bound::Conflict) => one,
            (Bound::Conflict, Bound::Bound { .. }) => other,
            other => panic!("{CLAUSE}: two logins that replace one session: {other:?}"),
        };
        assert_listed(&bed.here().list(&alice, START).await, &[begun], CLAUSE);
    }
    for round in 0..ROUNDS {
        let alice = subject(&format!("alice {round}"));
        let old = bed.begin(RecordFixture::anonymous()).await;
        let records: Vec<_> = (0..8)
            .map(|_| bed.build(RecordFixture::of(&alice), START).0)
            .collect();
        let answers = race(records.iter().enumerate().map(|(n, record)| {
            let (node, bind) = (bed.node(n), replacing(record, &old, None));
            async move { node.bind(&bind, START).await }
        }))
        .await;
        let mut begun = Vec::new();
        for (record, answer) in records.into_iter().zip(&answers) {
            match answer {
                Bound::Bound { evicted } if evicted.is_empty() => begun.push(record),
                Bound::Conflict => {}
                other => panic!("{CLAUSE}: a login that races was answered {other:?}"),
            }
        }
        assert_eq!(
            begun.len(),
            1,
            "{CLAUSE}: so many logins replaced one session"
        );
        assert_listed(&bed.here().list(&alice, START).await, &begun, CLAUSE);
    }
}

/// Clause 5, race 8: a request that was started before the login either writes before it, and the
/// login is told so, or never.
pub async fn a_login_that_replaces_never_writes_over_an_update<S: SubjectIndex>(bed: &TestBed<S>) {
    let alice = subject("alice");
    for meeting in meetings(bed).await {
        let old = bed.begin(RecordFixture::anonymous()).await;
        let next = bed.next(&old).data("cart", b"[1]").build();
        let (record, _token) = bed.build(RecordFixture::of(&alice), START);
        let bind = replacing(&record, &old, None);
        let update = bed.there().update(&next, old.revision(), START);
        let answers = meeting.of(bed.here().bind(&bind, START), update).await;
        match answers {
            (Bound::Bound { .. }, Write::Gone) => {
                bed.here().assert_dead(old.handle(), START, CLAUSE).await;
            }
            (Bound::Conflict, Write::Applied) => {
                bed.here().assert_live(&next, START, CLAUSE).await;
            }
            other => panic!("{CLAUSE}: a login and an update were answered {other:?}"),
        }
    }
    for round in 0..ROUNDS {
        let alice = subject(&format!("alice {round}"));
        let old = bed.begin(RecordFixture::anonymous()).await;
        let next = bed.next(&old).data("cart", b"[1]").build();
        let (record, _token) = bed.build(RecordFixture::of(&alice), START);
        let bind = replacing(&record, &old, None);
        let (here, there) = (bed.here().clone(), bed.there().clone());
        let (expected, written) = (old.revision(), next.clone());
        let bound: Racer<bool> =
            Box::pin(async move { matches!(here.bind(&bind, START).await, Bound::Bound { .. }) });
        let applied: Racer<bool> =
            Box::pin(
                async move { there.update(&written, expected, START).await == Write::Applied },
            );
        let racers = if round % 2 == 0 {
            [bound, applied]
        } else {
            [applied, bound]
        };
        let answers = race(racers).await;
        let told = answers.iter().filter(|won| **won).count();
        assert_eq!(
            told, 1,
            "{CLAUSE}: a login and an update both won, or none did"
        );
        if bed.here().is_live(record.handle(), START).await {
            bed.here().assert_dead(old.handle(), START, CLAUSE).await;
        } else {
            bed.here().assert_live(&next, START, CLAUSE).await;
        }
    }
}

/// Asks for a login that must conflict, and checks that it left nothing.
async fn assert_conflict<S: SubjectIndex>(bed: &TestBed<S>, bind: &Bind) {
    let answer = bed.here().bind(bind, at(1)).await;
    assert!(matches!(answer, Bound::Conflict), "{CLAUSE}: {answer:?}");
    bed.there()
        .assert_missing(bind.record.handle(), at(1), CLAUSE)
        .await;
}
