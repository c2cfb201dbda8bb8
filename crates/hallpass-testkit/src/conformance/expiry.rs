//! Clause 1, expiry: no operation sees a record as live at or after its deadline.

use std::time::Duration;

use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::Timestamp;
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
use super::node::assert_same;

const CLAUSE: &str = "clause 1 of `SessionStore` (expiry)";

/// Clause 1, race 23, at the idle deadline, one millisecond before, at, and after, for every
/// operation. No server's clock has come there yet, so nothing expires but by `now`.
pub async fn no_operation_sees_a_session_at_its_idle_deadline<S: SessionStore>(bed: &TestBed<S>) {
    let begin = async || bed.begin(RecordFixture::anonymous()).await;
    ends_at(bed, at(IDLE), begin).await;
}

/// Clause 1 at the absolute deadline, for every operation.
pub async fn no_operation_sees_a_session_at_its_absolute_deadline<S: SessionStore>(
    bed: &TestBed<S>,
) {
    let begin = async || {
        let record = bed.begin(RecordFixture::of(&subject("alice"))).await;
        let uses = [1, 2, 3, 4, 5, 6].map(|n| at(n * (IDLE - 1)));
        touched(bed, &record, &uses.map(|now| (now, now))).await
    };
    ends_at(bed, at(ABSOLUTE), begin).await;
}

/// Clause 1 without an idle timeout: the absolute deadline alone counts.
pub async fn a_session_without_idle_timeout_lives_until_its_absolute_deadline<S: SessionStore>(
    bed: &TestBed<S>,
) {
    let fixture = RecordFixture::anonymous().timeouts(None, Duration::from_secs(ABSOLUTE));
    let begin = async || bed.begin(fixture.clone()).await;
    every_operation(bed, at(ABSOLUTE - 1), true, &begin).await;
    ends_at(bed, at(ABSOLUTE), begin).await;
}

/// Clause 1 for sessions that lock when they are idle: for the store they live on until the
/// absolute deadline, because a locked session can be reopened.
pub async fn a_session_that_locks_when_idle_lives_until_its_absolute_deadline<S: SessionStore>(
    bed: &TestBed<S>,
) {
    let fixture = RecordFixture::of(&subject("alice")).lock_when_idle();
    let begin = async || bed.begin(fixture.clone()).await;
    for (now, _over) in around(at(IDLE)) {
        every_operation(bed, now, true, &begin).await;
    }
    ends_at(bed, at(ABSOLUTE), begin).await;
}

/// Clauses 1 and 5: the idle deadline is that of the last touch.
pub async fn a_touch_moves_the_idle_deadline<S: SessionStore>(bed: &TestBed<S>) {
    let begin = async || {
        let record = bed.begin(RecordFixture::anonymous()).await;
        touched(bed, &record, &[(at(60), at(60))]).await
    };
    every_operation(bed, at(IDLE), true, &begin).await;
    ends_at(bed, at(60 + IDLE), begin).await;
}

/// Clause 1: the idle deadline is that of the last update, where that tells a later use.
pub async fn an_update_moves_the_idle_deadline<S: SessionStore>(bed: &TestBed<S>) {
    let begin = async || {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let next = bed.next(&record).last_seen(at(60)).build();
        let answer = bed.here().update(&next, record.revision(), at(60)).await;
        assert_eq!(
            answer,
            Write::Applied,
            "{CLAUSE}: an update of a live session"
        );
        next
    };
    every_operation(bed, at(IDLE), true, &begin).await;
    ends_at(bed, at(60 + IDLE), begin).await;
}

/// Clause 1, race 19: idle and absolute timeout hold together, and no use extends the absolute
/// one, whatever it says of the time.
pub async fn nothing_extends_the_absolute_deadline<S: SessionStore>(bed: &TestBed<S>) {
    let fixture =
        RecordFixture::anonymous().timeouts(Some(Duration::from_secs(60)), Duration::from_secs(90));
    let begin = async || {
        let record = bed.begin(fixture.clone()).await;
        let record = touched(bed, &record, &[(at(59), at(59)), (at(60), at(10_000))]).await;
        let next = bed.next(&record).last_seen(at(20_000)).build();
        let answer = bed.here().update(&next, record.revision(), at(89)).await;
        assert_eq!(
            answer,
            Write::Applied,
            "{CLAUSE}: an update of a live session"
        );
        next
    };
    ends_at(bed, at(90), begin).await;
}

/// Clause 1, race 21: a lifetime below one second is kept to the millisecond, and never rounds to
/// nothing or to for ever.
pub async fn a_lifetime_below_a_second_is_kept_to_the_millisecond<S: SessionStore>(
    bed: &TestBed<S>,
) {
    for millis in [1, 2, 250, 499, 500, 999, 1_001] {
        let lifetime = Duration::from_millis(millis);
        let deadline = START.saturating_add(lifetime);
        let absolute = RecordFixture::anonymous().timeouts(None, lifetime);
        ends_at(bed, deadline, async || bed.begin(absolute.clone()).await).await;
        let idle = RecordFixture::anonymous().timeouts(Some(lifetime), Duration::from_secs(60));
        ends_at(bed, deadline, async || bed.begin(idle.clone()).await).await;
    }
}

/// Clause 1, race 45: a deadline that no calendar holds is far away, not in the past, and no
/// reason for an error.
pub async fn the_latest_deadline_that_can_be_told_is_in_the_future<S: SessionStore>(
    bed: &TestBed<S>,
) {
    for idle in [None, Some(Duration::MAX)] {
        let fixture = RecordFixture::anonymous().timeouts(idle, Duration::MAX);
        let begin = async || bed.begin(fixture.clone()).await;
        for now in [START, at(ABSOLUTE), at(1_000 * 365 * 86_400)] {
            every_operation(bed, now, true, &begin).await;
        }
    }
}

/// Clause 1: what is past its deadline is told as missing, or as ended for the reason and at the
/// time of that deadline.
pub async fn an_expired_session_is_told_with_the_reason_of_its_deadline<S: SessionStore>(
    bed: &TestBed<S>,
) {
    let alice = subject("alice");
    for (fixture, deadline, reason) in [
        (RecordFixture::anonymous(), at(IDLE), EndReason::Idle),
        (RecordFixture::of(&alice), at(IDLE), EndReason::Idle),
        (
            RecordFixture::of(&alice).lock_when_idle(),
            at(ABSOLUTE),
            EndReason::Absolute,
        ),
        (
            RecordFixture::anonymous().timeouts(None, Duration::from_secs(7)),
            at(7),
            EndReason::Absolute,
        ),
    ] {
        let record = bed.begin(fixture).await;
        for node in [bed.here(), bed.there()] {
            match node
                .load(record.handle(), at(ABSOLUTE - 1).max(deadline))
                .await
            {
                Load::Ended(tombstone) => {
                    let told = (
                        tombstone.reason(),
                        tombstone.ended_at(),
                        tombstone.subject(),
                    );
                    assert_eq!(told, (&reason, deadline, record.subject()), "{CLAUSE}");
                }
                Load::Missing => {}
                Load::Live(record) => panic!("{CLAUSE}: live past its deadline: {record:?}"),
            }
        }
    }
}

/// Clause 1: `now` may go backwards, and what it tells is taken as it is.
pub async fn a_clock_that_goes_back_ends_nothing<S: SessionStore>(bed: &TestBed<S>) {
    let begin = async || bed.begin(RecordFixture::anonymous()).await;
    let before = START.saturating_sub(Duration::from_secs(ABSOLUTE));
    every_operation(bed, before, true, begin).await;
}

/// Asks every operation at the three instants around a deadline.
async fn ends_at<S: SessionStore>(
    bed: &TestBed<S>,
    deadline: Timestamp,
    begin: impl AsyncFn() -> SessionRecord,
) {
    for (now, is_live) in around(deadline) {
        every_operation(bed, now, is_live, &begin).await;
    }
}

/// Asks every operation at one instant, each of a session of its own.
async fn every_operation<S: SessionStore>(
    bed: &TestBed<S>,
    now: Timestamp,
    is_live: bool,
    begin: impl AsyncFn() -> SessionRecord,
) {
    let store = bed.here();
    let state = if is_live {
        "before its deadline"
    } else {
        "past its deadline"
    };

    let record = begin().await;
    match store.load(record.handle(), now).await {
        Load::Live(stored) if is_live => assert_same(&stored, &record, CLAUSE),
        Load::Ended(told) if !is_live => assert_eq!(Some(told), record.expired(now), "{CLAUSE}"),
        Load::Missing if !is_live => {}
        other => panic!("{CLAUSE}: at {now}, a session {state} was told as {other:?}"),
    }

    let record = begin().await;
    let next = bed.next(&record).data("k", b"1").build();
    let written = if is_live { Write::Applied } else { Write::Gone };
    let answer = store.update(&next, record.revision(), now).await;
    assert_eq!(
        answer, written,
        "{CLAUSE}: at {now}, an update of a session {state}"
    );

    let record = begin().await;
    let touched = if is_live {
        Touched::Applied
    } else {
        Touched::Gone
    };
    let answer = store.touch(&touch(&record, now, false), now).await;
    assert_eq!(
        answer, touched,
        "{CLAUSE}: at {now}, a touch of a session {state}"
    );

    let record = begin().await;
    match store
        .end(&end(record.handle(), EndReason::Logout, now), now)
        .await
    {
        EndOutcome::Ended(_) if is_live => {}
        EndOutcome::Already(told) if !is_live => {
            assert_eq!(
                Some(told),
                record.expired(now),
                "{CLAUSE}: the end of a session {state}"
            );
        }
        EndOutcome::Missing if !is_live => {}
        other => panic!("{CLAUSE}: at {now}, ending a session {state} answered {other:?}"),
    }
    store.assert_dead(record.handle(), now, CLAUSE).await;
}

/// Touches a record at each of these times, as used at the other, and returns what must be stored.
async fn touched<S: SessionStore>(
    bed: &TestBed<S>,
    record: &SessionRecord,
    uses: &[(Timestamp, Timestamp)],
) -> SessionRecord {
    let mut stored = record.clone();
    for &(now, last_seen) in uses {
        let touch = touch(record, last_seen, false);
        let answer = bed.here().touch(&touch, now).await;
        assert_eq!(
            answer,
            Touched::Applied,
            "{CLAUSE}: a touch of a live session"
        );
        if let (_, Some(record)) = stored.touched(&touch, now) {
            stored = record;
        }
    }
    stored
}

/// One millisecond before a deadline, at it, and after: when, and whether the session lives.
fn around(deadline: Timestamp) -> [(Timestamp, bool); 3] {
    const MS: Duration = Duration::from_millis(1);
    [
        (deadline.saturating_sub(MS), true),
        (deadline, false),
        (deadline.saturating_add(MS), false),
    ]
}
