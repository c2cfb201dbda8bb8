//! Every standing, at every boundary.

use std::time::Duration;

use super::*;
use crate::client::ClientFacts;
use crate::client::ClientKind;
use crate::data::DataMap;
use crate::policy::limits::LimitsBuilder;
use crate::random::SystemRandom;
use crate::ratchet::Credential;
use crate::record::NewRecord;
use crate::record::WriteId;
use crate::subject::Subject;
use crate::token::SessionHandle;

const START: u64 = 1_000_000;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(START + millis)
}

/// Idle 10 s, absolute 60 s, renewal 5 s, windows 1 s and 2 s, skew 100 ms, touch step 1 s.
fn limits() -> LimitsBuilder {
    Limits::builder()
        .idle(Duration::from_secs(10))
        .absolute(Duration::from_secs(60))
        .renew_every(Duration::from_secs(5))
        .repair(Duration::from_secs(1))
        .grace(Duration::from_secs(2))
        .max_skew(Duration::from_millis(100))
        .touch_step(Duration::from_secs(1))
}

fn record(limits: &Limits, subject: Option<&str>) -> SessionRecord {
    let handle = SessionHandle::from_bytes([1; 16]);
    let (credential, _token) =
        Credential::first(handle, &SystemRandom, ClientKind::default(), at(0)).unwrap();
    let new = NewRecord {
        handle,
        write_id: WriteId::from_bytes([0; 16]),
        credential,
        subject: subject.map(|id| Subject::new(id).unwrap()),
        authentication: None,
        limits,
        remembered: false,
        client: ClientFacts::default(),
        data: DataMap::default(),
    };
    SessionRecord::new(new, at(0))
}

fn expiry(standing: &Standing) -> Timestamp {
    match standing {
        Standing::Live { expires_at, .. } => *expires_at,
        other => panic!("{other:?}"),
    }
}

/// SES-06 and SES-11: the idle timeout, at the boundary.
#[test]
fn an_unused_session_ends_at_the_idle_timeout() {
    let limits = limits().build().unwrap();
    let record = record(&limits, Some("alice"));
    for now in [0, 9_999] {
        assert_eq!(
            expiry(&judge_record(&record, &limits, at(now))),
            at(10_000),
            "{now}"
        );
    }
    for now in [10_000, 10_001, 60_000] {
        let expected = Standing::Ended(EndReason::Idle);
        assert_eq!(judge_record(&record, &limits, at(now)), expected, "{now}");
    }
}

/// SES-07 and race 19: nothing extends the absolute timeout.
#[test]
fn a_busy_session_ends_at_the_absolute_timeout() {
    let limits = limits().build().unwrap();
    let mut record = record(&limits, Some("alice"));
    record.last_seen = at(59_999);
    assert_eq!(
        expiry(&judge_record(&record, &limits, at(59_999))),
        at(60_000)
    );
    for now in [60_000, 60_001] {
        let expected = Standing::Ended(EndReason::Absolute);
        assert_eq!(judge_record(&record, &limits, at(now)), expected, "{now}");
    }
}

#[test]
fn without_an_idle_timeout_only_the_absolute_one_ends_a_session() {
    let limits = limits().no_idle_timeout().build().unwrap();
    let record = record(&limits, Some("alice"));
    assert_eq!(
        expiry(&judge_record(&record, &limits, at(59_999))),
        at(60_000)
    );
    assert_eq!(
        judge_record(&record, &limits, at(60_000)),
        Standing::Ended(EndReason::Absolute)
    );
}

/// SES-09: locked between the two timeouts.
#[test]
fn an_idle_session_is_locked_until_the_absolute_timeout() {
    let limits = limits().lock_when_idle(true).build().unwrap();
    let record = record(&limits, Some("alice"));
    let locked = Standing::Locked { until: at(60_000) };
    assert_eq!(
        expiry(&judge_record(&record, &limits, at(9_999))),
        at(10_000)
    );
    for now in [10_000, 10_001, 59_999] {
        assert_eq!(judge_record(&record, &limits, at(now)), locked, "{now}");
    }
    assert_eq!(
        judge_record(&record, &limits, at(60_000)),
        Standing::Ended(EndReason::Absolute)
    );
}

fn touches(record: &SessionRecord, limits: &Limits, now: u64) -> bool {
    matches!(
        judge_record(record, limits, at(now)),
        Standing::Live { touch: true, .. }
    )
}

fn renews(record: &SessionRecord, limits: &Limits, now: u64) -> bool {
    matches!(
        judge_record(record, limits, at(now)),
        Standing::Live { renew: true, .. }
    )
}

#[test]
fn a_touch_is_due_after_more_than_one_step() {
    let limits = limits().build().unwrap();
    let record = record(&limits, Some("alice"));
    assert!(!touches(&record, &limits, 999));
    assert!(!touches(&record, &limits, 1_000));
    assert!(touches(&record, &limits, 1_001));
}

/// The policy of today has a longer idle timeout, and a longer step, than the record was given.
#[test]
fn a_touch_comes_before_half_of_the_idle_timeout_of_the_record() {
    let record = record(&limits().build().unwrap(), Some("alice"));
    let today = limits()
        .absolute(Duration::from_secs(600))
        .idle(Duration::from_secs(500))
        .touch_step(Duration::from_secs(100))
        .build()
        .unwrap();
    assert_eq!(touch_step(&record, &today), Duration::from_secs(5));
}

#[test]
fn a_renewal_is_due_at_its_age() {
    let limits = limits().build().unwrap();
    let record = record(&limits, Some("alice"));
    assert!(!renews(&record, &limits, 4_999));
    assert!(renews(&record, &limits, 5_000));
    assert!(renews(&record, &limits, 5_001));
}

/// A child that is first used late is not renewed before its parent's grace is over.
#[test]
fn a_renewal_waits_until_the_parent_is_over() {
    let limits = limits().idle(Duration::from_secs(60)).build().unwrap();
    let mut record = record(&limits, Some("alice"));
    let (fresh, _token) = record
        .credential
        .broken(record.handle(), &SystemRandom, ClientKind::default(), at(0))
        .unwrap();
    record.credential = fresh;
    assert!(!renews(&record, &limits, 50_000), "nobody has used it");
    record.credential.confirm(at(20_000));
    assert!(!renews(&record, &limits, 22_099));
    assert!(!renews(&record, &limits, 22_100));
    assert!(renews(&record, &limits, 22_101));
}

#[test]
fn anonymous_sessions_are_never_renewed() {
    let limits = limits().build().unwrap();
    let record = record(&limits, None);
    assert!(!renews(&record, &limits, 9_000));
}

#[test]
fn a_clock_that_went_back_changes_nothing() {
    let limits = limits().build().unwrap();
    let record = record(&limits, Some("alice"));
    let early = Timestamp::from_millis(START - 5_000);
    let expected = Standing::Live {
        expires_at: at(10_000),
        touch: false,
        renew: false,
    };
    assert_eq!(judge_record(&record, &limits, early), expected);
}
