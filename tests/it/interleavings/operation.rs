//! What a request does.

use hallpass::AssuranceLevel;
use hallpass::CarryOver;
use hallpass::Finished;
use hallpass::LoginOutcome;
use hallpass::Revocation;
use hallpass::Session;
use hallpass::SessionError;
use hallpass::SessionHandle;
use hallpass_testkit::schedule::step;

use super::stage::Stage;
use crate::world::Client;
use crate::world::World;
use crate::world::level;
use crate::world::login;
use crate::world::otp;
use crate::world::subject;

/// One operation on the session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Operation {
    /// Changes nothing, and nothing is due.
    Read,
    /// Changes nothing, but the activity is to be written.
    Touch,
    /// Sets a key that nobody else sets.
    Insert,
    /// Sets a key that others set.
    InsertShared,
    /// Counts, with the commit.
    Update,
    /// Counts at once.
    UpdateNow,
    /// Asks for a fresh token.
    Renew,
    /// Raises the assurance.
    Raise,
    /// Logs the same subject in again, with all data.
    Login,
    /// Logs out.
    Logout,
    /// An operator ends the session.
    Revoke,
    /// The subject ends it from another device.
    RevokeOthers,
    /// An operator ends all sessions of the subject.
    RevokeSubject,
    /// The idle timeout passes.
    ExpireIdle,
    /// The absolute timeout passes.
    ExpireAbsolute,
}

/// All of them.
pub(crate) const OPERATIONS: [Operation; 15] = [
    Operation::Read,
    Operation::Touch,
    Operation::Insert,
    Operation::InsertShared,
    Operation::Update,
    Operation::UpdateNow,
    Operation::Renew,
    Operation::Raise,
    Operation::Login,
    Operation::Logout,
    Operation::Revoke,
    Operation::RevokeOthers,
    Operation::RevokeSubject,
    Operation::ExpireIdle,
    Operation::ExpireAbsolute,
];

/// What an operation was told.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Answer {
    /// The new value of what was counted at once.
    Counted(u32),
    Done,
    /// A login that was denied.
    Denied,
    /// The new session.
    LoggedIn(SessionHandle),
}

/// What became of a request.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) operation: Operation,
    pub(crate) place: usize,
    /// When it began to open its session, in ticks of the stage.
    pub(crate) opened_at: u32,
    /// What it was accepted into.
    pub(crate) accepted: Option<SessionHandle>,
    /// The level when it opened, and when it was finished.
    pub(crate) levels: [Option<AssuranceLevel>; 2],
    pub(crate) answer: Result<Answer, SessionError>,
    /// When the answer came, in ticks of the stage.
    pub(crate) answered_at: u32,
    pub(crate) finished: Finished,
}

impl Report {
    /// Returns whether the request was told that everything it did is done, in the session where
    /// all began.
    pub(crate) fn is_done_in(&self, handle: SessionHandle) -> bool {
        self.accepted == Some(handle) && self.is_done()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.answer.is_ok() && self.finished.refusal.is_none()
    }

    /// Returns the session that the request logged into.
    pub(crate) fn logged_in(&self) -> Option<SessionHandle> {
        match self.answer {
            Ok(Answer::LoggedIn(handle)) => Some(handle),
            _ => None,
        }
    }
}

impl Operation {
    pub(crate) const fn is_expiry(self) -> bool {
        matches!(self, Self::ExpireAbsolute | Self::ExpireIdle)
    }

    /// Returns whether the session in which all began may be over after this.
    pub(crate) const fn ends(self) -> bool {
        self.is_expiry()
            || matches!(
                self,
                Self::Login
                    | Self::Logout
                    | Self::Revoke
                    | Self::RevokeOthers
                    | Self::RevokeSubject
            )
    }

    /// Returns whether the browser's own request does this.
    pub(crate) const fn is_of_browser(self) -> bool {
        !self.is_expiry()
            && !matches!(
                self,
                Self::Revoke | Self::RevokeOthers | Self::RevokeSubject
            )
    }

    /// Does it, as a whole request from the client that it belongs to.
    pub(crate) async fn run(self, stage: &Stage, place: usize) -> Report {
        let world = stage.node(place);
        match self {
            Self::ExpireAbsolute | Self::ExpireIdle => {
                step().await;
                self.alone(stage, place, async || stage.expire()).await
            }
            Self::Revoke => {
                let manager = &world.manager;
                let revoke = async || manager.revoke(stage.handle, operator()).await.map(drop);
                self.alone(stage, place, revoke).await
            }
            Self::RevokeSubject => {
                let alice = subject("alice");
                let manager = &world.manager;
                let revoke = async || manager.revoke_subject(&alice, operator()).await.map(drop);
                self.alone(stage, place, revoke).await
            }
            Self::RevokeOthers => self.request(stage, world, &stage.other, place).await,
            _ => self.request(stage, world, &stage.browser, place).await,
        }
    }

    /// Does what needs no session.
    async fn alone(
        self,
        stage: &Stage,
        place: usize,
        act: impl AsyncFnOnce() -> Result<(), SessionError>,
    ) -> Report {
        let opened_at = stage.tick();
        let answer = act().await.map(|()| Answer::Done);
        if answer.is_ok() {
            stage.note_end(self);
        }
        Report {
            operation: self,
            place,
            opened_at,
            accepted: None,
            levels: [None; 2],
            answer,
            answered_at: stage.tick(),
            finished: Finished::default(),
        }
    }

    async fn request(self, stage: &Stage, world: &World, client: &Client, place: usize) -> Report {
        let opened_at = stage.tick();
        let session = client.open(world).await;
        self.rest(stage, &session, place, opened_at).await
    }

    /// Does what is left of a request that has opened its session.
    pub(crate) async fn rest(
        self,
        stage: &Stage,
        session: &Session,
        place: usize,
        opened_at: u32,
    ) -> Report {
        let accepted = session.handle();
        let before = level(session);
        let answer = self.act(session, place).await;
        let is_of_it = accepted == Some(stage.handle) || self == Self::RevokeOthers;
        let is_denied = matches!(answer, Ok(Answer::Denied));
        if is_of_it && answer.is_ok() && !is_denied {
            stage.note_end(self);
        }
        let answered_at = stage.tick();
        let finished = session.finish(false).await;
        Report {
            operation: self,
            place,
            opened_at,
            accepted,
            levels: [before, level(session)],
            answer,
            answered_at,
            finished,
        }
    }

    /// Does it with the session that a request has opened.
    async fn act(self, session: &Session, place: usize) -> Result<Answer, SessionError> {
        match self {
            Self::Insert => session.insert(format!("own{place}").as_str(), place)?,
            Self::InsertShared => session.insert("shared", place)?,
            Self::Update => session.update("n", |n: &mut u32| *n += 1)?,
            Self::UpdateNow => {
                let count = |m: &mut u32| {
                    *m += 1;
                    *m
                };
                return Ok(Answer::Counted(session.update_now("m", count).await?));
            }
            Self::Renew => drop(session.renew()?),
            Self::Raise => session.raise(otp()).await?,
            Self::Login => {
                session.insert(format!("login{place}").as_str(), place)?;
                let login = login("alice").carry_over(CarryOver::DangerAll);
                let LoginOutcome::LoggedIn { .. } = session.login(login).await? else {
                    return Ok(Answer::Denied);
                };
                return Ok(session.handle().map_or(Answer::Done, Answer::LoggedIn));
            }
            Self::Logout => session.logout().await?,
            Self::RevokeOthers => drop(session.revoke_others().await?),
            Self::ExpireAbsolute
            | Self::ExpireIdle
            | Self::Read
            | Self::Revoke
            | Self::RevokeSubject
            | Self::Touch => {}
        }
        Ok(Answer::Done)
    }
}

fn operator() -> Revocation {
    Revocation::by("operator")
}
