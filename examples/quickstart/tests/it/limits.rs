//! The number of sessions that one user may have, also when sixteen logins race for it.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use crate::answer::Answer;
use crate::client::Browser;
use crate::client::at_once;
use crate::client::nobody;
use crate::server::Server;
use crate::server::wait_for_the_servers_clock;

const EVICT_OLDEST: [(&str, &str); 3] = [
    ("HALLPASS_LIMIT", "2"),
    ("HALLPASS_ON_LIMIT", "evict-oldest"),
    ("HALLPASS_TOUCH", "0.1"),
];
const EVICT_LRU: [(&str, &str); 3] = [
    ("HALLPASS_LIMIT", "2"),
    ("HALLPASS_ON_LIMIT", "evict-lru"),
    ("HALLPASS_TOUCH", "0.1"),
];
const REJECT: [(&str, &str); 2] = [("HALLPASS_LIMIT", "2"), ("HALLPASS_ON_LIMIT", "reject")];
const ONLY_ONE: [(&str, &str); 3] = [
    ("HALLPASS_LIMIT", "1"),
    ("HALLPASS_ON_LIMIT", "reject"),
    ("HALLPASS_IDLE", "1.2"),
];

#[tokio::test]
async fn the_oldest_session_makes_room_although_it_was_used_last() {
    let server = Server::with(&EVICT_OLDEST);
    assert_eq!(
        who_stays(&server).await,
        [Value::Null, "user1".into(), "user1".into()]
    );
}

#[tokio::test]
async fn the_least_recently_used_session_makes_room_although_it_is_younger() {
    let server = Server::with(&EVICT_LRU);
    assert_eq!(
        who_stays(&server).await,
        ["user1".into(), Value::Null, "user1".into()]
    );
}

#[tokio::test]
async fn an_evicted_client_learns_why() {
    let server = Server::with(&EVICT_OLDEST);
    let mut first = Browser::signed_in(&server, "user1").await;
    // Of two that began in one millisecond either may be the oldest.
    wait_for_the_servers_clock(Duration::from_millis(2)).await;
    for _ in 0..2 {
        Browser::signed_in(&server, "user1").await;
    }
    assert_eq!(first.me().await, nobody(Some("evicted")));
}

#[tokio::test]
async fn by_default_the_sixth_login_ends_one_of_five() {
    let server = Server::start();
    let mut browsers = Vec::new();
    for _ in 0..6 {
        browsers.push(Browser::signed_in(&server, "user1").await);
    }
    assert_eq!(still_in(browsers).await, 5);
}

#[tokio::test]
async fn one_users_logins_do_not_count_against_another() {
    let server = Server::with(&EVICT_OLDEST);
    let mut other = Browser::signed_in(&server, "user2").await;
    for _ in 0..3 {
        Browser::signed_in(&server, "user1").await;
    }
    assert_eq!(other.my("subject").await, "user2");
}

#[tokio::test]
async fn a_login_past_the_limit_is_a_conflict_and_not_a_wrong_password() {
    let server = Server::with(&REJECT);
    let answer = past_the_limit(&server).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_login_past_the_limit_sets_no_cookie() {
    let server = Server::with(&REJECT);
    let answer = past_the_limit(&server).await;
    assert_eq!(answer.set_cookies, []);
}

#[tokio::test]
async fn a_login_past_the_limit_lists_the_sessions_to_choose_from() {
    let server = Server::with(&REJECT);
    let mut handles = BTreeSet::new();
    for _ in 0..2 {
        handles.insert(Browser::signed_in(&server, "user1").await.handle().await);
    }
    let answer = Browser::new(&server).login("user1").await.json();
    let active = answer["active"].as_array().unwrap().iter();
    let listed: BTreeSet<_> = active
        .map(|s| s["handle"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(listed, handles);
}

#[tokio::test]
async fn a_wrong_password_at_the_limit_does_not_tell_what_sessions_there_are() {
    let server = Server::with(&REJECT);
    for _ in 0..2 {
        Browser::signed_in(&server, "user1").await;
    }
    let form = [("username", "user1"), ("password", "wrong horse")];
    let status = Browser::new(&server)
        .post_form("/login", &form)
        .await
        .status;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_logout_makes_room_for_a_login() {
    let server = Server::with(&ONLY_ONE);
    Browser::signed_in(&server, "user1").await.logout().await;
    let status = Browser::new(&server).login("user1").await.status;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_that_timed_out_makes_room_for_a_login() {
    let server = Server::with(&ONLY_ONE);
    Browser::signed_in(&server, "user1").await;
    wait_for_the_servers_clock(Duration::from_millis(1_300)).await;
    let status = Browser::new(&server).login("user1").await.status;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_browser_that_signs_in_again_does_not_count_against_itself() {
    let server = Server::with(&ONLY_ONE);
    let status = Browser::signed_in(&server, "user1")
        .await
        .login("user1")
        .await
        .status;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn sixteen_racing_logins_that_evict_the_oldest_leave_two() {
    let server = Server::with(&EVICT_OLDEST);
    assert_eq!(still_in(race(&server).await).await, 2);
}

#[tokio::test]
async fn sixteen_racing_logins_that_evict_the_least_recently_used_leave_two() {
    let server = Server::with(&EVICT_LRU);
    assert_eq!(still_in(race(&server).await).await, 2);
}

#[tokio::test]
async fn sixteen_racing_logins_that_may_be_rejected_leave_two() {
    let server = Server::with(&REJECT);
    assert_eq!(still_in(race(&server).await).await, 2);
}

#[tokio::test]
async fn of_sixteen_racing_logins_all_but_two_are_rejected() {
    let server = Server::with(&REJECT);
    let answers = at_once(vec![Browser::new(&server); 16], async |mut browser| {
        browser.login("user1").await.status.as_u16()
    });
    let mut statuses = answers.await;
    statuses.sort_unstable();
    let expected: Vec<_> = [303; 2].into_iter().chain([409; 14]).collect();
    assert_eq!(statuses, expected);
}

/// Who is signed in of three browsers, where the first was used after the second signed in.
async fn who_stays(server: &Server) -> [Value; 3] {
    let pause = Duration::from_millis(300);
    let mut first = Browser::signed_in(server, "user1").await;
    wait_for_the_servers_clock(pause).await;
    let mut second = Browser::signed_in(server, "user1").await;
    wait_for_the_servers_clock(pause).await;
    first.get("/api/me").await;
    wait_for_the_servers_clock(pause).await;
    let mut third = Browser::signed_in(server, "user1").await;
    [
        first.my("subject").await,
        second.my("subject").await,
        third.my("subject").await,
    ]
}

/// The answer to a third login where two are allowed.
async fn past_the_limit(server: &Server) -> Answer {
    for _ in 0..2 {
        Browser::signed_in(server, "user1").await;
    }
    Browser::new(server).login("user1").await
}

/// Sixteen browsers that signed in at once, or tried to.
async fn race(server: &Server) -> Vec<Browser> {
    at_once(vec![Browser::new(server); 16], async |mut browser| {
        browser.login("user1").await;
        browser
    })
    .await
}

/// How many of these are signed in.
async fn still_in(browsers: Vec<Browser>) -> usize {
    let mut count = 0;
    for mut browser in browsers {
        if browser.my("subject").await == "user1" {
            count += 1;
        }
    }
    count
}
