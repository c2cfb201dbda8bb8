//! What a store promises that is both a [`SubjectIndex`] and [`Epochs`].

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::Concurrency;
use hallpass_core::EndReason;
use hallpass_core::Epochs;
use hallpass_core::RecordFixture;
use hallpass_core::Replaced;
use hallpass_core::SessionRecord;
use hallpass_core::SubjectIndex;
use hallpass_core::Tombstone;

use super::bed::START;
use super::bed::TestBed;
use super::bed::at;
use super::bed::member;
use super::epochs::scopes;
use super::meeting::meetings;
use super::racing::ROUNDS;
use super::racing::Racer;
use super::racing::race;

const CLAUSE: &str = "clause 2 of `Epochs`, for sessions that were bound";

/// Clauses 1 and 2 of `Epochs`: a session that was begun by a login ends with its epoch, and the
/// next one lives.
pub async fn a_bound_session_ends_with_its_epoch<S: Epochs + SubjectIndex>(bed: &TestBed<S>) {
    for scope in scopes() {
        let older = logged_in(bed, None).await;
        bed.here()
            .advance(&scope, &EndReason::Replayed, at(1))
            .await;
        let newer = logged_in(bed, None).await;
        let tombstone = Tombstone::of(&older, EndReason::Replayed, at(1));
        bed.there().assert_ended(&tombstone, at(2), CLAUSE).await;
        bed.there().assert_live(&newer, at(2), CLAUSE).await;
    }
}

/// Clauses 2 and 6 of `SubjectIndex`: sessions of an older epoch are not listed, do not end a
/// second time, and free their place.
pub async fn sessions_of_an_older_epoch_are_not_in_the_index<S: Epochs + SubjectIndex>(
    bed: &TestBed<S>,
) {
    let alice = member("acme", "alice");
    let one = Concurrency {
        max: std::num::NonZeroU32::MIN,
        at_limit: AtLimit::Reject,
    };
    for scope in scopes() {
        let older = logged_in(bed, Some(one)).await;
        bed.here()
            .advance(&scope, &EndReason::Replayed, at(1))
            .await;
        assert_eq!(
            bed.there().names(&alice, at(1)).await,
            [],
            "{CLAUSE}: {scope:?}"
        );
        let ended = bed
            .there()
            .end_subject(&alice, None, &EndReason::Logout, at(1))
            .await;
        assert_eq!(ended, [], "{CLAUSE}: {scope:?}");
        let tombstone = Tombstone::of(&older, EndReason::Replayed, at(1));
        bed.there().assert_ended(&tombstone, at(1), CLAUSE).await;

        let newer = logged_in(bed, Some(one)).await;
        let listed = bed.there().names(&alice, at(1)).await;
        assert_eq!(listed, [newer.handle()], "{CLAUSE}: {scope:?}");
        let _ended = bed
            .here()
            .end_subject(&alice, None, &EndReason::Logout, at(1))
            .await;
    }
}

/// Clause 5 of `SubjectIndex`: a session of an older epoch has ended, so no login replaces it.
pub async fn a_session_of_an_older_epoch_is_not_replaced<S: Epochs + SubjectIndex>(
    bed: &TestBed<S>,
) {
    let alice = member("acme", "alice");
    for scope in scopes() {
        let older = logged_in(bed, None).await;
        bed.here()
            .advance(&scope, &EndReason::Replayed, at(1))
            .await;
        let (record, _token) = bed.build(RecordFixture::of(&alice), at(2));
        let replaces = Replaced {
            handle: older.handle(),
            revision: older.revision(),
        };
        let bind = Bind {
            record,
            replaces: Some(replaces),
            limit: None,
        };
        let answer = bed.here().bind(&bind, at(2)).await;
        assert!(
            matches!(answer, Bound::Conflict),
            "{CLAUSE}: {scope:?}: {answer:?}"
        );
        bed.there()
            .assert_missing(bind.record.handle(), at(2), CLAUSE)
            .await;
        let tombstone = Tombstone::of(&older, EndReason::Replayed, at(1));
        bed.there().assert_ended(&tombstone, at(2), CLAUSE).await;
    }
}

/// Clause 2 of `Epochs`: a login that happens while its scope is advanced began before it, and has
/// ended, or after it, and lives: the index and the record agree.
pub async fn a_login_that_races_an_advance_lives_or_has_ended<S: Epochs + SubjectIndex>(
    bed: &TestBed<S>,
) {
    let alice = member("acme", "alice");
    for (meeting, scope) in meetings(bed).await.into_iter().zip(scopes().iter().cycle()) {
        let (record, _token) = bed.build(RecordFixture::of(&alice), START);
        let handle = record.handle();
        let bind = Bind {
            record,
            replaces: None,
            limit: None,
        };
        let login = bed.here().bind(&bind, START);
        let advance = bed.there().advance(scope, &EndReason::Logout, START);
        let _any = meeting.of(login, advance).await;
        let live = bed.here().is_live(handle, START).await;
        let listed = bed.there().names(&alice, START).await.contains(&handle);
        assert_eq!(listed, live, "{CLAUSE}: who lives is listed");
    }
    let _ended = bed
        .here()
        .end_subject(&alice, None, &EndReason::Logout, START)
        .await;
    for (round, scope) in scopes().iter().cycle().take(ROUNDS).enumerate() {
        let older = logged_in(bed, None).await;
        let mut handles = Vec::new();
        let mut racers: Vec<Racer<()>> = Vec::new();
        for n in 0..6 {
            let (record, _token) = bed.build(RecordFixture::of(&alice), START);
            let node = bed.node(n);
            handles.push(record.handle());
            racers.push(Box::pin(async move {
                let bind = Bind {
                    record,
                    replaces: None,
                    limit: None,
                };
                let answer = node.bind(&bind, START).await;
                assert!(
                    matches!(answer, Bound::Bound { .. }),
                    "{CLAUSE}: {answer:?}"
                );
            }));
        }
        let (node, scope) = (bed.there().clone(), scope.clone());
        let advance: Racer<()> = Box::pin(async move {
            node.advance(&scope, &EndReason::Logout, START).await;
        });
        racers.insert(round % 7, advance);
        race(racers).await;

        bed.here().assert_dead(older.handle(), START, CLAUSE).await;
        let mut live = Vec::new();
        for handle in handles {
            if bed.here().is_live(handle, START).await {
                live.push(handle);
            }
        }
        live.sort_unstable();
        assert_eq!(
            bed.there().names(&alice, START).await,
            live,
            "{CLAUSE}: who lives is listed"
        );
        let _ended = bed
            .here()
            .end_subject(&alice, None, &EndReason::Logout, START)
            .await;
    }
}

/// Begins a session of alice of acme.
async fn logged_in<S: SubjectIndex>(bed: &TestBed<S>, limit: Option<Concurrency>) -> SessionRecord {
    let (record, _token) = bed.build(RecordFixture::of(&member("acme", "alice")), START);
    let bind = Bind {
        record: record.clone(),
        replaces: None,
        limit,
    };
    match bed.here().bind(&bind, START).await {
        Bound::Bound { evicted } => assert_eq!(evicted, [], "{CLAUSE}: nobody makes room"),
        other => panic!("{CLAUSE}: a login that must succeed was answered {other:?}"),
    }
    record
}
