//! The tokens that a process knows: its own, and those that the others told it of.

use std::collections::VecDeque;
use std::sync::Arc;

use hallpass::SessionHandle;
use hallpass::SessionToken;

use super::choice::Dice;
use crate::cast::GRACE;
use crate::cast::Group;
use crate::cast::group_of;
use crate::history::Nanos;
use crate::history::TokenName;
use crate::wall;

/// How many tokens of one session are kept.
const KEPT: usize = 4;
/// How many tokens of sessions that have ended are kept.
const DEPARTED: usize = 64;
/// How many sessions of a group are kept. The earliest known goes first.
const SESSIONS: usize = 24;

/// A token, and whose it is.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) token: TokenName,
    pub(crate) text: Arc<str>,
    pub(crate) subject: Arc<str>,
    pub(crate) forged: bool,
    learned: Nanos,
}

impl Held {
    /// Reads the text that a carrier brought.
    pub(crate) fn read(subject: &str, text: &str) -> Option<Self> {
        let token = SessionToken::parse(text.as_bytes()).ok()?;
        Some(Self {
            token: TokenName {
                handle: token.handle(),
                generation: token.generation(),
            },
            text: text.into(),
            subject: subject.into(),
            forged: false,
            learned: wall::now(),
        })
    }

    /// Makes a token that nobody issued: another secret, or another session as well.
    fn forged(&self, dice: &Dice) -> Option<Self> {
        let other = |character: char| if character == 'A' { 'B' } else { 'A' };
        let place = dice.below(2) * 60;
        let mut text = String::with_capacity(self.text.len());
        for (number, character) in (0..).zip(self.text.chars()) {
            let is_changed = number == place + 1;
            text.push(if is_changed {
                other(character)
            } else {
                character
            });
        }
        let forged = Self::read(&self.subject, &text)?;
        Some(Self {
            forged: true,
            ..forged
        })
    }
}

/// One session, with the tokens that are known of it, in the order of their generations.
struct Known {
    handle: SessionHandle,
    tokens: VecDeque<Held>,
}

/// The tokens that a process knows.
#[derive(Default)]
pub(crate) struct Pool {
    busy: VecDeque<Known>,
    steady: VecDeque<Known>,
    departed: VecDeque<Held>,
}

impl Pool {
    /// Takes note of a line of another process: the subject, a blank, the token.
    pub(crate) fn hear(&mut self, line: &str) {
        let held = line
            .split_once(' ')
            .and_then(|(subject, text)| Held::read(subject, text));
        if let Some(held) = held {
            self.learn(held);
        }
    }

    pub(crate) fn learn(&mut self, held: Held) {
        let handle = held.token.handle;
        if self.departed.iter().any(|gone| gone.token.handle == handle) {
            return;
        }
        let sessions = self.group(group_of(&held.subject));
        let Some(known) = sessions.iter_mut().find(|known| known.handle == handle) else {
            sessions.push_back(Known {
                handle,
                tokens: [held].into(),
            });
            if sessions.len() > SESSIONS {
                sessions.pop_front();
            }
            return;
        };
        let generation = |held: &Held| held.token.generation;
        if let Err(place) = known
            .tokens
            .binary_search_by_key(&generation(&held), generation)
        {
            known.tokens.insert(place, held);
        }
        if known.tokens.len() > KEPT {
            known.tokens.pop_front();
        }
    }

    /// Puts a session aside that was found ended. Its token is presented now and then.
    pub(crate) fn forget(&mut self, held: &Held) {
        let sessions = self.group(group_of(&held.subject));
        let place = sessions
            .iter()
            .position(|known| known.handle == held.token.handle);
        let known = place.and_then(|place| sessions.remove(place));
        if let Some(last) = known.and_then(|mut known| known.tokens.pop_back()) {
            self.departed.push_back(last);
            if self.departed.len() > DEPARTED {
                self.departed.pop_front();
            }
        }
    }

    /// Returns how many sessions of a subject are known.
    pub(crate) fn count(&mut self, subject: &str) -> usize {
        let sessions = self.group(group_of(subject)).iter();
        sessions
            .filter(|known| known.tokens.iter().any(|held| &*held.subject == subject))
            .count()
    }

    /// Chooses a token: mostly the newest of a session, now and then one that should be refused.
    pub(crate) fn choose(&mut self, group: Group, dice: &Dice) -> Option<Held> {
        if dice.per_mille(30) && !self.departed.is_empty() {
            return dice.pick(self.departed.make_contiguous()).cloned();
        }
        let known = dice.pick(self.group(group).make_contiguous())?;
        let mut tokens = known.tokens.iter().rev();
        let newest = tokens.next()?;
        let previous = tokens.next();
        if dice.per_mille(8) {
            return newest.forged(dice);
        }
        // A request that was under way when the token was renewed.
        let is_fresh = wall::now() < newest.learned.saturating_add(nanos(GRACE / 2));
        if is_fresh && dice.per_mille(300) {
            return previous.or(Some(newest)).cloned();
        }
        // A thief, whose token ends the session.
        let thefts = match group {
            Group::Busy => 5,
            Group::Steady => 3,
        };
        if dice.per_mille(thefts) {
            return known.tokens.front().cloned();
        }
        Some(newest.clone())
    }

    /// Returns whether a newer token of the same session is known.
    pub(crate) fn is_outdated(&mut self, held: &Held) -> bool {
        self.group(group_of(&held.subject)).iter().any(|known| {
            known.handle == held.token.handle
                && known
                    .tokens
                    .iter()
                    .any(|other| other.token.generation > held.token.generation)
        })
    }

    fn group(&mut self, group: Group) -> &mut VecDeque<Known> {
        match group {
            Group::Busy => &mut self.busy,
            Group::Steady => &mut self.steady,
        }
    }
}

fn nanos(duration: std::time::Duration) -> Nanos {
    Nanos::try_from(duration.as_nanos()).unwrap_or(Nanos::MAX)
}
