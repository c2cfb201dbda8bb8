//! Logins that meet each other, and those who move the sessions that are counted.

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::EndReason;
use hallpass_core::RecordFixture;
use hallpass_core::Replaced;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::SubjectIndex;
use hallpass_memory::MemoryStore;
use hallpass_stores::MigratingStore;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::schedule::Explorer;
use hallpass_testkit::schedule::alone;
use hallpass_testkit::schedule::cut;

use super::stage::Fleet;
use super::stage::Points;
use super::stage::nodes;
use crate::records::START;
use crate::records::alice;
use crate::records::at;
use crate::records::begun;
use crate::records::limit;
use crate::records::login;
use crate::records::touch;

const FLEETS: [Fleet; 3] = [Fleet::Both, Fleet::Dual, Fleet::Moving];

fn session(seed: u64, seconds: u64) -> SessionRecord {
    begun(
        RecordFixture::of(&alice()),
        &SeededRandom::new(seed),
        at(seconds),
    )
}

fn live(new: &MemoryStore, old: &MemoryStore) -> usize {
    let store = MigratingStore::moving(new.clone(), old.clone());
    alone(store.list(&alice(), at(10))).unwrap().len()
}

/// Lets two logins meet where `before` sessions live in the old store, and one may live.
fn two_logins(fleet: Fleet, at_limit: AtLimit, before: u64) -> usize {
    Explorer::new()
        .max_schedules(1_000_000)
        .explore(|schedule| {
            let (new, old) = (MemoryStore::new(), MemoryStore::new());
            for seed in 0..before {
                let _created = alone(old.create(&session(seed, seed), START)).unwrap();
            }
            let nodes = nodes(fleet, Points::Few, &new, &old);
            if fleet != Fleet::Both {
                let (new, old) = (new.clone(), old.clone());
                schedule.always(move || assert!(live(&new, &old) <= 1, "too many"));
            }
            let binds = [10, 11].map(|seed| login(&session(seed, 5), limit(1, at_limit)));
            let (one, other) = schedule.both(
                nodes[0].bind(&binds[0], at(5)),
                nodes[1].bind(&binds[1], at(5)),
            );
            let answers = [one.unwrap(), other.unwrap()];
            let bound = answers
                .iter()
                .filter(|answer| matches!(answer, Bound::Bound { .. }))
                .count();
            let denied = answers
                .iter()
                .filter(|answer| matches!(answer, Bound::Denied { .. }))
                .count();
            let live = live(&new, &old);
            assert_eq!(bound + denied, 2, "{answers:?}");
            match (at_limit, before, fleet) {
                (AtLimit::Reject, 1, _) => assert_eq!((live, denied), (1, 2), "{answers:?}"),
                // One of the two is denied; where it was counted late, both may be.
                (AtLimit::Reject, _, Fleet::Both) => {
                    assert_eq!(live, bound, "{answers:?}");
                    assert!(live <= 1, "{answers:?}");
                }
                (AtLimit::Reject, ..) => assert_eq!((live, bound), (1, 1), "{answers:?}"),
                // Each may have evicted the other one.
                (_, _, Fleet::Both) => assert!(live <= 1 && bound == 2, "{answers:?}"),
                _ => assert_eq!((live, bound), (1, 2), "{answers:?}"),
            }
        })
}

#[test]
fn logins_that_meet_never_pass_a_limit_that_evicts() {
    for fleet in FLEETS {
        let schedules = two_logins(fleet, AtLimit::EvictLeastRecentlyUsed, 1);
        println!("{fleet:?}: {schedules}");
    }
}

#[test]
fn logins_that_meet_never_pass_a_limit_that_rejects() {
    for fleet in FLEETS {
        let schedules = two_logins(fleet, AtLimit::Reject, 0);
        println!("{fleet:?}: {schedules}");
    }
}

/// A session that is moved by its own request while its subject logs in elsewhere is counted, in
/// one store or in the other.
#[test]
fn a_login_counts_a_session_that_moves_meanwhile() {
    for (fleet, mover) in [(Fleet::Both, 1), (Fleet::Both, 0), (Fleet::Moving, 0)] {
        let schedules = Explorer::new().explore(|schedule| {
            let (new, old) = (MemoryStore::new(), MemoryStore::new());
            let record = session(1, 0);
            let _created = alone(old.create(&record, START)).unwrap();
            let nodes = nodes(fleet, Points::Few, &new, &old);
            if fleet != Fleet::Both {
                let (new, old) = (new.clone(), old.clone());
                schedule.always(move || assert!(live(&new, &old) <= 1, "too many"));
            }
            let bind = login(&session(10, 5), limit(1, AtLimit::EvictOldest));
            let touch = touch(&record, at(5));
            let (_touched, bound) = schedule.both(
                nodes[mover].touch(&touch, at(5)),
                nodes[1 - mover].bind(&bind, at(5)),
            );
            assert!(matches!(bound.unwrap(), Bound::Bound { .. }));
            assert_eq!(live(&new, &old), 1);
        });
        println!("{fleet:?}, moved by {mover}: {schedules}");
    }
}

/// A login that replaces the session before meets a request of that session.
#[test]
fn a_login_replaces_a_session_that_moves_meanwhile_or_is_told() {
    for (fleet, mover) in [(Fleet::Both, 1), (Fleet::Both, 0), (Fleet::Moving, 0)] {
        let schedules = Explorer::new().explore(|schedule| {
            let (new, old) = (MemoryStore::new(), MemoryStore::new());
            let fixture = RecordFixture::anonymous();
            let before = begun(fixture, &SeededRandom::new(1), START);
            let _created = alone(old.create(&before, START)).unwrap();
            let nodes = nodes(fleet, Points::Few, &new, &old);
            let bind = Bind {
                replaces: Some(Replaced {
                    handle: before.handle(),
                    revision: before.revision(),
                }),
                ..login(&session(10, 5), limit(1, AtLimit::Reject))
            };
            let touch = touch(&before, at(5));
            let (_touched, bound) = schedule.both(
                nodes[mover].touch(&touch, at(5)),
                nodes[1 - mover].bind(&bind, at(5)),
            );
            let store = MigratingStore::moving(new.clone(), old.clone());
            let found = alone(store.load(before.handle(), at(10))).unwrap();
            match bound.unwrap() {
                Bound::Bound { .. } => {
                    let hallpass_core::Load::Ended(tombstone) = found else {
                        panic!("{found:?}");
                    };
                    assert_eq!(*tombstone.reason(), EndReason::Superseded);
                    assert_eq!(live(&new, &old), 1);
                }
                // Asked again, as an engine does that has loaded the session once more.
                Bound::Conflict => {
                    assert!(matches!(found, hallpass_core::Load::Live(_)), "{found:?}");
                    assert_eq!(live(&new, &old), 0);
                    let again = alone(store.bind(&bind, at(6))).unwrap();
                    assert!(matches!(again, Bound::Bound { .. }), "{again:?}");
                }
                other => panic!("{other:?}"),
            }
        });
        println!("{fleet:?}, moved by {mover}: {schedules}");
    }
}

/// All sessions of a subject end while one of them begins: it is listed, or it has ended.
#[test]
fn a_login_that_meets_the_end_of_all_sessions_is_listed_or_has_ended() {
    for (fleet, ender) in [(Fleet::Both, 1), (Fleet::Both, 0), (Fleet::Moving, 0)] {
        let schedules = Explorer::new().explore(|schedule| {
            let (new, old) = (MemoryStore::new(), MemoryStore::new());
            let nodes = nodes(fleet, Points::Few, &new, &old);
            let bind = login(&session(10, 5), None);
            let (ended, bound) = schedule.both(
                nodes[ender].end_subject(&alice(), None, &EndReason::Logout, at(5)),
                nodes[1 - ender].bind(&bind, at(5)),
            );
            assert!(matches!(bound.unwrap(), Bound::Bound { .. }));
            let ended = ended.unwrap();
            assert_eq!(live(&new, &old) + ended.len(), 1, "{ended:?}");
        });
        println!("{fleet:?}, ended by {ender}: {schedules}");
    }
}

/// Three logins: one of the first phase that began in the old store, one that counted the subject's
/// sessions before that, and one that moves what it finds and is denied. The first is counted
/// late.
#[test]
fn a_login_that_others_moved_uncounted_is_held_to_its_limit() {
    for at_limit in [AtLimit::Reject, AtLimit::EvictOldest] {
        let (new, old) = (MemoryStore::new(), MemoryStore::new());
        let [dual, moving] = nodes(Fleet::Both, Points::All, &new, &old);
        let binds = [10, 11].map(|seed| login(&session(seed, 5), limit(1, at_limit)));
        let denied = login(&session(12, 5), limit(1, AtLimit::Reject));

        let mut first = Box::pin(dual.bind(&binds[0], at(5)));
        let mut second = Box::pin(moving.bind(&binds[1], at(5)));
        // Up to its `bind` in the old store.
        assert!(alone(cut(3, first.as_mut())).is_none());
        // Up to its `bind` in the new store: it has noted the subject and found nothing to move.
        assert!(alone(cut(5, second.as_mut())).is_none());
        assert!(alone(cut(1, first.as_mut())).is_none());
        assert_eq!(old.len(), 1);
        assert!(matches!(alone(second).unwrap(), Bound::Bound { .. }));
        assert!(matches!(
            alone(moving.bind(&denied, at(5))).unwrap(),
            Bound::Denied { .. }
        ));
        // Nobody has the token of the first one yet.
        assert_eq!((new.len(), old.len()), (2, 0));

        match (at_limit, alone(first).unwrap()) {
            (AtLimit::Reject, Bound::Denied { active }) => assert_eq!(active.len(), 1),
            (AtLimit::EvictOldest, Bound::Bound { evicted }) => assert_eq!(evicted.len(), 1),
            other => panic!("{other:?}"),
        }
        assert_eq!(live(&new, &old), 1);
    }
}
