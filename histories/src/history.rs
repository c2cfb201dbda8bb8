//! What is recorded: each operation, when it ran, what was asked, what was answered.

mod file;

use std::fmt;

use hallpass::SessionHandle;
use serde::Deserialize;
use serde::Serialize;

pub(crate) use self::file::Recorder;
pub(crate) use self::file::read;

/// Nanoseconds since the epoch, by the clock that all processes of the machine share.
pub type Nanos = u64;

/// One operation of one process.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Operation {
    /// The process that asked.
    pub process: u32,
    /// The number of the operation within its process.
    pub sequence: u64,
    /// When it began.
    pub begin: Nanos,
    /// When it began to act: to commit, to log in, to end something. Before that it only looked.
    pub acting: Nanos,
    /// When it was over: answered, or dropped.
    pub end: Nanos,
    /// What was asked.
    pub asked: Asked,
    /// The token that the request presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presented: Option<Presented>,
    /// What the request was opened into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<Opened>,
    /// What was answered.
    pub answered: Answered,
    /// The token that the answer brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<TokenName>,
    /// A call of the store failed in this process meanwhile: what the engine keeps quiet about,
    /// for instance a touch, may not have happened.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shaky: bool,
}

impl Operation {
    /// Returns the session that the request found alive, and what it saw in it.
    pub(crate) fn live(&self) -> Option<(SessionHandle, &Seen, Nanos)> {
        let opened = self.opened.as_ref()?;
        match &opened.found {
            Found::Live { handle, seen, .. } => Some((*handle, seen, opened.at)),
            Found::Ended(_) | Found::Failed | Found::Nothing => None,
        }
    }

    /// Returns the live sessions of a subject that the answer tells, where it tells all of them.
    pub(crate) fn told(&self) -> Option<(&str, &[SessionHandle])> {
        match (&self.asked, &self.answered) {
            (Asked::List { subject }, Answered::Listed(active))
            | (Asked::Login { subject }, Answered::Denied(active)) => Some((subject, active)),
            _ => None,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_error| fmt::Error)?;
        f.write_str(&text)
    }
}

/// A token without its secret.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "what of a token is no secret")]
pub struct TokenName {
    /// The session.
    pub handle: SessionHandle,
    /// How often it was renewed.
    pub generation: u32,
}

/// A token that a request presented.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a token, made by us or by nobody"
)]
pub struct Presented {
    /// The token.
    pub token: TokenName,
    /// It was made up: nobody ever issued it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forged: bool,
}

/// What was asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "all that the hammer does")]
pub enum Asked {
    /// End all sessions of a subject that began before, by counting.
    Advance {
        /// The subject.
        subject: String,
    },
    /// End all sessions of a subject.
    EndAll {
        /// The subject.
        subject: String,
    },
    /// Put in a value that nobody else puts in, under the number in the name of this process.
    Insert {
        /// The number.
        number: u32,
    },
    /// List the sessions of a subject.
    List {
        /// The subject.
        subject: String,
    },
    /// Log in.
    Login {
        /// The subject.
        subject: String,
    },
    /// Log out.
    Logout,
    /// Look at the session.
    Read,
    /// End one session.
    Revoke {
        /// The session.
        handle: SessionHandle,
    },
    /// Count up when the request is over.
    Update,
    /// Count up at once, and tell the new number.
    UpdateNow,
}

/// What the request was opened into.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "a time and what was found")]
pub struct Opened {
    /// When that was known.
    pub at: Nanos,
    /// What was found.
    pub found: Found,
}

/// What the token of a request opened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "all that a request may find")]
pub enum Found {
    /// A session that has ended, and why.
    Ended(String),
    /// The store did not answer.
    Failed,
    /// A live session.
    Live {
        /// Its name.
        handle: SessionHandle,
        /// Whose it is.
        subject: String,
        /// What is in it.
        seen: Seen,
    },
    /// No session.
    Nothing,
}

/// What a request saw in a session when it was opened.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "all that the hammer puts in")]
pub struct Seen {
    /// The inserted numbers, as runs: process, first, last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<(u32, u32, u32)>,
    /// The number that [`Asked::Update`] counts up.
    pub updated: u64,
    /// The number that [`Asked::UpdateNow`] counts up.
    pub decided: u64,
}

impl Seen {
    pub(crate) fn holds(&self, (process, number): (u32, u32)) -> bool {
        self.keys
            .iter()
            .any(|&(of, first, last)| of == process && (first..=last).contains(&number))
    }

    pub(crate) fn each_key(&self) -> impl Iterator<Item = (u32, u32)> {
        self.keys
            .iter()
            .flat_map(|&(process, first, last)| (first..=last).map(move |number| (process, number)))
    }
}

/// What was answered.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "all that the hammer may be told")]
pub enum Answered {
    /// A login went well.
    Begun {
        /// The new session.
        handle: SessionHandle,
        /// Those that ended to make room.
        evicted: Vec<SessionHandle>,
    },
    /// Too many others wrote at the same time; nothing was applied.
    Contended,
    /// [`Asked::UpdateNow`] went well, and this is the new number.
    Decided(u64),
    /// A login was denied, and these sessions live.
    Denied(Vec<SessionHandle>),
    /// It went well.
    Done,
    /// Nobody waited for the answer.
    Dropped,
    /// The session had ended meanwhile; nothing was applied.
    Ended,
    /// The store did not answer a write.
    InDoubt,
    /// These sessions live.
    Listed(Vec<SessionHandle>),
    /// There was no session to act on.
    Nothing,
    /// The store did not answer; nothing was applied.
    Unavailable,
    /// Something else, which must not be.
    Wrong(String),
}

impl Answered {
    /// Returns whether what was asked has been done.
    pub(crate) const fn is_acknowledged(&self) -> bool {
        matches!(
            self,
            Self::Begun { .. } | Self::Decided(_) | Self::Done | Self::Listed(_)
        )
    }

    /// Returns whether what was asked may have been done, now or later.
    pub(crate) const fn may_be_applied(&self) -> bool {
        self.is_acknowledged() || matches!(self, Self::Dropped | Self::InDoubt | Self::Wrong(_))
    }
}
