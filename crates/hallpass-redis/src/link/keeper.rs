//! One connection that is made again whenever it is lost.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hallpass_core::SecureRandom;
use hallpass_core::SystemRandom;
use redis::PushKind;
use redis::RedisError;
use redis::Value;
use redis::aio::MultiplexedConnection;
use tokio::sync::watch;

use super::Dialer;
use super::Troubles;
use super::within;
use crate::fault::Failure;
use crate::fault::Fault;
use crate::fault::is_lost;
use crate::task::Task;

/// One connection for all calls, and the task that makes it anew.
///
/// The task begins with the first call, and ends with the last clone.
pub(crate) struct Kept {
    dialer: Arc<Dialer>,
    state: watch::Sender<State>,
    lost: watch::Sender<u64>,
    /// How many calls in a row had no answer in time. A server that is gone without a word breaks
    /// no connection.
    silent: AtomicU32,
    troubles: Troubles,
    task: OnceLock<Task>,
}

#[derive(Clone)]
enum State {
    /// It could not be made, and will be tried again after a while.
    Down(Fault),
    /// It is being made.
    Making,
    /// It is there, and the how manieth it is.
    Up(MultiplexedConnection, u64),
}

impl Kept {
    pub(crate) fn new(dialer: Arc<Dialer>, troubles: Troubles) -> Self {
        Self {
            dialer,
            state: watch::Sender::new(State::Making),
            lost: watch::Sender::new(0),
            silent: AtomicU32::new(0),
            troubles,
            task: OnceLock::new(),
        }
    }

    pub(crate) async fn send(&self, command: &redis::Cmd) -> Result<Value, Failure> {
        let (mut connection, number) = self.connection().await?;
        let answer = connection
            .send_packed_command(command)
            .await
            .and_then(Value::extract_error);
        self.judge(number, answer.as_ref().err());
        Ok(answer?)
    }

    /// Sends commands right after each other, and returns the answer to each.
    pub(crate) async fn send_all(&self, commands: &redis::Pipeline) -> Result<Vec<Value>, Failure> {
        let (mut connection, number) = self.connection().await?;
        let answer = connection
            .send_packed_commands(commands, 0, commands.len())
            .await;
        // What the server refuses stands among the answers.
        let refused = answer.iter().flatten().find_map(|answer| match answer {
            Value::ServerError(error) => Some(RedisError::from(error.clone())),
            _ => None,
        });
        self.judge(number, answer.as_ref().err().or(refused.as_ref()));
        Ok(answer?)
    }

    /// Waits until the connection is made or cannot be made.
    pub(crate) async fn connect(&self) -> Result<(), Fault> {
        self.connection().await.map(|_connection| ())
    }

    /// Returns the connection. Fails at once while nobody tries to make it, and waits no longer
    /// than for an answer where somebody does.
    async fn connection(&self) -> Result<(MultiplexedConnection, u64), Fault> {
        self.task.get_or_init(|| self.start());
        if let State::Up(connection, number) = &*self.state.borrow() {
            return Ok((connection.clone(), *number));
        }
        let mut state = self.state.subscribe();
        let made = state.wait_for(|state| !matches!(state, State::Making));
        let limit = self.dialer.timeouts().connect;
        match within(&**self.dialer.clock(), limit, made).await {
            Some(Ok(state)) => match &*state {
                State::Up(connection, number) => Ok((connection.clone(), *number)),
                State::Down(fault) => Err(*fault),
                State::Making => Err(Fault::Disconnected),
            },
            Some(Err(_)) => Err(Fault::Disconnected),
            None => Err(Fault::TimedOut),
        }
    }

    /// Notes whether the connection is of any more use.
    fn judge(&self, number: u64, error: Option<&RedisError>) {
        let is_lost = match error {
            Some(error) if error.is_timeout() => {
                self.silent.fetch_add(1, Ordering::Relaxed) + 1 >= SILENT
            }
            Some(error) => is_lost(error),
            None => {
                if self.silent.load(Ordering::Relaxed) != 0 {
                    self.silent.store(0, Ordering::Relaxed);
                }
                false
            }
        };
        if is_lost {
            self.silent.store(0, Ordering::Relaxed);
            lose(&self.lost, number);
        }
    }

    fn start(&self) -> Task {
        Task::spawn(keep(
            Arc::clone(&self.dialer),
            self.state.clone(),
            self.lost.clone(),
            self.troubles.clone(),
        ))
    }
}

async fn keep(
    dialer: Arc<Dialer>,
    state: watch::Sender<State>,
    lost: watch::Sender<u64>,
    troubles: Troubles,
) {
    let clock = Arc::clone(dialer.clock());
    let mut losses = lost.subscribe();
    let mut failures = 0;
    for number in 1.. {
        let tell = lost.clone();
        let pushed = move |info: redis::PushInfo| {
            if info.kind == PushKind::Disconnection {
                lose(&tell, number);
            }
        };
        match dialer.dial(pushed).await {
            Ok(connection) => {
                let since = clock.now();
                state.send_replace(State::Up(connection, number));
                tracing::debug!(number, "connected to redis");
                if number > 1 {
                    troubles.note();
                }
                if losses.wait_for(|lost| *lost >= number).await.is_err() {
                    return;
                }
                state.send_replace(State::Making);
                tracing::warn!(number, "lost the connection to redis");
                // One that does not last counts as one that could not be made, so that a server
                // which takes connections only to break them is not asked without pause.
                if clock.now().since(since) >= LASTING {
                    failures = 0;
                    continue;
                }
            }
            Err(fault) => {
                tracing::warn!(%fault, "can not connect to redis");
                state.send_replace(State::Down(fault));
            }
        }
        clock.sleep(backoff(failures)).await;
        failures = failures.saturating_add(1);
        state.send_replace(State::Making);
    }
}

/// Returns how long to wait after so many failures: 50 ms at first, 5 s at most, and not the same
/// on every node, so that a server that comes back is not asked by all at once.
pub(crate) fn backoff(failures: u32) -> Duration {
    let most = FIRST_WAIT
        .saturating_mul(1 << failures.min(16))
        .min(LAST_WAIT);
    let mut byte = [u8::MAX];
    // Without randomness all nodes wait the whole time, which is no harm.
    let _same_for_all = SystemRandom.fill(&mut byte);
    let [byte] = byte;
    most / 2 + most * u32::from(byte) / (2 * u32::from(u8::MAX))
}

/// How long a connection has to last until its loss is not taken for a failure to make it.
const LASTING: Duration = Duration::from_secs(1);

const FIRST_WAIT: Duration = Duration::from_millis(50);
const LAST_WAIT: Duration = Duration::from_secs(5);

/// After how many calls in a row without an answer the connection is given up.
const SILENT: u32 = 3;

fn lose(lost: &watch::Sender<u64>, number: u64) {
    lost.send_if_modified(|lost| {
        let is_later = number > *lost;
        if is_later {
            *lost = number;
        }
        is_later
    });
}

#[cfg(test)]
mod tests;
