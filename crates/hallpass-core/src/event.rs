//! What happened, for audit and alerts.

use std::fmt;
use std::time::Duration;

use crate::client::ClientFacts;
use crate::end::EndReason;
use crate::risk::RiskAnswer;
use crate::risk::RiskSigns;
use crate::store::StoreErrorKind;
use crate::subject::Subject;
use crate::time::Timestamp;
use crate::token::SessionHandle;

/// Something that happened to a session, or was tried on one.
///
/// It names the session by its handle and holds no secret, so it may be logged as it is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// When it happened.
    pub at: Timestamp,
    /// The session, if it is known. For tokens that do not verify it is what they claim.
    pub handle: Option<SessionHandle>,
    /// Whose session it is, if it is known.
    pub subject: Option<Subject>,
    /// Who acts for the subject, where somebody impersonates it.
    pub actor: Option<Subject>,
    /// The client of the request, if there is one.
    pub client: Option<ClientFacts>,
    /// What happened.
    pub kind: EventKind,
}

impl Event {
    pub(crate) const fn new(at: Timestamp, kind: EventKind) -> Self {
        Self {
            at,
            handle: None,
            subject: None,
            actor: None,
            client: None,
            kind,
        }
    }

    pub(crate) const fn of(mut self, handle: SessionHandle) -> Self {
        self.handle = Some(handle);
        self
    }

    pub(crate) fn whose(mut self, subject: Option<&Subject>) -> Self {
        self.subject = subject.cloned();
        self
    }

    pub(crate) fn acted_by(mut self, actor: Option<&Subject>) -> Self {
        self.actor = actor.cloned();
        self
    }

    pub(crate) fn by_client(mut self, client: &ClientFacts) -> Self {
        self.client = Some(client.clone());
        self
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventKind {
    /// An anonymous session began.
    Created,
    /// A request was found to be caused by another site, or not to prove the opposite.
    CrossSite {
        /// What found it, as one lower-case word.
        rule: &'static str,
        /// Whether the request was refused for it. If not, this is a trial.
        refused: bool,
    },
    /// Changes of a request were dropped, because the session ended or its assurance was raised
    /// while the request ran, or because it was a prefetch, which begins no session.
    Dropped,
    /// A session was elevated, with a fresh token.
    Elevated {
        /// When it falls back by itself. That has no event of its own.
        until: Timestamp,
        /// The rights that it gives.
        rights: Vec<String>,
    },
    /// An elevation was ended before its time.
    ElevationEnded,
    /// A session ended.
    Ended(EndReason),
    /// All sessions of a scope ended at once. The scope is everybody, or the event's subject, or
    /// the tenant named here.
    EndedAll {
        /// The tenant, if it was one.
        tenant: Option<String>,
        /// Why.
        reason: EndReason,
    },
    /// Somebody, the actor of the event, began to act for its subject, with a fresh token.
    Impersonating {
        /// Why.
        reason: String,
        /// When it ends by itself. That has no event of its own.
        until: Timestamp,
    },
    /// The actor of the event stopped to act for its subject.
    ImpersonationEnded,
    /// A subject logged in.
    LoggedIn,
    /// A login was denied, because the subject has as many sessions as it may.
    LoginDenied,
    /// The assurance of a session was lowered.
    Lowered,
    /// A token from before the assurance was raised was accepted, with the old assurance, long
    /// after that, because the answer with the raised token may be lost or overtaken, and the client
    /// looks like the honest one: a sign of risk.
    OutrankedLate,
    /// The token of a session that has ended was presented.
    PresentedEnded(EndReason),
    /// Many wrong tokens came from the network of the client within a minute: tokens that no
    /// session knows, that are malformed, or that are refused. Told once a minute for a network;
    /// each token has an event of its own (SES-29).
    ManyUnknown {
        /// How many.
        count: u32,
    },
    /// The assurance of a session was raised, with a fresh token.
    Raised,
    /// What was sent as a token was refused before anybody looked it up.
    Refused(RefusedToken),
    /// The token of a session was renewed.
    Renewed,
    /// The answer to a renewal was lost, so the same token was sent again.
    Repaired {
        /// Long after the renewal, to a client that looks like the one which caused it: a sign of
        /// risk.
        late: bool,
    },
    /// An old token was presented outside of every window: somebody has a copy.
    Replayed,
    /// The session of a subject may be in other hands (SES-28). What was allowed is told about once
    /// in a touch step of the session, and when the score rises.
    Risk {
        /// What is odd about the request.
        signs: RiskSigns,
        /// How risky it is, from 0 to 100.
        score: u8,
        /// What follows.
        answer: RiskAnswer,
    },
    /// The store did not answer several calls in a row: it is not asked until it is back, but by
    /// one call now and then.
    StoreAway,
    /// The store answers again.
    StoreBack,
    /// A call of the store is over. Told only where
    /// [`ManagerBuilder::time_store_calls`](crate::ManagerBuilder::time_store_calls) asks for it.
    StoreCalled {
        /// The operation.
        operation: StoreOperation,
        /// The kind of the fault, where it failed.
        error: Option<StoreErrorKind>,
        /// How long it took.
        took: Duration,
    },
    /// A call of the store failed.
    StoreFailed {
        /// The operation.
        operation: StoreOperation,
        /// The kind of the fault.
        error: StoreErrorKind,
    },
    /// A well-formed token was presented that no session knows (SES-05).
    Unknown,
}

impl EventKind {
    /// Returns the kind as one lower-case word, for logs and metrics.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::CrossSite { .. } => "cross_site",
            Self::Dropped => "dropped",
            Self::Elevated { .. } => "elevated",
            Self::ElevationEnded => "elevation_ended",
            Self::Ended(_) => "ended",
            Self::EndedAll { .. } => "ended_all",
            Self::Impersonating { .. } => "impersonating",
            Self::ImpersonationEnded => "impersonation_ended",
            Self::LoggedIn => "logged_in",
            Self::LoginDenied => "login_denied",
            Self::Lowered => "lowered",
            Self::ManyUnknown { .. } => "many_unknown",
            Self::OutrankedLate => "outranked_late",
            Self::PresentedEnded(_) => "presented_ended",
            Self::Raised => "raised",
            Self::Refused(_) => "refused",
            Self::Renewed => "renewed",
            Self::Repaired { .. } => "repaired",
            Self::Replayed => "replayed",
            Self::Risk { .. } => "risk",
            Self::StoreAway => "store_away",
            Self::StoreBack => "store_back",
            Self::StoreCalled { .. } => "store_called",
            Self::StoreFailed { .. } => "store_failed",
            Self::Unknown => "unknown",
        }
    }
}

/// Why something that was sent as a token was refused unseen.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum RefusedToken {
    /// More than one was sent, and none is chosen by its place.
    Ambiguous,
    /// It came over a connection that is not encrypted.
    Insecure,
    /// It is not a token.
    Malformed,
    /// The request names an account of the browser that there is not.
    NoAccount,
    /// The headers that may carry it are larger than anything honest.
    Oversized,
}

impl RefusedToken {
    /// Returns the reason as one lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ambiguous => "ambiguous",
            Self::Insecure => "insecure",
            Self::Malformed => "malformed",
            Self::NoAccount => "no_account",
            Self::Oversized => "oversized",
        }
    }
}

/// An operation of a store.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum StoreOperation {
    /// [`Epochs::advance`](crate::Epochs::advance).
    Advance,
    /// [`SubjectIndex::bind`](crate::SubjectIndex::bind).
    Bind,
    /// [`SessionStore::create`](crate::SessionStore::create).
    Create,
    /// [`SessionStore::end`](crate::SessionStore::end).
    End,
    /// [`SubjectIndex::end_subject`](crate::SubjectIndex::end_subject).
    EndSubject,
    /// [`SubjectIndex::list`](crate::SubjectIndex::list).
    List,
    /// [`SessionStore::load`](crate::SessionStore::load).
    Load,
    /// [`RevocationFeed::publish`](crate::RevocationFeed::publish).
    Publish,
    /// [`Sweep::sweep`](crate::Sweep::sweep).
    Sweep,
    /// [`SessionStore::touch`](crate::SessionStore::touch).
    Touch,
    /// [`SessionStore::update`](crate::SessionStore::update).
    Update,
}

impl StoreOperation {
    /// Returns the operation as one lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Advance => "advance",
            Self::Bind => "bind",
            Self::Create => "create",
            Self::End => "end",
            Self::EndSubject => "end_subject",
            Self::List => "list",
            Self::Load => "load",
            Self::Publish => "publish",
            Self::Sweep => "sweep",
            Self::Touch => "touch",
            Self::Update => "update",
        }
    }
}

/// Takes note of events.
///
/// # Example: count the replays
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use hallpass_core::{Event, EventKind, EventSink};
///
/// #[derive(Debug, Default)]
/// struct Replays(AtomicU64);
///
/// impl EventSink for Replays {
///     fn record(&self, event: &Event) {
///         if event.kind == EventKind::Replayed {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait EventSink: fmt::Debug + Send + Sync {
    /// Takes note of an event. Must not block: it is called in the middle of a request.
    fn record(&self, event: &Event);
}

/// Forgets every event. What the manager uses unless it is given another.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to it")]
pub struct NoEvents;

impl EventSink for NoEvents {
    fn record(&self, _event: &Event) {}
}

/// Writes events to the subscriber of `tracing`, with the target `hallpass`: what happened, to
/// which session, whose it is, and which client and network the request came from.
///
/// Replays, requests that other sites caused, signs of risk and failures of the store are warnings;
/// beginnings, endings and changes of assurance are informations; the rest is for debugging.
#[cfg(feature = "tracing")]
#[cfg_attr(docsrs_hallpass, doc(cfg(feature = "tracing")))]
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the subscriber has all the settings"
)]
pub struct TracingSink;

#[cfg(feature = "tracing")]
impl EventSink for TracingSink {
    fn record(&self, event: &Event) {
        let network = event.client.as_ref().and_then(ClientFacts::network);
        macro_rules! write_at {
            ($level:ident) => {
                tracing::$level!(
                    target: "hallpass",
                    kind = event.kind.as_str(),
                    handle = event.handle.map(tracing::field::display),
                    subject = event.subject.as_ref().map(tracing::field::display),
                    actor = event.actor.as_ref().map(tracing::field::display),
                    client = event.client.as_ref().map(tracing::field::display),
                    network = network.map(tracing::field::display),
                    details = ?event.kind,
                    "session event"
                )
            };
        }
        match event.kind {
            EventKind::CrossSite { .. }
            | EventKind::Replayed
            | EventKind::StoreAway
            | EventKind::StoreFailed { .. }
            | EventKind::ManyUnknown { .. }
            | EventKind::OutrankedLate
            | EventKind::Risk { .. }
            | EventKind::Repaired { late: true } => write_at!(warn),
            EventKind::Dropped
            | EventKind::Elevated { .. }
            | EventKind::ElevationEnded
            | EventKind::Impersonating { .. }
            | EventKind::ImpersonationEnded
            | EventKind::Ended(_)
            | EventKind::EndedAll { .. }
            | EventKind::LoggedIn
            | EventKind::LoginDenied
            | EventKind::Lowered
            | EventKind::Raised
            | EventKind::StoreBack => write_at!(info),
            EventKind::Created
            | EventKind::PresentedEnded(_)
            | EventKind::Refused(_)
            | EventKind::Renewed
            | EventKind::Repaired { late: false }
            | EventKind::StoreCalled { .. }
            | EventKind::Unknown => write_at!(debug),
        }
    }
}
