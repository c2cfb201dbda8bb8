//! Histories written by hand.

use std::ops::Range;

use hallpass::SessionHandle;

use crate::checker::Rule;
use crate::checker::Terms;
use crate::checker::Verdict;
use crate::checker::check;
use crate::history::Answered;
use crate::history::Asked;
use crate::history::Found;
use crate::history::Opened;
use crate::history::Operation;
use crate::history::Presented;
use crate::history::Seen;
use crate::history::TokenName;

/// A session by its number, and the generation of a token.
type Token = (u8, u32);
/// Milliseconds.
type Span = Range<u64>;

/// A history. All operations are of process 0, and are numbered as they are told.
#[derive(Default)]
pub(super) struct Story(Vec<Operation>);

impl Story {
    pub(super) fn login(&mut self, at: Span, whose: &str, session: u8, out: &[u8]) -> Draft<'_> {
        let subject = whose.to_owned();
        let answered = Answered::Begun {
            handle: handle(session),
            evicted: handles(out),
        };
        let draft = self.told(at, Asked::Login { subject }, answered);
        draft.brings((session, 1))
    }

    pub(super) fn denied(&mut self, at: Span, whose: &str, active: &[u8]) -> Draft<'_> {
        let subject = whose.to_owned();
        self.told(
            at,
            Asked::Login { subject },
            Answered::Denied(handles(active)),
        )
    }

    pub(super) fn list(&mut self, at: Span, whose: &str, active: &[u8]) -> Draft<'_> {
        let subject = whose.to_owned();
        self.told(
            at,
            Asked::List { subject },
            Answered::Listed(handles(active)),
        )
    }

    pub(super) fn end_all(&mut self, at: Span, whose: &str) -> Draft<'_> {
        let subject = whose.to_owned();
        self.told(at, Asked::EndAll { subject }, Answered::Done)
    }

    pub(super) fn advance(&mut self, at: Span, whose: &str) -> Draft<'_> {
        let subject = whose.to_owned();
        self.told(at, Asked::Advance { subject }, Answered::Done)
    }

    pub(super) fn revoke(&mut self, at: Span, session: u8) -> Draft<'_> {
        let handle = handle(session);
        self.told(at, Asked::Revoke { handle }, Answered::Done)
    }

    pub(super) fn read(&mut self, at: Span, token: Token) -> Draft<'_> {
        self.request(at, token, Asked::Read, Answered::Done)
    }

    pub(super) fn insert(&mut self, at: Span, token: Token, number: u32) -> Draft<'_> {
        self.request(at, token, Asked::Insert { number }, Answered::Done)
    }

    pub(super) fn update(&mut self, at: Span, token: Token) -> Draft<'_> {
        self.request(at, token, Asked::Update, Answered::Done)
    }

    pub(super) fn decide(&mut self, at: Span, token: Token, number: u64) -> Draft<'_> {
        self.request(at, token, Asked::UpdateNow, Answered::Decided(number))
    }

    pub(super) fn logout(&mut self, at: Span, token: Token) -> Draft<'_> {
        self.request(at, token, Asked::Logout, Answered::Done)
    }

    /// A request is told that its session has ended.
    pub(super) fn gone(&mut self, at: Span, token: Token) -> Draft<'_> {
        let mut draft = self.request(at, token, Asked::Read, Answered::Nothing);
        draft.find(Found::Ended("logout".to_owned()));
        draft
    }

    /// A request that finds its session alive, with nothing in it, at its middle.
    fn request(&mut self, at: Span, token: Token, asked: Asked, answered: Answered) -> Draft<'_> {
        let middle = u64::midpoint(at.start, at.end);
        let mut draft = self.told(at, asked, answered);
        let Draft(operation) = &mut draft;
        operation.acting = nanos(middle);
        operation.presented = Some(Presented {
            token: named(token),
            forged: false,
        });
        operation.opened = Some(Opened {
            at: nanos(middle),
            found: Found::Live {
                handle: handle(token.0),
                subject: "alice".to_owned(),
                seen: Seen::default(),
            },
        });
        draft
    }

    fn told(&mut self, at: Span, asked: Asked, answered: Answered) -> Draft<'_> {
        let Self(operations) = self;
        let operation = Operation {
            process: 0,
            sequence: operations.len() as u64,
            begin: nanos(at.start),
            acting: nanos(at.start),
            end: nanos(at.end),
            asked,
            presented: None,
            opened: None,
            answered,
            delivered: None,
            shaky: false,
        };
        operations.push(operation);
        Draft(operations.last_mut().unwrap())
    }

    pub(super) fn verdict(&self) -> Verdict {
        let Self(operations) = self;
        check(operations, &Terms::default())
    }

    /// The rules that are broken, and the numbers of the operations that show it.
    pub(super) fn found(&self) -> Vec<(Rule, Vec<u64>)> {
        let contradictions = self.verdict().contradictions;
        let told = contradictions.into_iter().map(|contradiction| {
            let operations = contradiction.operations.iter();
            let numbers = operations.map(|operation| operation.sequence);
            (contradiction.rule, numbers.collect())
        });
        told.collect()
    }
}

/// An operation that is told in more detail.
pub(super) struct Draft<'a>(&'a mut Operation);

impl Draft<'_> {
    pub(super) fn sees(mut self, numbers: &[u32], updated: u64, decided: u64) -> Self {
        let seen = Seen {
            keys: numbers.iter().map(|number| (0, *number, *number)).collect(),
            updated,
            decided,
        };
        if let Some(Found::Live { seen: before, .. }) = self.found_mut() {
            *before = seen;
        }
        self
    }

    pub(super) fn brings(self, token: Token) -> Self {
        self.0.delivered = Some(named(token));
        self
    }

    pub(super) fn answers(self, answered: Answered) -> Self {
        self.0.answered = answered;
        self
    }

    pub(super) fn acts(self, at: u64) -> Self {
        self.0.acting = nanos(at);
        self
    }

    pub(super) fn with(self, change: impl FnOnce(&mut Operation)) -> Self {
        change(self.0);
        self
    }

    /// The login of a client that had this session before.
    pub(super) fn over(self, token: Token) -> Self {
        self.0.presented = Some(Presented {
            token: named(token),
            forged: false,
        });
        self.0.opened = Some(Opened {
            at: self.0.begin,
            found: Found::Live {
                handle: handle(token.0),
                subject: "alice".to_owned(),
                seen: Seen::default(),
            },
        });
        self
    }

    fn find(&mut self, found: Found) {
        if let Some(before) = self.found_mut() {
            *before = found;
        }
    }

    fn found_mut(&mut self) -> Option<&mut Found> {
        self.0.opened.as_mut().map(|opened| &mut opened.found)
    }
}

pub(super) fn handle(session: u8) -> SessionHandle {
    SessionHandle::from_bytes([session; 16])
}

fn handles(sessions: &[u8]) -> Vec<SessionHandle> {
    sessions.iter().copied().map(handle).collect()
}

fn named((session, generation): Token) -> TokenName {
    TokenName {
        handle: handle(session),
        generation,
    }
}

fn nanos(milliseconds: u64) -> u64 {
    milliseconds * 1_000_000
}
