//! Signals that ask us to end: they are passed on to the program that runs, and whoever waits for it
//! cleans up behind itself.

use std::process::Child;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::thread;

use signal_hook::consts::SIGHUP;
use signal_hook::consts::SIGINT;
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;
use signal_hook::low_level::signal_name;

use crate::Result;

/// Watches for signals from now on. Before that, they end this program as usual.
pub(crate) fn watch() -> Result {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::spawn(move || {
        for signal in &mut signals {
            let mut state = lock();
            let is_repeated = state.signal.replace(signal).is_some();
            if let Some(child) = state.child {
                end(child, is_repeated);
            }
            CHANGED.notify_all();
        }
    });
    Ok(())
}

/// Fails if there was a signal.
pub(crate) fn check() -> Result {
    match lock().signal {
        Some(signal) => {
            let name = signal_name(signal).unwrap_or("a signal");
            Err(format!("interrupted by {name}").into())
        }
        None => Ok(()),
    }
}

/// Waits for a signal.
pub(crate) fn wait() {
    let is_awaited = |state: &mut State| state.signal.is_none();
    let _signal = CHANGED
        .wait_while(lock(), is_awaited)
        .unwrap_or_else(PoisonError::into_inner);
}

/// Passes signals on to this program until the answer is dropped. Drop it as soon as the program has
/// ended: its number may be given to another.
#[must_use]
pub(crate) fn pass_on_to(child: &Child) -> PassedOn {
    let mut state = lock();
    state.child = Some(child.id());
    // It came while the program was started.
    if state.signal.is_some() {
        end(child.id(), false);
    }
    PassedOn
}

#[derive(Debug)]
pub(crate) struct PassedOn;

impl Drop for PassedOn {
    fn drop(&mut self) {
        lock().child = None;
    }
}

#[derive(Debug)]
struct State {
    signal: Option<i32>,
    child: Option<u32>,
}

static STATE: Mutex<State> = Mutex::new(State {
    signal: None,
    child: None,
});

static CHANGED: Condvar = Condvar::new();

fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks the program to end, whatever the signal was: at a terminal it has had a Ctrl-C itself. Who
/// asks twice means it.
fn end(child: u32, is_repeated: bool) {
    if is_repeated {
        hallpass_servers::kill_tree(child);
    } else {
        hallpass_servers::end_tree(child);
    }
}
