//! Login, logout, and the sessions of the same subject elsewhere.

use std::sync::Arc;

use super::Instruction;
use super::Session;
use super::State;
use super::commit::MAX_NAMES;
use crate::authentication::Authentication;
use crate::data::DataMap;
use crate::end::EndReason;
use crate::end::Revocation;
use crate::error::SessionError;
use crate::event::EventKind;
use crate::manager::Opened;
use crate::manager::Revoked;
use crate::manager::SessionInfo;
use crate::record::SessionRecord;
use crate::record::Tombstone;
use crate::store::Bind;
use crate::store::Bound;
use crate::store::Create;
use crate::store::EndOutcome;
use crate::store::Load;
use crate::store::Replaced;
use crate::subject::Subject;
use crate::token::SessionHandle;
use crate::token::SessionToken;

/// How often a login is tried when the session that it replaces is written at the same time.
const MAX_ATTEMPTS: u32 = 16;

/// Which data of the session before come along at login. Those of another subject never do.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "what was asked for, all, or none")]
pub enum CarryOver {
    /// All. Dangerous: an attacker who planted the session before chose what is in it.
    DangerAll,
    /// None.
    Nothing,
    /// Those whose type is declared portable
    /// ([`SessionData::PORTABLE`](crate::SessionData::PORTABLE)).
    #[default]
    Portable,
}

/// A login: who, how, and with what wishes.
///
/// # Example: remembered on this device, by password and one-time code
///
/// ```
/// use hallpass_core::{AssuranceLevel, Authentication, Login, Subject};
///
/// let login = Login::new(Subject::new("alice")?)
///     .authentication(
///         Authentication::new(AssuranceLevel::Aal2).with_method("pwd").with_method("otp"),
///     )
///     .remember(true);
/// # drop(login);
/// # Ok::<(), hallpass_core::InvalidSubject>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Login {
    pub(super) subject: Subject,
    pub(super) authentication: Authentication,
    pub(super) remember: bool,
    pub(super) label: Option<String>,
    carry_over: CarryOver,
}

impl Login {
    /// A login of this subject, by password, not remembered.
    pub fn new(subject: Subject) -> Self {
        Self {
            subject,
            authentication: Authentication::password(),
            remember: false,
            label: None,
            carry_over: CarryOver::default(),
        }
    }

    /// How the subject authenticated. Default: by password, one factor.
    pub fn authentication(mut self, authentication: Authentication) -> Self {
        self.authentication = authentication;
        self
    }

    /// Whether the session outlives the browser, within limits of its own. Default: no.
    pub const fn remember(mut self, remember: bool) -> Self {
        self.remember = remember;
        self
    }

    /// What the user calls this device in the list of devices. Default: browser and platform.
    pub fn label(mut self, label: &str) -> Self {
        self.label = Some(label.to_owned());
        self
    }

    /// Which data of the session before come along. Default: those declared portable.
    pub const fn carry_over(mut self, carry_over: CarryOver) -> Self {
        self.carry_over = carry_over;
        self
    }

    /// Returns the data to begin with.
    fn carried(&self, before: Option<&SessionRecord>, data: Option<&DataMap>) -> DataMap {
        let is_another = before
            .and_then(SessionRecord::subject)
            .is_some_and(|owner| *owner != self.subject);
        match (is_another, self.carry_over) {
            (true, _) | (false, CarryOver::Nothing) => DataMap::default(),
            (false, CarryOver::DangerAll) => data.cloned().unwrap_or_default(),
            (false, CarryOver::Portable) => data.map(DataMap::portable).unwrap_or_default(),
        }
    }
}

impl From<Subject> for Login {
    fn from(subject: Subject) -> Self {
        Self::new(subject)
    }
}

/// What became of a login.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a login may be denied"]
#[expect(
    clippy::exhaustive_enums,
    reason = "both are for the application to answer"
)]
pub enum LoginOutcome {
    /// The subject has as many sessions as the policy allows. Nothing was changed. Not a failed
    /// password: show the list and let the user choose which to end (race 26).
    Denied {
        /// The live sessions of the subject.
        active: Vec<SessionInfo>,
    },
    /// The request has a new session, which stands for the subject.
    LoggedIn {
        /// The sessions that ended to make room.
        evicted: Vec<SessionHandle>,
    },
}

impl Session {
    /// Logs a subject in, after your application has checked who it is.
    ///
    /// Always a new session with a new handle and a new token; the session before, anonymous or
    /// not, ends with it, so that nothing which was started with the old token can write into the
    /// new session (ASVS 5.0 7.2.4). Data come along as the [`Login`] says; the changes of this
    /// request count as data of the session before. One store operation.
    ///
    /// # Errors
    ///
    /// [`SessionError::Unavailable`], [`SessionError::Contended`] and [`SessionError::Random`]
    /// where nobody was logged in; [`SessionError::Closed`] after the head of the response has
    /// left, and for a stream.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the session before lives on, or it has ended and the new one
    /// lives without a client until it is idle for too long.
    pub async fn login(&self, login: impl Into<Login>) -> Result<LoginOutcome, SessionError> {
        let login = login.into();
        if self.0.detached {
            return Err(SessionError::Closed);
        }
        for _ in 0..MAX_ATTEMPTS {
            let (before, locked, data) = {
                let state = self.open_state()?;
                let before = state.opened.as_ref().or(state.locked.as_ref());
                let before = before.map(|opened| Arc::clone(&opened.record));
                let locked = state
                    .locked
                    .as_ref()
                    .map(|locked| Arc::clone(&locked.record));
                let data = login.carried(before.as_deref(), state.data());
                (before, locked, data)
            };
            let (opened, token) = self.new_session(Some((&login.subject, &login)), data)?;
            match self.bind(&opened, before.as_deref()).await? {
                Bound::Bound { evicted } => {
                    self.logged_in(opened, token);
                    if let Some(before) = &before {
                        self.superseded(before).await;
                    }
                    // The token of a locked session goes with this answer; so does the session.
                    if let Some(locked) =
                        locked.filter(|locked| Some(locked.handle()) != handle_of(&before))
                    {
                        let manager = &self.0.manager;
                        let _told = manager.end(locked.handle(), EndReason::Superseded).await;
                    }
                    for tombstone in &evicted {
                        self.0.manager.ended(tombstone).await;
                    }
                    let evicted = evicted.iter().map(Tombstone::handle).collect();
                    return Ok(LoginOutcome::LoggedIn { evicted });
                }
                Bound::Denied { active } => {
                    self.0
                        .manager
                        .emit_of(&opened.record, &self.0.client, EventKind::LoginDenied);
                    let active = active.iter().map(|record| (&**record).into()).collect();
                    return Ok(LoginOutcome::Denied { active });
                }
                Bound::Conflict => self.reload_before(before.as_deref()).await?,
                Bound::Occupied => {}
            }
        }
        Err(SessionError::Contended)
    }

    /// Logs out: ends the session, and removes its token from the client. The request is
    /// anonymous afterwards, and changes that nobody committed are gone.
    ///
    /// # Errors
    ///
    /// [`SessionError::Unavailable`] where the session lives on; [`SessionError::Closed`] after
    /// the head of the response has left.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the session may have ended.
    pub async fn logout(&self) -> Result<(), SessionError> {
        let handles = {
            let state = self.open_state()?;
            [&state.opened, &state.locked].map(|opened| handle_of_opened(opened.as_ref()))
        };
        for handle in handles.into_iter().flatten() {
            let _outcome: EndOutcome = self.0.manager.end(handle, EndReason::Logout).await?;
        }
        let mut state = self.state();
        let (sent_session, sent_anonymous) = state.sent;
        (state.opened, state.locked) = (None, None);
        state.drop_changes();
        // Also where the token did not verify: the user wants it gone.
        let removal = |sent| {
            if sent {
                Instruction::Remove
            } else {
                Instruction::Keep
            }
        };
        state.delivery.session = removal(sent_session);
        state.delivery.anonymous = removal(sent_anonymous);
        state.delivery.logged_out = true;
        Ok(())
    }

    /// Returns the live sessions of the subject of this session, the most recently used first;
    /// none for an anonymous session.
    ///
    /// # Errors
    ///
    /// As [`SessionManager::list`](crate::SessionManager::list).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time.
    pub async fn sessions(&self) -> Result<Vec<SessionInfo>, SessionError> {
        match self.subject() {
            Some(subject) => self.0.manager.list(&subject).await,
            None => Ok(Vec::new()),
        }
    }

    /// Ends another session of the same subject, as a list of devices offers it. For this session
    /// itself use [`Session::logout`], which also removes its token from the client.
    ///
    /// # Errors
    ///
    /// [`SessionError::NotLoggedIn`] for an anonymous session; [`SessionError::Unavailable`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the session may have ended.
    pub async fn revoke(&self, handle: SessionHandle) -> Result<Revoked, SessionError> {
        let subject = self.subject().ok_or(SessionError::NotLoggedIn)?;
        self.0
            .manager
            .revoke_of(&subject, handle, by_subject(&subject))
            .await
    }

    /// Ends all other sessions of the same subject, and returns how many lived.
    ///
    /// # Errors
    ///
    /// [`SessionError::NotLoggedIn`] for an anonymous session; [`SessionError::Unavailable`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, some sessions may have ended.
    pub async fn revoke_others(&self) -> Result<usize, SessionError> {
        let (Some(subject), Some(handle)) = (self.subject(), self.handle()) else {
            return Err(SessionError::NotLoggedIn);
        };
        self.0
            .manager
            .revoke_others(&subject, handle, by_subject(&subject))
            .await
    }

    /// Stores the session of a login in place of the one before.
    async fn bind(
        &self,
        opened: &Opened,
        before: Option<&SessionRecord>,
    ) -> Result<Bound, SessionError> {
        let manager = &self.0.manager;
        if manager.has_index() {
            let bind = Bind {
                record: SessionRecord::clone(&opened.record),
                replaces: before.map(|before| Replaced {
                    handle: before.handle(),
                    revision: before.revision(),
                }),
                limit: opened.limits.concurrency(),
            };
            return Ok(manager.store_bind(&bind).await?);
        }
        // Without an index there is no limit either, and two steps have to do. The new session
        // comes first: if the second step fails, the client keeps the old one.
        for _ in 0..MAX_NAMES {
            if manager.store_create(&opened.record).await? == Create::Created {
                if let Some(before) = before {
                    let _outcome: EndOutcome =
                        manager.end(before.handle(), EndReason::Superseded).await?;
                }
                return Ok(Bound::Bound {
                    evicted: Vec::new(),
                });
            }
        }
        Ok(Bound::Occupied)
    }

    fn logged_in(&self, opened: Opened, token: SessionToken) {
        let manager = &self.0.manager;
        manager.emit_of(&opened.record, &self.0.client, EventKind::LoggedIn);
        let mut state = self.state();
        state.drop_changes();
        state.delivery.session = Instruction::set(token, &opened.record, manager.now());
        // One that this request began never went out.
        let sent_anonymous = state.sent.1;
        state.delivery.anonymous = if sent_anonymous {
            Instruction::Remove
        } else {
            Instruction::Keep
        };
        state.delivery.logged_out = false;
        state.opened = Some(opened);
        state.locked = None;
        state.ended = None;
    }

    /// Tells that the session before has ended, which `bind` did.
    async fn superseded(&self, before: &SessionRecord) {
        let manager = &self.0.manager;
        if manager.has_index() {
            let tombstone = Tombstone::of(before, EndReason::Superseded, manager.now());
            manager.ended(&tombstone).await;
        }
    }

    /// The session to replace was written or ended meanwhile: looks at it again.
    async fn reload_before(&self, before: Option<&SessionRecord>) -> Result<(), SessionError> {
        let Some(before) = before else { return Ok(()) };
        let loaded = self.0.manager.store_load(before.handle()).await?;
        let mut state = self.state();
        let is_same = |opened: &&mut Opened| opened.record.handle() == before.handle();
        match loaded {
            Load::Live(fresh) => {
                let State { opened, locked, .. } = &mut *state;
                if let Some(opened) = opened
                    .as_mut()
                    .filter(is_same)
                    .or_else(|| locked.as_mut().filter(is_same))
                {
                    opened.record = fresh;
                }
            }
            Load::Ended(_) | Load::Missing => {
                state.opened = None;
                state.locked = None;
            }
        }
        state.refresh_view();
        Ok(())
    }
}

fn handle_of(record: &Option<Arc<SessionRecord>>) -> Option<SessionHandle> {
    record.as_ref().map(|record| record.handle())
}

fn handle_of_opened(opened: Option<&Opened>) -> Option<SessionHandle> {
    opened.map(|opened| opened.record.handle())
}

fn by_subject(subject: &Subject) -> Revocation {
    Revocation::by(&format!("subject:{subject}"))
}
