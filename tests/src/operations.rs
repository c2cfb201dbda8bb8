//! Sequences of operations on the engine, against a reference model: a few maps and a clock.
//!
//! A sequence is read off bytes, so that a property test and a fuzzer can both make them up.

mod model;
mod play;

pub use self::play::play;

/// What one request does, in this order.
#[derive(Clone, Copy, Debug)]
enum Act {
    Clear,
    Get(usize),
    Insert(usize, u8),
    Login(usize),
    Logout,
    Lower,
    Raise,
    Remove(usize),
    Renew,
    RevokeOthers,
    Take(usize),
    Update(usize, u8),
    UpdateNow(usize, u8),
}

/// One step of a sequence.
#[derive(Clone, Debug)]
enum Step {
    /// Time goes by.
    Advance(usize),
    /// A request of a client: what it does, whether its handler fails, and whether its answer is
    /// lost.
    Request {
        client: usize,
        acts: Vec<Act>,
        failed: bool,
        lost: bool,
    },
    /// An operator ends the sessions of everybody.
    RevokeAll,
    /// An operator ends one session, the last but so many.
    RevokeOne(usize),
    /// An operator ends the sessions of a subject.
    RevokeSubject(usize),
    Sweep,
}

/// The names of values.
const KEYS: [&str; 3] = ["a", "b", "c"];
const SUBJECTS: [&str; 2] = ["alice", "bob"];
const CLIENTS: usize = 3;
/// Seconds that go by at once: around the touch steps, the renewal windows, and the timeouts.
const WAITS: [u64; 8] = [1, 20, 61, 300, 599, 960, 1_799, 14_400];

/// Reads steps off bytes. Every input is a sequence; a short one is a short sequence.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn below(&mut self, end: usize) -> Option<usize> {
        self.byte().map(|byte| usize::from(byte) % end)
    }

    fn step(&mut self) -> Option<Step> {
        let step = match self.below(10)? {
            0 | 1 => Step::Advance(self.below(WAITS.len())?),
            2 => match self.below(8)? {
                0 => Step::RevokeAll,
                1 => Step::RevokeSubject(self.below(SUBJECTS.len())?),
                2 | 3 => Step::RevokeOne(self.below(3)?),
                _ => Step::Sweep,
            },
            _ => {
                let client = self.below(CLIENTS)?;
                let fate = self.byte()?;
                let mut acts = Vec::new();
                for _ in 0..fate % 4 {
                    acts.push(self.act()?);
                }
                Step::Request {
                    client,
                    acts,
                    failed: fate & 0xC0 == 0xC0,
                    lost: fate & 0x30 == 0x30,
                }
            }
        };
        Some(step)
    }

    fn act(&mut self) -> Option<Act> {
        Some(match self.below(16)? {
            0 => Act::Clear,
            1 => Act::Get(self.below(KEYS.len())?),
            2 | 3 => Act::Insert(self.below(KEYS.len())?, self.byte()?),
            4 | 5 => Act::Login(self.below(SUBJECTS.len())?),
            6 => Act::Logout,
            7 => Act::Lower,
            8 => Act::Raise,
            9 => Act::Remove(self.below(KEYS.len())?),
            10 => Act::Renew,
            11 => Act::RevokeOthers,
            12 => Act::Take(self.below(KEYS.len())?),
            13 => Act::Update(self.below(KEYS.len())?, self.byte()?),
            _ => Act::UpdateNow(self.below(KEYS.len())?, self.byte()?),
        })
    }
}
