//! Sessions whose handles the new store does not take.

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::Create;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::HandleTags;
use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::Replaced;
use hallpass_core::SecureRandom;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreErrorKind;
use hallpass_core::SubjectIndex;
use hallpass_core::Timestamp;
use hallpass_core::Touched;
use hallpass_core::Write;
use hallpass_memory::MemoryStore;
use hallpass_stores::MigratingStore;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::schedule::alone;

use super::Stores;
use super::dual;
use super::moving;
use crate::records::START;
use crate::records::alice;
use crate::records::at;
use crate::records::begun;
use crate::records::limit;
use crate::records::login;
use crate::records::logout;
use crate::records::next;
use crate::records::touch;
use crate::tagged::Tagged;

struct Stage {
    new: MemoryStore,
    old: MemoryStore,
    dual: Stores<MemoryStore>,
    moving: Stores<MemoryStore>,
    random: SeededRandom,
}

impl Stage {
    fn new() -> Self {
        let (new, old) = (MemoryStore::new(), MemoryStore::new());
        Self {
            dual: dual(Tagged(new.clone()), old.clone()),
            moving: moving(Tagged(new.clone()), old.clone()),
            new,
            old,
            random: SeededRandom::new(1),
        }
    }

    /// A session of alice from before, with a handle without tag, last used at this time.
    fn stays(&self, seconds: u64) -> SessionRecord {
        let record = begun(RecordFixture::of(&alice()), &self.random, at(seconds));
        let answer = alone(self.old.create(&record, at(seconds))).unwrap();
        assert_eq!(answer, Create::Created);
        record
    }

    /// A session of alice that is not stored yet, with a handle as the core makes it.
    fn tagged(&self, seconds: u64) -> SessionRecord {
        let tag = self.moving.handle_tag(&alice()).unwrap();
        let mut handle = [0; 16];
        self.random.fill(&mut handle).unwrap();
        let handle = tag.put_on(SessionHandle::from_bytes(handle));
        let random = FirstDraw(handle, self.random.clone(), Default::default());
        let fixture = RecordFixture::of(&alice());
        fixture.build(&random, at(seconds)).unwrap().0
    }

    fn bind(&self, bind: &Bind, now: Timestamp) -> Bound {
        alone(self.moving.bind(bind, now)).unwrap()
    }

    fn live(&self) -> Vec<SessionHandle> {
        let listed = alone(self.moving.list(&alice(), at(60))).unwrap();
        listed.iter().map(|record| record.handle()).collect()
    }
}

/// Gives the bytes of a handle to who asks first.
#[derive(Debug)]
struct FirstDraw(SessionHandle, SeededRandom, std::sync::atomic::AtomicBool);

impl SecureRandom for FirstDraw {
    fn fill(&self, destination: &mut [u8]) -> Result<(), hallpass_core::RandomUnavailable> {
        if self.2.swap(true, std::sync::atomic::Ordering::Relaxed) {
            return self.1.fill(destination);
        }
        destination.copy_from_slice(&self.0.to_bytes());
        Ok(())
    }
}

fn sorted(records: &[&SessionRecord]) -> Vec<SessionHandle> {
    let mut handles: Vec<_> = records.iter().map(|record| record.handle()).collect();
    handles.sort_unstable();
    handles
}

fn evicted(answer: Bound) -> Vec<SessionHandle> {
    let Bound::Bound { evicted } = answer else {
        panic!("{answer:?}");
    };
    let mut handles: Vec<_> = evicted.iter().map(|tombstone| tombstone.handle()).collect();
    handles.sort_unstable();
    handles
}

#[test]
fn a_session_that_cannot_move_lives_on_in_the_old_store() {
    let stage = Stage::new();
    let record = stage.stays(0);
    let write = next(&record, &stage.random).data("k", b"1").build();
    let answer = alone(stage.moving.update(&write, record.revision(), START)).unwrap();
    assert_eq!(answer, Write::Applied);
    let touched = alone(stage.moving.touch(&touch(&write, at(9)), at(9))).unwrap();
    assert_eq!(touched, Touched::Applied);
    assert_eq!((stage.new.len(), stage.old.len()), (0, 1));
    for store in [&stage.dual, &stage.moving] {
        let Load::Live(found) = alone(store.load(record.handle(), at(9))).unwrap() else {
            panic!("it was lost");
        };
        assert_eq!(
            (found.revision(), found.last_seen()),
            (write.revision(), at(9))
        );
    }
    let outcome = alone(stage.moving.end(&logout(record.handle(), at(10)), at(10))).unwrap();
    assert!(matches!(outcome, EndOutcome::Ended(_)), "{outcome:?}");
    assert_eq!(stage.live(), []);
}

#[test]
fn all_sessions_of_a_subject_end_where_they_are() {
    let stage = Stage::new();
    let stays = stage.stays(0);
    let moves = stage.tagged(1);
    let _bound = stage.bind(&login(&moves, None), at(1));
    let subject = alice();
    let ended = stage
        .moving
        .end_subject(&subject, None, &EndReason::Logout, at(2));
    let mut ended: Vec<_> = alone(ended).unwrap().iter().map(|it| it.handle()).collect();
    ended.sort_unstable();
    assert_eq!(ended, sorted(&[&stays, &moves]));
    assert_eq!(stage.live(), []);
}

/// As one store would: those that were used longest ago end, wherever they are.
#[test]
fn a_login_evicts_in_order_across_both_stores() {
    let stage = Stage::new();
    let first = stage.stays(0);
    let second = stage.tagged(1);
    let _bound = stage.bind(&login(&second, None), at(1));
    let third = stage.stays(2);
    let evicts = |record: &SessionRecord, max, seconds| {
        let limit = limit(max, AtLimit::EvictLeastRecentlyUsed);
        evicted(stage.bind(&login(record, limit), at(seconds)))
    };
    let fourth = stage.tagged(3);
    assert_eq!(evicts(&fourth, 3, 3), [first.handle()]);
    assert_eq!(stage.live(), sorted(&[&second, &third, &fourth]));
    let fifth = stage.tagged(4);
    assert_eq!(evicts(&fifth, 3, 4), [second.handle()]);
    assert_eq!(stage.live(), sorted(&[&third, &fourth, &fifth]));
    let sixth = stage.tagged(5);
    assert_eq!(evicts(&sixth, 1, 5), sorted(&[&third, &fourth, &fifth]));
    assert_eq!(stage.live(), [sixth.handle()]);
    // Asked again, because the answer was lost.
    assert_eq!(evicts(&sixth, 1, 6), []);
    assert_eq!(stage.live(), [sixth.handle()]);
}

#[test]
fn a_login_is_denied_by_sessions_in_both_stores() {
    let stage = Stage::new();
    let stays = stage.stays(0);
    let moves = stage.tagged(1);
    let reject = limit(2, AtLimit::Reject);
    assert_eq!(evicted(stage.bind(&login(&moves, reject), at(1))), []);
    let denied = stage.tagged(2);
    let Bound::Denied { active } = stage.bind(&login(&denied, reject), at(2)) else {
        panic!("there is no room");
    };
    let active: Vec<_> = active.iter().map(|record| &**record).collect();
    assert_eq!(sorted(&active), sorted(&[&stays, &moves]));
    assert_eq!(stage.live(), sorted(&[&stays, &moves]));
    // It does not count twice when it is asked for again.
    assert_eq!(evicted(stage.bind(&login(&moves, reject), at(3))), []);
}

#[test]
fn a_session_that_cannot_move_is_replaced_at_its_revision_only() {
    let stage = Stage::new();
    let before = stage.stays(0);
    let after = stage.tagged(1);
    let replacing = |revision| Bind {
        replaces: Some(Replaced {
            handle: before.handle(),
            revision,
        }),
        ..login(&after, limit(1, AtLimit::Reject))
    };
    let answer = stage.bind(&replacing(before.revision().next()), at(1));
    assert!(matches!(answer, Bound::Conflict), "{answer:?}");
    assert_eq!(stage.live(), [before.handle()]);
    let answer = stage.bind(&replacing(before.revision()), at(1));
    assert_eq!(evicted(answer), []);
    assert_eq!(stage.live(), [after.handle()]);
    let Load::Ended(tombstone) = alone(stage.moving.load(before.handle(), at(1))).unwrap() else {
        panic!("it lives");
    };
    assert_eq!(*tombstone.reason(), EndReason::Superseded);
}

/// So that what begins in the first phase can move in the second.
#[test]
fn the_first_phase_gives_handles_that_the_new_store_takes() {
    let stage = Stage::new();
    let tag = stage.moving.handle_tag(&alice());
    assert!(tag.is_some());
    assert_eq!(stage.dual.handle_tag(&alice()), tag);
    let record = stage.tagged(0);
    let _bound = alone(stage.dual.bind(&login(&record, None), START)).unwrap();
    assert_eq!((stage.new.len(), stage.old.len()), (0, 1));
    let touched = alone(stage.moving.touch(&touch(&record, at(1)), at(1))).unwrap();
    assert_eq!(touched, Touched::Applied);
    assert_eq!((stage.new.len(), stage.old.len()), (1, 0));
}

/// The old store needs its own as long as sessions begin there.
#[test]
fn the_tags_are_those_of_the_store_in_which_sessions_begin() {
    let store = MemoryStore::new;
    let from_tagged = MigratingStore::dual(store(), Tagged(store())).with_tags_of_old();
    assert!(from_tagged.handle_tag(&alice()).is_some());
    let from_tagged = MigratingStore::moving(store(), Tagged(store())).with_tags_of_old();
    assert_eq!(from_tagged.handle_tag(&alice()), None);
}

/// Told to whoever writes; nothing is lost.
#[test]
fn a_session_that_the_new_store_refuses_stays_where_it_is() {
    let stage = Stage::new();
    let record = stage.stays(0);
    // Without `with_tags_of_new`, so that it is the store that refuses.
    let store = MigratingStore::moving(Tagged(stage.new.clone()), stage.old.clone());
    let error = alone(store.touch(&touch(&record, at(1)), at(1))).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Rejected);
    let found = alone(store.load(record.handle(), at(1))).unwrap();
    assert!(matches!(found, Load::Live(_)), "{found:?}");
}
