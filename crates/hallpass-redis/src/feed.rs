//! Who hears of endings.

mod line;

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::Weak;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::Either;
use futures_util::future::select;
use hallpass_core::Clock;
use hallpass_core::Ending;
use hallpass_core::FeedListener;
use hallpass_core::FeedListeners;
use redis::PushInfo;
use redis::PushKind;
use redis::Value;
use tokio::runtime::Handle;

use crate::link::backoff;
use crate::task::Task;

pub(crate) use self::line::Line;
use self::line::Open;

/// The listeners of this process, and the task that hears for them.
pub(crate) struct Feed {
    listeners: Arc<FeedListeners>,
    line: Option<Line>,
    channel: String,
    clock: Arc<dyn Clock>,
    is_wanted: AtomicBool,
    task: OnceLock<Task>,
}

impl Feed {
    /// Without a line nobody hears anything.
    pub(crate) fn new(line: Option<Line>, channel: String, clock: Arc<dyn Clock>) -> Self {
        Self {
            listeners: Arc::default(),
            line,
            channel,
            clock,
            is_wanted: AtomicBool::new(false),
            task: OnceLock::new(),
        }
    }

    pub(crate) const fn can_listen(&self) -> bool {
        self.line.is_some()
    }

    pub(crate) fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        self.listeners.add(listener);
        self.is_wanted.store(true, Ordering::Release);
        self.start();
    }

    /// Starts to listen where somebody wants to hear, nobody listens yet, and there is a runtime.
    pub(crate) fn start(&self) {
        if !self.is_wanted.load(Ordering::Acquire) || self.task.get().is_some() {
            return;
        }
        if let (Some(line), Ok(_runtime)) = (&self.line, Handle::try_current()) {
            self.task.get_or_init(|| {
                let listening = listen(
                    line.clone(),
                    self.channel.clone(),
                    Arc::clone(&self.listeners),
                    Arc::clone(&self.clock),
                );
                Task::spawn(listening)
            });
        }
    }
}

/// Hears for as long as the store is there.
async fn listen(line: Line, channel: String, listeners: Arc<FeedListeners>, clock: Arc<dyn Clock>) {
    let mut failures = 0;
    loop {
        match line.open(&channel).await {
            Ok(open) => {
                // What happened before went by.
                listeners.interrupted();
                let since = clock.now();
                hear(open, &channel, &listeners, &*clock).await;
                listeners.interrupted();
                tracing::warn!("lost the subscription to endings");
                if clock.now().since(since) >= LASTING {
                    failures = 0;
                }
            }
            Err(fault) => tracing::warn!(%fault, "can not subscribe to endings"),
        }
        clock.sleep(backoff(failures)).await;
        failures = failures.saturating_add(1);
    }
}

/// Hears until the line is lost.
async fn hear(mut open: Open, channel: &str, listeners: &FeedListeners, clock: &dyn Clock) {
    loop {
        let heard = match select(std::pin::pin!(open.pushed.recv()), clock.sleep(PING_EVERY)).await
        {
            Either::Left((Some(info), _)) => Some(info),
            Either::Left((None, _)) => return,
            Either::Right(((), _)) => None,
        };
        match heard.as_ref().map(|info| Heard::from(info, channel)) {
            Some(Heard::Ending(ending)) => listeners.ended(&ending),
            Some(Heard::Lost) => return,
            Some(Heard::Nothing) => {}
            // Perhaps of a later version. Something ended, and that is all that is known.
            Some(Heard::Unreadable) => listeners.interrupted(),
            None => {
                if open.ping(channel).await.is_err() {
                    return;
                }
            }
        }
    }
}

enum Heard {
    Ending(Ending),
    Lost,
    Nothing,
    Unreadable,
}

impl Heard {
    fn from(info: &PushInfo, channel: &str) -> Self {
        match info.kind {
            PushKind::Message | PushKind::SMessage => {}
            PushKind::Disconnection | PushKind::SUnsubscribe | PushKind::Unsubscribe => {
                return Self::Lost;
            }
            _ => return Self::Nothing,
        }
        match info.data.as_slice() {
            [Value::BulkString(name), Value::BulkString(bytes)] if name == channel.as_bytes() => {
                Ending::decode(bytes).map_or(Self::Unreadable, Self::Ending)
            }
            _ => Self::Nothing,
        }
    }
}

/// How often the server is asked whether it is still there. One that is gone without a word would
/// otherwise be waited for for ever.
const PING_EVERY: Duration = Duration::from_secs(5);

/// How long a subscription has to last until its loss is not taken for a failure.
const LASTING: Duration = Duration::from_secs(1);
