//! What the log does tell.

use super::Run;
use super::browser::Browser;
use crate::world::minutes;

impl Run {
    /// Whether a line of the log holds all of these.
    fn has_logged(&self, pieces: &[&str]) -> bool {
        let said = String::from_utf8(self.heard.all()).unwrap();
        let has_all = |line: &str| pieces.iter().all(|piece| line.contains(piece));
        said.lines().any(has_all)
    }
}

/// SES-23: what happens to a session is logged, under its handle and with whose it is.
#[tokio::test]
async fn the_log_tells_each_step_of_a_life() {
    let run = Run::new();
    let mut browser = Browser::new(&run);
    browser.post("change").await;
    browser.post("login").await;
    run.world.clock.advance(minutes(16));
    let mut parent = browser.clone();
    browser.post("read").await;
    for act in ["read", "raise", "lower", "logout"] {
        browser.post(act).await;
    }
    parent.post("read").await;
    browser.post("login").await;
    let token = hallpass::SessionToken::parse(browser.cookies["__Host-session"].as_bytes());
    let handle = format!("handle={}", token.unwrap().handle());
    run.world.clock.advance(minutes(16));
    let mut stolen = browser.clone();
    for _ in 0..2 {
        browser.post("read").await;
    }
    run.world.clock.advance(minutes(6));
    stolen.post("read").await;
    for (level, kind) in [
        ("DEBUG", "created"),
        ("INFO", "logged_in"),
        ("DEBUG", "renewed"),
        ("INFO", "raised"),
        ("INFO", "lowered"),
        ("INFO", "ended"),
        ("WARN", "replayed"),
    ] {
        let kind = format!("kind=\"{kind}\"");
        assert!(run.has_logged(&[level, "hallpass: ", &kind]), "{kind}");
    }
    let replay = ["kind=\"replayed\"", &handle, "subject=alice", "client=curl"];
    assert!(run.has_logged(&replay));
}

/// SES-29: an operator can tell from the log where wrong tokens come from.
#[tokio::test]
async fn the_log_names_the_network_of_a_wrong_token() {
    let run = Run::new();
    let mut browser = Browser::new(&run);
    for (value, kind) in [("garbage", "refused"), (&"A".repeat(64), "unknown")] {
        let cookie = ("__Host-session".to_owned(), value.to_owned());
        browser.cookies.extend([cookie]);
        browser.post("read").await;
        let kind = format!("kind=\"{kind}\"");
        assert!(run.has_logged(&[&kind, "network=192.0.2.0/24"]), "{kind}");
    }
}
