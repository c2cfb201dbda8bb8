//! A service of one's own, for whatever speaks `http::Request`.

use std::convert::Infallible;

use bytes::Bytes;
use hallpass::http::Refusal;
use hallpass::tower::SessionSlot;
use hallpass::tower::refused;
use http::Request;
use http::Response;
use http_body_util::Full;

/// Counts the visits of a client.
pub(crate) async fn visit<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, _body) = request.into_parts();
    let answer = async {
        let session = SessionSlot::of(&parts)?.open(&parts).await?;
        session.update("visits", |visits: &mut u32| *visits += 1)?;
        let visits: Option<u32> = session.get("visits")?;
        Ok::<_, Refusal>(format!("visit {}", visits.unwrap_or_default()))
    };
    Ok(match answer.await {
        Ok(text) => Response::new(text.into()),
        Err(refusal) => refused(refusal),
    })
}
