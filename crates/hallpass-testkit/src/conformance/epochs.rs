//! The contract of [`Epochs`]: many sessions end at once, by counting.

use hallpass_core::Create;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::EpochStamp;
use hallpass_core::Epochs;
use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::Revocation;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use hallpass_core::Touched;
use hallpass_core::Write;

use super::bed::START;
use super::bed::TestBed;
use super::bed::at;
use super::bed::end;
use super::bed::look_alikes;
use super::bed::member;
use super::bed::subject;
use super::bed::touch;
use super::meeting::meetings;
use super::racing::ROUNDS;
use super::racing::Racer;
use super::racing::race;

const NOTED: &str = "clause 1 of `Epochs` (the counters are noted)";
const CLAUSE: &str = "clause 2 of `Epochs` (what began before has ended)";

/// Clause 2: everybody's sessions end, anonymous ones included.
pub async fn advancing_everybody_ends_all_sessions<S: Epochs>(bed: &TestBed<S>) {
    ends_its_scope(bed, &EpochScope::Everybody).await;
}

/// Clause 2, race 46: the sessions of one tenant end, and no look-alike's.
pub async fn advancing_a_tenant_ends_the_sessions_of_its_members<S: Epochs>(bed: &TestBed<S>) {
    ends_its_scope(bed, &EpochScope::Tenant("acme".to_owned())).await;
}

/// Clause 2, race 46: the sessions of one subject within a tenant end, and no look-alike's.
pub async fn advancing_a_member_ends_the_sessions_of_that_one<S: Epochs>(bed: &TestBed<S>) {
    ends_its_scope(bed, &EpochScope::Subject(member("acme", "alice"))).await;
}

/// Clause 2, race 46: the sessions of one subject without a tenant end, and no look-alike's.
pub async fn advancing_a_subject_ends_the_sessions_of_that_one<S: Epochs>(bed: &TestBed<S>) {
    ends_its_scope(bed, &EpochScope::Subject(subject("alice"))).await;
}

/// Clause 2, races 1 to 3: no operation sees a session of an older epoch, on any node.
pub async fn no_operation_sees_a_session_of_an_older_epoch<S: Epochs>(bed: &TestBed<S>) {
    let reason = EndReason::Revoked(Revocation::by("op").because("key leaked"));
    for scope in scopes() {
        let record = bed.begin(RecordFixture::of(&member("acme", "alice"))).await;
        bed.here().advance(&scope, &reason, at(30)).await;
        let tombstone = Tombstone::of(&record, reason.clone(), at(30));
        for node in [bed.here(), bed.there()] {
            node.assert_ended(&tombstone, at(31), CLAUSE).await;
            let next = bed.next(&record).last_seen(at(31)).build();
            let answer = node.update(&next, record.revision(), at(31)).await;
            assert_eq!(answer, Write::Gone, "{CLAUSE}: an update, {scope:?}");
            let answer = node.touch(&touch(&record, at(31), true), at(31)).await;
            assert_eq!(answer, Touched::Gone, "{CLAUSE}: a touch, {scope:?}");
            let answer = node.create(&record, at(31)).await;
            assert_eq!(answer, Create::Occupied, "{CLAUSE}: its name, {scope:?}");
            let answer = node
                .end(&end(record.handle(), EndReason::Logout, at(31)), at(31))
                .await;
            let already = EndOutcome::Already(tombstone.clone());
            assert_eq!(answer, already, "{CLAUSE}: an end, {scope:?}");
            node.assert_ended(&tombstone, at(31), CLAUSE).await;
        }
    }
}

/// Clause 2: sessions that begin after the scope was advanced are untouched, whatever the clock
/// tells.
pub async fn the_order_counts_and_not_the_clock<S: Epochs>(bed: &TestBed<S>) {
    for scope in scopes() {
        let fixture = RecordFixture::of(&member("acme", "alice"));
        let (ahead, _token) = bed.build(fixture.clone(), at(90));
        assert_eq!(
            bed.here().create(&ahead, at(90)).await,
            Create::Created,
            "{CLAUSE}"
        );
        bed.there()
            .advance(&scope, &EndReason::Replayed, at(60))
            .await;
        let behind = bed.begin(fixture).await;
        let tombstone = Tombstone::of(&ahead, EndReason::Replayed, at(60));
        bed.here().assert_ended(&tombstone, at(91), CLAUSE).await;
        bed.here().assert_live(&behind, START, CLAUSE).await;
        bed.there().assert_live(&behind, at(91), CLAUSE).await;
    }
}

/// Clause 2, clause 4 of the store: a session that is written keeps the epochs in which it began:
/// it does not end because the caller's record does not know them, and no write saves it from the
/// next advance.
pub async fn an_update_keeps_the_epochs_of_the_session<S: Epochs>(bed: &TestBed<S>) {
    for scope in scopes() {
        bed.here().advance(&scope, &EndReason::Logout, START).await;
        let record = bed.begin(RecordFixture::of(&member("acme", "alice"))).await;
        let noted = bed
            .here()
            .live(record.handle(), START, NOTED)
            .await
            .epochs();

        let next = bed.next(&record).data("k", b"1").build();
        assert_eq!(
            next.epochs(),
            EpochStamp::default(),
            "the caller does not know the epochs"
        );
        let answer = bed.here().update(&next, record.revision(), START).await;
        assert_eq!(
            answer,
            Write::Applied,
            "{CLAUSE}: an update of a new session"
        );
        let answer = bed
            .there()
            .touch(&touch(&record, at(1), false), START)
            .await;
        assert_eq!(
            answer,
            Touched::Applied,
            "{CLAUSE}: a touch of a new session"
        );
        let stored = bed.there().live(record.handle(), START, NOTED).await;
        assert_eq!(stored.epochs(), noted, "{NOTED}: a write changed them");

        let forged = stored.as_ref().clone().stamped(LATE);
        let forged = bed.next(&forged).build();
        let answer = bed.here().update(&forged, stored.revision(), START).await;
        assert_eq!(
            answer,
            Write::Applied,
            "{CLAUSE}: an update of a new session"
        );
        bed.here().advance(&scope, &EndReason::Logout, at(2)).await;
        bed.there()
            .assert_dead(record.handle(), at(2), CLAUSE)
            .await;
    }
}

/// Clause 1: the store notes its own counters, not what the caller's record says.
pub async fn create_notes_the_counters_of_the_store<S: Epochs>(bed: &TestBed<S>) {
    for scope in scopes() {
        let (record, _token) = bed.build(RecordFixture::of(&member("acme", "alice")), START);
        let answer = bed
            .here()
            .create(&record.clone().stamped(LATE), START)
            .await;
        assert_eq!(answer, Create::Created, "{NOTED}");
        bed.here().assert_live(&record, START, NOTED).await;
        bed.there().advance(&scope, &EndReason::Logout, at(1)).await;
        bed.here().assert_dead(record.handle(), at(1), NOTED).await;
    }
}

/// Clause 2: each further advance ends what began since the one before.
pub async fn a_scope_can_be_advanced_again_and_again<S: Epochs>(bed: &TestBed<S>) {
    let mut before = Vec::new();
    for (n, scope) in scopes().into_iter().cycle().take(12).enumerate() {
        let record = bed.begin(RecordFixture::of(&member("acme", "alice"))).await;
        bed.node(n).assert_live(&record, START, CLAUSE).await;
        bed.node(n / 2)
            .advance(&scope, &EndReason::Logout, START)
            .await;
        before.push(record);
        for record in &before {
            bed.node(n)
                .assert_dead(record.handle(), START, CLAUSE)
                .await;
        }
    }
}

/// Clause 2: what ended by itself before keeps its first tombstone.
pub async fn a_session_that_ended_before_keeps_its_tombstone<S: Epochs>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::of(&member("acme", "alice"))).await;
    let (unknown, _token) = bed.build(RecordFixture::of(&member("acme", "alice")), START);
    let logout = end(record.handle(), EndReason::Logout, START);
    let missing = end(unknown.handle(), EndReason::Logout, START);
    let _ended = bed.here().end(&logout, START).await;
    let _missing = bed.here().end(&missing, START).await;
    for scope in scopes() {
        bed.here()
            .advance(&scope, &EndReason::Replayed, at(1))
            .await;
        let tombstone = Tombstone::of(&record, EndReason::Logout, START);
        bed.there().assert_ended(&tombstone, at(1), CLAUSE).await;
        bed.there()
            .assert_ended(&missing.tombstone(), at(1), CLAUSE)
            .await;
    }
}

/// Clause 2, races 1 to 3: no update or touch that races with an advance saves a session.
pub async fn a_late_writer_cannot_undo_an_advance<S: Epochs>(bed: &TestBed<S>) {
    let scopes = scopes();
    for (meeting, scope) in meetings(bed).await.into_iter().zip(scopes.iter().cycle()) {
        let fixture = RecordFixture::of(&member("acme", "alice"));
        let written = bed.begin(fixture.clone()).await;
        let next = bed.next(&written).last_seen(at(1)).build();
        let update = bed.here().update(&next, written.revision(), START);
        let advance = bed.there().advance(scope, &EndReason::Logout, START);
        let _any = meeting.of(update, advance).await;
        bed.here()
            .assert_dead(written.handle(), at(1), CLAUSE)
            .await;

        let touched = bed.begin(fixture).await;
        let touch = touch(&touched, at(1), true);
        let advance = bed.there().advance(scope, &EndReason::Logout, START);
        let _any = meeting.of(bed.here().touch(&touch, START), advance).await;
        bed.here()
            .assert_dead(touched.handle(), at(1), CLAUSE)
            .await;
    }
    for (round, scope) in scopes.iter().cycle().take(ROUNDS).enumerate() {
        let mut records = Vec::new();
        let mut racers: Vec<Racer<()>> = Vec::new();
        for n in 0..6 {
            let record = bed.begin(RecordFixture::of(&member("acme", "alice"))).await;
            let (node, expected) = (bed.node(n), record.revision());
            let next = bed.next(&record).last_seen(at(1)).build();
            let touch = touch(&record, at(1), true);
            records.push(record);
            racers.push(Box::pin(async move {
                let _any = node.update(&next, expected, START).await;
                let _any = node.touch(&touch, START).await;
            }));
        }
        let (node, scope) = (bed.there().clone(), scope.clone());
        let advance: Racer<()> = Box::pin(async move {
            node.advance(&scope, &EndReason::Logout, START).await;
        });
        racers.insert(round % 7, advance);
        race(racers).await;
        for record in &records {
            bed.here().assert_dead(record.handle(), at(1), CLAUSE).await;
        }
    }
}

/// Advances a scope, and checks who ends, who does not, and that what begins then lives.
async fn ends_its_scope<S: Epochs>(bed: &TestBed<S>, scope: &EpochScope) {
    let reason = EndReason::Revoked(Revocation::by("support").because("incident"));
    let older = everybody(bed).await;
    bed.here().advance(scope, &reason, at(60)).await;
    let newer = everybody(bed).await;
    for record in &older {
        if scope.holds(record.subject()) {
            let tombstone = Tombstone::of(record, reason.clone(), at(60));
            bed.there().assert_ended(&tombstone, at(61), CLAUSE).await;
        } else {
            assert_usable(bed, record, at(61)).await;
        }
    }
    for record in &newer {
        assert_usable(bed, record, at(61)).await;
    }
}

async fn assert_usable<S: SessionStore>(bed: &TestBed<S>, record: &SessionRecord, now: Timestamp) {
    let told = bed.there().load(record.handle(), now).await;
    let whose = record.subject();
    assert!(
        matches!(told, Load::Live(_)),
        "{CLAUSE}: {whose:?} is out of the scope: {told:?}"
    );
    bed.here().assert_live(record, now, CLAUSE).await;
    let next = bed.next(record).build();
    let answer = bed.here().update(&next, record.revision(), now).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: an update of a session of {whose:?}"
    );
}

/// Begins an anonymous session, and one of each look-alike.
async fn everybody<S: SessionStore>(bed: &TestBed<S>) -> Vec<SessionRecord> {
    let mut records = vec![bed.begin(RecordFixture::anonymous()).await];
    for subject in look_alikes() {
        records.push(bed.begin(RecordFixture::of(&subject)).await);
    }
    records
}

/// The scopes that hold the sessions of alice of acme.
pub(super) fn scopes() -> [EpochScope; 3] {
    [
        EpochScope::Everybody,
        EpochScope::Tenant("acme".to_owned()),
        EpochScope::Subject(member("acme", "alice")),
    ]
}

/// Counters that no store reaches.
const LATE: EpochStamp = EpochStamp {
    everybody: 1 << 40,
    tenant: 1 << 40,
    subject: 1 << 40,
};
