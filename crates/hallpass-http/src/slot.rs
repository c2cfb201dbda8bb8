//! Where a request finds its session.

mod asker;
mod sessions;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use hallpass_core::BoxFuture;
use hallpass_core::Delivery;
use hallpass_core::Finished;
use hallpass_core::Session;
use hallpass_core::SessionError;
use hallpass_core::SessionManager;
use hallpass_core::Unmet;
use http::Extensions;
use http::HeaderMap;
use http::Method;
use http::StatusCode;
use http::Uri;
use http::request::Parts;

use crate::answer::Answer;
use crate::answer::Refusal;
use crate::transport::Account;
use crate::transport::Carrier;
use crate::transport::NoTouch;
use crate::transport::Transport;

pub(crate) use self::asker::Asker;
pub use self::sessions::Sessions;

/// The place of the session in a request, which [`Sessions::slot`] makes. Adapters put it where
/// handlers find it: those of tower among the extensions of the request.
///
/// Nothing is read and nothing is loaded until somebody opens it. Clones are the same place.
#[derive(Clone)]
pub struct SessionSlot(Arc<Slot>);

struct Slot {
    sessions: Sessions,
    /// What was asked for, where something depends on it.
    target: Option<Uri>,
    no_touch: AtomicBool,
    opened: OnceLock<Opened>,
}

struct Opened {
    session: Session,
    carrier: Carrier,
    asker: Asker,
}

/// What is left to do for a response.
#[expect(
    clippy::exhaustive_enums,
    reason = "an adapter has to know what it waits for"
)]
pub enum Finish {
    /// There is something to write first.
    Later(BoxFuture<'static, Finished>),
    /// There is nothing to write.
    Now(Finished),
    /// Nobody asked for the session.
    Untouched,
}

/// What goes out in place of the handler's answer.
#[derive(Debug)]
#[non_exhaustive]
pub struct Instead {
    /// The answer, with all that the session adds to it.
    pub answer: Answer,
    /// Why.
    pub refusal: Refusal,
}

/// The address of the connection, as an extension of the request, where the server does not put
/// one there that the adapter knows. It ends up in lists of devices and decides whether
/// forwarding headers are believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "an address under a name of its own"
)]
pub struct PeerAddress(pub IpAddr);

/// The request did not pass the layer or the middleware that puts sessions around handlers.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct LayerMissing;

impl LayerMissing {
    pub(crate) const TEXT: &str = "the session layer is missing: in axum and tower add \
        `.layer(SessionLayer::new(manager))` to the router, after (below) the routes that use \
        sessions; in actix add `.wrap(SessionMiddleware::new(manager))` to the `App`";
}

impl fmt::Display for LayerMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::TEXT)
    }
}

impl std::error::Error for LayerMissing {}

impl SessionSlot {
    /// Returns the place of the session in this request.
    ///
    /// # Errors
    ///
    /// [`LayerMissing`], which says what to add where.
    pub fn of(parts: &Parts) -> Result<&Self, LayerMissing> {
        Self::find(&parts.extensions)
    }

    /// Returns the place of the session from the extensions of a request.
    ///
    /// # Errors
    ///
    /// As [`SessionSlot::of`].
    pub fn find(extensions: &Extensions) -> Result<&Self, LayerMissing> {
        extensions.get().ok_or(LayerMissing)
    }

    /// Opens the session of the request, or returns it if it is open. The address of the
    /// connection is that of [`PeerAddress`].
    ///
    /// # Errors
    ///
    /// [`SessionError::Unavailable`] where the store does not answer.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time.
    pub async fn open(&self, parts: &Parts) -> Result<Session, SessionError> {
        let peer = parts.extensions.get().map(|PeerAddress(address)| *address);
        if parts.extensions.get::<NoTouch>().is_some() {
            self.mark_no_touch();
        }
        self.open_from(&parts.method, &parts.headers, peer).await
    }

    /// Opens the session of a request with this method and these headers, which comes from this
    /// address. For adapters.
    ///
    /// # Errors
    ///
    /// As [`SessionSlot::open`].
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time.
    pub async fn open_from(
        &self,
        method: &Method,
        headers: &HeaderMap,
        peer: Option<IpAddr>,
    ) -> Result<Session, SessionError> {
        if let Some(opened) = self.0.opened.get() {
            return Ok(opened.session.clone());
        }
        let transport = self.transport();
        let (carrier, opening) = {
            let path = self.0.target.as_ref().map_or("", Uri::path);
            let mut incoming = transport.read(peer, method, path, headers);
            incoming.presented.no_touch |= self.0.no_touch.load(Ordering::Relaxed);
            let opening = self.manager().open(incoming.presented, incoming.client);
            (incoming.carrier, opening)
        };
        let session = opening.await?;
        let opened = Opened {
            asker: Asker::of(method, headers, self.page_target()),
            session,
            carrier,
        };
        // Of two that open at once, both get what the first found.
        Ok(self.0.opened.get_or_init(|| opened).session.clone())
    }

    /// Says that the request is no activity of the user: see [`NoTouch`]. No effect once the session is
    /// open.
    pub fn mark_no_touch(&self) {
        self.0.no_touch.store(true, Ordering::Relaxed);
    }

    /// Returns where a redirect may have to lead back to.
    fn page_target(&self) -> Option<&Uri> {
        let has_pages = self.transport().answers.has_pages();
        self.0.target.as_ref().filter(|_| has_pages)
    }

    /// Returns the session, if somebody has opened it.
    #[must_use]
    pub fn opened(&self) -> Option<&Session> {
        self.0.opened.get().map(|opened| &opened.session)
    }

    /// Returns which of several accounts of the browser the request is for; `None` before the session
    /// is opened, and where tokens travel otherwise.
    #[must_use]
    pub fn account(&self) -> Option<Account> {
        match self.0.opened.get()?.carrier {
            Carrier::Account(account) => Some(account),
            Carrier::Cookie | Carrier::Header | Carrier::Nowhere => None,
        }
    }

    /// Returns how tokens travel here.
    #[must_use]
    pub fn transport(&self) -> &Transport {
        self.0.sessions.transport()
    }

    /// Returns the manager.
    #[must_use]
    pub fn manager(&self) -> &SessionManager {
        self.0.sessions.manager()
    }

    /// Returns the answer to this request if it goes no further. A page is redirected where a
    /// page of the configuration helps.
    #[must_use]
    pub fn refuse(&self, refusal: &Refusal) -> Answer {
        let answers = &self.transport().answers;
        let Some(Opened { session, asker, .. }) = self.0.opened.get() else {
            return Answer::to(refusal, answers, &Asker::default());
        };
        if matches!(refusal, Refusal::Error(SessionError::NotLoggedIn))
            && session.locked().is_some()
        {
            let locked = Refusal::Unmet(Unmet::NotLoggedIn { locked: true });
            return Answer::to(&locked, answers, asker);
        }
        Answer::to(refusal, answers, asker)
    }

    /// Begins to commit, if somebody opened the session. For adapters: once, when the handler has
    /// answered with this status.
    #[must_use]
    pub fn finish(&self, status: StatusCode) -> Finish {
        let Some(opened) = self.0.opened.get() else {
            return Finish::Untouched;
        };
        let failed = status.is_server_error() && !self.0.sessions.keeps_changes_on_failure();
        if let Some(finished) = opened.session.try_finish(failed) {
            return Finish::Now(finished);
        }
        let session = opened.session.clone();
        Finish::Later(Box::pin(async move { session.finish(failed).await }))
    }

    /// Writes into the head of the handler's answer what the session adds to it, or returns what
    /// goes out instead. For adapters: before the head leaves.
    ///
    /// `refused` is why the handler refused, if the adapter's error response says so: such an
    /// answer is completed with what [`SessionSlot::refuse`] knows of the request, unless the
    /// application has given it another status.
    #[must_use]
    pub fn answer(
        &self,
        refused: Option<&Refusal>,
        status: &mut StatusCode,
        headers: &mut HeaderMap,
        finished: Finished,
    ) -> Option<Instead> {
        let opened = self.0.opened.get()?;
        let mut instead = finished.refusal.map(|error| {
            let refusal = Refusal::Error(error);
            let answer = self.refuse(&refusal);
            Instead { answer, refusal }
        });
        if let Some(refusal) = refused.filter(|refusal| refusal.status() == *status) {
            let answer = self.refuse(refusal);
            *status = answer.status();
            for (name, value) in answer.headers() {
                headers.insert(name, value.clone());
            }
            if answer.status().is_redirection() {
                headers.remove(http::header::WWW_AUTHENTICATE);
            }
        }
        let transport = self.transport();
        let headers = instead
            .as_mut()
            .map_or(headers, |instead| instead.answer.headers_mut());
        transport.mark_read(headers);
        if finished.delivery == Delivery::default() {
            return instead;
        }
        let now = self.manager().now();
        match transport.deliver(opened.carrier, &finished.delivery, now, headers) {
            Ok(()) => instead,
            Err(error) => {
                let refusal = Refusal::Undeliverable(error);
                let answer = refusal.answer();
                Some(Instead { answer, refusal })
            }
        }
    }
}

impl fmt::Debug for SessionSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionSlot")
            .field("session", &self.opened())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Finish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Later(_) => "Later",
            Self::Now(_) => "Now",
            Self::Untouched => "Untouched",
        })
    }
}
