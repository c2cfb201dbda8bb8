//! The history by sessions and by subjects.

use std::collections::BTreeMap;

use hallpass::SessionHandle;

use crate::history::Answered;
use crate::history::Asked;
use crate::history::Operation;

/// What is known of one session.
#[derive(Default)]
pub(super) struct Session<'a> {
    /// The login that began it, where that was acknowledged, and whose it is.
    pub(super) begun: Option<(&'a Operation, &'a str)>,
    /// The requests that found it alive.
    pub(super) found: Vec<&'a Operation>,
    /// The requests whose answer brought a token of it.
    pub(super) delivered: Vec<&'a Operation>,
    /// The answers that told of it as one of a subject's live sessions.
    pub(super) told: Vec<&'a Operation>,
    /// What ended it and names it.
    pub(super) ended: Vec<&'a Operation>,
}

/// What is known of one subject.
#[derive(Default)]
pub(super) struct Subject<'a> {
    /// What ended all sessions that had begun before, by the beginning.
    pub(super) ended: Vec<&'a Operation>,
    /// The answers that told all live sessions, by the beginning.
    pub(super) told: Vec<&'a Operation>,
}

/// The history, so that each rule finds what it needs without looking at everything.
pub(super) struct Index<'a> {
    pub(super) operations: Vec<&'a Operation>,
    pub(super) sessions: BTreeMap<SessionHandle, Session<'a>>,
    pub(super) subjects: BTreeMap<&'a str, Subject<'a>>,
}

impl<'a> Index<'a> {
    pub(super) fn of(history: &'a [Operation]) -> Self {
        let mut operations: Vec<_> = history.iter().collect();
        operations.sort_by_key(|operation| operation.begin);
        let mut index = Self {
            operations: Vec::new(),
            sessions: BTreeMap::new(),
            subjects: BTreeMap::new(),
        };
        for operation in &operations {
            index.add(operation);
        }
        Self {
            operations,
            ..index
        }
    }

    fn add(&mut self, operation: &'a Operation) {
        if let Some((handle, ..)) = operation.live() {
            let session = self.session(handle);
            session.found.push(operation);
            if is_end(operation) {
                session.ended.push(operation);
            }
        }
        if let Some(token) = operation.delivered {
            self.session(token.handle).delivered.push(operation);
        }
        if let Some((subject, active)) = operation.told() {
            self.subject(subject).told.push(operation);
            for handle in active {
                self.session(*handle).told.push(operation);
            }
        }
        match (&operation.asked, &operation.answered) {
            (Asked::Login { subject }, Answered::Begun { handle, evicted }) => {
                self.session(*handle).begun = Some((operation, subject));
                for evicted in evicted {
                    self.session(*evicted).ended.push(operation);
                }
            }
            (Asked::Revoke { handle }, Answered::Done) => {
                self.session(*handle).ended.push(operation);
            }
            (Asked::Advance { subject } | Asked::EndAll { subject }, Answered::Done) => {
                self.subject(subject).ended.push(operation);
            }
            _ => {}
        }
    }

    fn session(&mut self, handle: SessionHandle) -> &mut Session<'a> {
        self.sessions.entry(handle).or_default()
    }

    fn subject(&mut self, subject: &'a str) -> &mut Subject<'a> {
        self.subjects.entry(subject).or_default()
    }
}

/// Returns whether a request ended the session that it had found: a logout, or a login in its place.
fn is_end(operation: &Operation) -> bool {
    match (&operation.asked, &operation.answered) {
        (Asked::Logout, answered) => answered.is_acknowledged(),
        (Asked::Login { .. }, answered) => matches!(answered, Answered::Begun { .. }),
        _ => false,
    }
}
