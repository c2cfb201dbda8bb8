//! What is different between the adapters: how a framework serves the routes of the application.

mod actix;
mod axum;
mod tower;

use std::net::SocketAddr;

use hallpass::BoxFuture;
use hallpass::SessionManager;
use hallpass::http::TransportConfig;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::app::App;

pub use self::actix::Actix;
pub use self::axum::Axum;
pub use self::tower::Tower;

/// A framework, with the adapter of hallpass for it.
pub trait Adapter: Send + Sync {
    /// Returns its name, with which the names of its tests begin.
    fn name(&self) -> &'static str;

    /// Serves all of [`ROUTES`](crate::app::ROUTES) on a port of its own, through the layer, or
    /// without one where there are no sessions.
    fn serve(&self, app: App, sessions: Option<Sessions>) -> BoxFuture<'static, Server>;
}

/// What the layer is made of.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "every adapter uses all of it")]
pub struct Sessions {
    /// Who decides about sessions.
    pub manager: SessionManager,
    /// How tokens travel.
    pub transport: TransportConfig,
    /// Whether changes are committed although the handler answered 5xx.
    pub keep_changes_on_failure: bool,
}

/// A server, which ends when this is dropped.
#[derive(Debug)]
#[non_exhaustive]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Server {
    /// A server that accepts connections in this task.
    #[must_use]
    pub const fn new(address: SocketAddr, accepting: JoinHandle<()>) -> Self {
        Self { address, accepting }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// All adapters.
#[must_use]
pub fn all() -> Vec<&'static dyn Adapter> {
    vec![&Actix, &Axum, &Tower]
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}
