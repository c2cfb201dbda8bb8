//! What a signal to `cargo xtask` leaves behind.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]
#![cfg(target_os = "linux")]

use std::env;
use std::fs;
use std::fs::Permissions;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::LazyLock;

use hallpass_servers::eventually;

/// A folder with a `cargo` that prints its process and that of a child, and then hangs as a test
/// would.
static HANGING_CARGO: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bin");
    fs::create_dir_all(&folder).unwrap();
    let cargo = folder.join(format!("cargo-{}", std::process::id()));
    let script = "#!/bin/sh\n\
        if [ \"$2\" = --version ]; then exit; fi\n\
        sleep 600 &\n\
        echo \"runner $$\"\n\
        echo \"child $!\"\n\
        wait\n";
    fs::write(&cargo, script).unwrap();
    fs::set_permissions(&cargo, Permissions::from_mode(0o755)).unwrap();
    // In one step: another process of tests may run it just now.
    fs::rename(&cargo, folder.join("cargo")).unwrap();
    folder
});

fn xtask(arguments: &[&str]) -> Child {
    let path = env::var_os("PATH").unwrap();
    let folders = [HANGING_CARGO.clone()]
        .into_iter()
        .chain(env::split_paths(&path));
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .env("PATH", env::join_paths(folders).unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn lines(xtask: &mut Child) -> impl Iterator<Item = String> + use<> {
    let output = xtask.stdout.take().unwrap();
    BufReader::new(output).lines().map(Result::unwrap)
}

fn send(signal: &str, xtask: &Child) {
    let status = Command::new("kill")
        .args(["-s", signal, &xtask.id().to_string()])
        .status();
    assert!(status.unwrap().success());
}

fn complaint(xtask: &mut Child) -> String {
    let mut text = String::new();
    let mut error = xtask.stderr.take().unwrap();
    error.read_to_string(&mut text).unwrap();
    text
}

/// The processes that have not ended, of a parent.
fn children(parent: u32) -> Vec<u32> {
    let output = Command::new("ps")
        .args(["-o", "pid=,stat=", "--ppid", &parent.to_string()])
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter(|line| !line.contains('Z'))
        .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
        .collect()
}

fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

fn folders(owner: u32) -> Vec<PathBuf> {
    let prefix = format!("hallpass-servers-{owner}-");
    fs::read_dir(env::temp_dir())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(&prefix))
        .collect()
}

fn number(line: Option<String>, name: &str) -> u32 {
    let line = line.unwrap();
    line.strip_prefix(name).unwrap().trim().parse().unwrap()
}

#[test]
fn servers_print_their_variables_and_end_at_a_signal() {
    let mut xtask = xtask(&["servers"]);
    let printed: Vec<String> = lines(&mut xtask).take(4).collect();
    let names: Vec<&str> = printed
        .iter()
        .map(|line| line.split_once('=').unwrap().0)
        .collect();
    assert_eq!(
        names,
        [
            "export HALLPASS_TEST_REDIS",
            "export HALLPASS_TEST_REDIS_CLUSTER",
            "export HALLPASS_TEST_POSTGRES",
            "export HALLPASS_TEST_POSTGRES_ELSEWHERE",
        ]
    );
    let servers = children(xtask.id());
    // One Redis, six nodes, two PostgreSQLs.
    assert_eq!(servers.len(), 9);
    assert_eq!(folders(xtask.id()).len(), 9);

    send("INT", &xtask);

    assert_eq!(xtask.wait().unwrap().code(), Some(0));
    assert!(!servers.iter().any(|pid| runs(*pid)));
    assert_eq!(folders(xtask.id()), Vec::<PathBuf>::new());
}

#[test]
fn a_signal_ends_the_runner_with_its_tests_and_then_the_servers() {
    for (signal, name) in [("INT", "SIGINT"), ("TERM", "SIGTERM"), ("HUP", "SIGHUP")] {
        let mut xtask = xtask(&["test", "filter"]);
        let mut lines = lines(&mut xtask).skip_while(|line| !line.starts_with("runner"));
        let runner = number(lines.next(), "runner");
        let child = number(lines.next(), "child");
        let servers = children(xtask.id());
        assert_eq!(servers.len(), 10);

        send(signal, &xtask);

        assert_eq!(xtask.wait().unwrap().code(), Some(1));
        assert_eq!(
            complaint(&mut xtask),
            format!("xtask: interrupted by {name}\n")
        );
        assert!(!servers.iter().any(|pid| runs(*pid)));
        assert_eq!(folders(xtask.id()), Vec::<PathBuf>::new());
        eventually("the runner is gone", || !runs(runner) && !runs(child)).unwrap();
    }
}

#[test]
fn where_we_are_killed_the_servers_and_the_runner_end() {
    let mut xtask = xtask(&["test", "filter"]);
    let mut lines = lines(&mut xtask).skip_while(|line| !line.starts_with("runner"));
    let runner = number(lines.next(), "runner");
    let processes = children(xtask.id());
    assert_eq!(processes.len(), 10);

    xtask.kill().unwrap();
    xtask.wait().unwrap();

    eventually("all are gone", || {
        !runs(runner) && !processes.iter().any(|pid| runs(*pid))
    })
    .unwrap();
    hallpass_servers::sweep();
    assert_eq!(folders(xtask.id()), Vec::<PathBuf>::new());
}
