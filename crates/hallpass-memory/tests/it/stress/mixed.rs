//! Every operation on sessions that many threads share, and a table of what is known of each.

mod facts;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::Weak;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::Concurrency;
use hallpass_core::Create;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::Ending;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::FeedListener;
use hallpass_core::Load;
use hallpass_core::NextWrite;
use hallpass_core::Replaced;
use hallpass_core::RevocationFeed;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Timestamp;
use hallpass_core::Touched;
use hallpass_core::Write;
use hallpass_memory::MemoryStore;
use hallpass_testkit::SeededRandom;

use self::facts::Dice;
use self::facts::Facts;
use self::facts::Slot;
use self::facts::count_in;
use super::logout;
use super::ready;
use super::touch;

/// Races 1 to 3, 14, 24 and 43, all at once.
#[test]
fn whatever_threads_do_at_once_the_store_keeps_its_promises() {
    let facts = &Facts::new(MemoryStore::new());
    let heard = Arc::new(Heard::default());
    let listener: Arc<dyn FeedListener> = heard.clone();
    facts.store.subscribe(Arc::downgrade(&listener));
    let published: usize = thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|seed| scope.spawn(move || Worker::new(facts, seed).work()))
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .sum()
    });
    assert_eq!(heard.0.load(Ordering::Relaxed), published);
    facts.assert_final(LIMIT as usize);
}

#[derive(Debug, Default)]
struct Heard(AtomicUsize);

impl FeedListener for Heard {
    fn ended(&self, _ending: &Ending) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn interrupted(&self) {}
}

struct Worker<'a> {
    facts: &'a Facts,
    store: MemoryStore,
    dice: Dice,
    random: SeededRandom,
}

impl<'a> Worker<'a> {
    fn new(facts: &'a Facts, seed: u64) -> Self {
        Self {
            facts,
            store: facts.store.clone(),
            dice: Dice(SeededRandom::new(seed)),
            random: SeededRandom::new(seed + 1_000_000),
        }
    }

    /// Returns how many endings it published.
    fn work(&self) -> usize {
        let mut published = 0;
        while let Some((now, window)) = self.facts.step() {
            let slot = self.facts.one_of(&window, &self.dice);
            match self.dice.below(200) {
                0..40 => self.begin(slot, self.facts.one_of(&window, &self.dice), now),
                40..84 => self.increment(slot, now),
                84..120 => self.touch(slot, now),
                120..168 => drop(self.load(slot, now)),
                168..174 => self.end(slot, now),
                174..188 => self.list(slot, now),
                188 => self.end_subject(slot, now),
                189 => self.advance(slot, now),
                190..194 => {
                    let _swept = ready(self.store.sweep(20, now)).unwrap();
                }
                194..197 => self.store.subscribe(Weak::<Heard>::new()),
                _ => {
                    ready(self.store.publish(&Ending::Session(slot.record.handle()))).unwrap();
                    published += 1;
                }
            }
        }
        published
    }

    /// A session begins once at most, because a handle is never used twice.
    fn begin(&self, slot: &Slot, before: &Slot, now: Timestamp) {
        if !slot.claim() {
            return;
        }
        let was_over = slot.is_over();
        let has_begun = match slot.limit() {
            None => match ready(self.store.create(&slot.record, now)).unwrap() {
                Create::Created => true,
                Create::Occupied => false,
            },
            Some((subject, at_limit)) => self.bind(slot, subject, at_limit, before, now),
        };
        // The tombstone of a session that was ended before it began outlives the test.
        assert!(!(was_over && has_begun), "an ended session begins");
        if has_begun {
            slot.has_begun();
        }
    }

    fn bind(
        &self,
        slot: &Slot,
        subject: &Subject,
        at_limit: AtLimit,
        before: &Slot,
        now: Timestamp,
    ) -> bool {
        let replaces = match ready(self.store.load(before.record.handle(), now)).unwrap() {
            Load::Live(stored) if stored.subject().is_none() => Some(Replaced {
                handle: stored.handle(),
                revision: stored.revision(),
            }),
            _ => None,
        };
        let mut ask = Bind {
            record: slot.record.clone(),
            replaces,
            limit: Some(Concurrency {
                max: NonZeroU32::new(LIMIT).unwrap(),
                at_limit,
            }),
        };
        let mut answer = ready(self.store.bind(&ask, now)).unwrap();
        if let Bound::Conflict = answer {
            assert!(ask.replaces.take().is_some());
            answer = ready(self.store.bind(&ask, now)).unwrap();
        }
        match answer {
            Bound::Bound { evicted } => {
                assert!(evicted.is_empty() || at_limit != AtLimit::Reject);
                for tombstone in evicted {
                    assert_eq!(tombstone.subject(), Some(subject));
                    self.facts.slot(tombstone.handle()).has_ended();
                }
                if ask.replaces.is_some() {
                    before.has_ended();
                }
                true
            }
            Bound::Denied { active } => {
                assert_eq!((at_limit, active.len()), (AtLimit::Reject, LIMIT as usize));
                false
            }
            Bound::Occupied => false,
            Bound::Conflict => panic!("there was nothing to replace"),
        }
    }

    fn load(&self, slot: &Slot, now: Timestamp) -> Option<Arc<SessionRecord>> {
        let [has_begun, was_over] = [slot.begun(), slot.is_over()];
        match ready(self.store.load(slot.record.handle(), now)).unwrap() {
            Load::Live(record) => {
                assert!(!was_over, "an ended session is live");
                return Some(record);
            }
            Load::Ended(_) => slot.has_ended(),
            // Nobody remembers an anonymous session that expired.
            Load::Missing if has_begun => {
                assert!(self.facts.has_idled(slot), "a session was lost");
                slot.has_ended();
            }
            Load::Missing => {}
        }
        None
    }

    fn increment(&self, slot: &Slot, now: Timestamp) {
        let Some(stored) = self.load(slot, now) else {
            return;
        };
        let was_over = slot.is_over();
        let next = NextWrite::after(&stored, &self.random)
            .unwrap()
            .data("count", (count_in(&stored) + 1).to_string().as_bytes())
            .build();
        match ready(self.store.update(&next, stored.revision(), now)).unwrap() {
            Write::Applied => {
                assert!(!was_over, "an ended session is written");
                slot.was_incremented();
            }
            Write::Conflict => assert!(!was_over, "an ended session is live"),
            Write::Gone => slot.has_ended(),
        }
    }

    fn touch(&self, slot: &Slot, now: Timestamp) {
        let [has_begun, was_over] = [slot.begun(), slot.is_over()];
        match ready(self.store.touch(&touch(&slot.record, now), now)).unwrap() {
            Touched::Applied => assert!(!was_over, "an ended session is touched"),
            Touched::Gone if has_begun => slot.has_ended(),
            Touched::Gone => {}
            Touched::Refused => panic!("the token is the current one"),
        }
    }

    fn end(&self, slot: &Slot, now: Timestamp) {
        let was_over = slot.is_over();
        match ready(self.store.end(&logout(&slot.record, now), now)).unwrap() {
            EndOutcome::Ended(_) => assert!(!was_over, "an ended session ends again"),
            EndOutcome::Already(_) | EndOutcome::Missing => {}
        }
        slot.has_ended();
        assert!(self.load(slot, now).is_none());
    }

    fn list(&self, slot: &Slot, now: Timestamp) {
        let Some(subject) = slot.record.subject() else {
            return;
        };
        let known_over = self.facts.known(slot, Slot::is_over);
        let listed = ready(self.store.list(subject, now)).unwrap();
        assert!(slot.limit().is_none() || listed.len() <= LIMIT as usize);
        for record in listed {
            assert_eq!(record.subject(), Some(subject));
            assert!(
                !known_over.contains(&record.handle()),
                "a list names an ended session"
            );
        }
    }

    fn end_subject(&self, slot: &Slot, now: Timestamp) {
        let Some(subject) = slot.record.subject() else {
            return;
        };
        let known = self.facts.known(slot, Slot::begun);
        let reason = EndReason::Logout;
        for tombstone in ready(self.store.end_subject(subject, None, &reason, now)).unwrap() {
            let ended = self.facts.slot(tombstone.handle());
            assert_eq!(ended.record.subject(), Some(subject));
            ended.has_ended();
        }
        self.facts.have_ended(&known);
    }

    fn advance(&self, slot: &Slot, now: Timestamp) {
        let scope = match slot.record.subject() {
            Some(subject) => EpochScope::Subject(subject.clone()),
            // Seldom, or little else would happen; and not last, so that some live in the end.
            None if self.dice.below(5) == 0 && Facts::is_early(now) => EpochScope::Everybody,
            None => return,
        };
        let known = match scope {
            EpochScope::Everybody => self.facts.all(Slot::begun),
            _ => self.facts.known(slot, Slot::begun),
        };
        ready(self.store.advance(&scope, &EndReason::Logout, now)).unwrap();
        self.facts.have_ended(&known);
    }
}

const THREADS: u64 = 8;

/// How many sessions the subjects with a limit may have.
const LIMIT: u32 = 3;
