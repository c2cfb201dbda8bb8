//! What a stream says for as long as its session lives.

use std::time::Duration;

use hallpass::EndReason;
use hallpass::Session;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// Something that a stream says.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a stream says each of them")]
pub enum News {
    /// The session has ended: the last news.
    Ended(EndReason),
    /// The session lives.
    Tick,
}

impl News {
    /// The name of the event.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ended(_) => "ended",
            Self::Tick => "tick",
        }
    }

    /// What comes with it.
    pub const fn data(&self) -> &'static str {
        match self {
            Self::Ended(reason) => reason.as_str(),
            Self::Tick => ".",
        }
    }
}

/// One tick a second, until the session ends. Ticks are no activity: they keep nothing alive.
///
/// A session that has ended already says so at once: it may have ended while the page was on its
/// way.
pub fn follow(session: &Session) -> ReceiverStream<News> {
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
            let news = tokio::select! {
                reason = &mut ended => News::Ended(reason),
                _instant = ticks.tick() => News::Tick,
            };
            let is_last = matches!(news, News::Ended(_));
            // The client may be gone, and then nobody needs the ticks.
            if sender.send(news).await.is_err() || is_last {
                return;
            }
        }
    });
    ReceiverStream::new(receiver)
}
