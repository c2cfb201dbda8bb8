//! Plain hyper: a service of one's own, with sessions around it.

use std::io;
use std::net::IpAddr;

use hallpass::SessionManager;
use hallpass::tower::PeerAddress;
use hallpass::tower::SessionLayer;
use http::Request;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower::service_fn;

use crate::visit::visit;

/// Serves it, connection by connection.
///
/// # Errors
///
/// [`io::Error`] where no connection can be accepted.
pub async fn serve(listener: TcpListener, sessions: SessionManager) -> io::Result<()> {
    let layer = SessionLayer::new(sessions);
    loop {
        let (stream, peer) = listener.accept().await?;
        let service = ServiceBuilder::new()
            .map_request(from(peer.ip()))
            .layer(layer.clone())
            .service(service_fn(visit));
        tokio::spawn(async move {
            let service = TowerToHyperService::new(service);
            let builder = Builder::new(TokioExecutor::new());
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            let _the_client_is_gone = connection.await;
        });
    }
}

/// Tells where a request comes from, for lists of devices and trusted proxies.
fn from<B>(address: IpAddr) -> impl Fn(Request<B>) -> Request<B> + Clone {
    move |mut request| {
        request.extensions_mut().insert(PeerAddress(address));
        request
    }
}
