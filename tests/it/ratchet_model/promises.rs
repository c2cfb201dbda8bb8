//! The promises, checked after each step.

use hallpass::EventKind;

use super::node::GRACE;
use super::node::Node;
use super::node::REPAIR;
use super::node::Seen;
use super::node::Slot;
use super::node::Slots;
use super::node::Who;
use super::node::client;
use super::node::instant;
use super::state::Issued;
use super::state::Jar;
use super::state::Scope;
use super::state::State;
use super::state::live;

impl State {
    /// Without a thief nobody is called one, and nobody is logged out.
    pub(super) fn check_browser(
        &self,
        before: &Self,
        jar: &Jar,
        seen: &Seen,
    ) -> Result<(), String> {
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
    pub(super) fn check_rest(&self, scope: &Scope) -> Result<(), String> {
        let Some(owned) = self.owned.filter(|_| self.is_at_rest() && !self.stolen) else {
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
    pub(super) fn check_thief(
        &self,
        before: &Slots,
        stolen: &Issued,
        seen: &Seen,
    ) -> Result<(), String> {
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
                (0, _) if credential.generation() > last_of_chain + 1 => (false, true),
                (0, None) => (repairs(), false),
                (0, Some(at)) => (within(at, GRACE), !within(at, GRACE)),
                // The parent of the last: where it counted before the raise, and as the last one.
                (1, used) => {
                    let may = match used {
                        Some(at) => {
                            within(at, GRACE) && credential.generation() == last_of_chain + 1
                        }
                        None => repairs() && credential.generation() == last_of_chain + 1,
                    };
                    (
                        may && seen.handle.is_some(),
                        seen.events.iter().any(is_replay),
                    )
                }
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
    pub(super) fn check_records(&self, before: &Self) -> Result<(), String> {
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
}

fn is_replay(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Replayed)
}

fn expect(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(otherwise.to_owned())
    }
}
