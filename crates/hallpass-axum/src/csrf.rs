//! The checks against requests of other sites, with the addresses of axum's server.

use std::net::IpAddr;

use hallpass_http::Csrf;
use hallpass_tower::CsrfLayer;
use hallpass_tower::PeerAddress;
use http::Extensions;

/// Returns a layer that refuses requests which pages of other sites cause.
///
/// It is [`CsrfLayer::new`], and it knows the client's address from the `ConnectInfo` of axum's
/// server as well (feature `connect-info`).
///
/// # Example: forms whose tokens are in a hidden field
///
/// ```
/// use axum::Router;
/// use axum::extract::State;
/// use axum::response::Html;
/// use axum::routing::get;
/// use hallpass_axum::{Session, SessionLayer, SessionRejection, csrf_layer};
/// use hallpass_core::SessionManager;
/// use hallpass_http::{Csrf, csrf_token};
///
/// async fn form(
///     State(csrf): State<Csrf>,
///     session: Session,
/// ) -> Result<Html<String>, SessionRejection> {
///     let hidden = csrf.hidden_field(&csrf_token(&session).await?);
///     Ok(Html(format!(r#"<form method="post">{hidden}<button>Delete</button></form>"#)))
/// }
///
/// async fn delete() -> &'static str {
///     "deleted, and only from a page of this site"
/// }
///
/// fn app(manager: SessionManager) -> Router {
///     let csrf = Csrf::default();
///     Router::new()
///         .route("/account", get(form).post(delete))
///         .with_state(csrf.clone())
///         .layer(csrf_layer(csrf).forms(64 * 1024))
///         .layer(SessionLayer::new(manager))
/// }
/// ```
#[must_use]
pub fn csrf_layer(csrf: Csrf) -> CsrfLayer {
    CsrfLayer::new(csrf).peer_address(peer)
}

fn peer(extensions: &Extensions) -> Option<IpAddr> {
    if let Some(PeerAddress(address)) = extensions.get() {
        return Some(*address);
    }
    connection(extensions)
}

#[cfg(feature = "connect-info")]
fn connection(extensions: &Extensions) -> Option<IpAddr> {
    use std::net::SocketAddr;

    let info: &axum::extract::ConnectInfo<SocketAddr> = extensions.get()?;
    Some(info.0.ip())
}

#[cfg(not(feature = "connect-info"))]
const fn connection(_extensions: &Extensions) -> Option<IpAddr> {
    None
}
