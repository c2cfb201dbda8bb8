//! Several processes on one store, and who hands their tokens round.

use std::fs;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStdin;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc;
use std::thread;
use std::thread::JoinHandle;

use hallpass::DynStore;

use crate::Failure;
use crate::hammer;
use crate::history;
use crate::history::Operation;
use crate::settings::Settings;

/// Processes that play clients on one store. Dropping it ends those that still run.
#[derive(Debug)]
pub struct Crowd {
    histories: Vec<PathBuf>,
    members: Members,
}

#[derive(Debug)]
enum Members {
    Processes(Vec<(Child, JoinHandle<()>)>),
    Threads(Vec<JoinHandle<Result<(), Failure>>>),
}

impl Crowd {
    /// Starts processes of the program `hammer`, which open the store by its URL. Their histories go
    /// to `folder`.
    ///
    /// # Errors
    ///
    /// Fails where a process cannot be started.
    pub fn of_processes(
        settings: &Settings,
        hammer: &Path,
        folder: &Path,
    ) -> Result<Self, Failure> {
        let each = each_of(settings, folder)?;
        let mut started = Vec::new();
        let mut hub = Vec::new();
        for settings in &each {
            let mut child = Command::new(hammer)
                .args(settings.to_arguments())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            let ends = child.stdin.take().zip(child.stdout.take());
            let (stdin, stdout) = ends.ok_or("a child without pipes")?;
            hub.push(stdin);
            started.push((child, stdout));
        }
        let hub: Arc<[Mutex<ChildStdin>]> = hub.into_iter().map(Mutex::new).collect();
        let members = (0..).zip(started).map(|(own, (child, stdout))| {
            let hub = Arc::clone(&hub);
            let lines = BufReader::new(stdout).lines();
            let handing_on = thread::spawn(move || hand_on(lines, own, &hub));
            (child, handing_on)
        });
        Ok(Self {
            histories: paths(&each),
            members: Members::Processes(members.collect()),
        })
    }

    /// Starts threads in place of processes, each with a manager of its own on one store.
    ///
    /// # Errors
    ///
    /// Fails where no runtime can be had for a thread.
    pub fn of_threads(
        settings: &Settings,
        store: &DynStore,
        folder: &Path,
    ) -> Result<Self, Failure> {
        let each = each_of(settings, folder)?;
        let (told, heard): (Vec<_>, Vec<_>) = each
            .iter()
            .map(|_settings| mpsc::channel::<String>())
            .unzip();
        let mut members = Vec::new();
        for ((own, settings), heard) in (0..).zip(each.clone()).zip(heard) {
            let others = others(own, &told);
            let tell = move |line: &str| {
                for other in &others {
                    // One that has ended wants to hear nothing.
                    let _told = other.send(line.to_owned());
                }
            };
            let runtime = hammer::runtime()?;
            let store = store.clone();
            members.push(thread::spawn(move || {
                hammer::run(&runtime, &settings, store, tell, heard.into_iter())
            }));
        }
        Ok(Self {
            histories: paths(&each),
            members: Members::Threads(members),
        })
    }

    /// Waits until the time is over, and returns what all of them have recorded.
    ///
    /// # Errors
    ///
    /// Fails where one of them did.
    pub fn join(mut self) -> Result<Vec<Operation>, Failure> {
        match &mut self.members {
            Members::Processes(members) => {
                for (child, _) in &mut *members {
                    let status = child.wait()?;
                    if !status.success() {
                        return Err(format!("a hammer failed: {status}").into());
                    }
                }
                for (_, handing_on) in members.drain(..) {
                    handing_on.join().map_err(|_panic| "the hub panicked")?;
                }
            }
            Members::Threads(members) => {
                for member in members.drain(..) {
                    member.join().map_err(|_panic| "a hammer panicked")??;
                }
            }
        }
        let mut history = Vec::new();
        for path in &self.histories {
            history::read(path, &mut history)?;
        }
        Ok(history)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        if let Members::Processes(members) = &mut self.members {
            for (child, _) in members {
                // One that has ended already is none to end.
                let _ended = child.kill();
                let _reaped = child.wait();
            }
        }
    }
}

fn each_of(settings: &Settings, folder: &Path) -> io::Result<Vec<Settings>> {
    fs::create_dir_all(folder)?;
    let processes = 0..settings.processes;
    Ok(processes
        .map(|process| settings.of_process(process, folder))
        .collect())
}

fn paths(each: &[Settings]) -> Vec<PathBuf> {
    each.iter()
        .map(|settings| settings.history.clone())
        .collect()
}

fn others<T: Clone>(own: usize, all: &[T]) -> Vec<T> {
    let all = all.iter().enumerate();
    all.filter(|(number, _)| *number != own)
        .map(|(_, one)| one.clone())
        .collect()
}

/// Hands each token of one process to all others.
fn hand_on(lines: impl Iterator<Item = io::Result<String>>, own: usize, hub: &[Mutex<ChildStdin>]) {
    for line in lines.map_while(Result::ok) {
        let others = hub.iter().enumerate();
        for (_, other) in others.filter(|(number, _)| *number != own) {
            let mut other = other.lock().unwrap_or_else(PoisonError::into_inner);
            // One that has ended wants to hear nothing.
            let _told = writeln!(other, "{line}");
        }
    }
}
