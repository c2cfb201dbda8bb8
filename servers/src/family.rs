//! Processes with those that they started.

use std::fs;
use std::process::Command;

use rustix::process::Pid;
use rustix::process::Signal;

/// Asks a process to end, with `SIGTERM`, and all that it started, and that those started.
pub fn end_tree(process: u32) {
    signal_tree(process, Signal::TERM);
}

/// Kills a process, with `SIGKILL`, and all that it started, and that those started.
pub fn kill_tree(process: u32) {
    signal_tree(process, Signal::KILL);
}

/// The processes that a process started and that have not ended.
pub(crate) fn children(parent: Pid) -> Vec<Pid> {
    children_in(&listing(), parent)
}

/// Sends a signal. A process that has just ended is no error.
pub(crate) fn signal(process: Pid, signal: Signal) {
    let _ = rustix::process::kill_process(process, signal);
}

fn signal_tree(process: u32, to_send: Signal) {
    let root = i32::try_from(process).ok().and_then(Pid::from_raw);
    let listing = listing();
    // Found before the first of them ends: afterwards nobody knows whose children they were.
    let mut tree: Vec<Pid> = root.into_iter().collect();
    let mut seen = 0;
    while let Some(parent) = tree.get(seen).copied() {
        tree.extend(children_in(&listing, parent));
        seen += 1;
    }
    for process in tree {
        signal(process, to_send);
    }
}

/// Each process with its parent, as `ps` prints them. Small systems have no `ps`, and Linux has the
/// same in its files.
fn listing() -> String {
    let Ok(processes) = fs::read_dir("/proc") else {
        let output = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output();
        return output.map_or_else(
            |_| String::new(),
            |output| String::from_utf8_lossy(&output.stdout).into_owned(),
        );
    };
    processes
        .filter_map(|process| fs::read_to_string(process.ok()?.path().join("stat")).ok())
        .filter_map(|stat| line_of(&stat))
        .collect()
}

/// The two numbers in a line of `/proc/<pid>/stat`. The name before them may hold anything.
fn line_of(stat: &str) -> Option<String> {
    let (process, _) = stat.split_once(' ')?;
    let (_, after_name) = stat.rsplit_once(") ")?;
    let parent = after_name.split(' ').nth(1)?;
    Some(format!("{process} {parent}\n"))
}

fn children_in(listing: &str, parent: Pid) -> Vec<Pid> {
    listing
        .lines()
        .filter_map(|line| {
            let mut numbers = line.split_whitespace().map(str::parse);
            let (child, of) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
            (of == parent.as_raw_nonzero().get())
                .then(|| Pid::from_raw(child))
                .flatten()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_told_from_other_processes() {
        let pid = |number| Pid::from_raw(number).unwrap();

        assert_eq!(
            children_in(
                "    1     0\n   20     2\n  200    20\n    x     2\n   21     2\n",
                pid(2)
            ),
            [pid(20), pid(21)]
        );
    }

    #[test]
    fn a_process_may_be_called_anything() {
        assert_eq!(
            line_of("812 (a) b (c) S 2 812 0"),
            Some(String::from("812 2\n"))
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_tree_ends_with_all_its_branches() {
        let mut shell = Command::new("sh")
            .args(["-c", "(sleep 600 & sleep 601; true) & wait"])
            .spawn()
            .unwrap();
        let root = Pid::from_child(&shell);
        let leaves = || children(root).into_iter().flat_map(children).collect();
        let mut sleepers: Vec<Pid> = Vec::new();
        crate::eventually("both sleep", || {
            sleepers = leaves();
            sleepers.len() == 2
        })
        .unwrap();

        end_tree(shell.id());

        assert!(!shell.wait().unwrap().success());
        crate::eventually("nobody sleeps", || {
            sleepers.iter().all(|pid| {
                let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
                stat.map_or(true, |stat| stat.contains(") Z "))
            })
        })
        .unwrap();
    }
}
