//! Clause 5, touch only moves forward, and an update never takes it back.

mod racing;
mod updating;

use hallpass_core::Binding;
use hallpass_core::RecordFixture;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::TokenDigest;
use hallpass_core::Touch;
use hallpass_core::Touched;
use hallpass_core::Write;

use super::bed::ABSOLUTE;
use super::bed::IDLE;
use super::bed::START;
use super::bed::TestBed;
use super::bed::at;
use super::bed::subject;
use super::bed::touch;

pub use self::racing::of_confirmations_that_race_one_stays;
pub use self::racing::touches_and_updates_that_race_lose_nothing;
pub use self::racing::touches_that_race_leave_the_latest;
pub use self::updating::a_renewal_is_unconfirmed_until_its_token_is_used;
pub use self::updating::an_update_never_takes_back_a_confirmation;
pub use self::updating::an_update_never_takes_back_a_later_use;

const CLAUSE: &str = "clause 5 of `SessionStore` (touch only moves forward)";

/// Clause 5: a touch raises `last_seen` and changes nothing else.
pub async fn a_touch_raises_last_seen_and_nothing_else<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed
        .begin(RecordFixture::of(&subject("alice")).data("k", b"1"))
        .await;
    touched(
        bed,
        &record,
        &touch(&record, at(30), false),
        Touched::Applied,
    )
    .await;
    let stored = bed.there().live(record.handle(), at(30), CLAUSE).await;
    assert_eq!(stored.last_seen(), at(30), "{CLAUSE}");
    assert_eq!(
        stored.revision(),
        record.revision(),
        "{CLAUSE}: the revision changed"
    );
    assert_eq!(
        stored.absolute_deadline(),
        at(ABSOLUTE),
        "{CLAUSE}: a limit changed"
    );
    assert_eq!(stored.data(), record.data(), "{CLAUSE}: the data changed");
}

/// Clause 5: a touch that comes late is applied in name, and takes nothing back.
pub async fn a_touch_never_takes_last_seen_back<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    let latest = touched(
        bed,
        &record,
        &touch(&record, at(30), false),
        Touched::Applied,
    )
    .await;
    for last_seen in [at(29), START, at(30)] {
        touched(
            bed,
            &latest,
            &touch(&record, last_seen, false),
            Touched::Applied,
        )
        .await;
    }
}

/// Clause 5: the first confirmation stays, and there is none without being asked for.
pub async fn only_the_first_confirmation_counts<S: SessionStore>(bed: &TestBed<S>) {
    let record = renewed(bed).await;
    assert_eq!(
        record.credential().confirmed_at(),
        None,
        "{CLAUSE}: renewed and not used"
    );
    let seen = touched(
        bed,
        &record,
        &touch(&record, at(10), false),
        Touched::Applied,
    )
    .await;
    assert_eq!(
        seen.credential().confirmed_at(),
        None,
        "{CLAUSE}: not asked to confirm"
    );
    let confirmed = touched(bed, &seen, &touch(&record, at(20), true), Touched::Applied).await;
    assert_eq!(
        confirmed.credential().confirmed_at(),
        Some(at(20)),
        "{CLAUSE}"
    );
    let again = touched(
        bed,
        &confirmed,
        &touch(&record, at(30), true),
        Touched::Applied,
    )
    .await;
    assert_eq!(
        again.credential().confirmed_at(),
        Some(at(20)),
        "{CLAUSE}: the first one counts"
    );
}

/// Clause 5: a confirmation that comes late still counts, and does not take `last_seen` back.
pub async fn a_late_confirmation_does_not_take_last_seen_back<S: SessionStore>(bed: &TestBed<S>) {
    let record = renewed(bed).await;
    let seen = touched(
        bed,
        &record,
        &touch(&record, at(30), false),
        Touched::Applied,
    )
    .await;
    let confirmed = touched(bed, &seen, &touch(&record, at(20), true), Touched::Applied).await;
    assert_eq!(confirmed.last_seen(), at(30), "{CLAUSE}");
    assert_eq!(
        confirmed.credential().confirmed_at(),
        Some(at(20)),
        "{CLAUSE}"
    );
}

/// Clause 5, race 49: who knows the handle but not the token keeps nothing alive.
pub async fn a_touch_with_another_digest_is_refused<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    let (stranger, _token) = bed.build(RecordFixture::anonymous(), START);
    for digest in [
        stranger.credential().digest(),
        TokenDigest::from_bytes([0; 32]),
        TokenDigest::from_bytes([0xff; 32]),
    ] {
        let touch = Touch {
            digest,
            ..touch(&record, at(30), true)
        };
        touched(bed, &record, &touch, Touched::Refused).await;
    }
    bed.here()
        .assert_dead(record.handle(), at(IDLE), CLAUSE)
        .await;
}

/// Clause 5, races 11 and 31: after a renewal the token before it confirms nothing and keeps
/// nothing alive, even where both were issued in the same millisecond.
pub async fn a_touch_with_the_token_before_a_renewal_is_refused<S: SessionStore>(bed: &TestBed<S>) {
    let (record, token) = bed.begin_with_token(RecordFixture::anonymous()).await;
    let renewed = bed.next(&record).renewed(&token, START).build();
    assert!(
        renewed.credential().digest() != record.credential().digest(),
        "a renewal gives another token"
    );
    let answer = bed.here().update(&renewed, record.revision(), START).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: an update of the stored revision"
    );
    touched(
        bed,
        &renewed,
        &touch(&record, at(30), true),
        Touched::Refused,
    )
    .await;
    touched(
        bed,
        &renewed,
        &touch(&renewed, at(30), true),
        Touched::Applied,
    )
    .await;
}

/// Clause 5: a touch from before a change of whom the record stands for is refused.
pub async fn a_touch_with_another_binding_is_refused<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::of(&subject("alice"))).await;
    let rebound = bed.next(&record).rebound().build();
    let answer = bed.here().update(&rebound, record.revision(), START).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: an update of the stored revision"
    );
    for binding in [
        record.binding(),
        Binding::from_number(0),
        Binding::from_number(1_000),
    ] {
        let touch = Touch {
            binding,
            ..touch(&rebound, at(30), true)
        };
        touched(bed, &rebound, &touch, Touched::Refused).await;
    }
}

/// Clause 5, race 22: reading keeps nothing alive.
pub async fn a_load_keeps_nothing_alive<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    for seconds in [1, 60, IDLE - 1] {
        bed.here().assert_live(&record, at(seconds), CLAUSE).await;
        bed.there().assert_live(&record, at(seconds), CLAUSE).await;
    }
    bed.here()
        .assert_dead(record.handle(), at(IDLE), CLAUSE)
        .await;
}

/// Touches the session whose record is `stored`, and returns what is stored then, which is as the
/// answer says and the same on both nodes.
async fn touched<S: SessionStore>(
    bed: &TestBed<S>,
    stored: &SessionRecord,
    touch: &Touch,
    expected: Touched,
) -> SessionRecord {
    let now = touch.last_seen;
    let (_, applied) = stored.touched(touch, now);
    let then = applied.unwrap_or_else(|| stored.clone());
    let answer = bed.here().touch(touch, now).await;
    assert_eq!(answer, expected, "{CLAUSE}: {touch:?} of {stored:?}");
    bed.here().assert_live(&then, now, CLAUSE).await;
    bed.there().assert_live(&then, now, CLAUSE).await;
    then
}

/// Begins a session, renews its token, and returns the record.
async fn renewed<S: SessionStore>(bed: &TestBed<S>) -> SessionRecord {
    let (record, token) = bed.begin_with_token(RecordFixture::anonymous()).await;
    let renewed = bed.next(&record).renewed(&token, START).build();
    let answer = bed.here().update(&renewed, record.revision(), START).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: an update of the stored revision"
    );
    renewed
}
