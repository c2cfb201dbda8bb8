//! What all requests of a layer share.

use std::fmt;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use hallpass_core::SessionManager;
use http::Uri;

use super::SessionSlot;
use super::Slot;
use crate::transport::Transport;
use crate::transport::TransportConfig;
use crate::transport::TransportError;

/// The sessions of an application: the manager, and how tokens travel. The engine behind the layer
/// or the middleware of each framework. Clones share it.
///
/// For each request an adapter makes a [`SessionSlot`] and lets handlers open it; when the handler
/// has answered it calls [`SessionSlot::finish`], waits if it has to, and calls
/// [`SessionSlot::answer`] before the head leaves.
#[derive(Clone)]
pub struct Sessions(Arc<Shared>);

#[derive(Clone)]
struct Shared {
    manager: SessionManager,
    transport: Transport,
    keep_changes_on_failure: bool,
}

impl Sessions {
    /// Sessions with the default transport: the cookies `__Host-session` and `__Host-anon`.
    #[must_use]
    pub fn new(manager: SessionManager) -> Self {
        Self::from_built(manager, Transport::default())
    }

    /// Sessions with a transport of one's own.
    ///
    /// # Errors
    ///
    /// [`TransportError`] where the settings do not go together.
    pub fn with_transport(
        manager: SessionManager,
        transport: TransportConfig,
    ) -> Result<Self, TransportError> {
        Ok(Self::from_built(manager, transport.build()?))
    }

    /// Whether changes of data are committed although the handler answered 5xx. Default: no, they
    /// are dropped, because a handler that failed half-way has written half of what it meant.
    /// What was awaited in the handler (`login`, `update_now`, ...) is done in any case, and its
    /// cookies go out.
    #[must_use]
    pub fn keep_changes_on_failure(mut self, keep: bool) -> Self {
        Arc::make_mut(&mut self.0).keep_changes_on_failure = keep;
        self
    }

    /// Returns the place of the session in one request. `target` tells what it asks for, before any
    /// router took something off it; it is called only where something depends on that.
    pub fn slot(&self, target: impl FnOnce() -> Option<Uri>) -> SessionSlot {
        let transport = &self.0.transport;
        let is_needed = transport.answers.has_pages() || transport.reads_paths();
        SessionSlot(Arc::new(Slot {
            sessions: self.clone(),
            target: is_needed.then(target).flatten(),
            no_touch: AtomicBool::new(false),
            opened: OnceLock::new(),
        }))
    }

    /// Returns the manager.
    #[must_use]
    pub fn manager(&self) -> &SessionManager {
        &self.0.manager
    }

    /// Returns how tokens travel.
    #[must_use]
    pub fn transport(&self) -> &Transport {
        &self.0.transport
    }

    pub(super) fn keeps_changes_on_failure(&self) -> bool {
        self.0.keep_changes_on_failure
    }

    fn from_built(manager: SessionManager, transport: Transport) -> Self {
        Self(Arc::new(Shared {
            manager,
            transport,
            keep_changes_on_failure: false,
        }))
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("manager", &self.0.manager)
            .field("transport", &self.0.transport)
            .field("keep_changes_on_failure", &self.0.keep_changes_on_failure)
            .finish()
    }
}
