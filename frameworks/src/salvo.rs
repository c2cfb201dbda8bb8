//! salvo: the layer as a hoop of the router.

use hallpass::SessionManager;
use hallpass::http::Refusal;
use hallpass::tower::SessionLayer;
use hallpass::tower::SessionSlot;
use salvo::Depot;
use salvo::Request;
use salvo::Response;
use salvo::Router;
use salvo::handler;
use salvo::http::ReqBody;
use salvo::prelude::TowerLayerCompat;

/// Routes with sessions.
#[must_use]
pub fn app(sessions: SessionManager) -> Router {
    let layer = SessionLayer::new(sessions).compat::<ReqBody>();
    Router::new().hoop(layer).get(visit)
}

/// Counts the visits of a client.
#[handler]
async fn visit(request: &mut Request, _depot: &mut Depot, response: &mut Response) {
    match count(request).await {
        Ok(visits) => response.render(format!("visit {visits}")),
        Err(refusal) => {
            let answer = refusal.answer();
            response.status_code(answer.status());
            response.headers = answer.headers().clone();
        }
    }
}

async fn count(request: &Request) -> Result<u32, Refusal> {
    let slot = SessionSlot::find(request.extensions())?;
    let peer = request
        .remote_addr()
        .clone()
        .into_std()
        .map(|peer| peer.ip());
    let session = slot
        .open_from(request.method(), request.headers(), peer)
        .await?;
    session.update("visits", |visits: &mut u32| *visits += 1)?;
    Ok(session.get("visits")?.unwrap_or_default())
}
