//! The endings of the last minute, which are asserted again where a server may have lost them.
//!
//! A replica that becomes the master may lack the last writes of the one before. Who was told that a
//! session has ended must not find it alive again, so each store remembers what it has ended.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use hallpass_core::End;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;

/// What was ended of late.
#[derive(Default)]
pub(crate) struct Memory(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    /// The time of the last call. Deliberately not the latest: a clock that was ahead for a moment
    /// would make everything after it look old.
    now: Timestamp,
    endings: VecDeque<(Timestamp, End)>,
    advances: VecDeque<(Timestamp, Advance)>,
}

/// A scope that was advanced, and to which counts: one for each bucket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Advance {
    pub(crate) scope: EpochScope,
    pub(crate) reason: EndReason,
    pub(crate) at: Timestamp,
    pub(crate) counts: Vec<i64>,
}

/// What is to be asserted, and the time to do it at.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Recalled {
    pub(crate) endings: Vec<End>,
    pub(crate) advances: Vec<Advance>,
    pub(crate) now: Timestamp,
}

impl Memory {
    pub(crate) fn ended(&self, end: End, now: Timestamp) {
        let mut memory = self.at(now);
        push(&mut memory.endings, (now, end), MAX_ENDINGS);
    }

    pub(crate) fn buried(&self, tombstones: &[Tombstone], now: Timestamp) {
        for tombstone in tombstones {
            let end = End {
                handle: tombstone.handle(),
                reason: tombstone.reason().clone(),
                at: tombstone.ended_at(),
                keep_until: tombstone.keep_until(),
            };
            self.ended(end, now);
        }
    }

    pub(crate) fn advanced(&self, advance: Advance, now: Timestamp) {
        let mut memory = self.at(now);
        push(&mut memory.advances, (now, advance), MAX_ADVANCES);
    }

    pub(crate) fn recall(&self) -> Recalled {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let endings = memory.endings.iter().map(|(_, end)| end.clone());
        let advances = memory.advances.iter().map(|(_, advance)| advance.clone());
        Recalled {
            endings: endings.collect(),
            advances: advances.collect(),
            now: memory.now,
        }
    }

    /// Forgets what is older than a minute.
    fn at(&self, now: Timestamp) -> MutexGuard<'_, Remembered> {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.now = now;
        forget(&mut memory.endings, now);
        forget(&mut memory.advances, now);
        memory
    }
}

/// The queue is in the order of calls, and so nearly in that of their times: where clocks differ,
/// something stays a little longer.
fn forget<T>(queue: &mut VecDeque<(Timestamp, T)>, now: Timestamp) {
    while queue.front().is_some_and(|(at, _)| now.since(*at) > KEPT) {
        queue.pop_front();
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T, max: usize) {
    if queue.len() >= max {
        queue.pop_front();
    }
    queue.push_back(item);
}

/// How long an ending is remembered. Longer than a Cluster or Sentinels take to name a new master.
const KEPT: Duration = Duration::from_secs(60);

const MAX_ENDINGS: usize = 10_000;

/// On a Cluster each holds a number for every bucket.
const MAX_ADVANCES: usize = 256;

#[cfg(test)]
mod tests;
