//! What a client does next.

use std::time::Duration;

use futures_util::future::join_all;

use super::choice::Dice;
use super::impatience::with_patience;
use super::node::Node;
use super::pool::Held;
use super::request::Ask;
use crate::cast;
use crate::cast::Group;
use crate::cast::LIMIT;
use crate::history::Answered;
use crate::history::Asked;
use crate::history::Operation;
use crate::history::Presented;
use crate::wall;

/// How long a handler takes at the most.
const SLOW: Duration = Duration::from_millis(60);

/// What is done. What it is done to comes later.
#[derive(Clone, Copy)]
enum Deed {
    Advance,
    EndAll,
    Insert,
    List,
    Login,
    Logout,
    Read,
    Revoke,
    Update,
    UpdateNow,
}

/// How often each is done, of all that is done to sessions that come and go.
const BUSY: &[(u64, Deed)] = &[
    (340, Deed::Read),
    (60, Deed::Insert),
    (60, Deed::Update),
    (60, Deed::UpdateNow),
    (200, Deed::Login),
    (80, Deed::Logout),
    (70, Deed::Revoke),
    (25, Deed::EndAll),
    (95, Deed::List),
    (5, Deed::Advance),
];

/// How often each is done, of all that is done to sessions that live long.
const STEADY: &[(u64, Deed)] = &[
    (4000, Deed::Read),
    (1700, Deed::Insert),
    (2000, Deed::Update),
    (2000, Deed::UpdateNow),
    (12, Deed::Login),
    (4, Deed::Logout),
    (3, Deed::Revoke),
    (1, Deed::EndAll),
    (200, Deed::List),
];

impl Node {
    /// Plays one turn of a client: one operation, or several requests with one token at once, as
    /// browsers send them.
    pub(super) async fn turn(&self, dice: &Dice) {
        let (group, deeds) = if dice.per_mille(500) {
            (Group::Busy, BUSY)
        } else {
            (Group::Steady, STEADY)
        };
        let subjects = cast::subjects(group, self.settings.mode);
        let Some(subject) = dice.pick(&subjects) else {
            return;
        };
        let held = self.pool().choose(group, dice);
        let needs_login = match group {
            Group::Busy => held.is_none(),
            Group::Steady => self.pool().count(subject) < LIMIT.get() as usize,
        };
        let deed = if needs_login {
            Deed::Login
        } else {
            dice.weighed(deeds).unwrap_or(Deed::Read)
        };
        let (asked, held) = match (deed, held) {
            (Deed::Advance, _) => (
                Asked::Advance {
                    subject: subject.clone(),
                },
                None,
            ),
            (Deed::EndAll, _) => (
                Asked::EndAll {
                    subject: subject.clone(),
                },
                None,
            ),
            (Deed::List, _) => (
                Asked::List {
                    subject: subject.clone(),
                },
                None,
            ),
            (Deed::Revoke, Some(held)) if !held.forged => {
                let handle = held.token.handle;
                (Asked::Revoke { handle }, None)
            }
            (Deed::Login, held) => {
                // Some log in where they are logged in already.
                let held = held.filter(|_| dice.per_mille(200) && !needs_login);
                (
                    Asked::Login {
                        subject: subject.clone(),
                    },
                    held,
                )
            }
            (Deed::Logout, held) => (Asked::Logout, held),
            (deed, held) => (plain(deed), held),
        };
        let is_burst = held.is_some() && dice.per_mille(150);
        let more = if is_burst { 1 + dice.below(3) } else { 0 };
        let mut requests =
            vec![self.played(Ask::new(asked, held.clone(), patience(dice), delay(dice)))];
        for _ in 0..more {
            let asked = plain(dice.weighed(PLAIN).unwrap_or(Deed::Read));
            let ask = Ask::new(asked, held.clone(), patience(dice), delay(dice));
            requests.push(self.played(ask));
        }
        join_all(requests).await;
    }

    /// Plays and records one operation.
    async fn played(&self, ask: Ask) {
        let begin = wall::now();
        let mut operation = Operation {
            process: self.settings.process,
            sequence: self.next_sequence(),
            begin,
            acting: begin,
            end: begin,
            asked: ask.asked.clone(),
            presented: ask.held.as_ref().map(|held| Presented {
                token: held.token,
                forged: held.forged,
            }),
            opened: None,
            answered: Answered::Dropped,
            delivered: None,
            shaky: false,
        };
        let failed = self.failed_calls();
        let playing = self.play_one(&ask, &mut operation);
        let brought = match ask.patience {
            Some(times) => with_patience(playing, times).await,
            None => Some(playing.await),
        };
        if brought.is_none() {
            // What it was told before it was dropped has not reached anybody.
            (operation.answered, operation.delivered) = (Answered::Dropped, None);
        }
        operation.end = wall::now();
        operation.shaky = self.failed_calls() != failed;
        if let Some(held) = &ask.held {
            self.note(held, &operation);
        }
        self.record(&operation, brought.flatten());
    }

    /// Puts a session aside whose newest token opens nothing any more.
    fn note(&self, held: &Held, operation: &Operation) {
        let has_failed = operation.opened.is_none() || operation.answered == Answered::Unavailable;
        if operation.live().is_some() || has_failed || held.forged {
            return;
        }
        let mut pool = self.pool();
        if !pool.is_outdated(held) {
            pool.forget(held);
        }
    }
}

/// What may be done several times at once with one token.
const PLAIN: &[(u64, Deed)] = &[
    (4, Deed::Read),
    (2, Deed::Insert),
    (2, Deed::Update),
    (2, Deed::UpdateNow),
];

fn plain(deed: Deed) -> Asked {
    match deed {
        // The number is chosen when the session is known.
        Deed::Insert => Asked::Insert { number: 0 },
        Deed::Update => Asked::Update,
        Deed::UpdateNow => Asked::UpdateNow,
        _ => Asked::Read,
    }
}

/// One request of twenty is dropped after a few steps.
fn patience(dice: &Dice) -> Option<u32> {
    let times = u32::try_from(dice.below(6)).unwrap_or(0);
    dice.per_mille(50).then_some(times)
}

/// One request of ten has a handler that takes its time.
fn delay(dice: &Dice) -> Option<Duration> {
    dice.per_mille(100).then(|| dice.up_to(SLOW))
}
