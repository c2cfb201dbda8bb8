//! What the clients of one process share.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hallpass::Clock;
use hallpass::DynStore;
use hallpass::Event;
use hallpass::EventKind;
use hallpass::EventSink;
use hallpass::SessionHandle;
use hallpass::SessionManager;
use hallpass::SystemClock;
use hallpass::http::Transport;
use hallpass::http::TransportConfig;

use super::choice::Dice;
use super::pool::Held;
use super::pool::Pool;
use super::seen::NUMBERS;
use crate::Failure;
use crate::cast::ByName;
use crate::history::Operation;
use crate::history::Recorder;
use crate::settings::Settings;
use crate::wall;

/// About how many operations a turn begins.
const PER_TURN: f64 = 1.3;

/// One process.
pub(crate) struct Node {
    pub(super) settings: Settings,
    pub(super) manager: SessionManager,
    pub(super) transport: Transport,
    recorder: Recorder,
    pool: Mutex<Pool>,
    numbers: Mutex<HashMap<SessionHandle, u32>>,
    sequence: AtomicU64,
    failures: Failures,
    tell: Box<dyn Fn(&str) + Send + Sync>,
    broken: Mutex<Option<std::io::Error>>,
}

impl Node {
    pub(crate) fn new(
        settings: &Settings,
        store: DynStore,
        tell: Box<dyn Fn(&str) + Send + Sync>,
    ) -> Result<Self, Failure> {
        let failures = Failures::default();
        let manager = SessionManager::builder(store)
            .policy(ByName::new()?)
            .events(failures.clone())
            .store_timeout(settings.timeout)
            .build()?;
        let transport = TransportConfig::default().bearer(true).build()?;
        Ok(Self {
            settings: settings.clone(),
            manager,
            transport,
            recorder: Recorder::create(&settings.history)?,
            pool: Mutex::default(),
            numbers: Mutex::default(),
            sequence: AtomicU64::new(0),
            failures,
            tell,
            broken: Mutex::default(),
        })
    }

    pub(crate) fn pool(&self) -> MutexGuard<'_, Pool> {
        locked(&self.pool)
    }

    /// Plays all clients until the time is over.
    pub(crate) async fn play(self: &Arc<Self>) -> Result<(), Failure> {
        let duration = u64::try_from(self.settings.duration.as_nanos())?;
        let until = wall::now().saturating_add(duration);
        let clients = (0..self.settings.clients).map(|client| {
            let node = Arc::clone(self);
            tokio::spawn(async move { node.play_client(client, until).await })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await?;
        }
        Ok(())
    }

    /// Writes out what is recorded.
    pub(crate) fn close(&self) -> Result<(), Failure> {
        if let Some(error) = locked(&self.broken).take() {
            return Err(error.into());
        }
        Ok(self.recorder.flush()?)
    }

    async fn play_client(&self, client: u32, until: u64) {
        let Settings {
            seed,
            process,
            clients,
            rate,
            ..
        } = self.settings;
        let dice = Dice::new(seed, process, client);
        let per_second = f64::from(rate.max(1)) / f64::from(clients.max(1));
        let pause = Duration::from_secs_f64(PER_TURN / per_second);
        while wall::now() < until {
            self.turn(&dice).await;
            SystemClock.sleep(dice.up_to(2 * pause)).await;
        }
    }

    pub(super) fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }

    /// Returns a number that this process has not put into this session; `None` where it has put
    /// in enough.
    pub(super) fn next_number(&self, handle: SessionHandle) -> Option<u32> {
        let mut numbers = locked(&self.numbers);
        let next = numbers.entry(handle).or_default();
        let number = *next;
        *next += 1;
        (number < NUMBERS).then_some(number)
    }

    /// Returns how many calls of the store have failed.
    pub(super) fn failed_calls(&self) -> u64 {
        let Failures(count) = &self.failures;
        count.load(Ordering::SeqCst)
    }

    /// Writes an operation down, and only then makes known what it brought.
    pub(super) fn record(&self, operation: &Operation, brought: Option<Held>) {
        if let Err(error) = self.recorder.record(operation) {
            *locked(&self.broken) = Some(error);
        }
        if let Some(held) = brought {
            (self.tell)(&format!("{} {}", held.subject, held.text));
            self.pool().learn(held);
        }
    }
}

/// Counts the calls of the store that failed.
#[derive(Clone, Debug, Default)]
struct Failures(Arc<AtomicU64>);

impl EventSink for Failures {
    fn record(&self, event: &Event) {
        if let EventKind::StoreFailed { .. } = event.kind {
            let Self(count) = self;
            count.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
