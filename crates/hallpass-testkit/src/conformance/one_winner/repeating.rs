//! Clause 4: an update that is repeated with the same write id answers `Applied` again, and is
//! applied once.

use hallpass_core::RecordFixture;
use hallpass_core::SessionStore;
use hallpass_core::Touched;
use hallpass_core::Write;

use super::CLAUSE;
use crate::conformance::bed::START;
use crate::conformance::bed::TestBed;
use crate::conformance::bed::at;
use crate::conformance::bed::touch;
use crate::conformance::meeting::meetings;
use crate::conformance::racing::RACERS;
use crate::conformance::racing::ROUNDS;
use crate::conformance::racing::race;

/// Clauses 4 and 5, race 48: a write whose answer was lost is not applied twice, also not over a
/// touch that came in between.
pub async fn an_update_that_is_repeated_is_applied_once<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    let next = bed.next(&record).data("k", b"1").build();
    let answer = bed.here().update(&next, record.revision(), START).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: an update of the stored revision"
    );
    let touch = touch(&next, at(30), false);
    assert_eq!(
        bed.here().touch(&touch, at(30)).await,
        Touched::Applied,
        "{CLAUSE}"
    );
    let (_, touched) = next.touched(&touch, at(30));
    for node in [bed.here(), bed.there()] {
        let answer = node.update(&next, record.revision(), at(31)).await;
        assert_eq!(answer, Write::Applied, "{CLAUSE}: the same write again");
        node.assert_live(touched.as_ref().unwrap_or(&next), at(31), CLAUSE)
            .await;
    }
}

/// Clause 4, race 48: a repetition that comes after another write is a conflict, and takes nothing
/// back.
pub async fn a_repeated_update_changes_nothing_of_what_came_after<S: SessionStore>(
    bed: &TestBed<S>,
) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    let first = bed.next(&record).data("k", b"1").build();
    let second = bed.next(&first).data("k", b"2").build();
    for (next, expected) in [(&first, record.revision()), (&second, first.revision())] {
        let answer = bed.here().update(next, expected, START).await;
        assert_eq!(
            answer,
            Write::Applied,
            "{CLAUSE}: an update of the stored revision"
        );
    }
    let answer = bed.there().update(&first, record.revision(), START).await;
    assert_eq!(
        answer,
        Write::Conflict,
        "{CLAUSE}: the same write again, after another one"
    );
    bed.there().assert_live(&second, START, CLAUSE).await;
}

/// Clause 4, race 48: repetitions that race with the first call are all told that the write was
/// applied.
pub async fn repetitions_that_race_are_applied_once<S: SessionStore>(bed: &TestBed<S>) {
    for meeting in meetings(bed).await {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let next = bed.next(&record).data("k", b"1").build();
        let answers = meeting
            .of(
                bed.here().update(&next, record.revision(), START),
                bed.there().update(&next, record.revision(), START),
            )
            .await;
        assert_eq!(
            answers,
            (Write::Applied, Write::Applied),
            "{CLAUSE}: one write, sent twice"
        );
        bed.here().assert_live(&next, START, CLAUSE).await;
    }
    for _ in 0..ROUNDS {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let next = bed.next(&record).data("k", b"1").build();
        let answers = race((0..RACERS).map(|n| {
            let (node, next, expected) = (bed.node(n), next.clone(), record.revision());
            async move { node.update(&next, expected, START).await }
        }))
        .await;
        assert_eq!(
            answers,
            [Write::Applied; RACERS],
            "{CLAUSE}: one write, sent many times"
        );
        bed.here().assert_live(&next, START, CLAUSE).await;
    }
}
