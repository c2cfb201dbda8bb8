//! What a PostgreSQL that was killed leaves outside of its folder.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

/// Removes the block of shared memory, of a few bytes, by which PostgreSQL knows that its data are in
/// use. It outlives a server that was killed, until one is started on the same data.
///
/// Does nothing where there is no such block, or the system does not tell whose it is: after a reboot
/// another program may have one of the same number.
pub(crate) fn remove(data: &Path) {
    // Only a server that was killed leaves the file.
    let Ok(text) = fs::read_to_string(data.join("postmaster.pid")) else {
        return;
    };
    let blocks = fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
    if let Some(id) = block_of(&text, &blocks) {
        let _ = Command::new("ipcrm")
            .args(["-m", id])
            .stderr(Stdio::null())
            .status();
    }
}

/// The number of the block. The first line of the file is the process, the seventh is the key and the
/// number of the block. The system lists key, number, mode, size and the process that made it.
fn block_of<'a>(pid_file: &'a str, blocks: &str) -> Option<&'a str> {
    let process = pid_file.lines().next()?.trim();
    let id = pid_file.lines().nth(6)?.split_whitespace().nth(1)?;
    let is_its_own = blocks.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        (fields.get(1), fields.get(4)) == (Some(&id), Some(&process))
    });
    is_its_own.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PID_FILE: &str = "812\n/data\n1700000000\n11001\n\n127.0.0.1\n 10379666   32824\nready\n";

    #[test]
    fn a_block_is_known_by_its_number_and_who_made_it() {
        let heading = "       key      shmid perms                  size  cpid  lpid nattch\n";
        let blocks =
            |made_by: &str| format!("{heading}  10379666  32824   600  56  {made_by}  9  0\n");

        assert_eq!(block_of(PID_FILE, &blocks("812")), Some("32824"));
        assert_eq!(block_of(PID_FILE, &blocks("813")), None);
        assert_eq!(block_of(PID_FILE, heading), None);
        assert_eq!(block_of("812\n", &blocks("812")), None);
    }
}
