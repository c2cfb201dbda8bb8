//! What the session stands for beyond its login: elevation and impersonation, and what routes ask.

use super::Session;
use crate::capacity::Elevated;
use crate::capacity::Elevation;
use crate::capacity::Impersonated;
use crate::capacity::Impersonation;
use crate::error::SessionError;
use crate::event::EventKind;
use crate::manager::CredentialChange;
use crate::manager::Step;
use crate::record::SessionRecord;
use crate::requirement::Requirement;
use crate::requirement::Shown;
use crate::requirement::Unmet;
use crate::store::Ending;
use crate::subject::Subject;

impl Session {
    /// Tells whether the session meets what a route asks.
    ///
    /// # Errors
    ///
    /// [`Unmet`]: what is missing.
    ///
    /// # Example: rights of an administrator
    ///
    /// ```
    /// # use hallpass_core::{Requirement, Session, Unmet};
    /// fn may_delete(session: &Session) -> Result<(), Unmet> {
    ///     session.check(&Requirement::login().right("admin"))
    /// }
    /// ```
    pub fn check(&self, requirement: &Requirement) -> Result<(), Unmet> {
        let now = self.0.manager.now();
        let state = self.state();
        let opened = state.opened.as_ref();
        let Some(opened) = opened.filter(|opened| opened.subject().is_some()) else {
            let locked = state.locked.is_some();
            return Err(Unmet::NotLoggedIn { locked });
        };
        requirement.check(&Shown {
            authentication: opened.authentication_at(now),
            rights: opened.elevation(now).map_or(&[], Elevated::rights),
            is_impersonated: opened.impersonates,
            demands_step_up: opened.demands_step_up,
            now,
        })
    }

    /// Raises the assurance for a bounded time, and gives rights for as long: "sudo mode" (SU-07).
    ///
    /// After another authentication of the same subject. The session gets a token that does not follow
    /// from the one before, as with [`Session::raise`]; requests that carry the old one for a moment
    /// are not logged out and are not elevated (race 13). When the time is over the session falls back
    /// by itself to what it was; that changes no token and no limit. An elevation in place of another
    /// counts from its own beginning. Reopens a locked session. Committed at once, together with
    /// changes made before.
    ///
    /// # Errors
    ///
    /// As [`Session::raise`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the session may be elevated. The client then goes on with its old
    /// token, which is not.
    pub async fn elevate(&self, elevation: Elevation) -> Result<(), SessionError> {
        self.refuse_while_impersonating()?;
        let authentication = elevation.authentication;
        let authentication = authentication.settled(self.0.manager.now());
        self.step(Step::Elevate(Elevation {
            authentication,
            ..elevation
        }))
        .await
    }

    /// Returns the elevation that holds now, for this request.
    #[must_use]
    pub fn elevation(&self) -> Option<Elevated> {
        let now = self.0.manager.now();
        let state = self.state();
        let opened = state.opened.as_ref()?;
        opened.elevation(now).cloned()
    }

    /// Ends the elevation before its time, if there is one. The token stays. Committed at once,
    /// together with changes made before.
    ///
    /// # Errors
    ///
    /// As [`Session::lower`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the elevation may have ended.
    pub async fn end_elevation(&self) -> Result<(), SessionError> {
        self.refuse_while_impersonating()?;
        let now = self.0.manager.now();
        let is_elevated = {
            let state = self.open_state()?;
            let opened = state.opened.as_ref();
            opened.is_some_and(|opened| opened.record.elevation(now).is_some())
        };
        if !is_elevated {
            return Ok(());
        }
        self.commit_now(None, CredentialChange::EndElevation)
            .await?;
        self.tell(EventKind::ElevationEnded);
        Ok(())
    }

    /// Acts for another subject from here on. Whether this operator may do so, for this subject, is
    /// for your application to decide before.
    ///
    /// [`Session::subject`] is the other subject then, and [`Session::actor`] the operator; so it is in
    /// events. The data of the operator are kept aside, and the other subject's session has none to
    /// begin with. The session stays the operator's: it is in the operator's list of devices, not in
    /// the subject's, takes no place of the subject's, and ends when the operator's sessions are ended.
    /// It lasts until [`Session::end_impersonation`], or until its time is over, and is the operator's
    /// own again.
    ///
    /// It comes with a token that does not follow from the one before, as with [`Session::raise`].
    /// Requests with the old token that were under way stand for the operator, and what they change is
    /// dropped. Committed at once, together with changes made before.
    ///
    /// # Errors
    ///
    /// [`SessionError::Impersonating`] where the session acts for somebody already: this never nests;
    /// otherwise as [`Session::raise`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the session may act for the subject. The client goes on with its old
    /// token, which does not.
    ///
    /// # Security
    ///
    /// Ending the subject's sessions does not end this one: end the operator's. No route that asks for
    /// more than a login ([`Requirement`]) lets an operator through; guard what changes the
    /// subject's credentials with [`Requirement::in_person`] or a recent authentication.
    pub async fn impersonate(&self, impersonation: Impersonation) -> Result<(), SessionError> {
        self.refuse_while_impersonating()?;
        if self.subject().is_none() {
            return Err(SessionError::NotLoggedIn);
        }
        self.step(Step::Impersonate(impersonation)).await
    }

    /// Returns for whom the operator acts, why and until when.
    #[must_use]
    pub fn impersonation(&self) -> Option<Impersonated> {
        let state = self.state();
        let opened = state.opened.as_ref()?;
        opened.impersonation().cloned()
    }

    /// Returns the operator, where somebody acts for [`Session::subject`].
    #[must_use]
    pub fn actor(&self) -> Option<Subject> {
        let state = self.state();
        let opened = state.opened.as_ref()?;
        opened
            .impersonation()
            .and_then(|_| opened.record.subject().cloned())
    }

    /// Stops to act for another subject: the session is the operator's own again, with the operator's
    /// data and a fresh token. Nothing happens where it is.
    ///
    /// Requests with the old token that were under way stand for the operator from here on, and what
    /// they change is dropped. Streams that stand for the subject end.
    ///
    /// # Errors
    ///
    /// As [`Session::raise`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the impersonation may have ended. The client goes on with its old
    /// token, which then stands for the operator.
    pub async fn end_impersonation(&self) -> Result<(), SessionError> {
        let now = self.0.manager.now();
        let acting = {
            let state = self.open_state()?;
            let opened = state.opened.as_ref();
            // Also where this request does not act for the subject, having a token from before.
            opened.and_then(|opened| opened.record.impersonation(now).cloned())
        };
        let Some(impersonated) = acting else {
            return Ok(());
        };
        self.step(Step::EndImpersonation).await?;
        let manager = &self.0.manager;
        let actor = self.subject();
        if let Some(handle) = self.handle() {
            let of = (handle, &impersonated, actor.as_ref());
            manager.tell_impersonation_ended(of, &self.0.client);
            // Streams look again, here and elsewhere.
            let ending = Ending::Session(handle);
            manager.watchers().wake(&ending);
            manager.publish(&ending).await;
        }
        Ok(())
    }

    /// Returns a secret that follows from this session and its login, for a purpose of yours: for
    /// instance to sign what only this session may send back. `None` while nothing is stored of the
    /// session.
    ///
    /// It is another one after a login, a raise, an elevation, the beginning and the end of an
    /// impersonation, and for every purpose; a renewal of the token, lowering, and the end of an
    /// elevation leave it as it is. A request with a token from before has that from before. Whoever
    /// can read the store can derive it.
    #[must_use]
    pub fn derived_secret(&self, purpose: &str) -> Option<[u8; 32]> {
        let state = self.state();
        let opened = state.opened.as_ref()?;
        let handle = opened.record.handle().to_bytes();
        let subject = opened.subject().map(ToString::to_string);
        let subject = subject.unwrap_or_default();
        let parts = [purpose.as_bytes(), &handle, subject.as_bytes()];
        let record = &opened.record;
        match record.previous_credential() {
            Some(previous) if opened.outranked.is_some() => previous.derive(parts),
            _ => record.credential().derive(parts),
        }
    }

    pub(super) fn refuse_while_impersonating(&self) -> Result<(), SessionError> {
        let state = self.open_state()?;
        let opened = state.opened.as_ref();
        if opened.is_some_and(|opened| opened.impersonates) {
            Err(SessionError::Impersonating)
        } else {
            Ok(())
        }
    }

    /// Tells the events of something that happened to this session.
    fn tell(&self, kind: EventKind) {
        if let Some(opened) = &self.state().opened {
            self.0.manager.emit_of(&opened.record, &self.0.client, kind);
        }
    }
}

impl Step {
    /// Returns what to tell of it, from the record as it is then.
    pub(super) fn event(&self, record: &SessionRecord) -> Option<EventKind> {
        match self {
            Self::Elevate(_) => record
                .elevation
                .as_ref()
                .map(|elevated| EventKind::Elevated {
                    until: elevated.until(),
                    rights: elevated.rights().to_vec(),
                }),
            Self::EndImpersonation => None,
            Self::Impersonate(_) => {
                let acting = record.impersonation.as_ref();
                acting.map(|acting| EventKind::Impersonating {
                    reason: acting.reason().to_owned(),
                    until: acting.until(),
                })
            }
            Self::Raise(_) => Some(EventKind::Raised),
        }
    }
}
