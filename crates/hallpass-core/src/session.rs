//! What a handler holds.

mod capacity;
mod commit;
mod credentials;
mod data;
mod devices;
mod finish;
mod login;
mod merging;
mod stream;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::time::Duration;

use crate::authentication::Authentication;
use crate::client::ClientFacts;
use crate::data::DataMap;
use crate::end::EndReason;
use crate::error::SessionError;
use crate::manager::Found;
use crate::manager::Manner;
use crate::manager::Op;
use crate::manager::Opened;
use crate::manager::SessionManager;
use crate::manager::SharedOps;
use crate::manager::lock;
use crate::requirement::Requirement;
use crate::store::StoreError;
use crate::subject::Subject;
use crate::time::Timestamp;
use crate::token::SessionHandle;

pub use self::credentials::Renewal;
pub use self::data::Flash;
pub use self::finish::Delivery;
pub use self::finish::Finished;
pub use self::finish::Instruction;
pub use self::login::CarryOver;
pub use self::login::Login;
pub use self::login::LoginOutcome;

/// The session of a request.
///
/// Every request has one; it is anonymous and empty until something is put in or somebody logs
/// in. Reading and changing data needs no waiting: the record was loaded when the session was
/// opened, and the layer commits the changes, all or none, before the head of the response
/// leaves. Changes that are only applied to the session's data (`insert`, `remove`, `clear`,
/// `update`, `flash`) are kept as operations and applied again if somebody else wrote meanwhile,
/// so different keys never disturb each other and `update` never loses an increment.
///
/// What must decide something, or must not fail unseen, is awaited: `update_now`, `take`, `login`,
/// `logout`, `raise`, `revoke`, ... Changes made before such a call travel in its write.
///
/// Clones are the same session.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    manager: SessionManager,
    client: ClientFacts,
    opened_at: Timestamp,
    /// Belongs to a stream: nobody commits it but its own `save`.
    detached: bool,
    manner: Manner,
    state: Mutex<State>,
}

/// What a request has found and what it wants.
struct State {
    closed: bool,
    /// An anonymous session is being stored.
    beginning: bool,
    /// Counts logins, logouts and raises: a commit that was under way meanwhile belongs to the
    /// session before.
    era: u64,
    opened: Option<Arc<Opened>>,
    locked: Option<Arc<Opened>>,
    ended: Option<EndReason>,
    outage: Option<StoreError>,
    ops: Vec<Op>,
    /// The data as they are after the operations; `None` while there are none.
    view: Option<DataMap>,
    delivery: Delivery,
}

/// How long a session still lasts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "there are two timeouts")]
pub struct ExpiresIn {
    /// Until it ends if nobody uses it any more; `None` without an idle timeout.
    pub idle: Option<Duration>,
    /// Until it ends, used or not.
    pub absolute: Duration,
}

impl Session {
    pub(crate) fn new(
        manager: &SessionManager,
        client: ClientFacts,
        opened_at: Timestamp,
        found: Found,
    ) -> Self {
        Self::with(manager, client, opened_at, false, found)
    }

    fn with(
        manager: &SessionManager,
        client: ClientFacts,
        opened_at: Timestamp,
        detached: bool,
        found: Found,
    ) -> Self {
        let state = State {
            closed: false,
            beginning: false,
            era: 0,
            opened: found.opened,
            locked: found.locked,
            ended: found.ended,
            outage: found.outage,
            ops: Vec::new(),
            view: None,
            delivery: Delivery::default(),
        };
        let manager = manager.clone();
        Self(Arc::new(Inner {
            manager,
            client,
            opened_at,
            detached,
            manner: found.manner,
            state: Mutex::new(state),
        }))
    }

    /// Returns the manager, for what goes beyond this session.
    #[must_use]
    pub fn manager(&self) -> &SessionManager {
        &self.0.manager
    }

    /// Returns the public name of the session; `None` while nothing is stored of it.
    #[must_use]
    pub fn handle(&self) -> Option<SessionHandle> {
        self.state()
            .opened
            .as_ref()
            .map(|opened| opened.record.handle())
    }

    /// Returns whose session it is; `None` for an anonymous one.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        self.state()
            .opened
            .as_ref()
            .and_then(|opened| opened.subject().cloned())
    }

    /// Returns how the subject authenticated; `None` for an anonymous session. While an elevation holds,
    /// this is what it stands for; while somebody acts for the subject, how they authenticated.
    ///
    /// A request whose token is from before the assurance was raised stands for the assurance
    /// from before.
    #[must_use]
    pub fn authentication(&self) -> Option<Authentication> {
        let now = self.0.manager.now();
        self.state()
            .opened
            .as_ref()
            .and_then(|opened| opened.authentication_at(now))
            .cloned()
    }

    /// Returns whether the subject authenticated at most `max_age` ago (RFC 9470, SES-19). Never while
    /// somebody else acts for it, and not while a sign of risk demands that it does so again.
    #[must_use]
    pub fn is_recently_authenticated(&self, max_age: Duration) -> bool {
        self.check(&Requirement::login().max_age(max_age)).is_ok()
    }

    /// Returns whether the request may come from other hands than those that authenticated, so that
    /// the subject has to do so again before anything that matters
    /// ([`RiskAnswer::StepUp`](crate::RiskAnswer)). Until then no authentication counts as recent.
    ///
    /// A login or a [`Session::raise`] from the present client ends it; where the signs of risk pass
    /// by themselves, the next request is without it.
    #[must_use]
    pub fn demands_step_up(&self) -> bool {
        let state = self.state();
        let opened = state.opened.as_ref();
        opened.is_some_and(|opened| opened.demands_step_up)
    }

    /// Returns how long the session still lasts, counted from the end of this request, to warn
    /// the user in time; `None` while nothing is stored of it.
    #[must_use]
    pub fn expires_in(&self) -> Option<ExpiresIn> {
        let now = self.0.manager.now();
        let state = self.state();
        let opened = state.opened.as_ref()?;
        let record = &opened.record;
        let slides = opened.touch || opened.renew || opened.noted || state.view.is_some();
        let last_seen = if slides {
            self.seen_at(opened)
        } else {
            record.last_seen()
        };
        let absolute = record.absolute_deadline();
        let idle = record
            .idle()
            .map(|idle| last_seen.saturating_add(idle).min(absolute).since(now));
        Some(ExpiresIn {
            idle,
            absolute: absolute.since(now),
        })
    }

    /// Returns whose session is locked: it sat unused past its idle timeout, and
    /// [`Session::raise`] with one factor reopens it (NIST SP 800-63B-4, 2.2.3). Until then the
    /// request is anonymous.
    #[must_use]
    pub fn locked(&self) -> Option<Subject> {
        self.state()
            .locked
            .as_ref()
            .and_then(|locked| locked.record.subject().cloned())
    }

    /// Returns why the presented session is gone, if that is known and the request proved to be
    /// its client.
    #[must_use]
    pub fn end_reason(&self) -> Option<EndReason> {
        self.state().ended.clone()
    }

    /// Returns the time at which this request counts as activity: that of the last one, where it
    /// is none itself.
    fn seen_at(&self, opened: &Opened) -> Timestamp {
        if self.0.manner.no_touch {
            opened.record.last_seen()
        } else {
            self.0.opened_at
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }

    /// Locks the state for a change.
    fn open_state(&self) -> Result<MutexGuard<'_, State>, SessionError> {
        let state = self.state();
        if state.closed {
            Err(SessionError::Closed)
        } else {
            Ok(state)
        }
    }
}

impl State {
    /// Returns the session whose assurance can be raised.
    fn to_raise(&self) -> Option<&Arc<Opened>> {
        let opened = self
            .opened
            .as_ref()
            .filter(|opened| opened.record.subject().is_some());
        opened.or(self.locked.as_ref())
    }

    /// Returns the fault behind an anonymous request that may not be anonymous.
    fn outage(&self) -> Result<(), SessionError> {
        match &self.outage {
            Some(error) => Err(SessionError::Unavailable(error.clone())),
            None => Ok(()),
        }
    }

    /// Returns the data as this request sees them.
    fn data(&self) -> Option<Cow<'_, DataMap>> {
        self.view
            .as_ref()
            .map(Cow::Borrowed)
            .or_else(|| self.opened.as_ref().map(|opened| opened.data()))
    }

    /// Forgets all changes that nobody has committed.
    fn drop_changes(&mut self) {
        self.ops.clear();
        self.view = None;
    }

    /// Takes the pending operations out, for a commit.
    fn take_ops(&mut self) -> SharedOps {
        Arc::new(Mutex::new(std::mem::take(&mut self.ops)))
    }

    /// Puts operations back that were not committed, before those that came since.
    fn put_back(&mut self, ops: &SharedOps) {
        let mut earlier = std::mem::take(&mut *lock(ops));
        earlier.append(&mut self.ops);
        self.ops = earlier;
    }

    /// Computes the view anew after the record was replaced.
    fn refresh_view(&mut self) {
        if self.ops.is_empty() {
            self.view = None;
            return;
        }
        let mut data = self
            .opened
            .as_ref()
            .map(|opened| opened.data().into_owned())
            .unwrap_or_default();
        for op in &self.ops {
            // One that does not fit any more is told by the commit.
            let _told_later = op.apply(&mut data);
        }
        self.view = Some(data);
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        let record = state.opened.as_ref().map(|opened| &opened.record);
        f.debug_struct("Session")
            .field("handle", &record.map(|record| record.handle()))
            .field("subject", &record.and_then(|record| record.subject()))
            .field("closed", &state.closed)
            .finish_non_exhaustive()
    }
}
