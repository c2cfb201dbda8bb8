//! Handlers whose body goes on after the head has left.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::Either;
use futures_util::future::select;
use futures_util::stream;
use futures_util::stream::StreamExt;
use hallpass::BoxFuture;
use hallpass::EndReason;
use hallpass::Session;
use hallpass::SessionError;
use hallpass::http::Refusal;
use tokio::sync::broadcast;

use super::Call;
use super::Reply;
use super::data::N;
use super::data::summary;

/// A stream that passes on what the application says and ends with its session. At the line
/// `save` it changes the session and saves it.
pub(super) async fn stream(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    let detached = session.detach();
    let watched = session.detach();
    let open = Open {
        ended: Box::pin(async move { watched.ended().await }),
        session: detached,
        lines: call.app.0.lines.subscribe(),
    };
    let first = stream::once(std::future::ready(Bytes::from_static(b"open\n")));
    Ok(Reply::stream(first.chain(stream::unfold(Some(open), next))))
}

struct Open {
    session: Session,
    ended: BoxFuture<'static, EndReason>,
    lines: broadcast::Receiver<String>,
}

async fn next(open: Option<Open>) -> Option<(Bytes, Option<Open>)> {
    let mut open = open?;
    let line = {
        let Open { ended, lines, .. } = &mut open;
        let line = std::pin::pin!(lines.recv());
        match select(Pin::new(ended), line).await {
            Either::Left((reason, _line)) => Either::Left(reason),
            Either::Right((line, _ended)) => Either::Right(line.unwrap_or_default()),
        }
    };
    Some(match line {
        Either::Left(reason) => (Bytes::from(format!("ended {reason}\n")), None),
        Either::Right(line) if line == "save" => {
            let saved = save(&open.session).await;
            (Bytes::from(saved), Some(open))
        }
        Either::Right(line) => (Bytes::from(format!("{line}\n")), Some(open)),
    })
}

async fn save(session: &Session) -> String {
    let saved = async {
        session.update(N, |n: &mut u32| *n += 1)?;
        session.save().await?;
        summary(session)
    };
    match saved.await {
        Ok(summary) => format!("saved {summary}\n"),
        Err(error) => format!("{error}\n"),
    }
}

/// A body that changes the session of its request after the head has left.
pub(super) async fn closed(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    let late = async move {
        let body = match session.update(N, |n: &mut u32| *n += 1) {
            Ok(()) => "changed\n",
            Err(SessionError::Closed) => "closed\n",
            Err(_other) => "something else\n",
        };
        Bytes::from_static(body.as_bytes())
    };
    Ok(Reply::stream(late.into_stream()))
}
