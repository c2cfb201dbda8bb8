//! One server process: started, stopped, killed, paused and started again on its port and folder.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs;
use std::fs::File;
use std::io;
use std::iter;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Child;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use rustix::process::Pid;
use rustix::process::Signal;

use crate::Error;
use crate::family;
use crate::folder::Folder;
use crate::keeper;
use crate::ports;
use crate::user::User;
use crate::wait::holds_within;

/// How to start a server, and how it behaves.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) user: Option<User>,
    /// What it writes to its log once it answers. The log is our own, so another server on the same
    /// port is never taken for this one.
    pub(crate) ready: &'static str,
    /// Asks it to end in order.
    pub(crate) stop: Signal,
    /// Ends it at once, and leaves nothing of it in the system.
    pub(crate) end: Signal,
}

#[derive(Debug)]
pub(crate) struct Server {
    launch: Launch,
    port: u16,
    process: Running,
    folder: Folder,
}

impl Server {
    /// Starts a server on a free port, in a folder of its own. The launch is asked for once for each
    /// port that is tried, and prepares the folder.
    pub(crate) fn start(
        mut launch: impl FnMut(u16, &Folder) -> Result<Launch, Error>,
    ) -> Result<Self, Error> {
        let mut failure = Error::new("no port was tried");
        for _ in 0..PORTS_TRIED {
            let port = ports::free()?;
            let folder = Folder::create()?;
            let server = Self {
                launch: launch(port, &folder)?,
                port,
                process: Running::default(),
                folder,
            };
            match server.start_once() {
                Ok(()) => return Ok(server),
                Err(NotStarted::InUse(error)) => failure = error,
                Err(NotStarted::Broken(error)) => return Err(error),
            }
        }
        Err(failure)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.process.lock().as_ref().map(Child::id)
    }

    pub(crate) fn start_again(&self) -> Result<(), Error> {
        let mut outcome = Ok(());
        // What was killed may hold its port or its memory for a moment longer.
        holds_within(TRIES_TO_GET_AGAIN, || {
            outcome = self.start_once();
            !matches!(outcome, Err(NotStarted::InUse(_)))
        });
        outcome.map_err(|(NotStarted::Broken(error) | NotStarted::InUse(error))| error)
    }

    /// Kills it and all that it started: none of them has a chance to write or to say anything.
    pub(crate) fn kill(&self) {
        let mut process = self.process.lock();
        if let Some(child) = process.as_mut() {
            kill_family(child);
        }
        *process = None;
    }

    pub(crate) fn stop(&self) -> Result<(), Error> {
        let mut process = self.process.lock();
        let Some(child) = process.as_mut() else {
            return Ok(());
        };
        let ended = end_with(child, self.launch.stop);
        *process = None;
        if ended {
            return Ok(());
        }
        Err(self.failed("had to be killed, it did not stop"))
    }

    pub(crate) fn signal_family(&self, signal: Signal) {
        if let Some(child) = self.process.lock().as_ref() {
            let (parent, children) = family_of(child);
            for process in iter::once(parent).chain(children) {
                family::signal(process, signal);
            }
        }
    }

    fn start_once(&self) -> Result<(), NotStarted> {
        let mut process = self.process.lock();
        if process.is_some() {
            return Err(NotStarted::Broken(self.failed("runs already")));
        }
        let log = self.folder.path().join(LOG);
        let written = fs::metadata(&log).map_or(0, |found| found.len());
        let mut child = self
            .spawn()
            .map_err(|error| NotStarted::Broken(self.failed(error)))?;

        let news = || {
            let log = fs::read(&log).unwrap_or_default();
            let from = usize::try_from(written).unwrap_or(usize::MAX);
            String::from_utf8_lossy(log.get(from..).unwrap_or_default()).into_owned()
        };
        let mut is_ready = false;
        let is_decided = holds_within(TRIES_TO_START, || {
            let has_ended = !matches!(child.try_wait(), Ok(None));
            is_ready = !has_ended && news().contains(self.launch.ready);
            has_ended || is_ready
        });
        if is_ready {
            *process = Some(child);
            return Ok(());
        }
        kill_family(&mut child);
        let news = news();
        let reason = match news.lines().rev().find(|line| !line.trim().is_empty()) {
            Some(line) if is_decided => format!("ended before it was ready: {line}"),
            Some(line) => format!("is not ready after a minute: {line}"),
            None => String::from("ended before it was ready, and said nothing"),
        };
        if news.contains("in use") {
            Err(NotStarted::InUse(self.failed(reason)))
        } else {
            Err(NotStarted::Broken(self.failed(reason)))
        }
    }

    fn spawn(&self) -> io::Result<Child> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join(LOG))?;
        let mut command = keeper::command(&self.launch.program);
        command
            .args(&self.launch.arguments)
            // PostgreSQL is only known to be ready by what it says, in English.
            .env("LC_ALL", "C")
            .current_dir(self.folder.path())
            // Ctrl-C at a terminal goes to all of a group; only its owner ends a server.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        if let Some(user) = self.launch.user {
            user.take_on(&mut command);
        }
        keeper::spawn(command)
    }

    fn failed(&self, what: impl Display) -> Error {
        let name = self.launch.program.file_name().unwrap_or_default();
        Error::new(format!(
            "{} on port {} {what}",
            name.to_string_lossy(),
            self.port
        ))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = self.process.lock().as_mut() {
            end_with(child, self.launch.end);
        }
    }
}

/// The process, if it runs.
#[derive(Debug, Default)]
struct Running(Mutex<Option<Child>>);

impl Running {
    fn lock(&self) -> MutexGuard<'_, Option<Child>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
enum NotStarted {
    Broken(Error),
    /// Its port, or something else that it needs for itself, belongs to another process.
    InUse(Error),
}

/// Ends a process that may be paused. If it does not end, it is killed, and the answer is false.
fn end_with(child: &mut Child, signal: Signal) -> bool {
    let (parent, children) = family_of(child);
    family::signal(parent, signal);
    for process in iter::once(parent).chain(children) {
        family::signal(process, Signal::CONT);
    }
    let ended = holds_within(TRIES_TO_END, || !matches!(child.try_wait(), Ok(None)));
    if !ended {
        kill_family(child);
    }
    ended
}

fn kill_family(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) {
        // Paused first, so that it starts nothing more, and does not clean up after its children.
        family::signal(pid(child), Signal::STOP);
        let (parent, children) = family_of(child);
        for process in iter::once(parent).chain(children) {
            family::signal(process, Signal::KILL);
        }
    }
    let _ = child.wait();
}

fn family_of(child: &Child) -> (Pid, Vec<Pid>) {
    let parent = pid(child);
    (parent, family::children(parent))
}

/// # Invariant
///
/// The child has not been waited for, so the number is still its own.
fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

const LOG: &str = "log";

const PORTS_TRIED: usize = 10;

/// A minute, ten seconds and two seconds.
const TRIES_TO_START: usize = 6_000;
const TRIES_TO_END: usize = 1_000;
const TRIES_TO_GET_AGAIN: usize = 200;
