//! The beginning and the end of an impersonation beside another request, each step in every order.

use std::collections::BTreeSet;

use hallpass::Clock;
use hallpass::DynStore;
use hallpass::Elevation;
use hallpass::Impersonation;
use hallpass::Load;
use hallpass::MemoryStore;
use hallpass::Session;
use hallpass::SessionError;
use hallpass::SessionHandle;
use hallpass::SessionManager;
use hallpass::SessionRecord;
use hallpass::SessionStore;
use hallpass::StoreOperation;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::SteppingStore;
use hallpass_testkit::schedule::Explorer;
use hallpass_testkit::schedule::alone;
use hallpass_testkit::schedule::step;

use crate::world::Client;
use crate::world::login;
use crate::world::otp;
use crate::world::subject;

/// What the other request does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Other {
    Begin,
    Clear,
    Elevate,
    End,
    Insert,
    Logout,
    Raise,
    UpdateNow,
}

const OTHERS: [Other; 8] = [
    Other::Begin,
    Other::Clear,
    Other::Elevate,
    Other::End,
    Other::Insert,
    Other::Logout,
    Other::Raise,
    Other::UpdateNow,
];

/// A session of the support, with a value in it, in a browser that may act for alice already.
struct Scene {
    manager: SessionManager,
    memory: MemoryStore,
    clock: ManualClock,
    browser: Client,
    handle: SessionHandle,
}

impl Scene {
    fn new(acts: bool) -> Self {
        let memory = MemoryStore::new();
        let stepping = SteppingStore::new(memory.clone())
            .with_late_answers()
            .without(StoreOperation::Publish);
        let store = DynStore::builder(stepping).with_index().build();
        let clock = ManualClock::default();
        let manager = SessionManager::builder_with_clock(store, clock.clone())
            .random(SeededRandom::new(7))
            .build()
            .unwrap();
        let (browser, handle) = alone(async {
            let mut browser = Client::new();
            let session = browser.open_at(&manager).await;
            let _outcome = session.login(login("support")).await.unwrap();
            session.insert("own", 1).unwrap();
            browser.close(&session).await;
            if acts {
                let session = browser.open_at(&manager).await;
                session.impersonate(alice()).await.unwrap();
                session.insert("theirs", 1).unwrap();
                browser.close(&session).await;
                browser.close(&browser.open_at(&manager).await).await;
            }
            let handle = browser.open_at(&manager).await.handle().unwrap();
            (browser, handle)
        });
        Self {
            manager,
            memory,
            clock,
            browser,
            handle,
        }
    }

    fn record(&self) -> Option<SessionRecord> {
        let loading = self.memory.load(self.handle, self.clock.now());
        match alone(loading).unwrap() {
            Load::Live(record) => Some(SessionRecord::clone(&record)),
            Load::Ended(_) | Load::Missing => None,
        }
    }

    /// A whole request. Returns whether it stood for alice, and what became of it.
    async fn request(&self, other: Other) -> (bool, Result<(), SessionError>) {
        let session = self.browser.open_at(&self.manager).await;
        let acts = session.actor().is_some();
        let done = act(&session, other, acts).await;
        let finished = session.finish(false).await;
        (acts, done.and(finished.refusal.map_or(Ok(()), Err)))
    }
}

fn alice() -> Impersonation {
    Impersonation::of(subject("alice"), "ticket")
}

async fn act(session: &Session, other: Other, acts: bool) -> Result<(), SessionError> {
    let name = if acts { "by-alice" } else { "by-support" };
    match other {
        Other::Begin => session.impersonate(alice()).await,
        Other::Clear => session.clear(),
        Other::Elevate => session.elevate(Elevation::new(otp())).await,
        Other::End => session.end_impersonation().await,
        Other::Insert => session.insert(name, 1),
        Other::Logout => session.logout().await,
        Other::Raise => session.raise(otp()).await,
        Other::UpdateNow => session.update_now(name, |n: &mut u32| *n += 1).await,
    }
}

/// Races 10 and 13: whatever comes first, nothing that was done for the one is in the data of the
/// other, nothing that was acknowledged for the operator is lost, and nothing is done twice.
fn explore(acts: bool, change: Other) -> usize {
    let mut total = 0;
    for other in OTHERS {
        total += Explorer::new().explore(|schedule| {
            let scene = Scene::new(acts);
            let (one, two) = schedule.both(scene.request(change), scene.request(other));
            let context = format!("{change:?} beside {other:?}: {one:?}, {two:?}");
            let Some(record) = scene.record() else {
                assert!([change, other].contains(&Other::Logout), "{context}");
                return;
            };
            check(&scene, &record, &[(change, one), (other, two)], &context);
        });
    }
    total
}

type Told = (Other, (bool, Result<(), SessionError>));

fn check(scene: &Scene, record: &SessionRecord, told: &[Told; 2], context: &str) {
    let acts = record.impersonation(scene.clock.now()).is_some();
    let names = record.data().iter().map(|(name, _)| name.to_owned());
    let (kept, seen): (BTreeSet<_>, BTreeSet<_>) =
        names.partition(|name| name.starts_with("hallpass.kept."));
    let kept: BTreeSet<_> = kept
        .iter()
        .map(|name| &name["hallpass.kept.".len()..])
        .collect();
    let seen: BTreeSet<_> = seen.iter().map(String::as_str).collect();
    assert!(acts || kept.is_empty(), "{context}: {kept:?}");
    let (own, theirs) = if acts {
        (kept, seen)
    } else {
        (seen, BTreeSet::new())
    };
    let foreign = |names: &BTreeSet<&str>, allowed: [&str; 2]| {
        names.iter().any(|name| !allowed.contains(name))
    };
    assert!(!foreign(&own, ["own", "by-support"]), "{context}: {own:?}");
    assert!(
        !foreign(&theirs, ["theirs", "by-alice"]),
        "{context}: {theirs:?}"
    );
    let is_done = |wanted: Other, for_alice: bool| {
        let mut done = told
            .iter()
            .filter(|(_, (acted, done))| *acted == for_alice && done.is_ok());
        done.any(|(other, _)| *other == wanted)
    };
    let wrote = is_done(Other::Insert, false) || is_done(Other::UpdateNow, false);
    let cleared = is_done(Other::Clear, false);
    assert!(
        !wrote || cleared || own.contains("by-support"),
        "{context}: {own:?}"
    );
    assert!(cleared || own.contains("own"), "{context}: {own:?}");
    // Each change of whom the session stands for is made by one.
    for change in [Other::Begin, Other::End] {
        let mut made = told
            .iter()
            .filter(|(other, (_, done))| *other == change && done.is_ok());
        let first = made.next().map(|(_, (acted, _))| *acted);
        let second = made.next().map(|(_, (acted, _))| *acted);
        let effective = change == Other::End;
        let twice = first == Some(effective) && second == Some(effective);
        assert!(!twice, "{context}");
    }
}

#[test]
fn an_impersonation_begins_beside_another_request_in_every_order() {
    assert!(explore(false, Other::Begin) > 100);
}

#[test]
fn an_impersonation_ends_beside_another_request_in_every_order() {
    assert!(explore(true, Other::End) > 100);
}

/// Race 10, within one request: what somebody changes while the session stands for the one does not
/// land in the data of the other.
#[test]
fn a_change_beside_the_switch_stays_with_whom_it_was_made_for() {
    for ends in [false, true] {
        let orders = Explorer::new().explore(|schedule| {
            let scene = Scene::new(ends);
            let session = alone(scene.browser.open_at(&scene.manager));
            let other = session.clone();
            let switching = async {
                if ends {
                    session.end_impersonation().await
                } else {
                    session.impersonate(alice()).await
                }
            };
            let beside = async {
                step().await;
                let acts = other.actor().is_some();
                other.insert("beside", 1).unwrap();
                acts
            };
            let (switched, acted) = schedule.both(switching, beside);
            switched.unwrap();
            assert!(alone(session.finish(false)).refusal.is_none());
            let record = scene.record().unwrap();
            assert_ne!(record.impersonation(scene.clock.now()).is_some(), ends);
            let is_seen = record.data().get("beside").is_some();
            assert!(!is_seen || acted != ends, "ends: {ends}, acted: {acted}");
        });
        assert!(orders > 2, "{orders}");
    }
}
