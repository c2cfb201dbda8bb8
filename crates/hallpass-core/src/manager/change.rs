//! What a request wants to change in a record, so that it can be applied again.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use crate::authentication::AssuranceLevel;
use crate::authentication::Authentication;
use crate::capacity::Elevated;
use crate::capacity::Elevation;
use crate::capacity::Impersonated;
use crate::capacity::Impersonation;
use crate::client::ClientFacts;
use crate::client::ClientKind;
use crate::data::DataError;
use crate::data::DataMap;
use crate::data::Entry;
use crate::error::SessionError;
use crate::policy::Limits;
use crate::random::SecureRandom;
use crate::ratchet::PreviousCredential;
use crate::record::Binding;
use crate::record::SessionRecord;
use crate::time::Timestamp;
use crate::token::SessionToken;
use crate::token::TokenDigest;

/// One change of the data.
pub(crate) enum Op {
    Clear,
    Insert(Arc<str>, Entry),
    Remove(Arc<str>),
    Update(Box<UpdateFn>),
}

/// Changes data by what they were. Run once for each attempt to commit.
type UpdateFn = dyn Fn(&mut DataMap) -> Result<bool, DataError> + Send;

impl Op {
    /// Applies the operation, and returns whether that changed the data.
    pub(crate) fn apply(&self, data: &mut DataMap) -> Result<bool, DataError> {
        match self {
            Self::Clear => Ok(data.clear_own()),
            Self::Insert(name, entry) if data.get(name) == Some(entry) => Ok(false),
            Self::Insert(name, entry) => {
                data.insert(Arc::clone(name), entry.clone());
                Ok(true)
            }
            Self::Remove(name) => Ok(data.remove(name).is_some()),
            Self::Update(update) => update(data),
        }
    }
}

/// The changes of a request, shared with the commit that applies them.
pub(crate) type SharedOps = Arc<Mutex<Vec<Op>>>;

/// What a request wants to change in the record that it loaded.
pub(crate) struct Change {
    /// The binding under which the request was accepted.
    pub(crate) binding: Binding,
    /// The request found the session locked, and reopens it.
    pub(crate) reopens: bool,
    /// The request stands for another subject than the one who logged in.
    pub(crate) impersonates: bool,
    /// When the request came in: it counts as activity at that time.
    pub(crate) seen_at: Timestamp,
    /// The client that the session belongs to from now on: that of an authentication.
    pub(crate) client: Option<ClientFacts>,
    /// The digest of the token that the request came with, if nobody had used that before.
    pub(crate) confirms: Option<TokenDigest>,
    /// The activity is to be written although nothing else changes.
    pub(crate) touches: bool,
    pub(crate) ops: SharedOps,
    pub(crate) credential: CredentialChange,
}

pub(crate) enum CredentialChange {
    EndElevation,
    Keep,
    Lower(AssuranceLevel),
    Raise(Box<Raise>),
    /// Renews the presented token, unless somebody else has done so meanwhile.
    Renew {
        presented: SessionToken,
        client: ClientKind,
        /// Whether the attempt that won did so.
        won: Arc<AtomicBool>,
    },
}

/// A change of what the session stands for, which breaks the chain of tokens.
pub(crate) struct Raise {
    pub(crate) step: Step,
    pub(crate) client: ClientKind,
    /// The limits of the session as it is after the raise.
    pub(crate) limits: Limits,
    /// The request came with the token from before a raise whose own token nobody had used.
    pub(crate) repeats: bool,
    /// Where the token of the attempt that won is found.
    pub(crate) token: Arc<Mutex<Option<SessionToken>>>,
}

impl Change {
    /// Applies the change to a copy of the record, and returns whether that differs from it. The
    /// copy is of no use after an error.
    ///
    /// # Errors
    ///
    /// [`SessionError::Ended`] where the record stands for somebody else by now or is locked;
    /// [`SessionError::Stale`] where the token of the request does not suffice any more;
    /// [`SessionError::Data`] where the data do not fit; [`SessionError::NotLoggedIn`] where there
    /// is no assurance to raise.
    pub(super) fn apply(
        &self,
        record: &mut SessionRecord,
        random: &dyn SecureRandom,
        payload_limit: usize,
        now: Timestamp,
    ) -> Result<bool, SessionError> {
        record.settle(now);
        let raises = self.is_raise();
        // The request was activity when it came in, whether that is stored yet or not.
        let last_seen = record.last_seen.max(self.seen_at);
        let is_locked = record.locks_when_idle()
            && record
                .idle()
                .is_some_and(|idle| now >= last_seen.saturating_add(idle));
        if record.binding != self.binding || (is_locked && !raises) {
            return Err(SessionError::Ended);
        }
        if self.reopens || self.repeats() {
            // Whoever reopens it is the operator, and so is who never had the token of an
            // impersonation.
            record.end_impersonation();
        } else if record.impersonation(now).is_some() != self.impersonates {
            return Err(SessionError::Ended);
        }
        let changed = self.apply_data(record, payload_limit)?;
        if raises && self.confirms == Some(record.credential.digest()) {
            // The token that is put aside was in use.
            record.credential.confirm(now);
        }
        let changed = self.apply_credential(record, random, now)? || changed || self.touches;
        if let Some(client) = &self.client {
            record.client = record.client.moved_to(client);
        }
        if changed {
            record.last_seen = record.last_seen.max(self.seen_at);
            if self.confirms == Some(record.credential.digest()) {
                record.credential.confirm(now);
            }
        }
        Ok(changed)
    }

    fn repeats(&self) -> bool {
        matches!(&self.credential, CredentialChange::Raise(raise) if raise.repeats)
    }

    pub(super) const fn is_raise(&self) -> bool {
        matches!(self.credential, CredentialChange::Raise(_))
    }

    fn apply_data(
        &self,
        record: &mut SessionRecord,
        payload_limit: usize,
    ) -> Result<bool, SessionError> {
        let before = record.data.size();
        let mut changed = false;
        for op in &*lock(&self.ops) {
            changed |= op.apply(&mut record.data)?;
        }
        record.data.check_growth(before, payload_limit)?;
        Ok(changed)
    }

    fn apply_credential(
        &self,
        record: &mut SessionRecord,
        random: &dyn SecureRandom,
        now: Timestamp,
    ) -> Result<bool, SessionError> {
        match &self.credential {
            CredentialChange::EndElevation => Ok(record.elevation.take().is_some()),
            CredentialChange::Keep => Ok(false),
            CredentialChange::Lower(level) => Ok(record.lower_to(*level)),
            CredentialChange::Raise(raise) => {
                raise.apply(record, random, now)?;
                Ok(true)
            }
            CredentialChange::Renew {
                presented,
                client,
                won,
            } => {
                let renewed = record.credential.renewed(presented, client.clone(), now);
                won.store(renewed.is_some(), Ordering::Release);
                match renewed {
                    Some((credential, _child)) => {
                        record.credential = credential;
                        Ok(true)
                    }
                    None => Ok(false),
                }
            }
        }
    }
}

/// What a session stands for from now on.
#[derive(Clone)]
pub(crate) enum Step {
    /// More for a while.
    Elevate(Elevation),
    /// The one who logged in.
    EndImpersonation,
    /// Another subject for a while.
    Impersonate(Impersonation),
    /// More, or the same anew.
    Raise(Authentication),
}

impl Step {
    /// Returns whether the session stands for another subject afterwards.
    pub(crate) const fn switches(&self) -> bool {
        !self.authenticates()
    }

    /// Returns whether the subject has just proved who it is.
    pub(crate) const fn authenticates(&self) -> bool {
        match self {
            Self::Elevate(_) | Self::Raise(_) => true,
            Self::EndImpersonation | Self::Impersonate(_) => false,
        }
    }

    fn apply(
        &self,
        record: &mut SessionRecord,
        before: &Authentication,
        limits: &Limits,
        now: Timestamp,
    ) {
        match self {
            Self::Elevate(elevation) => {
                let lasting = elevation.lasting.min(limits.max_elevation());
                record.elevation = Some(Box::new(Elevated {
                    authentication: before.raised_by(&elevation.authentication),
                    until: now.saturating_add(lasting),
                    rights: elevation.rights.clone(),
                }));
            }
            Self::EndImpersonation => record.end_impersonation(),
            Self::Impersonate(impersonation) => {
                let lasting = impersonation.lasting.min(limits.max_impersonation());
                record.begin_impersonation(Impersonated {
                    subject: impersonation.subject.clone(),
                    reason: impersonation.reason.clone(),
                    since: now,
                    until: now.saturating_add(lasting),
                });
            }
            Self::Raise(authentication) => {
                let is_full = authentication.level() >= before.level();
                record.take_limits(limits, is_full, now);
                record.authentication = Some(before.raised_by(authentication));
            }
        }
    }
}

impl Raise {
    fn apply(
        &self,
        record: &mut SessionRecord,
        random: &dyn SecureRandom,
        now: Timestamp,
    ) -> Result<(), SessionError> {
        if record.subject.is_none() {
            return Err(SessionError::NotLoggedIn);
        }
        let before = match &record.previous {
            // What the request stands for, not what the raise before it has made of the session.
            Some(previous) if self.repeats => previous.authentication().clone(),
            _ => record.authentication.clone().unwrap_or_default(),
        };
        if self.repeats {
            // What the lost answer gave has to be asked for again.
            record.authentication = Some(before.clone());
            record.elevation = None;
        }
        let (credential, token) =
            record
                .credential
                .broken(record.handle, random, self.client.clone(), now)?;
        let old = std::mem::replace(&mut record.credential, credential);
        self.step.apply(record, &before, &self.limits, now);
        // A raised token that nobody has used is lost: what the client holds is from before it.
        match &mut record.previous {
            Some(previous) if self.repeats => {
                if !previous.is_successor_unused(&old) {
                    return Err(SessionError::Stale);
                }
                previous.replaced_again(now);
            }
            previous => *previous = Some(Box::new(PreviousCredential::new(old, before, now))),
        }
        record.binding = record.binding.next();
        record.last_seen = record.last_seen.max(now);
        *lock(&self.token) = Some(token);
        Ok(())
    }
}

/// Locks a mutex. A panic elsewhere leaves what it guards as it was after its last statement,
/// which is sound for everything here.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
