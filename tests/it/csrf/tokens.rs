//! Tokens in forms and headers.

use hallpass::EventKind;
use hallpass::http::CSRF_REFUSED;
use hallpass::http::CsrfConfig;
use reqwest::Method;

use super::site::ALL;
use super::site::Answer;
use super::site::Browser;
use super::site::LIMIT;
use super::site::OWN_PAGE;
use super::site::Site;
use crate::world::minutes;

fn refused(vary: &str) -> Answer {
    Answer {
        status: 403,
        vary: vary.to_owned(),
        text: CSRF_REFUSED.to_owned(),
    }
}

fn told(rule: &'static str) -> [EventKind; 1] {
    let refused = true;
    [EventKind::CrossSite { rule, refused }]
}

const BY_TOKEN: &str = "Sec-Fetch-Site, Origin, Referer";

/// CSRF-03: the field is read, and the handler gets the whole form all the same.
#[tokio::test]
async fn a_form_goes_on_with_its_token_and_not_without() {
    for through in ALL {
        let site = Site::of(through, CsrfConfig::default()).await;
        let mut browser = Browser::logged_in(&site).await;
        let token = browser.form_token().await;
        site.world.events.take();
        let good = format!("to=bob&csrf_token={token}&amount=5");
        let answer = browser.post("/pay", &[], &good).await;
        assert_eq!(answer.text, format!("/pay: {good}"), "{through:?}");
        assert_eq!(site.world.events.take(), []);

        let answer = browser.post("/pay", &[], "to=bob").await;
        let vary = format!("{BY_TOKEN}; cookie; authorization");
        assert_eq!(answer, refused(&vary));
        assert_eq!(site.world.events.take(), told("token_missing"));
        for body in [
            format!("csrf_token={token}&csrf_token={token}"),
            format!("csrf_token={token}x"),
            "csrf_token=".to_owned(),
        ] {
            assert_eq!(browser.post("/pay", &[], &body).await.status, 403);
            assert_eq!(site.world.events.take(), told("token_invalid"), "{body}");
        }
    }
}

/// CSRF-03 and CSRF-04: neither a URL nor a cookie carries a token.
#[tokio::test]
async fn a_token_elsewhere_is_none() {
    for through in ALL {
        let site = Site::of(through, CsrfConfig::default()).await;
        let mut browser = Browser::logged_in(&site).await;
        let token = browser.form_token().await;
        let path = format!("/pay?csrf_token={token}");
        assert_eq!(browser.post(&path, &[], "").await.status, 403);
        let body = format!("csrf_token={token}");
        let json = [("content-type", "application/json")];
        let answer = browser.send(Method::POST, "/pay", &json, &body).await;
        assert_eq!(answer.status, 403, "{through:?}");
        let header = [("x-csrf-token", &*token)];
        let answer = browser.send(Method::DELETE, "/pay", &header, "").await;
        assert_eq!(answer.status, 200);
        // What the header says counts, even if it is wrong and the form is right.
        let header = [("x-csrf-token", "wrong")];
        assert_eq!(browser.post("/pay", &header, &body).await.status, 403);
    }
}

/// Tokens live as long as the login: a renewal of the session's token leaves them good.
#[tokio::test]
async fn a_form_survives_a_renewal_of_the_session() {
    for through in ALL {
        let site = Site::of(through, CsrfConfig::default()).await;
        let mut browser = Browser::logged_in(&site).await;
        let body = format!("csrf_token={}", browser.form_token().await);
        site.world.events.take();
        for _ in 0..2 {
            site.world.clock.advance(minutes(20));
            browser.who().await;
        }
        assert!(site.world.events.take().contains(&EventKind::Renewed));
        assert_eq!(browser.post("/pay", &[], &body).await.status, 200);
    }
}

/// A form as long as the limit is read, a longer one is refused unread.
#[tokio::test]
async fn a_form_past_the_limit_is_too_long() {
    for through in ALL {
        let site = Site::of(through, CsrfConfig::default()).await;
        let mut browser = Browser::logged_in(&site).await;
        let token = browser.form_token().await;
        let form = |length: usize| {
            let body = format!("csrf_token={token}&a=");
            format!("{body}{}", "b".repeat(length - body.len()))
        };
        let exact = browser.post("/pay", &[], &form(LIMIT)).await;
        assert_eq!(exact.text, format!("/pay: {}", form(LIMIT)));
        let longer = browser.post("/pay", &[], &form(LIMIT + 1)).await;
        assert_eq!((longer.status, &*longer.text), (413, ""), "{through:?}");
        // Nobody asks for the token of these, so nobody reads them.
        let known = browser.post("/pay", &OWN_PAGE, &form(LIMIT + 1)).await;
        assert_eq!(known.status, 200);
        let header = [("x-csrf-token", &*token)];
        let known = browser.post("/pay", &header, &form(LIMIT + 1)).await;
        assert_eq!(known.status, 200);
    }
}

/// SES-35: every change has a value of its session, whatever the browser says.
#[tokio::test]
async fn where_tokens_are_required_the_page_alone_is_not_enough() {
    for through in ALL {
        let config = CsrfConfig::default().require_token(true).exempt("/hooks/");
        let site = Site::of(through, config).await;
        let mut browser = site.browser();
        assert_eq!(browser.post("/pay", &OWN_PAGE, "").await.status, 403);
        let body = format!("csrf_token={}", browser.form_token().await);
        assert_eq!(browser.post("/pay", &OWN_PAGE, &body).await.status, 200);
        assert_eq!(browser.post("/hooks/payment", &[], "").await.status, 200);
    }
}
