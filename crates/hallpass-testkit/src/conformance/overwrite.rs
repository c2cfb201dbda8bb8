//! Clause 2, no overwrite: `create` never replaces a live record or a tombstone.

use hallpass_core::Create;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::RecordFixture;
use hallpass_core::SessionStore;

use super::bed::IDLE;
use super::bed::START;
use super::bed::TestBed;
use super::bed::at;
use super::bed::end;
use super::bed::subject;
use super::bed::touch;
use super::meeting::meetings;
use super::racing::RACERS;
use super::racing::ROUNDS;
use super::racing::race;

const CLAUSE: &str = "clause 2 of `SessionStore` (no overwrite)";

/// Clause 2, race 42: a live name is taken, and nothing changes.
pub async fn create_on_a_live_name_answers_occupied<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::anonymous().data("k", b"1")).await;
    let twin = RecordFixture::of(&subject("mallory")).data("k", b"2");
    let twin = bed.named(record.handle(), twin, at(1));
    for node in [bed.here(), bed.there()] {
        assert_eq!(
            node.create(&twin, at(1)).await,
            Create::Occupied,
            "{CLAUSE}: a live name"
        );
        node.assert_live(&record, at(1), CLAUSE).await;
    }
}

/// Clause 2, race 48: a `create` that is repeated, because its answer was lost, changes nothing of
/// what happened since.
pub async fn create_that_is_repeated_answers_occupied<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    let next = bed.next(&record).data("k", b"1").last_seen(at(1)).build();
    let _applied = bed.here().update(&next, record.revision(), at(1)).await;
    assert_eq!(
        bed.here().create(&record, at(1)).await,
        Create::Occupied,
        "{CLAUSE}: repeated"
    );
    bed.here().assert_live(&next, at(1), CLAUSE).await;
}

/// Clauses 2 and 7, race 1: the name of an ended session is taken, and its tombstone stays.
pub async fn create_on_the_name_of_an_ended_session_answers_occupied<S: SessionStore>(
    bed: &TestBed<S>,
) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    let order = end(record.handle(), EndReason::Logout, at(1));
    let EndOutcome::Ended(tombstone) = bed.here().end(&order, at(1)).await else {
        panic!("{CLAUSE}: a live session did not end");
    };
    let twin = bed.named(record.handle(), RecordFixture::anonymous(), at(2));
    for again in [&record, &twin] {
        let answer = bed.there().create(again, at(2)).await;
        assert_eq!(
            answer,
            Create::Occupied,
            "{CLAUSE}: the name of a tombstone"
        );
        bed.there().assert_ended(&tombstone, at(2), CLAUSE).await;
    }
}

/// Clauses 2 and 7, race 2: where the end came first, the session never begins.
pub async fn create_on_a_name_that_was_ended_before_answers_occupied<S: SessionStore>(
    bed: &TestBed<S>,
) {
    let (record, _token) = bed.build(RecordFixture::anonymous(), START);
    let order = end(record.handle(), EndReason::Logout, START);
    assert_eq!(
        bed.here().end(&order, START).await,
        EndOutcome::Missing,
        "{CLAUSE}"
    );
    let answer = bed.here().create(&record, at(1)).await;
    assert_eq!(
        answer,
        Create::Occupied,
        "{CLAUSE}: the name of a tombstone"
    );
    bed.here()
        .assert_ended(&order.tombstone(), at(1), CLAUSE)
        .await;
}

/// Clauses 1 and 2, race 5: where the name of an expired session can be used again, nothing of
/// the expired one comes back with it.
pub async fn an_expired_session_does_not_come_back_under_its_name<S: SessionStore>(
    bed: &TestBed<S>,
) {
    let record = bed
        .begin(RecordFixture::of(&subject("alice")).data("k", b"1"))
        .await;
    let twin = bed.named(record.handle(), RecordFixture::anonymous(), at(IDLE));
    match bed.here().create(&twin, at(IDLE)).await {
        Create::Created => bed.here().assert_live(&twin, at(IDLE), CLAUSE).await,
        Create::Occupied => {
            bed.here()
                .assert_dead(record.handle(), at(IDLE), CLAUSE)
                .await
        }
    }
    let stale = touch(&record, at(IDLE), false);
    let _refused_or_gone = bed.here().touch(&stale, at(IDLE)).await;
    let now = at(2 * IDLE - 1);
    if bed.here().is_live(record.handle(), now).await {
        bed.here().assert_live(&twin, now, CLAUSE).await;
    }
}

/// Clause 2: of calls that race for one name, one wins, and the record is its own.
pub async fn of_creates_that_race_for_a_name_one_wins<S: SessionStore>(bed: &TestBed<S>) {
    for meeting in meetings(bed).await {
        let (record, _token) = bed.build(RecordFixture::anonymous(), START);
        let twin = bed.named(record.handle(), RecordFixture::anonymous(), START);
        let answers = meeting
            .of(
                bed.here().create(&record, START),
                bed.there().create(&twin, START),
            )
            .await;
        let winner = match answers {
            (Create::Created, Create::Occupied) => &record,
            (Create::Occupied, Create::Created) => &twin,
            other => panic!("{CLAUSE}: two calls for one name were answered {other:?}"),
        };
        bed.here().assert_live(winner, START, CLAUSE).await;
    }
    for _ in 0..ROUNDS {
        let (first, _token) = bed.build(RecordFixture::anonymous(), START);
        let rivals: Vec<_> = (0..RACERS)
            .map(|n| {
                let fixture = RecordFixture::anonymous().data("rival", n.to_string().as_bytes());
                bed.named(first.handle(), fixture, START)
            })
            .collect();
        let answers = race(rivals.iter().cloned().enumerate().map(|(n, record)| {
            let node = bed.node(n);
            async move { node.create(&record, START).await }
        }))
        .await;
        let winners: Vec<_> = rivals
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| **answer == Create::Created)
            .collect();
        let [(winner, _)] = winners.as_slice() else {
            panic!("{CLAUSE}: {} calls created one name", winners.len());
        };
        bed.here().assert_live(winner, START, CLAUSE).await;
        bed.there().assert_live(winner, START, CLAUSE).await;
    }
}
