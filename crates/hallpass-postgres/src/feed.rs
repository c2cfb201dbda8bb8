//! How nodes hear of endings: by `LISTEN` and `NOTIFY`.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::Weak;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64ct::Base64Unpadded;
use base64ct::Encoding;
use futures_util::future::Either;
use futures_util::future::select;
use hallpass_core::Ending;
use hallpass_core::FeedListener;
use hallpass_core::FeedListeners;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_postgres::AsyncMessage;
use tokio_postgres::Client;

use crate::error::PostgresError;
use crate::names::quoted;
use crate::target::Target;
use crate::timer::Backoff;
use crate::timer::Deadline;
use crate::timer::pause;

/// The listeners of this node, and the connection that tells them.
pub(crate) struct Feed {
    channel: String,
    target: Option<Target>,
    listeners: Arc<FeedListeners>,
    is_listening: AtomicBool,
    runtime: Handle,
    open: watch::Sender<()>,
}

impl Feed {
    /// Call it within a runtime.
    pub(crate) fn new(channel: String, target: Option<Target>) -> Self {
        Self {
            channel,
            target,
            listeners: Arc::default(),
            is_listening: AtomicBool::new(false),
            runtime: Handle::current(),
            open: watch::Sender::new(()),
        }
    }

    pub(crate) fn channel(&self) -> &str {
        &self.channel
    }

    pub(crate) const fn can_listen(&self) -> bool {
        self.target.is_some()
    }

    /// Returns the text that tells an ending. One that is too long for the server says nothing, and
    /// whoever hears it looks for themselves.
    pub(crate) fn message(&self, ending: &Ending) -> String {
        let text = Base64Unpadded::encode_string(&ending.encode());
        if text.len() < LONGEST_MESSAGE {
            text
        } else {
            String::new()
        }
    }

    /// Adds a listener, and begins to listen with the first.
    pub(crate) fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        let Some(target) = &self.target else {
            return;
        };
        self.listeners.add(listener);
        if !self.is_listening.swap(true, Ordering::Relaxed) {
            let task = Task {
                target: target.clone(),
                order: format!("listen {}", quoted(&self.channel)),
                listeners: Arc::clone(&self.listeners),
                closed: self.open.subscribe(),
            };
            self.runtime.spawn(task.run());
        }
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed")
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

/// Tells what a message says. One that says nothing stands for an ending that was too long for it.
fn hear(listeners: &FeedListeners, message: &str) {
    let ending = Base64Unpadded::decode_vec(message)
        .ok()
        .and_then(|bytes| Ending::decode(&bytes).ok());
    match ending {
        Some(ending) => listeners.ended(&ending),
        None => listeners.interrupted(),
    }
}

/// What listens, until the store is gone.
struct Task {
    target: Target,
    order: String,
    listeners: Arc<FeedListeners>,
    closed: watch::Receiver<()>,
}

impl Task {
    async fn run(self) {
        let mut closed = self.closed.clone();
        let listening = pin!(self.listen());
        select(listening, pin!(closed.changed())).await;
    }

    async fn listen(&self) {
        let mut backoff = Backoff::reconnecting();
        loop {
            match self.target.connect().await {
                Ok((client, mut wire)) => {
                    let listeners = Arc::clone(&self.listeners);
                    let hearing = async move {
                        while let Some(message) = wire.next().await {
                            if let AsyncMessage::Notification(notification) = message {
                                hear(&listeners, notification.payload());
                            }
                        }
                    };
                    let attending = pin!(self.attend(&client, &mut backoff));
                    match select(pin!(hearing), attending).await {
                        Either::Left(((), _)) => {
                            tracing::debug!("the feed of endings is interrupted");
                        }
                        Either::Right((error, _)) => {
                            tracing::debug!(%error, "the feed of endings is interrupted");
                        }
                    }
                    self.listeners.interrupted();
                }
                Err(error) => tracing::debug!(%error, "no connection for the feed of endings"),
            }
            backoff.pause().await;
        }
    }

    /// Begins to listen, and then looks whether the server is still there; returns why not.
    async fn attend(&self, client: &Client, backoff: &mut Backoff) -> PostgresError {
        if let Err(error) = within(client.batch_execute(&self.order)).await {
            return error;
        }
        backoff.reset();
        // Whatever was published until now has not been heard.
        self.listeners.interrupted();
        loop {
            pause(BETWEEN_CHECKS).await;
            if let Err(error) = within(client.check_connection()).await {
                return error;
            }
        }
    }
}

async fn within(
    answer: impl Future<Output = Result<(), tokio_postgres::Error>>,
) -> Result<(), PostgresError> {
    Ok(Deadline::after(LONGEST_CHECK).of(answer).await??)
}

/// The server takes messages below 8 000 bytes.
const LONGEST_MESSAGE: usize = 8_000;

const BETWEEN_CHECKS: Duration = Duration::from_secs(5);
const LONGEST_CHECK: Duration = Duration::from_secs(5);
