//! The contract of [`SubjectIndex`]: sessions are found by their subject, and bounded.

mod evicting;
mod freeing;
mod limiting;
mod racing;
mod repeating;
mod replacing;
mod subjects;

use std::num::NonZeroU32;
use std::slice;
use std::sync::Arc;

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::Concurrency;
use hallpass_core::EndReason;
use hallpass_core::RecordFixture;
use hallpass_core::Replaced;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use hallpass_core::Write;

use super::bed::START;
use super::bed::TestBed;
use super::bed::at;
use super::bed::end;
use super::bed::subject;
use super::bed::touch;
use super::node::assert_same;

pub use self::evicting::a_login_is_never_evicted_by_itself;
pub use self::evicting::a_smaller_limit_evicts_all_that_are_too_many;
pub use self::evicting::the_session_created_first_is_evicted;
pub use self::evicting::the_session_used_longest_ago_is_evicted;
pub use self::freeing::ended_sessions_free_their_place;
pub use self::freeing::expired_sessions_free_their_place;
pub use self::freeing::locked_sessions_keep_their_place;
pub use self::limiting::a_denied_login_can_be_repeated_once_there_is_room;
pub use self::limiting::a_login_beyond_the_limit_is_denied_and_changes_nothing;
pub use self::limiting::sessions_without_a_limit_are_all_kept;
pub use self::limiting::the_limit_of_one_subject_is_not_that_of_another;
pub use self::racing::a_login_that_races_the_end_of_all_sessions_is_listed_or_ended;
pub use self::racing::logins_that_race_never_pass_a_limit_that_evicts_the_least_recently_used;
pub use self::racing::logins_that_race_never_pass_a_limit_that_evicts_the_oldest;
pub use self::racing::logins_that_race_never_pass_a_limit_that_rejects;
pub use self::racing::no_update_undoes_the_end_of_all_sessions;
pub use self::repeating::a_bind_that_is_dropped_is_applied_in_whole_or_not_at_all;
pub use self::repeating::a_login_that_is_repeated_is_applied_once;
pub use self::repeating::a_repeated_login_does_not_revive_its_session;
pub use self::repeating::bind_on_a_taken_name_answers_occupied_and_changes_nothing;
pub use self::repeating::repetitions_of_a_login_that_race_begin_one_session;
pub use self::replacing::a_login_that_replaces_never_writes_over_an_update;
pub use self::replacing::a_replaced_session_does_not_count;
pub use self::replacing::a_session_at_another_revision_is_not_replaced;
pub use self::replacing::a_session_is_replaced_by_one_login_only;
pub use self::replacing::a_session_that_ended_or_expired_is_not_replaced;
pub use self::replacing::the_replaced_session_is_superseded;
pub use self::subjects::look_alikes_are_ended_apart;
pub use self::subjects::look_alikes_are_limited_apart;
pub use self::subjects::look_alikes_are_listed_apart;

/// Clauses 1 and 6: a login begins a session that is stored as it is, and listed.
pub async fn a_bound_session_is_stored_and_listed<S: SubjectIndex>(bed: &TestBed<S>) {
    const CLAUSE: &str = "clause 1 of `SubjectIndex` (one step)";
    let alice = subject("alice");
    let record = logged_in(bed, &alice, START).await;
    for node in [bed.here(), bed.there()] {
        node.assert_live(&record, START, CLAUSE).await;
        assert_listed(
            &node.list(&alice, START).await,
            slice::from_ref(&record),
            CLAUSE,
        );
    }
}

/// Clause 6: a list shows each session as it is now.
pub async fn a_list_shows_the_latest_records<S: SubjectIndex>(bed: &TestBed<S>) {
    let alice = subject("alice");
    let record = logged_in(bed, &alice, START).await;
    let next = bed.next(&record).data("k", b"1").build();
    let answer = bed.here().update(&next, record.revision(), at(1)).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{LISTED}: an update of the stored revision"
    );
    let touch = touch(&next, at(9), false);
    let _applied = bed.here().touch(&touch, at(9)).await;
    let touched = next.touched(&touch, at(9)).1.unwrap_or(next);
    assert_listed(&bed.there().list(&alice, at(9)).await, &[touched], LISTED);
}

/// Clause 6, races 25 and 43: a list holds live sessions only, without any event that would tell
/// that one has ended or expired, and the index heals when it is read.
pub async fn a_list_holds_live_sessions_only<S: SubjectIndex>(bed: &TestBed<S>) {
    let alice = subject("alice");
    let ended = logged_in(bed, &alice, START).await;
    let expires = logged_in(bed, &alice, START).await;
    let lives = logged_in(bed, &alice, at(60)).await;
    let _ended = bed
        .there()
        .end(&end(ended.handle(), EndReason::Logout, at(60)), at(60))
        .await;
    let deadline = expires.expires_at();
    let just_before = Timestamp::from_millis(deadline.as_millis() - 1);
    for node in [bed.here(), bed.there()] {
        let both = [expires.clone(), lives.clone()];
        assert_listed(&node.list(&alice, just_before).await, &both, LISTED);
    }
    for node in [bed.here(), bed.there()] {
        assert_listed(
            &node.list(&alice, deadline).await,
            slice::from_ref(&lives),
            LISTED,
        );
    }
    assert_listed(
        &bed.here().list(&alice, lives.expires_at()).await,
        &[],
        LISTED,
    );
}

/// Clause 6: who has no session has an empty list, and anonymous sessions are nobody's.
pub async fn anonymous_sessions_are_in_no_list<S: SubjectIndex>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    let alice = subject("alice");
    assert_listed(&bed.here().list(&alice, START).await, &[], LISTED);
    let ended = bed
        .here()
        .end_subject(&alice, None, &EndReason::Logout, START)
        .await;
    assert_eq!(ended, [], "{LISTED}: nobody was logged in");
    bed.here().assert_live(&record, START, LISTED).await;
}

/// Clause 6: all live sessions of a subject end at once, for the reason given, and nobody else's.
pub async fn all_sessions_of_a_subject_end_at_once<S: SubjectIndex>(bed: &TestBed<S>) {
    let alice = subject("alice");
    let mut records = Vec::new();
    for _ in 0..5 {
        records.push(logged_in(bed, &alice, START).await);
    }
    let before = records
        .pop()
        .map(|record| end(record.handle(), EndReason::Logout, START));
    if let Some(before) = &before {
        let _ended = bed.here().end(before, START).await;
    }
    let bob = logged_in(bed, &subject("bob"), START).await;
    let nobody = bed.begin(RecordFixture::anonymous()).await;

    let ended = bed
        .there()
        .end_subject(&alice, None, &EndReason::Replayed, at(1))
        .await;
    let expected = tombstones(&records, &EndReason::Replayed, at(1));
    assert_eq!(ended, expected, "{LISTED}: the live sessions that ended");
    for tombstone in &expected {
        bed.here().assert_ended(tombstone, at(1), LISTED).await;
    }
    assert_listed(&bed.here().list(&alice, at(1)).await, &[], LISTED);
    bed.here().assert_live(&bob, at(1), LISTED).await;
    bed.here().assert_live(&nobody, at(1), LISTED).await;
    let again = bed
        .here()
        .end_subject(&alice, None, &EndReason::Logout, at(2))
        .await;
    assert_eq!(again, [], "{LISTED}: all sessions had ended before");
}

/// Clause 6: all sessions but one end, and one of somebody else spares nothing.
pub async fn all_sessions_but_one_end<S: SubjectIndex>(bed: &TestBed<S>) {
    let alice = subject("alice");
    let spared = logged_in(bed, &alice, START).await;
    let others = [
        logged_in(bed, &alice, START).await,
        logged_in(bed, &alice, START).await,
    ];
    let bob = logged_in(bed, &subject("bob"), START).await;

    let reason = EndReason::Logout;
    let ended = bed
        .here()
        .end_subject(&alice, Some(spared.handle()), &reason, at(1))
        .await;
    assert_eq!(
        ended,
        tombstones(&others, &reason, at(1)),
        "{LISTED}: all but one"
    );
    bed.there().assert_live(&spared, at(1), LISTED).await;
    assert_listed(
        &bed.there().list(&alice, at(1)).await,
        slice::from_ref(&spared),
        LISTED,
    );

    let ended = bed
        .here()
        .end_subject(&alice, Some(bob.handle()), &reason, at(2))
        .await;
    assert_eq!(
        ended,
        tombstones(&[spared], &reason, at(2)),
        "{LISTED}: all of hers"
    );
    bed.here().assert_live(&bob, at(2), LISTED).await;
}

/// Clauses 2 and 6: sessions that expired do not end a second time.
pub async fn expired_sessions_do_not_end_again<S: SubjectIndex>(bed: &TestBed<S>) {
    let alice = subject("alice");
    let expired = logged_in(bed, &alice, START).await;
    let lives = logged_in(bed, &alice, at(60)).await;
    let now = expired.expires_at();
    let ended = bed
        .here()
        .end_subject(&alice, None, &EndReason::Logout, now)
        .await;
    assert_eq!(
        ended,
        tombstones(&[lives], &EndReason::Logout, now),
        "{LISTED}"
    );
    bed.here().assert_dead(expired.handle(), now, LISTED).await;
}

const LISTED: &str = "clause 6 of `SubjectIndex` (live sessions of that subject only)";

/// Begins a session of a subject, without a limit.
async fn logged_in<S: SubjectIndex>(
    bed: &TestBed<S>,
    subject: &Subject,
    now: Timestamp,
) -> SessionRecord {
    let (record, _token) = bed.build(RecordFixture::of(subject), now);
    let answer = bed.here().bind(&login(&record, None), now).await;
    assert_bound(&answer, &[], "clause 1 of `SubjectIndex` (one step)");
    record
}

/// The order to begin a session that replaces none.
fn login(record: &SessionRecord, limit: Option<Concurrency>) -> Bind {
    Bind {
        record: record.clone(),
        replaces: None,
        limit,
    }
}

/// The order to begin a session that replaces another one as it is.
fn replacing(record: &SessionRecord, old: &SessionRecord, limit: Option<Concurrency>) -> Bind {
    let replaces = Replaced {
        handle: old.handle(),
        revision: old.revision(),
    };
    Bind {
        replaces: Some(replaces),
        ..login(record, limit)
    }
}

fn limit(max: u32, at_limit: AtLimit) -> Option<Concurrency> {
    NonZeroU32::new(max).map(|max| Concurrency { max, at_limit })
}

/// What stays of records that end, in the order of their names.
fn tombstones(records: &[SessionRecord], reason: &EndReason, now: Timestamp) -> Vec<Tombstone> {
    let mut tombstones: Vec<_> = records
        .iter()
        .map(|record| Tombstone::of(record, reason.clone(), now))
        .collect();
    tombstones.sort_by_key(Tombstone::handle);
    tombstones
}

/// Checks that a login began a session and evicted these, in whatever order.
fn assert_bound(answer: &Bound, evicted: &[Tombstone], clause: &str) {
    let Bound::Bound { evicted: told } = answer else {
        panic!("{clause}: a login that must succeed was answered {answer:?}");
    };
    let mut told = told.clone();
    told.sort_by_key(Tombstone::handle);
    assert_eq!(told, evicted, "{clause}: the sessions that were evicted");
}

/// Checks that a login was denied with these active sessions, in whatever order.
fn assert_denied(answer: &Bound, active: &[SessionRecord], clause: &str) {
    let Bound::Denied { active: told } = answer else {
        panic!("{clause}: a login beyond the limit was answered {answer:?}");
    };
    let mut told = told.clone();
    told.sort_by_key(|record| record.handle());
    assert_listed(&told, active, clause);
}

/// Checks that these records are listed as they are. What is listed is in order.
fn assert_listed(listed: &[Arc<SessionRecord>], expected: &[SessionRecord], clause: &str) {
    let mut expected: Vec<_> = expected.iter().collect();
    expected.sort_by_key(|record| record.handle());
    let names = |records: &mut dyn Iterator<Item = &SessionRecord>| -> Vec<SessionHandle> {
        records.map(SessionRecord::handle).collect()
    };
    assert_eq!(
        names(&mut listed.iter().map(|record| &**record)),
        names(&mut expected.iter().copied()),
        "{clause}: the listed sessions"
    );
    for (listed, expected) in listed.iter().zip(expected) {
        assert_same(listed, expected, clause);
    }
}
