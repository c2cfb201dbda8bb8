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
    pub(super) time: u8,
    pub(super) slots: Slots,
    /// What the stale node has seen.
    cache: Slots,
    pub(super) jar: Jar,
    flights: Vec<Flight>,
    /// Every token that went out.
    pub(super) issued: Vec<Issued>,
    /// How many secrets were drawn, so that each is drawn once.
    seed: u64,
    left: Left,
    /// A thief was seen or not: from then on the session may end for good reason.
    pub(super) stolen: bool,
    /// The session whose login the browser has heard of last.
    pub(super) owned: Option<SessionHandle>,
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
pub(super) struct Issued {
    pub(super) token: SessionToken,
    pub(super) chain: u32,
    pub(super) level: Option<AssuranceLevel>,
    pub(super) to: Who,
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

    /// Returns whether no request and no answer is on its way.
    pub(super) fn is_at_rest(&self) -> bool {
        self.flights.is_empty()
    }

    pub(super) fn live(&self, handle: SessionHandle) -> Option<&Arc<SessionRecord>> {
        live(&self.slots, handle)
    }

    pub(super) fn live_at(&self, handle: SessionHandle, time: u8) -> Option<&Arc<SessionRecord>> {
        self.live(handle)
            .filter(|record| record.is_live(instant(time)))
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

pub(super) fn live(slots: &Slots, handle: SessionHandle) -> Option<&Arc<SessionRecord>> {
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
                if let Some(previous) = record.previous_credential() {
                    format!("{previous:?}").hash(hasher);
                }
            }
        }
    }
}

const WINDOWS: Windows = Windows {
    repair: REPAIR,
    grace: GRACE,
    max_skew: Duration::ZERO,
};
