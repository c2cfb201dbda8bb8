//! What a deployment goes through: steps forward and back, and who may run beside whom.

use hallpass_core::Create;
use hallpass_core::DynStore;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::Revocation;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Swept;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use hallpass_core::Touched;
use hallpass_core::Write;
use hallpass_memory::MemoryStore;
use hallpass_stores::MigratingStore;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::schedule::alone;

use crate::records::START;
use crate::records::alice;
use crate::records::at;
use crate::records::begun;
use crate::records::login;
use crate::records::logout;
use crate::records::next;
use crate::records::touch;

type Both = MigratingStore<MemoryStore, MemoryStore>;

struct Stage {
    new: MemoryStore,
    old: MemoryStore,
    dual: Both,
    moving: Both,
    random: SeededRandom,
}

impl Stage {
    fn new() -> Self {
        let (new, old) = (MemoryStore::new(), MemoryStore::new());
        Self {
            dual: MigratingStore::dual(new.clone(), old.clone()),
            moving: MigratingStore::moving(new.clone(), old.clone()),
            new,
            old,
            random: SeededRandom::new(1),
        }
    }

    /// Begins a session of alice where this store begins sessions.
    fn begin(&self, store: &impl SessionStore) -> SessionRecord {
        let record = begun(RecordFixture::of(&alice()), &self.random, START);
        assert_eq!(
            alone(store.create(&record, START)).unwrap(),
            Create::Created
        );
        record
    }

    fn update(
        &self,
        store: &impl SessionStore,
        record: &SessionRecord,
        key: &str,
    ) -> SessionRecord {
        let write = next(record, &self.random).data(key, b"1").build();
        let answer = alone(store.update(&write, record.revision(), START)).unwrap();
        assert_eq!(answer, Write::Applied);
        write
    }
}

fn found(store: &impl SessionStore, record: &SessionRecord, now: Timestamp) -> Load {
    alone(store.load(record.handle(), now)).unwrap()
}

fn assert_live(store: &impl SessionStore, record: &SessionRecord) {
    match found(store, record, START) {
        Load::Live(found) => {
            let expected = record.clone().stamped(found.epochs());
            assert_eq!(found.encode(), expected.encode());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_session_lives_through_every_step_of_a_migration() {
    let stage = Stage::new();
    let record = stage.begin(&stage.old);
    let record = stage.update(&stage.dual, &record, "dual");
    assert_live(&stage.old, &record);
    let record = stage.update(&stage.old, &record, "old");
    assert_live(&stage.dual, &record);
    let record = stage.update(&stage.moving, &record, "moving");
    assert_live(&stage.dual, &record);
    let record = stage.update(&stage.dual, &record, "dual again");
    assert_live(&stage.moving, &record);
    let record = stage.update(&stage.new, &record, "new");
    assert_live(&stage.new, &record);
    assert_live(&stage.moving, &record);
    assert_eq!(record.data().len(), 5);
    assert!(stage.old.is_empty());
}

/// Until somebody moves, nothing that a session needs leaves the old store.
#[test]
fn nodes_of_the_first_phase_may_run_beside_nodes_with_the_old_store_alone() {
    let stage = Stage::new();
    let record = stage.begin(&stage.dual);
    let record = stage.update(&stage.dual, &record, "k");
    assert_live(&stage.old, &record);
    let bound = begun(RecordFixture::of(&alice()), &stage.random, START);
    let _bound = alone(stage.dual.bind(&login(&bound, None), START)).unwrap();
    assert_live(&stage.old, &bound);
    let order = logout(record.handle(), at(1));
    let outcome = alone(stage.dual.end(&order, at(1))).unwrap();
    let tombstone = Tombstone::of(&record, EndReason::Logout, at(1));
    assert_eq!(outcome, EndOutcome::Ended(tombstone));
    assert!(matches!(found(&stage.old, &record, at(1)), Load::Ended(_)));
    assert_eq!((stage.new.len(), stage.new.tombstones()), (0, 0));
}

/// Sessions that began in the new store go on where the deployment goes back.
#[test]
fn a_step_back_loses_no_session() {
    let stage = Stage::new();
    let record = stage.begin(&stage.moving);
    assert_live(&stage.dual, &record);
    let record = stage.update(&stage.dual, &record, "k");
    let touched = alone(stage.dual.touch(&touch(&record, at(1)), at(1))).unwrap();
    assert_eq!(touched, Touched::Applied);
    let listed = alone(stage.dual.list(&alice(), at(1))).unwrap();
    assert_eq!(listed.len(), 1);
    let outcome = alone(stage.dual.end(&logout(record.handle(), at(2)), at(2))).unwrap();
    assert!(matches!(outcome, EndOutcome::Ended(_)), "{outcome:?}");
    for store in [&stage.dual, &stage.moving] {
        let Load::Ended(tombstone) = found(store, &record, at(3)) else {
            panic!("it came back");
        };
        // The whole one, so that its client is told why.
        assert!(tombstone.digest().is_some());
    }
}

#[test]
fn a_load_moves_nothing_and_a_touch_does() {
    let stage = Stage::new();
    let record = stage.begin(&stage.old);
    assert_live(&stage.moving, &record);
    assert_eq!((stage.new.len(), stage.old.len()), (0, 1));
    let touched = alone(stage.moving.touch(&touch(&record, at(1)), at(1))).unwrap();
    assert_eq!(touched, Touched::Applied);
    assert_eq!((stage.new.len(), stage.old.len()), (1, 0));
    let Load::Live(moved) = found(&stage.new, &record, at(1)) else {
        panic!("it is not there");
    };
    assert_eq!(
        (moved.last_seen(), moved.write_id()),
        (at(1), record.write_id())
    );
}

/// Nobody is told that a session has ended because it was moved.
#[test]
fn what_was_moved_and_forgotten_is_missing() {
    let stage = Stage::new();
    let record = begun(RecordFixture::anonymous(), &stage.random, START);
    let _created = alone(stage.old.create(&record, START)).unwrap();
    let order = stage.update(&stage.moving, &record, "k");
    let over = order.expires_at();
    let _swept = alone(stage.new.sweep(100, over)).unwrap();
    assert!(matches!(
        found(&stage.old, &record, over),
        Load::Ended(_) | Load::Missing
    ));
    assert!(matches!(found(&stage.moving, &record, over), Load::Missing));
}

/// The tombstone of the old store goes after one idle timeout; the session goes on.
#[test]
fn an_anonymous_session_outlives_the_tombstone_of_its_move() {
    let stage = Stage::new();
    let record = begun(RecordFixture::anonymous(), &stage.random, START);
    let _created = alone(stage.old.create(&record, START)).unwrap();
    for seconds in (60..1_800).step_by(60) {
        let touched = touch(&record, at(seconds));
        let touched = alone(stage.moving.touch(&touched, at(seconds))).unwrap();
        assert_eq!(touched, Touched::Applied, "{seconds}");
        let _swept = alone(stage.old.sweep(100, at(seconds))).unwrap();
    }
    assert!(matches!(
        found(&stage.old, &record, at(1_800)),
        Load::Missing
    ));
    for store in [&stage.dual, &stage.moving] {
        assert!(matches!(found(store, &record, at(1_800)), Load::Live(_)));
    }
}

/// Stamps of one store mean nothing in another: the copy has those of the store that it is in.
#[test]
fn a_moved_session_has_the_epochs_of_the_new_store() {
    let stage = Stage::new();
    for _ in 0..5 {
        alone(
            stage
                .new
                .advance(&EpochScope::Everybody, &EndReason::Logout, START),
        )
        .unwrap();
    }
    let record = stage.begin(&stage.old);
    let record = stage.update(&stage.moving, &record, "k");
    assert_live(&stage.moving, &record);
    alone(
        stage
            .moving
            .advance(&EpochScope::Everybody, &EndReason::Logout, at(1)),
    )
    .unwrap();
    assert!(matches!(
        found(&stage.moving, &record, at(1)),
        Load::Ended(_)
    ));
    let later = stage.begin(&stage.moving);
    assert_live(&stage.moving, &later);
}

/// What an advance has ended in the old store before anybody moved it stays ended.
#[test]
fn a_session_of_an_older_epoch_is_not_moved() {
    let stage = Stage::new();
    let record = stage.begin(&stage.old);
    let reason = EndReason::Revoked(Revocation::by("operator"));
    alone(stage.old.advance(&EpochScope::Everybody, &reason, at(1))).unwrap();
    let touched = alone(stage.moving.touch(&touch(&record, at(2)), at(2))).unwrap();
    assert_eq!(touched, Touched::Gone);
    assert!(stage.new.is_empty());
    let Load::Ended(tombstone) = found(&stage.moving, &record, at(2)) else {
        panic!("it came back");
    };
    assert_eq!(*tombstone.reason(), reason);
}

#[test]
fn what_ends_before_it_begins_never_lives_on_any_node() {
    let stage = Stage::new();
    for (ends, begins) in [(&stage.dual, &stage.moving), (&stage.moving, &stage.dual)] {
        let record = begun(RecordFixture::of(&alice()), &stage.random, START);
        let outcome = alone(ends.end(&logout(record.handle(), START), START)).unwrap();
        assert_eq!(outcome, EndOutcome::Missing);
        assert_eq!(
            alone(begins.create(&record, START)).unwrap(),
            Create::Occupied
        );
        assert_eq!(
            alone(stage.old.create(&record, START)).unwrap(),
            Create::Occupied
        );
        assert_eq!(
            alone(stage.new.create(&record, START)).unwrap(),
            Create::Occupied
        );
    }
}

#[test]
fn only_the_stores_that_were_named_are_swept() {
    let stage = Stage::new();
    for store in [&stage.new, &stage.old] {
        let record = begun(RecordFixture::anonymous(), &stage.random, START);
        let _created = alone(store.create(&record, START)).unwrap();
    }
    let over = at(3_600);
    assert_eq!(
        alone(stage.moving.sweep(10, over)).unwrap(),
        Swept::default()
    );
    let old = stage.moving.clone().with_sweep_of_old();
    assert_eq!(alone(old.sweep(10, over)).unwrap().removed, 1);
    assert_eq!((stage.new.len(), stage.old.len()), (1, 0));
    assert_eq!(
        alone(old.with_sweep_of_new().sweep(10, over))
            .unwrap()
            .removed,
        1
    );
    assert_eq!((stage.new.len(), stage.old.len()), (0, 0));
}

/// Two stores of kinds that are chosen at run time.
#[test]
fn stores_that_are_chosen_at_run_time_migrate_too() {
    let store = || DynStore::from(MemoryStore::new());
    let store = MigratingStore::moving(store(), store())
        .with_tags_of_new()
        .with_tags_of_old()
        .with_sweep_of_new()
        .with_sweep_of_old();
    let store = DynStore::builder(store)
        .with_index()
        .with_epochs()
        .with_sweep()
        .with_feed()
        .with_tags()
        .build();
    let record = begun(RecordFixture::of(&alice()), &SeededRandom::new(1), START);
    let _bound = alone(store.bind(&login(&record, None), START)).unwrap();
    assert_live(&store, &record);
}

/// Race 47.
#[test]
fn debug_shows_the_phase_and_no_data() {
    let stage = Stage::new();
    let record = begun(
        RecordFixture::anonymous().data("needle-name", b"\"needle-value\""),
        &stage.random,
        START,
    );
    let _created = alone(stage.dual.create(&record, START)).unwrap();
    let text = format!("{:?} {:#?}", stage.dual, stage.moving);
    assert!(!text.contains("needle"), "{text}");
    assert!(text.contains("Dual") && text.contains("Moving"), "{text}");
}
