//! From the changes of a request to a write.

use std::sync::Arc;

use super::Session;
use super::State;
use super::finish::Instruction;
use crate::data::DataMap;
use crate::error::SessionError;
use crate::event::Event;
use crate::event::EventKind;
use crate::manager::Change;
use crate::manager::CredentialChange;
use crate::manager::Op;
use crate::manager::Opened;
use crate::manager::SharedOps;
use crate::manager::lock;
use crate::policy::PolicyFacts;
use crate::ratchet::Credential;
use crate::ratchet::Verdict;
use crate::record::NewRecord;
use crate::record::SessionRecord;
use crate::store::Create;
use crate::subject::Subject;
use crate::token::SessionToken;

/// How often a name that turns out to be taken is drawn again. Never seen with honest randomness.
pub(super) const MAX_NAMES: u32 = 3;

impl Session {
    /// Commits what is pending, one more operation, and a change of the credential, at once,
    /// unless the session is closed.
    pub(super) async fn commit_now(
        &self,
        extra: Option<Op>,
        credential: CredentialChange,
    ) -> Result<(), SessionError> {
        drop(self.open_state()?);
        self.commit(extra, credential).await
    }

    /// Commits what is pending, one more operation, and a change of the credential.
    pub(super) async fn commit(
        &self,
        extra: Option<Op>,
        credential: CredentialChange,
    ) -> Result<(), SessionError> {
        self.commit_or_begin(extra, credential, false).await
    }

    /// The same. With `even_empty` an anonymous session begins also where nothing is in it.
    async fn commit_or_begin(
        &self,
        extra: Option<Op>,
        credential: CredentialChange,
        even_empty: bool,
    ) -> Result<(), SessionError> {
        let has_extra = extra.is_some();
        let switches =
            matches!(&credential, CredentialChange::Raise(raise) if raise.step.switches());
        let raises = matches!(credential, CredentialChange::Raise(_));
        let (ops, opened, reopens, era) = {
            let mut state = self.state();
            let opened = match credential {
                CredentialChange::Raise(_) => state.to_raise(),
                _ => state.opened.as_ref(),
            };
            let opened = opened.cloned();
            let ops = state.take_ops();
            lock(&ops).extend(extra);
            let locked = state.locked.as_ref();
            let reopens = locked.zip(opened.as_ref());
            let reopens = reopens.is_some_and(|(locked, opened)| Arc::ptr_eq(locked, opened));
            (ops, opened, reopens, state.era)
        };
        let result = match opened {
            Some(opened) => self
                .commit_to(opened, &ops, credential, reopens)
                .await
                .map(Some),
            None => self.begin_anonymous(&ops, even_empty).await,
        };
        let mut state = self.state();
        if state.era != era {
            // It belongs to the session from before a login or a logout.
            return result.map(drop);
        }
        match result {
            Ok(opened) => {
                if switches {
                    // What was meant for the one is not for the other.
                    state.drop_changes();
                }
                state.install(opened);
                if raises {
                    state.locked = None;
                    state.era += 1;
                }
                Ok(())
            }
            Err(error) => {
                if has_extra {
                    lock(&ops).pop();
                }
                if !matches!(error, SessionError::InDoubt(_)) {
                    state.put_back(&ops);
                }
                state.refresh_view();
                Err(error)
            }
        }
    }

    /// Stores the anonymous session of a client that has none, although nothing is in it: so that
    /// something can be bound to it, as the token of a form ([`Session::derived_secret`]). Nothing
    /// happens where there is a session, and in a prefetch.
    ///
    /// # Errors
    ///
    /// As [`Session::save`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, a session may have begun that nobody holds the token of.
    pub async fn begin(&self) -> Result<(), SessionError> {
        {
            let state = self.open_state()?;
            state.outage()?;
            if state.opened.is_some() {
                return Ok(());
            }
        }
        self.commit_or_begin(None, CredentialChange::Keep, true)
            .await
    }

    /// Commits to a session that exists, and returns it as it is then.
    async fn commit_to(
        &self,
        mut opened: Arc<Opened>,
        ops: &SharedOps,
        credential: CredentialChange,
        reopens: bool,
    ) -> Result<Arc<Opened>, SessionError> {
        let manager = &self.0.manager;
        let seen_at = self.seen_at(&opened);
        let activity = opened.activity(seen_at);
        let renews = matches!(credential, CredentialChange::Renew { .. });
        let raises = matches!(credential, CredentialChange::Raise(_));
        let authenticates =
            matches!(&credential, CredentialChange::Raise(raise) if raise.step.authenticates());
        let change = Change {
            binding: opened.record.binding(),
            reopens,
            impersonates: opened.impersonates,
            seen_at,
            client: authenticates.then(|| self.0.client.clone()),
            confirms: activity.confirm.then_some(activity.digest),
            touches: opened.touch || opened.has_news(),
            ops: Arc::clone(ops),
            credential,
        };
        let record = manager
            .lanes()
            .commit(manager, &opened.record, change)
            .await?;
        let committed = Arc::make_mut(&mut opened);
        if record.revision() != committed.record.revision() {
            committed.touch = false;
            committed.renew &= !renews;
            committed.demands_step_up &= !authenticates;
            if activity.confirm {
                committed.verdict = Verdict::Current { confirm: false };
            }
        }
        committed.record = record;
        if raises {
            committed.outranked = None;
            committed.impersonates = committed.record.impersonation.is_some();
        }
        Ok(opened)
    }

    /// Begins an anonymous session with what the operations leave, if they leave anything.
    /// With `even_empty` also where they leave nothing.
    async fn begin_anonymous(
        &self,
        ops: &SharedOps,
        even_empty: bool,
    ) -> Result<Option<Arc<Opened>>, SessionError> {
        let mut data = DataMap::default();
        for op in &*lock(ops) {
            op.apply(&mut data)?;
        }
        if data.is_empty() && !even_empty {
            return Ok(None);
        }
        if self.0.detached {
            return Err(SessionError::Closed);
        }
        if self.0.manner.prefetch {
            // The user has not come yet, and perhaps never does (SES-21).
            lock(ops).clear();
            if !data.is_empty() {
                let event = Event::new(self.0.manager.now(), EventKind::Dropped);
                self.0.manager.emit(&event.by_client(&self.0.client));
            }
            return Ok(None);
        }
        data.check_growth(0, self.0.manager.payload_limit())?;
        let _beginning = Beginning::of(self)?;
        for _ in 0..MAX_NAMES {
            let (opened, token) = self.new_session(None, data.clone())?;
            let created = self.0.manager.store_create(&opened.record).await;
            match created.map_err(SessionError::of_write)? {
                Create::Created => {
                    let manager = &self.0.manager;
                    manager.emit_of(&opened.record, &self.0.client, EventKind::Created);
                    self.state().delivery.anonymous =
                        Instruction::set(token, &opened.record, manager.now());
                    return Ok(Some(opened));
                }
                Create::Occupied => {}
            }
        }
        Err(SessionError::Contended)
    }

    /// Makes a session that nobody has stored yet: with a login, or anonymous.
    pub(super) fn new_session(
        &self,
        login: Option<(&Subject, &super::Login)>,
        data: DataMap,
    ) -> Result<(Arc<Opened>, SessionToken), SessionError> {
        let Self(inner) = self;
        let manager = &inner.manager;
        let now = manager.now();
        let mut client = inner.client.clone();
        let authentication = login.map(|(_, login)| login.authentication.clone().settled(now));
        let remembered = login.is_some_and(|(_, login)| login.remember);
        if let Some(label) = login.and_then(|(_, login)| login.label.as_deref()) {
            client = client.with_label(label);
        }
        let subject = login.map(|(subject, _)| subject);
        let limits = manager.limits(&PolicyFacts {
            subject,
            authentication: authentication.as_ref(),
            remembered,
            client: &client,
        });
        let handle = manager.new_handle(subject)?;
        let (credential, token) = Credential::first(handle, manager.random(), client.kind(), now)?;
        let new = NewRecord {
            handle,
            write_id: manager.write_id()?,
            credential,
            subject: subject.cloned(),
            authentication,
            limits: &limits,
            remembered,
            client,
            data,
        };
        let record = Arc::new(SessionRecord::new(new, now));
        let opened = Arc::new(Opened {
            record,
            outranked: None,
            impersonates: false,
            demands_step_up: false,
            limits,
            verdict: Verdict::Current { confirm: false },
            presented: Some(token.clone()),
            touch: false,
            renew: false,
            noted: false,
        });
        Ok((opened, token))
    }
}

impl State {
    /// Takes over what was committed, unless a later commit of this request was quicker.
    fn install(&mut self, committed: Option<Arc<Opened>>) {
        if let Some(committed) = committed {
            let is_older = self.opened.as_ref().is_some_and(|opened| {
                opened.record.handle() == committed.record.handle()
                    && opened.record.revision() > committed.record.revision()
            });
            if !is_older {
                self.opened = Some(committed);
            }
        }
        self.refresh_view();
    }

    /// Returns whether the request changed data that nobody has committed.
    pub(super) fn has_changes(&self) -> bool {
        !self.ops.is_empty()
    }
}

/// Keeps a request from beginning two sessions at once.
struct Beginning<'a>(&'a Session);

impl<'a> Beginning<'a> {
    fn of(session: &'a Session) -> Result<Self, SessionError> {
        let was_beginning = std::mem::replace(&mut session.state().beginning, true);
        if was_beginning {
            Err(SessionError::Contended)
        } else {
            Ok(Self(session))
        }
    }
}

impl Drop for Beginning<'_> {
    fn drop(&mut self) {
        self.0.state().beginning = false;
    }
}
