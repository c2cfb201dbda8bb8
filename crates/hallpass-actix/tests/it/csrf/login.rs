//! A login is a change as any other.

use hallpass_http::CsrfConfig;

use super::FORM;
use super::OTHER_SITE;
use super::site;
use crate::site::Site;
use crate::site::World;
use crate::site::cookie;
use crate::site::field;
use crate::site::run;

/// The cookie of an anonymous session, and the token of its login form.
async fn login_form(site: &Site) -> (String, String) {
    let form = site.send("GET", "/token", &[]).await;
    (cookie(&form), form.text().await.unwrap())
}

/// CSRF-11: a page of an attacker logs nobody in as somebody else.
#[test]
fn a_login_from_another_site_is_refused_in_actix_and_leaves_nothing() {
    run(async {
        let world = World::new();
        let site = site(&world, CsrfConfig::default());
        let response = site.send("POST", "/login", &[OTHER_SITE]).await;
        assert_eq!(response.status(), 403);
        assert_eq!(field(&response, "set-cookie"), None);
        assert_eq!(world.spy.take(), []);
        site.stop().await;
    });
}

/// CSRF-11: where the browser does not tell what caused a login, the token of the anonymous session
/// does that the login form came with.
#[test]
fn an_old_browser_logs_in_at_actix_with_the_token_of_its_login_form() {
    run(async {
        let world = World::new();
        let site = site(&world, CsrfConfig::default());
        let response = site.send("POST", "/login", &[]).await;
        assert_eq!(response.status(), 403);
        let (anonymous, token) = login_form(&site).await;
        assert!(anonymous.starts_with("__Host-anon="), "{anonymous}");
        let body = format!("csrf_token={token}");
        let fields = [("cookie", &*anonymous), FORM];
        let response = site.send_with("POST", "/login", &fields, &body).await;
        assert_eq!(response.status(), 200);
        let cookie = cookie(&response);
        let who = site.send("GET", "/who", &[("cookie", &cookie)]).await;
        assert_eq!(who.text().await.unwrap(), "alice");
        site.stop().await;
    });
}

/// CSRF-04 and CSRF-11: an attacker has tokens as well, of a session of its own.
#[test]
fn the_login_form_of_an_attacker_is_worth_nothing_to_another_browser_at_actix() {
    run(async {
        let world = World::new();
        let site = site(&world, CsrfConfig::default());
        let (_attacker, token) = login_form(&site).await;
        let (victim, _token) = login_form(&site).await;
        let body = format!("csrf_token={token}");
        for fields in [&[FORM][..], &[FORM, ("cookie", &victim)]] {
            let response = site.send_with("POST", "/login", fields, &body).await;
            assert_eq!(response.status(), 403, "{fields:?}");
            assert_eq!(field(&response, "set-cookie"), None);
        }
        site.stop().await;
    });
}
