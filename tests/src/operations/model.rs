//! What ought to be, as simply as it can be said.

use std::collections::BTreeMap;

use hallpass::SessionHandle;

/// Idle and absolute timeouts in seconds, and how far the stored activity may lag.
pub(super) const OF_SUBJECTS: Times = Times {
    idle: 1_800,
    absolute: 43_200,
    step: 60,
};
pub(super) const OF_VISITORS: Times = Times {
    idle: 600,
    absolute: 43_200,
    step: 20,
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) idle: u64,
    pub(super) absolute: u64,
    pub(super) step: u64,
}

pub(super) type Data = BTreeMap<&'static str, i64>;

/// A session, by what its users may count on.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) handle: SessionHandle,
    pub(super) subject: Option<usize>,
    pub(super) is_raised: bool,
    pub(super) data: Data,
    pub(super) created: u64,
    /// When a request was last accepted.
    pub(super) used: u64,
    pub(super) deadline: u64,
    /// The word of the reason why it ended.
    pub(super) ended: Option<String>,
}

/// Whether a session lives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Life {
    /// It may have expired, up to one touch step early.
    Either,
    Live,
    Over,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) now: u64,
    pub(super) accounts: Vec<Account>,
}

impl Account {
    pub(super) fn times(&self) -> Times {
        match self.subject {
            Some(_) => OF_SUBJECTS,
            None => OF_VISITORS,
        }
    }

    pub(super) fn life(&self, now: u64) -> Life {
        let Times { idle, step, .. } = self.times();
        let latest = (self.used + idle).min(self.deadline);
        if self.ended.is_some() || now >= latest {
            Life::Over
        } else if now >= self.deadline.min(self.used + idle - step) {
            Life::Either
        } else {
            Life::Live
        }
    }

    pub(super) fn end(&mut self, word: &str) {
        self.ended.get_or_insert_with(|| word.to_owned());
    }
}

impl Model {
    /// Begins a session, and returns its place.
    pub(super) fn begin(
        &mut self,
        handle: SessionHandle,
        subject: Option<usize>,
        data: Data,
    ) -> usize {
        let absolute = match subject {
            Some(_) => OF_SUBJECTS.absolute,
            None => OF_VISITORS.absolute,
        };
        self.accounts.push(Account {
            handle,
            subject,
            is_raised: false,
            data,
            created: self.now,
            used: self.now,
            deadline: self.now + absolute,
            ended: None,
        });
        self.accounts.len() - 1
    }

    pub(super) fn find(&self, handle: SessionHandle) -> Option<usize> {
        self.accounts
            .iter()
            .position(|account| account.handle == handle)
    }

    /// The sessions of a subject that live, or may live, but for one.
    pub(super) fn of(&self, subject: usize, except: Option<usize>) -> Vec<(usize, Life)> {
        self.accounts
            .iter()
            .enumerate()
            .filter(|(place, account)| account.subject == Some(subject) && Some(*place) != except)
            .map(|(place, account)| (place, account.life(self.now)))
            .filter(|(_, life)| *life != Life::Over)
            .collect()
    }
}
