//! A stream that lives as long as its session.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::Event;
use axum::response::sse::Sse;
use hallpass::axum::Session;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;

/// One tick a second, until the session ends. Ticks are no activity: they keep nothing alive.
///
/// A session that has ended already says so at once: it may have ended while the page was on its
/// way.
pub(crate) async fn events(session: Session) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let ended_before = session.end_reason();
    let session = session.detach();
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let ended = async {
            match ended_before {
                Some(reason) => reason,
                None => session.ended().await,
            }
        };
        tokio::pin!(ended);
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        loop {
            let (event, is_last) = tokio::select! {
                reason = &mut ended => (Event::default().event("ended").data(reason.as_str()), true),
                _instant = ticks.tick() => (Event::default().event("tick").data("."), false),
            };
            // The client may be gone, and then nobody needs the ticks.
            if sender.send(Ok(event)).await.is_err() || is_last {
                return;
            }
        }
    });
    Sse::new(ReceiverStream::new(receiver))
}
