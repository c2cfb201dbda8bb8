//! Clauses 2 and 6 when many logins, updates and endings race.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use hallpass_core::AtLimit;
use hallpass_core::Bound;
use hallpass_core::EndReason;
use hallpass_core::RecordFixture;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use tokio::task::JoinHandle;
use tokio::task::yield_now;

use super::LISTED;
use super::limit;
use super::logged_in;
use super::login;
use crate::conformance::bed::START;
use crate::conformance::bed::TestBed;
use crate::conformance::bed::at;
use crate::conformance::bed::subject;
use crate::conformance::meeting::meetings;
use crate::conformance::racing::ROUNDS;
use crate::conformance::racing::Racer;
use crate::conformance::racing::joined;
use crate::conformance::racing::race;

const CLAUSE: &str = "clause 2 of `SubjectIndex` (never more than the limit)";

/// Clauses 2 and 3, race 24, for a limit that rejects.
pub async fn logins_that_race_never_pass_a_limit_that_rejects<S: SubjectIndex>(bed: &TestBed<S>) {
    two_logins(bed, AtLimit::Reject).await;
    for round in 0..GREAT_ROUNDS {
        let race = logins(bed, AtLimit::Reject, round).await;
        assert_eq!(
            race.evicted,
            [],
            "{CLAUSE}: a limit that rejects evicts nobody"
        );
        assert_eq!(race.begun, race.live, "{CLAUSE}: who was let in lives");
        assert_eq!(race.denied, LOGINS - MAX, "{CLAUSE}: the others are denied");
    }
}

/// Clauses 2 and 3, race 24, for a limit that evicts the session created first.
pub async fn logins_that_race_never_pass_a_limit_that_evicts_the_oldest<S: SubjectIndex>(
    bed: &TestBed<S>,
) {
    two_logins(bed, AtLimit::EvictOldest).await;
    for round in 0..GREAT_ROUNDS {
        logins(bed, AtLimit::EvictOldest, round)
            .await
            .assert_evicting();
    }
}

/// Clauses 2 and 3, race 24, for a limit that evicts the session used longest ago.
pub async fn logins_that_race_never_pass_a_limit_that_evicts_the_least_recently_used<
    S: SubjectIndex,
>(
    bed: &TestBed<S>,
) {
    two_logins(bed, AtLimit::EvictLeastRecentlyUsed).await;
    for round in 0..GREAT_ROUNDS {
        logins(bed, AtLimit::EvictLeastRecentlyUsed, round)
            .await
            .assert_evicting();
    }
}

/// Clauses 1 and 6: a login that happens while all sessions of its subject end lives and is
/// listed, or has ended: the index never loses it.
pub async fn a_login_that_races_the_end_of_all_sessions_is_listed_or_ended<S: SubjectIndex>(
    bed: &TestBed<S>,
) {
    for (n, meeting) in meetings(bed).await.into_iter().enumerate() {
        let alice = subject(&format!("alice of meeting {n}"));
        let old = logged_in(bed, &alice, START).await;
        let (record, _token) = bed.build(RecordFixture::of(&alice), START);
        let bind = login(&record, None);
        let ending = bed
            .there()
            .end_subject(&alice, None, &EndReason::Logout, START);
        let _any = meeting.of(bed.here().bind(&bind, START), ending).await;
        bed.here().assert_dead(old.handle(), START, LISTED).await;
        let live = living(bed, &[record.handle()], START).await;
        assert_eq!(
            bed.there().names(&alice, START).await,
            live,
            "{LISTED}: who lives is listed"
        );
    }
    for round in 0..ROUNDS {
        let alice = subject(&format!("alice {round}"));
        let old = logged_in(bed, &alice, START).await;
        let mut handles = Vec::new();
        let mut racers: Vec<Racer<()>> = Vec::new();
        for n in 0..6 {
            let (record, _token) = bed.build(RecordFixture::of(&alice), START);
            let (node, bind) = (bed.node(n), login(&record, limit(4, AtLimit::EvictOldest)));
            handles.push(record.handle());
            racers.push(Box::pin(async move {
                let answer = node.bind(&bind, START).await;
                assert!(
                    matches!(answer, Bound::Bound { .. }),
                    "{LISTED}: {answer:?}"
                );
            }));
        }
        let (node, whose) = (bed.there().clone(), alice.clone());
        racers.insert(
            round % 7,
            Box::pin(async move {
                let _ended = node
                    .end_subject(&whose, None, &EndReason::Logout, START)
                    .await;
            }),
        );
        race(racers).await;
        bed.here().assert_dead(old.handle(), START, LISTED).await;
        let live = living(bed, &handles, START).await;
        assert_eq!(
            bed.there().names(&alice, START).await,
            live,
            "{LISTED}: who lives is listed"
        );
    }
}

/// Clauses 3 and 7 of the store, race 2: updates that race with the end of all sessions of a
/// subject do not undo it.
pub async fn no_update_undoes_the_end_of_all_sessions<S: SubjectIndex>(bed: &TestBed<S>) {
    for (n, meeting) in meetings(bed).await.into_iter().enumerate() {
        let alice = subject(&format!("alice of meeting {n}"));
        let record = logged_in(bed, &alice, START).await;
        let next = bed.next(&record).last_seen(at(1)).build();
        let update = bed.here().update(&next, record.revision(), START);
        let ending = bed
            .there()
            .end_subject(&alice, None, &EndReason::Logout, START);
        let _any = meeting.of(update, ending).await;
        bed.here().assert_dead(record.handle(), START, LISTED).await;
        assert_eq!(
            bed.here().names(&alice, START).await,
            [],
            "{LISTED}: all sessions ended"
        );
    }
    for round in 0..ROUNDS {
        let alice = subject(&format!("alice {round}"));
        let mut records = Vec::new();
        for _ in 0..6 {
            records.push(logged_in(bed, &alice, START).await);
        }
        let mut racers: Vec<Racer<()>> = Vec::new();
        for (n, record) in records.iter().enumerate() {
            let (node, expected) = (bed.node(n), record.revision());
            let next = bed.next(record).last_seen(at(1)).build();
            racers.push(Box::pin(async move {
                let _any = node.update(&next, expected, START).await;
            }));
        }
        let (node, whose) = (bed.there().clone(), alice.clone());
        racers.insert(
            round % 7,
            Box::pin(async move {
                let ended = node
                    .end_subject(&whose, None, &EndReason::Logout, START)
                    .await;
                assert_eq!(ended.len(), 6, "{LISTED}: all live sessions end");
            }),
        );
        race(racers).await;
        for record in &records {
            bed.here().assert_dead(record.handle(), START, LISTED).await;
        }
        assert_eq!(
            bed.here().names(&alice, START).await,
            [],
            "{LISTED}: all sessions ended"
        );
    }
}

/// What came out of sixty-four logins.
struct Outcome {
    /// Who was let in, in order.
    begun: Vec<SessionHandle>,
    /// Who was evicted, in order.
    evicted: Vec<SessionHandle>,
    /// Who lives in the end, in order.
    live: Vec<SessionHandle>,
    denied: usize,
}

impl Outcome {
    fn assert_evicting(&self) {
        assert_eq!(
            self.denied, 0,
            "{CLAUSE}: a limit that evicts denies nobody"
        );
        let mut all = [self.evicted.as_slice(), self.live.as_slice()].concat();
        all.sort_unstable();
        assert_eq!(
            self.begun, all,
            "{CLAUSE}: each session was evicted once, or lives"
        );
    }
}

/// Lets sixty-four logins of one subject race, and watches that there are never too many sessions.
async fn logins<S: SubjectIndex>(bed: &TestBed<S>, at_limit: AtLimit, round: u64) -> Outcome {
    let alice = subject(&format!("alice {round}"));
    let records: Vec<SessionRecord> = (0..LOGINS)
        .map(|_| bed.build(RecordFixture::of(&alice), START).0)
        .collect();
    let done = Arc::new(AtomicBool::new(false));
    let watch = watched(bed, &alice, &done);
    let answers = race(records.iter().enumerate().map(|(n, record)| {
        let (node, bind) = (bed.node(n), login(record, limit(MAX_LIVE, at_limit)));
        async move { node.bind(&bind, START).await }
    }))
    .await;
    done.store(true, Ordering::Relaxed);
    joined(watch).await;

    let handles: Vec<_> = records.iter().map(SessionRecord::handle).collect();
    let live = living(bed, &handles, START).await;
    assert_eq!(
        live.len(),
        MAX,
        "{CLAUSE}: so many sessions live after the race"
    );
    assert_eq!(
        bed.there().names(&alice, START).await,
        live,
        "{CLAUSE}: who lives is listed"
    );

    let mut outcome = Outcome {
        begun: Vec::new(),
        evicted: Vec::new(),
        live,
        denied: 0,
    };
    for (handle, answer) in handles.into_iter().zip(answers) {
        match answer {
            Bound::Bound { evicted } => {
                let all_told = evicted
                    .iter()
                    .all(|gone| *gone.reason() == EndReason::Evicted);
                assert!(
                    all_told,
                    "{CLAUSE}: evicted for another reason: {evicted:?}"
                );
                outcome.begun.push(handle);
                outcome
                    .evicted
                    .extend(evicted.iter().map(Tombstone::handle));
            }
            Bound::Denied { active } => {
                assert_eq!(
                    active.len(),
                    MAX,
                    "{CLAUSE}: denied with this many active sessions"
                );
                outcome.denied += 1;
            }
            other => panic!("{CLAUSE}: a login was answered {other:?}"),
        }
    }
    outcome.begun.sort_unstable();
    outcome.evicted.sort_unstable();
    outcome
}

/// Lets two logins meet where there is room for one, in all ways.
async fn two_logins<S: SubjectIndex>(bed: &TestBed<S>, at_limit: AtLimit) {
    for (n, meeting) in meetings(bed).await.into_iter().enumerate() {
        let alice = subject(&format!("alice of meeting {n}"));
        let [one, other] = [(); 2].map(|()| {
            let (record, _token) = bed.build(RecordFixture::of(&alice), START);
            login(&record, limit(1, at_limit))
        });
        let another = bed.there().bind(&other, START);
        let _any = meeting.of(bed.here().bind(&one, START), another).await;
        let live = living(bed, &[one.record.handle(), other.record.handle()], START).await;
        assert_eq!(
            live.len(),
            1,
            "{CLAUSE}: so many sessions live after two logins"
        );
        assert_eq!(
            bed.there().names(&alice, START).await,
            live,
            "{CLAUSE}: who lives is listed"
        );
    }
}

/// Lists the sessions of a subject again and again.
fn watched<S: SubjectIndex>(
    bed: &TestBed<S>,
    subject: &Subject,
    done: &Arc<AtomicBool>,
) -> JoinHandle<()> {
    let (node, subject, done) = (bed.there().clone(), subject.clone(), Arc::clone(done));
    tokio::spawn(async move {
        while !done.load(Ordering::Relaxed) {
            let live = node.list(&subject, START).await.len();
            assert!(live <= MAX, "{CLAUSE}: {live} sessions live at one time");
            yield_now().await;
        }
    })
}

/// Returns who of these lives, in order.
async fn living<S: SubjectIndex>(
    bed: &TestBed<S>,
    handles: &[SessionHandle],
    now: Timestamp,
) -> Vec<SessionHandle> {
    let mut live = Vec::new();
    for &handle in handles {
        if bed.here().is_live(handle, now).await {
            live.push(handle);
        }
    }
    live.sort_unstable();
    live
}

const LOGINS: usize = 64;
/// How many sessions the logins may leave: the number, and the same as a limit takes it.
const MAX: usize = 3;
const MAX_LIVE: u32 = 3;
const GREAT_ROUNDS: u64 = 4;
