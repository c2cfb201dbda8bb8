//! Starts programs that end with us.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::LazyLock;
use std::sync::mpsc;
use std::sync::mpsc::Sender;
use std::thread;

use crate::programs;

/// A command whose program is asked to end, with `SIGTERM`, when the thread that starts it ends, even
/// if that is killed. Where the system cannot do that, an ordinary command.
///
/// For programs that start others and end them when they are asked, as a test runner. The servers of
/// this crate need no such care.
#[must_use]
pub fn command_that_ends_with_us(program: impl AsRef<OsStr>) -> Command {
    with_death_signal("TERM", program)
}

/// A command whose program is killed by the system when we end, even if we are killed, provided that
/// [`spawn`] starts it. Where the system cannot do that, an ordinary command.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    with_death_signal("KILL", program)
}

/// Starts the command from the keeper.
///
/// Linux sends the signal when the *thread* ends that started the program. A test that starts a server
/// may run in a thread of its own, so all are started by one thread that ends with the process.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    let (answer, child) = mpsc::channel();
    let is_gone = || io::Error::other("the thread that starts servers is gone");
    KEEPER.send((command, answer)).map_err(|_| is_gone())?;
    child.recv().map_err(|_| is_gone())?
}

fn with_death_signal(signal: &str, program: impl AsRef<OsStr>) -> Command {
    let Some(setpriv) = &*SETPRIV else {
        return Command::new(program);
    };
    let mut command = Command::new(setpriv);
    command.args(["--pdeathsig", signal, "--"]).arg(program);
    command
}

type Order = (Command, Sender<io::Result<Child>>);

static KEEPER: LazyLock<Sender<Order>> = LazyLock::new(|| {
    let (sender, orders) = mpsc::channel::<Order>();
    thread::spawn(move || {
        for (mut command, answer) in orders {
            let _ = answer.send(command.spawn());
        }
    });
    sender
});

/// The program that asks the system for the signal, where it is there and knows how. It does so after
/// the change of the user, which would take the wish back.
static SETPRIV: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let setpriv = programs::in_path("setpriv")?;
    let status = Command::new(&setpriv)
        .args(["--pdeathsig", "KILL", "--", "true"])
        .stderr(Stdio::null())
        .status();
    status
        .is_ok_and(|status| status.success())
        .then_some(setpriv)
});
