//! Login and logout.

use std::borrow::Cow;
use std::sync::Arc;

use super::Instruction;
use super::Session;
use super::State;
use super::merging::Merging;
use crate::authentication::Authentication;
use crate::end::EndReason;
use crate::error::SessionError;
use crate::event::EventKind;
use crate::manager::Opened;
use crate::manager::SessionInfo;
use crate::record::SessionRecord;
use crate::record::Tombstone;
use crate::store::Bind;
use crate::store::Bound;
use crate::store::Create;
use crate::store::EndOutcome;
use crate::store::Ending;
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
    pub(super) carry_over: CarryOver,
    pub(super) merging: Merging,
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
            merging: Merging::default(),
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
    /// where nobody was logged in; [`SessionError::Data`] where the data to begin with do not merge,
    /// or pass the payload limit. [`SessionError::InDoubt`]: nobody was logged in either, but the
    /// session before and those that had to make room may have ended. [`SessionError::Closed`] after
    /// the head of the response has left, and for a stream.
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
                state.outage()?;
                let before = state.opened.as_ref().or(state.locked.as_ref());
                let before = before.map(|opened| Arc::clone(&opened.record));
                let locked = state
                    .locked
                    .as_ref()
                    .map(|locked| Arc::clone(&locked.record));
                // What was done for another subject is that subject's.
                let acts = state
                    .opened
                    .as_ref()
                    .is_some_and(|opened| opened.impersonates);
                let own = state.data().filter(|_| !acts);
                (before, locked, own.map(Cow::into_owned))
            };
            // Not under the lock: a closure of the application runs here.
            let limit = self.0.manager.payload_limit();
            let data = login.begins_with(before.as_deref(), data, limit)?;
            let (opened, token) = self.new_session(Some((&login.subject, &login)), data)?;
            let bound = match self.bind(&opened, before.as_deref()).await {
                Err(error @ SessionError::InDoubt(_)) => {
                    // Nobody holds its token, and it must not take a place of the subject. If it
                    // comes into being after this, it meets its own tombstone.
                    let handle = opened.record.handle();
                    let ended = self.0.manager.end(handle, EndReason::Superseded).await;
                    if let Ok(EndOutcome::Ended(_)) = ended {
                        // It had begun, so the session before it has ended.
                        self.tell_replaced(before.as_deref(), None, &[]).await;
                    }
                    return Err(error);
                }
                bound => bound?,
            };
            match bound {
                Bound::Bound { evicted } => {
                    self.logged_in(opened, token);
                    self.tell_replaced(before.as_deref(), locked.as_deref(), &evicted)
                        .await;
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
    /// [`SessionError::Unavailable`] where the session lives on; [`SessionError::InDoubt`] where it
    /// may have ended; [`SessionError::Closed`] after the head of the response has left.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the session may have ended.
    pub async fn logout(&self) -> Result<(), SessionError> {
        let handles = {
            let state = self.open_state()?;
            state.outage()?;
            [&state.opened, &state.locked].map(|opened| handle_of_opened(opened.as_deref()))
        };
        for handle in handles.into_iter().flatten() {
            let ended = self.0.manager.end(handle, EndReason::Logout).await;
            let _outcome: EndOutcome = ended.map_err(SessionError::of_write)?;
        }
        let mut state = self.state();
        let (sent_session, sent_anonymous) = self.0.manner.sent;
        (state.opened, state.locked) = (None, None);
        state.era += 1;
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
            return manager
                .store_bind(&bind)
                .await
                .map_err(SessionError::of_write);
        }
        // Without an index there is no limit either, and two steps have to do. The new session
        // comes first: if the second step fails, the client keeps the old one.
        let created = manager.store_create(&opened.record).await;
        if created.map_err(SessionError::of_write)? == Create::Occupied {
            return Ok(Bound::Occupied);
        }
        if let Some(before) = before
            && let Err(error) = manager.end(before.handle(), EndReason::Superseded).await
        {
            // The new one has begun, and nobody has its token. In doubt, the caller ends it.
            let error = SessionError::of_write(error);
            if !matches!(error, SessionError::InDoubt(_)) {
                let handle = opened.record.handle();
                let _as_well_as_can_be = manager.end(handle, EndReason::Superseded).await;
            }
            return Err(error);
        }
        Ok(Bound::Bound {
            evicted: Vec::new(),
        })
    }

    fn logged_in(&self, opened: Arc<Opened>, token: SessionToken) {
        let manager = &self.0.manager;
        manager.emit_of(&opened.record, &self.0.client, EventKind::LoggedIn);
        let mut state = self.state();
        state.drop_changes();
        state.era += 1;
        state.delivery.session = Instruction::set(token, &opened.record, manager.now());
        // One that this request began never went out.
        let (_, sent_anonymous) = self.0.manner.sent;
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

    /// Tells what ended with a login: this node at once, the others then.
    async fn tell_replaced(
        &self,
        before: Option<&SessionRecord>,
        locked: Option<&SessionRecord>,
        evicted: &[Tombstone],
    ) {
        let manager = &self.0.manager;
        let mut ended = evicted.to_vec();
        if let Some(before) = before.filter(|_| manager.has_index()) {
            ended.push(Tombstone::of(before, EndReason::Superseded, manager.now()));
        }
        for tombstone in &ended {
            manager.tell(tombstone);
        }
        for tombstone in &ended {
            manager.publish(&Ending::Session(tombstone.handle())).await;
        }
        // The token of a locked session goes with this answer; so does the session.
        if let Some(locked) = locked
            && before.is_none_or(|before| before.handle() != locked.handle())
        {
            let _told_in_the_events = manager.end(locked.handle(), EndReason::Superseded).await;
        }
    }

    /// The session to replace was written or ended meanwhile: looks at it again.
    async fn reload_before(&self, before: Option<&SessionRecord>) -> Result<(), SessionError> {
        let Some(before) = before else { return Ok(()) };
        let loaded = self.0.manager.store_load(before.handle()).await?;
        let mut state = self.state();
        let State { opened, locked, .. } = &mut *state;
        for place in [opened, locked] {
            if handle_of_opened(place.as_deref()) != Some(before.handle()) {
                continue;
            }
            match (&loaded, place) {
                (Load::Live(fresh), place @ Some(_)) => {
                    place.take_if(|opened| !Arc::make_mut(opened).follow(fresh));
                }
                (_, place) => *place = None,
            }
        }
        state.refresh_view();
        Ok(())
    }
}

fn handle_of_opened(opened: Option<&Opened>) -> Option<SessionHandle> {
    opened.map(|opened| opened.record.handle())
}
