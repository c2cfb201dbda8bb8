//! What a request was accepted into.

use std::borrow::Cow;
use std::sync::Arc;

use super::Manner;
use crate::authentication::Authentication;
use crate::capacity::Elevated;
use crate::capacity::Impersonated;
use crate::data::DataMap;
use crate::end::EndReason;
use crate::policy::Limits;
use crate::policy::touch_step;
use crate::ratchet::Verdict;
use crate::record::SessionRecord;
use crate::store::StoreError;
use crate::store::Touch;
use crate::subject::Subject;
use crate::time::Timestamp;
use crate::token::SessionToken;

/// A session that a request was accepted into.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) record: Arc<SessionRecord>,
    pub(crate) limits: Limits,
    /// What the request stands for where its token is outranked: less than the record says.
    pub(crate) outranked: Option<Authentication>,
    /// Whether the request stands for the subject that somebody acts for. It stays so to its end, and
    /// nothing is committed once that is over.
    pub(crate) impersonates: bool,
    /// The subject has to authenticate again before anything that asks for a recent
    /// authentication.
    pub(crate) demands_step_up: bool,
    pub(crate) verdict: Verdict,
    /// The token that was presented; `None` for a session that this request began.
    pub(crate) presented: Option<SessionToken>,
    pub(crate) touch: bool,
    pub(crate) renew: bool,
    /// The activity of this request is stored, although not in the record as it was loaded.
    pub(crate) noted: bool,
}

impl Opened {
    /// Returns what to write of the activity of a request that came in at `seen_at`. It confirms
    /// no other token than the one that was presented.
    pub(crate) fn activity(&self, seen_at: Timestamp) -> Touch {
        let presented = self
            .presented
            .as_ref()
            .filter(|_| self.verdict == Verdict::Current { confirm: true });
        Touch {
            handle: self.record.handle(),
            digest: presented
                .map_or_else(|| self.record.credential().digest(), SessionToken::digest),
            binding: self.record.binding(),
            last_seen: seen_at,
            confirm: presented.is_some(),
        }
    }

    /// Returns whether the session would end within a touch step if this request were no activity.
    pub(crate) fn ends_within_a_step(&self, now: Timestamp) -> bool {
        let step = touch_step(&self.record, &self.limits);
        let deadline = self.record.idle_deadline();
        deadline.is_some_and(|deadline| deadline.since(now) <= step)
    }

    /// Returns whether the request has something to write although it changed nothing.
    pub(crate) fn has_to_write(&self) -> bool {
        self.touch || self.renew || self.has_news()
    }

    /// Returns whether the token has to be confirmed, or its child to be sent again.
    pub(crate) fn has_news(&self) -> bool {
        matches!(
            self.verdict,
            Verdict::Current { confirm: true } | Verdict::Repaired { .. }
        )
    }

    /// Returns whether nobody has used the token of the last raise.
    pub(crate) fn is_raise_unused(&self) -> bool {
        let current = self.record.credential();
        let previous = self.record.previous_credential();
        previous.is_some_and(|previous| previous.is_successor_unused(current))
    }

    /// Takes over what is stored meanwhile, and goes on standing for what it did. Returns whether it
    /// can.
    pub(crate) fn follow(&mut self, fresh: &Arc<SessionRecord>) -> bool {
        if fresh.binding() != self.record.binding() {
            let before = self.authentication().cloned();
            self.outranked = before;
        }
        self.record = Arc::clone(fresh);
        !self.impersonates || self.record.impersonation.is_some()
    }

    /// Returns for whom the request acts, and why, where that is not who logged in.
    pub(crate) fn impersonation(&self) -> Option<&Impersonated> {
        self.record
            .impersonation
            .as_deref()
            .filter(|_| self.impersonates)
    }

    /// Returns whose session it is for this request.
    pub(crate) fn subject(&self) -> Option<&Subject> {
        let impersonated = self.impersonation().map(Impersonated::subject);
        impersonated.or_else(|| self.record.subject())
    }

    /// Returns the elevation that holds for this request.
    pub(crate) fn elevation(&self, now: Timestamp) -> Option<&Elevated> {
        let holds = self.outranked.is_none() && !self.impersonates;
        self.record.elevation(now).filter(|_| holds)
    }

    /// Returns the data that this request may see: a token from before an impersonation stands for the
    /// operator, whose data are kept aside meanwhile.
    pub(crate) fn data(&self) -> Cow<'_, DataMap> {
        if self.record.impersonation.is_some() && !self.impersonates {
            Cow::Owned(self.record.own_data())
        } else {
            Cow::Borrowed(&self.record.data)
        }
    }

    /// Returns how the subject authenticated at `now`, as far as this request stands for it.
    pub(crate) fn authentication_at(&self, now: Timestamp) -> Option<&Authentication> {
        let elevated = self.elevation(now).map(Elevated::authentication);
        elevated.or_else(|| self.authentication())
    }

    /// Returns how the subject authenticated, as far as this request stands for it, elevation aside.
    pub(crate) fn authentication(&self) -> Option<&Authentication> {
        self.outranked
            .as_ref()
            .or_else(|| self.record.authentication())
    }
}

/// What became of all that was presented.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) opened: Option<Arc<Opened>>,
    /// A session of a subject that sat unused for too long, and that one factor reopens.
    pub(crate) locked: Option<Arc<Opened>>,
    pub(crate) ended: Option<EndReason>,
    /// Why nothing is known, where the request is served all the same.
    pub(crate) outage: Option<StoreError>,
    pub(crate) manner: Manner,
}
