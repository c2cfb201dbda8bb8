//! Plays a sequence on the engine and on the model, side by side.

use std::time::Duration;

use hallpass::AtLimit;
use hallpass::ClientFacts;
use hallpass::DynStore;
use hallpass::EpochScope;
use hallpass::Finished;
use hallpass::Instruction;
use hallpass::Load;
use hallpass::MemoryStore;
use hallpass::Presented;
use hallpass::Revocation;
use hallpass::Session;
use hallpass::SessionHandle;
use hallpass::SessionManager;
use hallpass::SessionRecord;
use hallpass::SessionStore;
use hallpass::SessionToken;
use hallpass::StandardPolicy;
use hallpass::Subject;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::schedule::alone;

use super::Act;
use super::CLIENTS;
use super::Input;
use super::KEYS;
use super::SUBJECTS;
use super::Step;
use super::WAITS;
use super::model::Life;
use super::model::Model;
use super::model::OF_SUBJECTS;
use super::model::OF_VISITORS;

mod request;

/// What the model says of a session whose tombstone is gone.
const FORGOTTEN: &str = "forgotten";

/// Plays the sequence that the bytes stand for.
///
/// # Panics
///
/// Where the engine and the model do not agree.
pub fn play(bytes: &[u8]) {
    let mut input = Input(bytes);
    let mut player = Player::new(input.byte().unwrap_or_default());
    while let Some(step) = input.step() {
        player.take(&step);
        player.compare(&step);
    }
}

/// What a client keeps.
#[derive(Clone, Default)]
struct Jar {
    session: Option<SessionToken>,
    anonymous: Option<SessionToken>,
}

struct Player {
    manager: SessionManager,
    store: MemoryStore,
    clock: ManualClock,
    model: Model,
    jars: [Jar; CLIENTS],
    limit: usize,
    at_limit: AtLimit,
}

impl Player {
    fn new(setting: u8) -> Self {
        let limit = u32::from(setting & 1) + 1;
        let at_limit = match setting / 2 % 3 {
            0 => AtLimit::EvictLeastRecentlyUsed,
            1 => AtLimit::EvictOldest,
            _ => AtLimit::Reject,
        };
        let (store, clock) = (MemoryStore::new(), ManualClock::default());
        let policy = StandardPolicy::builder()
            .idle(Duration::from_secs(OF_SUBJECTS.idle))
            .absolute(Duration::from_secs(OF_SUBJECTS.absolute))
            .anonymous_idle(Duration::from_secs(OF_VISITORS.idle))
            .anonymous_absolute(Duration::from_secs(OF_VISITORS.absolute))
            .concurrency(limit.try_into().unwrap(), at_limit)
            .build()
            .unwrap();
        let dynamic = DynStore::builder(store.clone())
            .with_index()
            .with_epochs()
            .with_sweep()
            .with_feed()
            .build();
        let manager = SessionManager::builder_with_clock(dynamic, clock.clone())
            .policy(policy)
            .random(SeededRandom::new(1))
            .build()
            .unwrap();
        Self {
            manager,
            store,
            clock,
            model: Model::default(),
            jars: Default::default(),
            limit: limit.try_into().unwrap(),
            at_limit,
        }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Advance(wait) => {
                self.clock.advance(Duration::from_secs(WAITS[*wait]));
                self.model.now += WAITS[*wait];
            }
            Step::Request {
                client,
                acts,
                failed,
                lost,
            } => self.request(*client, acts, *failed, *lost),
            Step::RevokeAll => {
                alone(self.manager.revoke_all(EpochScope::Everybody, operator())).unwrap();
                for account in &mut self.model.accounts {
                    account.end("revoked");
                }
            }
            Step::RevokeOne(back) => {
                let count = self.model.accounts.len();
                let Some(place) = count.checked_sub(1 + back) else {
                    return;
                };
                let handle = self.model.accounts[place].handle;
                let _revoked = alone(self.manager.revoke(handle, operator())).unwrap();
                let account = &mut self.model.accounts[place];
                if account.ended.as_deref() == Some(FORGOTTEN) {
                    // Whoever ends what is not there leaves a tombstone.
                    account.ended = None;
                }
                account.end("revoked");
            }
            Step::RevokeSubject(subject) => {
                let ended = alone(self.manager.revoke_subject(&who(*subject), operator())).unwrap();
                self.end_of(*subject, None, ended);
            }
            Step::Sweep => {
                let _swept = alone(self.manager.sweep(3)).unwrap();
            }
        }
    }

    /// Ends all sessions of a subject but one, `ended` of which lived.
    fn end_of(&mut self, subject: usize, except: Option<usize>, ended: usize) {
        let lived = self.model.of(subject, except);
        let surely = lived.iter().filter(|(_, life)| *life == Life::Live).count();
        assert!((surely..=lived.len()).contains(&ended), "{ended} ended");
        for (place, _) in lived {
            // One that expired a moment before says so; what it says is learned below.
            if self.is_live(place) || self.reason_of(place).as_deref() == Some("revoked") {
                self.model.accounts[place].end("revoked");
            }
        }
    }

    /// Compares what is stored with the model, and learns what the model leaves open.
    fn compare(&mut self, step: &Step) {
        let at = self.manager.now();
        for place in 0..self.model.accounts.len() {
            let account = &self.model.accounts[place];
            let life = account.life(self.model.now);
            match alone(self.store.load(account.handle, at)).unwrap() {
                Load::Live(record) => {
                    assert_ne!(life, Life::Over, "{step:?}: {account:?} lives");
                    assert_eq!(data_of(&record), account.data, "{step:?}");
                    let bytes = record.encode();
                    let again = SessionRecord::decode(&bytes).unwrap();
                    assert_eq!(again.encode(), bytes);
                    assert_eq!(again.expires_at(), record.expires_at());
                }
                Load::Ended(tombstone) => {
                    assert_ne!(life, Life::Live, "{step:?}: {account:?}: {tombstone:?}");
                    let word = tombstone.reason().as_str();
                    let is_known = match &account.ended {
                        Some(ended) => ended == word,
                        None => matches!(word, "absolute" | "idle"),
                    };
                    assert!(is_known, "{step:?}: {account:?} ended as {word}");
                    self.model.accounts[place].end(word);
                }
                // Tombstones do not stay for ever.
                Load::Missing => {
                    assert_ne!(life, Life::Live, "{step:?}: {account:?} is missing");
                    self.model.accounts[place].ended = Some(FORGOTTEN.to_owned());
                }
            }
        }
        for subject in 0..SUBJECTS.len() {
            let listed = alone(self.manager.list(&who(subject))).unwrap();
            let mut listed: Vec<_> = listed.iter().map(|info| info.handle).collect();
            let of = self.model.of(subject, None);
            let mut expected: Vec<_> = of
                .iter()
                .map(|(place, _)| self.model.accounts[*place].handle)
                .collect();
            listed.sort();
            expected.sort();
            assert_eq!(listed, expected, "{step:?}");
            assert!(listed.len() <= self.limit, "{step:?}");
        }
    }

    fn is_live(&self, place: usize) -> bool {
        let handle = self.model.accounts[place].handle;
        let loaded = alone(self.store.load(handle, self.manager.now())).unwrap();
        matches!(loaded, Load::Live(_))
    }

    fn reason_of(&self, place: usize) -> Option<String> {
        let handle = self.model.accounts[place].handle;
        match alone(self.store.load(handle, self.manager.now())).unwrap() {
            Load::Ended(tombstone) => Some(tombstone.reason().as_str().to_owned()),
            Load::Live(_) | Load::Missing => None,
        }
    }
}

impl Jar {
    fn presented(&self) -> Presented {
        Presented {
            session: self.session.clone(),
            anonymous: self.anonymous.clone(),
            ..Presented::default()
        }
    }

    fn obey(&mut self, finished: &Finished) {
        for (place, instruction) in [
            (&mut self.session, &finished.delivery.session),
            (&mut self.anonymous, &finished.delivery.anonymous),
        ] {
            match instruction {
                Instruction::Keep => {}
                Instruction::Remove => *place = None,
                Instruction::Set { token, .. } => *place = Some(token.clone()),
            }
        }
    }
}

fn data_of(record: &SessionRecord) -> super::model::Data {
    let value = |name| {
        let entry = record.data().get(name)?;
        Some((name, serde_json::from_slice(entry.bytes()).unwrap()))
    };
    KEYS.into_iter().filter_map(value).collect()
}

fn who(subject: usize) -> Subject {
    Subject::new(SUBJECTS[subject]).unwrap()
}

fn operator() -> Revocation {
    Revocation::by("operator")
}
