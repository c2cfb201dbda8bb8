//! A state of the model, and the steps from it.

use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::sync::Arc;
use std::time::Duration;

use hallpass::AssuranceLevel;
use hallpass::Delivery;
use hallpass::Instruction;
use hallpass::SessionHandle;
use hallpass::SessionRecord;
use hallpass::SessionToken;
use hallpass::Verdict;
use hallpass::Windows;
use hallpass::judge_token;

use super::node::GRACE;
use super::node::Node;
use super::node::Op;
use super::node::REPAIR;
use super::node::Seen;
use super::node::Slot;
use super::node::Slots;
use super::node::Who;
use super::node::client;
use super::node::instant;

/// What may happen in one exploration, and how often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    /// Requests of the browser by what they do. All others are impossible.
    pub(super) ops: &'static [(Op, u8)],
    /// Requests that are under way at once.
    pub(super) parallel: usize,
    /// Requests or answers that never arrive.
    pub(super) losses: u8,
    /// Requests of a thief, who holds every token that was ever issued.
    pub(super) thefts: u8,
    /// Steps of time.
    pub(super) steps: u8,
    /// How many steps a message may take. The windows of the policy are longer than one step.
    pub(super) transit: u8,
    /// A node may serve a request from a record that it loaded before, however old.
    pub(super) stale: bool,
    pub(super) idle: Duration,
    /// A login may end a session of the browser while an answer with a token of that session is
    /// under way, and be answered sooner. Out of reach: both answers are for the same cookie, and
    /// the later one stays.
    pub(super) logins_overtake: bool,
}

/// What a browser keeps.
#[derive(Clone, Debug, Default)]
pub(super) struct Jar {
    pub(super) session: Option<SessionToken>,
    pub(super) anonymous: Option<SessionToken>,
}

#[derive(Clone, Debug)]
pub(super) struct State {
    time: u8,
    slots: Slots,
    /// What the stale node has seen.
    cache: Slots,
    jar: Jar,
    flights: Vec<Flight>,
    /// Every token that went out.
    issued: Vec<Issued>,
    /// How many secrets were drawn, so that each is drawn once.
    seed: u64,
    left: Left,
    /// A thief was seen or not: from then on the session may end for good reason.
    stolen: bool,
    /// The session whose login the browser has heard of last.
    owned: Option<SessionHandle>,
}

/// What may still happen.
#[derive(Clone, Debug, Hash)]
struct Left {
    ops: Vec<u8>,
    losses: u8,
    thefts: u8,
}

#[derive(Clone, Debug)]
struct Flight {
    op: Op,
    jar: Jar,
    since: u8,
    phase: Phase,
}

#[derive(Clone, Debug)]
enum Phase {
    Answered(Delivery),
    Opened(Slots),
    Sent,
}

/// A token, and the chain that it belongs to: each raise begins one.
#[derive(Clone, Debug)]
struct Issued {
    token: SessionToken,
    chain: u32,
    level: Option<AssuranceLevel>,
    to: Who,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    Arrive(usize),
    Finish(usize),
    Load(usize),
    LoadStale(usize),
    Lose(usize),
    Send(usize),
    Steal(usize),
    Wait,
}

impl State {
    pub(super) fn first(scope: &Scope) -> Self {
        Self {
            time: 0,
            slots: Slots::default(),
            cache: Slots::default(),
            jar: Jar::default(),
            flights: Vec::new(),
            issued: Vec::new(),
            seed: 1,
            left: Left {
                ops: scope.ops.iter().map(|&(_, count)| count).collect(),
                losses: scope.losses,
                thefts: scope.thefts,
            },
            stolen: false,
            owned: None,
        }
    }

    /// What can happen next.
    pub(super) fn steps(&self, scope: &Scope) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.flights.len() < scope.parallel {
            let left = self.left.ops.iter().enumerate();
            steps.extend(
                left.filter(|(_, left)| **left > 0)
                    .map(|(op, _)| Step::Send(op)),
            );
        }
        for (index, flight) in self.flights.iter().enumerate() {
            let mut on_the_way = true;
            match &flight.phase {
                Phase::Sent => {
                    steps.push(Step::Load(index));
                    if scope.stale && self.served_stale(flight).is_some() {
                        steps.push(Step::LoadStale(index));
                    }
                }
                Phase::Opened(_) => {
                    on_the_way = false;
                    steps.push(Step::Finish(index));
                }
                Phase::Answered(_) => steps.push(Step::Arrive(index)),
            }
            if on_the_way && self.left.losses > 0 {
                steps.push(Step::Lose(index));
            }
        }
        if self.left.thefts > 0 {
            steps.extend((0..self.issued.len()).map(Step::Steal));
        }
        let all_may_wait = self
            .flights
            .iter()
            .all(|flight| self.time - flight.since < scope.transit);
        if self.time < scope.steps && all_may_wait {
            steps.push(Step::Wait);
        }
        steps
    }

    /// Takes a step. An error says which promise was broken.
    pub(super) fn take(&self, step: Step, scope: &Scope) -> Result<Self, String> {
        let mut next = self.clone();
        let node = Node::new(self.seed, scope.idle);
        match step {
            Step::Wait => next.time += 1,
            Step::Send(op) => {
                next.left.ops[op] -= 1;
                next.flights.push(Flight {
                    op: scope.ops[op].0,
                    jar: self.jar.clone(),
                    since: self.time,
                    phase: Phase::Sent,
                });
            }
            Step::Load(index) => {
                let loaded = self.slots.clone();
                let jar = &self.flights[index].jar;
                let seen = node.load(&mut next.slots, self.time, jar, Who::Browser);
                next.check_browser(self, jar, &seen)?;
                next.cache.clone_from(&loaded);
                next.flights[index].phase = Phase::Opened(loaded);
                next.flights[index].since = self.time;
            }
            Step::LoadStale(index) => {
                let loaded = self.served_stale(&self.flights[index]).unwrap_or_default();
                next.flights[index].phase = Phase::Opened(loaded);
                next.flights[index].since = self.time;
            }
            Step::Finish(index) => next.finish(&node, index)?,
            Step::Arrive(index) => {
                let flight = next.flights.remove(index);
                if let Phase::Answered(delivery) = flight.phase {
                    if flight.op == Op::Login
                        && let Instruction::Set { token, .. } = &delivery.session
                    {
                        next.owned = Some(token.handle());
                    }
                    next.jar.obey(&delivery);
                }
            }
            Step::Lose(index) => {
                next.left.losses -= 1;
                let lost = next.flights.remove(index);
                // A login whose answer is lost has replaced the session all the same.
                if lost.op == Op::Login {
                    next.owned = None;
                }
            }
            Step::Steal(index) => next.steal(&node, &self.issued[index])?,
        }
        next.check_records(self)?;
        next.check_rest(scope)?;
        Ok(next)
    }

    fn finish(&mut self, node: &Node, index: usize) -> Result<(), String> {
        let Self {
            slots,
            time,
            flights,
            ..
        } = self;
        let flight = &flights[index];
        if let Phase::Opened(loaded) = &flight.phase {
            let request = (&flight.jar, loaded, flight.since, Who::Browser, flight.op);
            let delivery = node.finish(slots, *time, request);
            self.note(&delivery, Who::Browser)?;
            self.flights[index].phase = Phase::Answered(delivery);
            self.flights[index].since = self.time;
            self.seed += 1;
        }
        Ok(())
    }

    /// A thief presents a token and takes what comes.
    fn steal(&mut self, node: &Node, stolen: &Issued) -> Result<(), String> {
        self.left.thefts -= 1;
        self.stolen = true;
        let jar = Jar {
            session: Some(stolen.token.clone()),
            anonymous: Some(stolen.token.clone()),
        };
        let before = self.slots.clone();
        let seen = node.load(&mut self.slots, self.time, &jar, Who::Thief);
        self.check_thief(&before, stolen, &seen)?;
        let request = (&jar, &before, self.time, Who::Thief, Op::Read);
        if seen.handle.is_some() {
            let delivery = node.finish(&mut self.slots, self.time, request);
            self.note(&delivery, Who::Thief)?;
        }
        Ok(())
    }

    /// Remembers what goes out. No answer carries the token of a session that has ended.
    fn note(&mut self, delivery: &Delivery, to: Who) -> Result<(), String> {
        for instruction in [&delivery.session, &delivery.anonymous] {
            let Instruction::Set { token, .. } = instruction else {
                continue;
            };
            let Some(record) = self.live_at(token.handle(), self.time) else {
                return Err("an answer carries the token of an ended session".to_owned());
            };
            let chain = record.binding().number();
            let level = record.authentication().map(|it| it.level());
            if !self.issued.iter().any(|issued| issued.token == *token) {
                let token = token.clone();
                self.issued.push(Issued {
                    token,
                    chain,
                    level,
                    to,
                });
            }
        }
        Ok(())
    }

    fn live(&self, handle: SessionHandle) -> Option<&Arc<SessionRecord>> {
        live(&self.slots, handle)
    }

    /// What the stale node takes for the truth: its copy, where that says "current and in use".
    fn served_stale(&self, flight: &Flight) -> Option<Slots> {
        let token = flight.jar.session.as_ref()?;
        let record = live(&self.cache, token.handle())?;
        let kind = client(Who::Browser).kind();
        let now = instant(self.time);
        let previous = record.previous_credential();
        let verdict = judge_token(record.credential(), previous, token, &kind, WINDOWS, 1, now);
        let is_live = record.is_live(now);
        let is_old =
            live(&self.slots, token.handle()).is_none_or(|stored| !Arc::ptr_eq(stored, record));
        (verdict == Verdict::Current { confirm: false } && is_live && is_old)
            .then(|| self.cache.clone())
    }

    pub(super) fn fingerprint(&self, scope: &Scope) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.time, self.seed, &self.left, self.stolen, self.owned).hash(&mut hasher);
        hash_slots(&self.slots, &mut hasher);
        if scope.stale {
            hash_slots(&self.cache, &mut hasher);
        }
        self.jar.hash(&mut hasher);
        for flight in &self.flights {
            (flight.op, flight.since).hash(&mut hasher);
            flight.jar.hash(&mut hasher);
            match &flight.phase {
                Phase::Sent => 0.hash(&mut hasher),
                Phase::Opened(loaded) => hash_slots(loaded, &mut hasher),
                Phase::Answered(delivery) => {
                    for instruction in [&delivery.session, &delivery.anonymous] {
                        match instruction {
                            Instruction::Keep => 1.hash(&mut hasher),
                            Instruction::Remove => 2.hash(&mut hasher),
                            Instruction::Set { token, .. } => {
                                token.digest().to_bytes().hash(&mut hasher);
                            }
                        }
                    }
                }
            }
        }
        if self.left.thefts > 0 {
            for issued in &self.issued {
                issued.token.digest().to_bytes().hash(&mut hasher);
            }
        }
        hasher.finish()
    }
}

/// The promises, checked after each step.
impl State {
    /// Without a thief nobody is called one, and nobody is logged out.
    fn check_browser(&self, before: &Self, jar: &Jar, seen: &Seen) -> Result<(), String> {
        if self.stolen {
            return Ok(());
        }
        if seen.events.iter().any(is_replay) {
            return Err("an honest client is called a replay".to_owned());
        }
        let is_lost = jar.session.as_ref().is_some_and(|token| {
            !seen.is_subject && before.live_at(token.handle(), before.time).is_some()
        });
        if is_lost {
            return Err("an honest client is logged out".to_owned());
        }
        Ok(())
    }

    /// With nothing under way, the browser holds a token of the session that it logged in to.
    fn check_rest(&self, scope: &Scope) -> Result<(), String> {
        let Some(owned) = self
            .owned
            .filter(|_| self.flights.is_empty() && !self.stolen)
        else {
            return Ok(());
        };
        if self.live_at(owned, self.time).is_none() {
            return Ok(());
        }
        let node = Node::new(0, scope.idle);
        let seen = node.load(&mut self.slots.clone(), self.time, &self.jar, Who::Browser);
        let is_overtaken = scope.logins_overtake
            && self
                .jar
                .session
                .as_ref()
                .is_none_or(|token| token.handle() != owned);
        if seen.handle == Some(owned) && seen.is_subject || is_overtaken {
            Ok(())
        } else {
            Err(format!("the browser has lost its login: {seen:?}"))
        }
    }

    /// The table of the design, said once more by what the thief holds.
    fn check_thief(&self, before: &Slots, stolen: &Issued, seen: &Seen) -> Result<(), String> {
        let Some(record) = live(before, stolen.token.handle()) else {
            return expect(seen.handle.is_none(), "a thief opens what has ended");
        };
        let now = instant(self.time);
        if !record.is_live(now) {
            return expect(seen.handle.is_none(), "a thief opens what has expired");
        }
        let credential = record.credential();
        let chain = record.binding().number();
        let within = |start, window| now.since(start) <= window;
        let generation = stolen.token.generation();
        let alike = client(Who::Thief)
            .kind()
            .looks_like(credential.renewed_by());
        let repairs = || within(credential.renewed_at(), REPAIR) || alike;
        let last_of_chain = self
            .issued
            .iter()
            .filter(|issued| issued.chain == stolen.chain)
            .map(|issued| issued.token.generation())
            .max()
            .unwrap_or_default();
        let (accepted, found) = match chain - stolen.chain {
            0 => match (
                credential.generation() - generation,
                credential.confirmed_at(),
            ) {
                (0, _) => (true, false),
                (1, None) => (repairs(), !repairs()),
                (1, Some(at)) => (within(at, GRACE), !within(at, GRACE)),
                _ => (false, true),
            },
            1 => match (last_of_chain - generation, credential.confirmed_at()) {
                // In lockstep before the raise: the old token was for a client like the thief.
                (0, _) if stolen.to == Who::Thief => {
                    (seen.handle.is_some(), seen.events.iter().any(is_replay))
                }
                // One that was renewed was used before, longer ago than any window.
                (0, None) if credential.generation() > last_of_chain + 1 => (false, true),
                (0, None) => (repairs(), false),
                (0, Some(at)) => (within(at, GRACE), !within(at, GRACE)),
                // The parent of the last: as it was before the raise, and then as the last one.
                (1, _) => (seen.handle.is_some(), seen.events.iter().any(is_replay)),
                _ => (false, true),
            },
            // Two raises ago: never accepted, and nobody can tell it from garbage any more.
            _ => (false, false),
        };
        expect(
            seen.handle.is_some() == accepted,
            "the windows are not kept",
        )?;
        expect(
            seen.events.iter().any(is_replay) == found,
            "a replay is not found",
        )?;
        if found {
            let ended = self.live(stolen.token.handle()).is_none();
            expect(ended, "a replay does not end the session")?;
        }
        expect(
            seen.level <= stolen.level,
            "an old token stands for the new level",
        )
    }

    /// What ended stays ended; what counts up never counts down; one token per generation.
    fn check_records(&self, before: &Self) -> Result<(), String> {
        for (handle, slot) in &before.slots {
            match (slot, self.slots.get(handle)) {
                (Slot::Ended(was), Some(Slot::Ended(is))) => {
                    expect(was.reason() == is.reason(), "an end reason changes")?;
                }
                (Slot::Live(_), Some(Slot::Ended(_))) => {}
                (Slot::Live(was), Some(Slot::Live(is))) => {
                    expect(
                        is.revision() >= was.revision()
                            && is.binding() >= was.binding()
                            && is.last_seen() >= was.last_seen()
                            && is.credential().generation() >= was.credential().generation()
                            && is.credential().generation() <= was.credential().generation() + 1,
                        "a record goes backwards",
                    )?;
                }
                (Slot::Ended(_), _) => return Err("an ended session comes back".to_owned()),
                (Slot::Live(_), None) => return Err("a session vanishes".to_owned()),
            }
        }
        for (place, issued) in self.issued.iter().enumerate() {
            let is_forked = self.issued[..place].iter().any(|earlier| {
                earlier.token.handle() == issued.token.handle()
                    && earlier.token.generation() == issued.token.generation()
            });
            expect(!is_forked, "one generation has two tokens")?;
        }
        Ok(())
    }

    fn live_at(&self, handle: SessionHandle, time: u8) -> Option<&Arc<SessionRecord>> {
        self.live(handle)
            .filter(|record| record.is_live(instant(time)))
    }
}

impl Jar {
    fn obey(&mut self, delivery: &Delivery) {
        for (place, instruction) in [
            (&mut self.session, &delivery.session),
            (&mut self.anonymous, &delivery.anonymous),
        ] {
            match instruction {
                Instruction::Keep => {}
                Instruction::Remove => *place = None,
                Instruction::Set { token, .. } => *place = Some(token.clone()),
            }
        }
    }

    fn hash(&self, hasher: &mut DefaultHasher) {
        for token in [&self.session, &self.anonymous] {
            token.as_ref().map(|it| it.digest().to_bytes()).hash(hasher);
        }
    }
}

fn live(slots: &Slots, handle: SessionHandle) -> Option<&Arc<SessionRecord>> {
    match slots.get(&handle) {
        Some(Slot::Live(record)) => Some(record),
        Some(Slot::Ended(_)) | None => None,
    }
}

fn hash_slots(slots: &Slots, hasher: &mut DefaultHasher) {
    for (handle, slot) in slots {
        handle.hash(hasher);
        match slot {
            Slot::Ended(tombstone) => tombstone.ended_at().hash(hasher),
            Slot::Live(record) => {
                let credential = record.credential();
                credential.digest().to_bytes().hash(hasher);
                (record.revision(), record.last_seen(), record.binding()).hash(hasher);
                (credential.renewed_at(), credential.confirmed_at()).hash(hasher);
            }
        }
    }
}

fn is_replay(kind: &hallpass::EventKind) -> bool {
    matches!(kind, hallpass::EventKind::Replayed)
}

fn expect(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(otherwise.to_owned())
    }
}

const WINDOWS: Windows = Windows {
    repair: REPAIR,
    grace: GRACE,
    max_skew: Duration::ZERO,
};
