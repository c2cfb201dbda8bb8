use std::io::BufRead;
use std::io::BufReader;
use std::process::Command;
use std::process::Stdio;

use hallpass_servers::eventually;

use crate::folders_of;
use crate::runs;

#[test]
#[cfg(target_os = "linux")]
fn the_servers_of_a_killed_owner_are_killed_and_its_folders_go_with_the_next_owner() {
    let mut owner = Command::new(env!("CARGO_BIN_EXE_hallpass-servers-hold"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    let servers: Vec<u32> = (0..3)
        .map(|_| lines.next().unwrap().unwrap().parse().unwrap())
        .collect();
    assert_eq!(servers.iter().filter(|pid| runs(**pid)).count(), 3);
    assert_eq!(folders_of(owner.id()).len(), 3);

    owner.kill().unwrap();
    owner.wait().unwrap();

    eventually("the servers are gone", || {
        !servers.iter().any(|pid| runs(*pid))
    })
    .unwrap();
    // Another process, since one sweeps once.
    let mut next = Command::new(env!("CARGO_BIN_EXE_hallpass-servers-hold"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    assert!(next.wait().unwrap().success());
    assert_eq!(
        folders_of(owner.id()).len() + folders_of(next.id()).len(),
        0
    );
}
