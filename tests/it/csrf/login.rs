//! Login and logout are changes as any other.

use hallpass::EndReason;
use hallpass::EventKind;
use hallpass::http::CsrfConfig;

use super::site::ALL;
use super::site::Browser;
use super::site::OTHER_SITE;
use super::site::OWN_PAGE;
use super::site::Site;
use super::site::Through;

/// CSRF-11: a page of an attacker logs nobody in as somebody else.
#[tokio::test]
async fn a_login_from_another_site_is_refused_and_leaves_nothing() {
    for through in ALL {
        let site = Site::of(through, CsrfConfig::default()).await;
        let mut browser = site.browser();
        let answer = browser.post("/login", &OTHER_SITE, "user=mallory").await;
        assert_eq!(answer.status, 403, "{through:?}");
        assert_eq!(browser.who().await, "nobody");
        assert!(!browser.has_cookie("__Host-session"));
        assert_eq!(site.world.operations(), []);
    }
}

/// SES-21: a form that a browser fetches in advance begins no session, so it has no token either. The
/// browser drops such an answer, and asks again when its user comes.
#[tokio::test]
async fn a_form_that_nobody_has_asked_for_yet_begins_no_session() {
    for through in ALL {
        let site = Site::of(through, CsrfConfig::default()).await;
        let mut browser = site.browser();
        let answer = browser.get("/form", &[("sec-purpose", "prefetch")]).await;
        assert_eq!(answer.status, 503, "{through:?}");
        assert!(!browser.has_cookie("__Host-anon"));
        assert_eq!(site.world.operations(), []);
        browser.form_token().await;
        assert!(browser.has_cookie("__Host-anon"));
    }
}

/// CSRF-11: where the browser does not tell what caused a login, the token of the anonymous session
/// that the login form came with does.
#[tokio::test]
async fn an_old_browser_logs_in_with_the_token_of_its_login_form() {
    for through in ALL {
        let site = Site::of(through, CsrfConfig::default()).await;
        let mut browser = site.browser();
        assert_eq!(browser.post("/login", &[], "").await.status, 403);
        let token = browser.form_token().await;
        assert!(browser.has_cookie("__Host-anon"), "{through:?}");
        let body = format!("user=alice&csrf_token={token}");
        assert_eq!(browser.post("/login", &[], &body).await.text, "logged in");
        assert_eq!(browser.who().await, "alice");
    }
}

/// CSRF-11 and CSRF-04: an attacker has tokens as well, of a session of its own.
#[tokio::test]
async fn the_login_form_of_an_attacker_is_worth_nothing_in_another_browser() {
    for through in ALL {
        let site = Site::of(through, CsrfConfig::default()).await;
        let (mut attacker, mut victim) = (site.browser(), site.browser());
        let token = attacker.form_token().await;
        let body = format!("csrf_token={token}");
        assert_eq!(victim.post("/login", &[], &body).await.status, 403);
        victim.form_token().await;
        assert_eq!(victim.post("/login", &[], &body).await.status, 403);
        assert_eq!(victim.who().await, "nobody", "{through:?}");
    }
}

/// CSRF-11.
#[tokio::test]
async fn a_logout_from_another_site_is_refused_and_ends_nothing() {
    for through in ALL {
        let config = CsrfConfig::default().check_links("/logout");
        let site = Site::of(through, config).await;
        let mut browser = Browser::logged_in(&site).await;
        assert_eq!(browser.post("/logout", &OTHER_SITE, "").await.status, 403);
        let link = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        assert_eq!(browser.get("/logout", &link).await.status, 403);
        assert_eq!(browser.who().await, "alice", "{through:?}");
        site.world.events.take();
        let answer = browser.post("/logout", &OWN_PAGE, "").await;
        assert_eq!(answer.text, "logged out");
        assert_eq!(
            site.world.events.take(),
            [EventKind::Ended(EndReason::Logout)]
        );
    }
}

/// CSRF-05: the tokens of a login end with it, and two logins of one subject have different ones.
#[tokio::test]
async fn a_token_from_before_a_login_is_worth_nothing_after_it() {
    for through in ALL {
        let config = CsrfConfig::default().require_token(true);
        let site = Site::of(through, config).await;
        let mut browser = site.browser();
        let mut tokens = vec![browser.form_token().await];
        for _ in 0..2 {
            let last = tokens.last().unwrap();
            let body = format!("csrf_token={last}");
            let answer = browser.post("/login", &OWN_PAGE, &body).await;
            assert_eq!(answer.text, "logged in", "{through:?}");
            for old in &tokens {
                let body = format!("csrf_token={old}");
                assert_eq!(browser.post("/pay", &OWN_PAGE, &body).await.status, 403);
            }
            tokens.push(browser.form_token().await);
        }
        let body = format!("csrf_token={}", tokens.last().unwrap());
        assert_eq!(browser.post("/pay", &OWN_PAGE, &body).await.status, 200);
    }
}

/// A session that one factor reopens shows the form for that factor.
#[tokio::test]
async fn a_locked_session_gets_a_token_for_the_form_that_reopens_it() {
    use hallpass::StandardPolicy;

    use crate::world::World;
    use crate::world::minutes;

    let world = World::with(StandardPolicy::aal2());
    let config = CsrfConfig::default().require_token(true);
    let site = Site::with(Through::Axum, config, world).await;
    let mut browser = site.browser();
    let body = format!("csrf_token={}", browser.form_token().await);
    browser.post("/login", &OWN_PAGE, &body).await;
    site.world.clock.advance(minutes(61));
    assert_eq!(browser.who().await, "nobody");
    let body = format!("csrf_token={}", browser.form_token().await);
    let answer = browser.post("/pay", &OWN_PAGE, &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}
