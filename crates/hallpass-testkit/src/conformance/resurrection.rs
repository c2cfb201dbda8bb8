//! Clause 3, no resurrection: `update` and `touch` never bring a missing, ended or expired record
//! to life.

use hallpass_core::Create;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::RecordFixture;
use hallpass_core::SessionRecord;
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
use super::bed::subject;
use super::bed::touch;

const CLAUSE: &str = "clause 3 of `SessionStore` (no resurrection)";

/// Clause 3, races 4 and 7: an update creates nothing.
pub async fn an_update_of_a_missing_session_answers_gone<S: SessionStore>(bed: &TestBed<S>) {
    let (record, _token) = bed.build(RecordFixture::anonymous(), START);
    let next = bed.next(&record).build();
    let answer = bed.here().update(&next, record.revision(), START).await;
    assert_eq!(answer, Write::Gone, "{CLAUSE}: an update of nothing");
    bed.here()
        .assert_missing(record.handle(), START, CLAUSE)
        .await;
}

/// Clause 3, races 4 and 7: a touch creates nothing.
pub async fn a_touch_of_a_missing_session_answers_gone<S: SessionStore>(bed: &TestBed<S>) {
    let (record, _token) = bed.build(RecordFixture::anonymous(), START);
    let answer = bed.here().touch(&touch(&record, at(1), true), START).await;
    assert_eq!(answer, Touched::Gone, "{CLAUSE}: a touch of nothing");
    bed.here()
        .assert_missing(record.handle(), START, CLAUSE)
        .await;
}

/// Clauses 3 and 7, race 1: an update that comes after the end changes nothing.
pub async fn an_update_of_an_ended_session_answers_gone<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::of(&subject("alice"))).await;
    let tombstone = ended(bed, &record, at(1)).await;
    let next = bed.next(&record).last_seen(at(2)).build();
    for node in [bed.here(), bed.there()] {
        let answer = node.update(&next, record.revision(), at(2)).await;
        assert_eq!(
            answer,
            Write::Gone,
            "{CLAUSE}: an update of an ended session"
        );
        node.assert_ended(&tombstone, at(2), CLAUSE).await;
    }
}

/// Clauses 3 and 7, race 3: a touch that comes after the end changes nothing.
pub async fn a_touch_of_an_ended_session_answers_gone<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::of(&subject("alice"))).await;
    let tombstone = ended(bed, &record, at(1)).await;
    for node in [bed.here(), bed.there()] {
        let answer = node.touch(&touch(&record, at(2), true), at(2)).await;
        assert_eq!(
            answer,
            Touched::Gone,
            "{CLAUSE}: a touch of an ended session"
        );
        node.assert_ended(&tombstone, at(2), CLAUSE).await;
    }
}

/// Clauses 1 and 3, race 2: an update that tells of a later use does not revive what expired.
pub async fn an_update_of_an_expired_session_answers_gone<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    let next = bed.next(&record).last_seen(at(IDLE)).build();
    for now in [at(IDLE), at(IDLE + 1), at(ABSOLUTE)] {
        let answer = bed.here().update(&next, record.revision(), now).await;
        assert_eq!(
            answer,
            Write::Gone,
            "{CLAUSE}: an update of an expired session"
        );
        bed.here().assert_dead(record.handle(), now, CLAUSE).await;
    }
}

/// Clauses 1 and 3, race 3: a touch that tells of a later use does not revive what expired.
pub async fn a_touch_of_an_expired_session_answers_gone<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    for now in [at(IDLE), at(IDLE + 1), at(ABSOLUTE)] {
        let answer = bed.here().touch(&touch(&record, now, true), now).await;
        assert_eq!(
            answer,
            Touched::Gone,
            "{CLAUSE}: a touch of an expired session"
        );
        bed.here().assert_dead(record.handle(), now, CLAUSE).await;
    }
}

/// Clauses 3 and 4, race 48: the repetition of a write that was applied answers `Gone` once the
/// session has ended: what is gone comes before what was applied.
pub async fn a_repeated_update_of_an_ended_session_answers_gone<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    let next = bed.next(&record).data("k", b"1").build();
    let answer = bed.here().update(&next, record.revision(), START).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: an update of a live session"
    );
    let tombstone = ended(bed, &next, at(1)).await;
    let answer = bed.here().update(&next, record.revision(), at(2)).await;
    assert_eq!(
        answer,
        Write::Gone,
        "{CLAUSE}: a repeated update of an ended session"
    );
    bed.here().assert_ended(&tombstone, at(2), CLAUSE).await;
}

/// Clauses 2, 3 and 7, race 2: a session that was ended before it began never lives.
pub async fn a_session_that_was_ended_before_it_began_never_lives<S: SessionStore>(
    bed: &TestBed<S>,
) {
    let (record, _token) = bed.build(RecordFixture::anonymous(), START);
    let order = end(record.handle(), EndReason::Replayed, START);
    assert_eq!(
        bed.here().end(&order, START).await,
        EndOutcome::Missing,
        "{CLAUSE}"
    );
    let next = bed.next(&record).build();
    assert_eq!(
        bed.here().create(&record, START).await,
        Create::Occupied,
        "{CLAUSE}"
    );
    let answer = bed.here().update(&next, record.revision(), START).await;
    assert_eq!(
        answer,
        Write::Gone,
        "{CLAUSE}: an update of an ended session"
    );
    let answer = bed.here().touch(&touch(&record, at(1), true), START).await;
    assert_eq!(
        answer,
        Touched::Gone,
        "{CLAUSE}: a touch of an ended session"
    );
    bed.there()
        .assert_ended(&order.tombstone(), START, CLAUSE)
        .await;
}

async fn ended<S: SessionStore>(
    bed: &TestBed<S>,
    record: &SessionRecord,
    now: Timestamp,
) -> Tombstone {
    let order = end(record.handle(), EndReason::Logout, now);
    match bed.here().end(&order, now).await {
        EndOutcome::Ended(tombstone) => tombstone,
        other => panic!("{CLAUSE}: ending a live session answered {other:?}"),
    }
}
