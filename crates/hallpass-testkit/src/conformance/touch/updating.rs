//! Clause 5: what a touch has stored, an update does not take back.

use hallpass_core::RecordFixture;
use hallpass_core::SessionStore;
use hallpass_core::Touched;
use hallpass_core::Write;

use super::CLAUSE;
use super::renewed;
use super::touched;
use crate::conformance::bed::IDLE;
use crate::conformance::bed::START;
use crate::conformance::bed::TestBed;
use crate::conformance::bed::at;
use crate::conformance::bed::touch;

/// Clause 5: of the `last_seen` that is stored and that of an update the later one stays.
pub async fn an_update_never_takes_back_a_later_use<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    let seen = touched(
        bed,
        &record,
        &touch(&record, at(60), false),
        Touched::Applied,
    )
    .await;

    let stale = bed.next(&record).data("k", b"1").last_seen(at(30)).build();
    let answer = bed.here().update(&stale, record.revision(), at(60)).await;
    assert_eq!(answer, Write::Applied, "{CLAUSE}: an update after a touch");
    let (_, merged) = seen.updated(&stale, record.revision(), at(60));
    let merged = merged.unwrap_or(seen);
    assert_eq!(merged.last_seen(), at(60), "{CLAUSE}");
    bed.here()
        .assert_live(&merged, at(60 + IDLE - 1), CLAUSE)
        .await;
    bed.there()
        .assert_live(&merged, at(60 + IDLE - 1), CLAUSE)
        .await;

    let later = bed.next(&merged).last_seen(at(90)).build();
    let answer = bed.here().update(&later, merged.revision(), at(90)).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: an update of the stored revision"
    );
    bed.here().assert_live(&later, at(90), CLAUSE).await;
}

/// Clause 5: an update that was made before a confirmation leaves it in place.
pub async fn an_update_never_takes_back_a_confirmation<S: SessionStore>(bed: &TestBed<S>) {
    let record = renewed(bed).await;
    let confirmed = touched(
        bed,
        &record,
        &touch(&record, at(10), true),
        Touched::Applied,
    )
    .await;
    let stale = bed.next(&record).data("k", b"1").build();
    let answer = bed.here().update(&stale, record.revision(), at(11)).await;
    assert_eq!(answer, Write::Applied, "{CLAUSE}: an update after a touch");
    let (_, merged) = confirmed.updated(&stale, record.revision(), at(11));
    let merged = merged.unwrap_or(confirmed);
    assert_eq!(merged.credential().confirmed_at(), Some(at(10)), "{CLAUSE}");
    bed.here().assert_live(&merged, at(11), CLAUSE).await;
    bed.there().assert_live(&merged, at(11), CLAUSE).await;
}

/// Clause 5: a confirmation is that of one digest. A renewal starts without.
pub async fn a_renewal_is_unconfirmed_until_its_token_is_used<S: SessionStore>(bed: &TestBed<S>) {
    let (record, token) = bed.begin_with_token(RecordFixture::anonymous()).await;
    let confirmed_at = record.credential().confirmed_at();
    assert_eq!(
        confirmed_at,
        Some(START),
        "the first token needs no confirmation"
    );
    touched(
        bed,
        &record,
        &touch(&record, at(20), true),
        Touched::Applied,
    )
    .await;
    let renewed = bed
        .next(&record)
        .renewed(&token, at(21))
        .last_seen(at(21))
        .build();
    let answer = bed.here().update(&renewed, record.revision(), at(21)).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: an update of the stored revision"
    );
    bed.here().assert_live(&renewed, at(21), CLAUSE).await;
    let stored = bed.there().live(record.handle(), at(21), CLAUSE).await;
    assert_eq!(
        stored.credential().confirmed_at(),
        None,
        "{CLAUSE}: renewed and not used"
    );
}
