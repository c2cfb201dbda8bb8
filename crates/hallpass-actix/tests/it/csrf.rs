//! Requests that pages of other sites cause, over real HTTP.

mod edges;
mod login;

use actix_web::App;
use actix_web::web;
use actix_web::web::ServiceConfig;
use hallpass_actix::CsrfMiddleware;
use hallpass_actix::Session;
use hallpass_actix::SessionRejection;
use hallpass_core::EventKind;
use hallpass_core::StoreOperation;
use hallpass_http::CSRF_REFUSED;
use hallpass_http::CsrfConfig;
use hallpass_http::TransportConfig;
use hallpass_http::csrf_token;
use reqwest::Response;

use crate::site::Site;
use crate::site::World;
use crate::site::cookie;
use crate::site::field;
use crate::site::routes;
use crate::site::run;

/// How long a form may be.
const LIMIT: usize = 256;

const OWN_PAGE: (&str, &str) = ("sec-fetch-site", "same-origin");
const OTHER_SITE: (&str, &str) = ("sec-fetch-site", "cross-site");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn site(world: &World, config: CsrfConfig) -> Site {
    let checks = CsrfMiddleware::new(config.build().unwrap()).forms(LIMIT);
    let sessions = world.middleware(TransportConfig::default().bearer(true));
    Site::of(move || {
        App::new()
            .configure(routes)
            .configure(checked)
            .wrap(checks.clone())
            .wrap(sessions.clone())
    })
}

fn checked(config: &mut ServiceConfig) {
    config
        .route("/token", web::get().to(token))
        .route("/pay", web::post().to(async |form: String| form))
        .route("/pay-fields", web::post().to(pay_fields));
}

async fn token(session: Session) -> Result<String, SessionRejection> {
    Ok(csrf_token(&session).await?.as_str().to_owned())
}

async fn pay_fields(form: web::Form<Vec<(String, String)>>) -> String {
    let names = form.iter().map(|(name, _value)| name.as_str());
    names.collect::<Vec<_>>().join(" ")
}

/// A cookie of somebody who is logged in, and a token for it.
async fn logged_in(site: &Site) -> (String, String) {
    let login = site.send("POST", "/login", &[OWN_PAGE]).await;
    let cookie = cookie(&login);
    let token = site.send("GET", "/token", &[("cookie", &cookie)]).await;
    (cookie, token.text().await.unwrap())
}

fn vary(response: &Response) -> Vec<&str> {
    let values = response.headers().get_all("vary").iter();
    values.map(|value| value.to_str().unwrap()).collect()
}

/// The rules of the refusals since the last time, and whether they were enforced.
fn told(world: &World) -> Vec<(&'static str, bool)> {
    let kinds = world.events.take().into_iter().map(|event| event.kind);
    kinds
        .filter_map(|kind| match kind {
            EventKind::CrossSite { rule, refused } => Some((rule, refused)),
            _ => None,
        })
        .collect()
}

/// CSRF-01.
#[test]
fn a_post_of_another_site_is_refused_in_actix_and_that_of_our_page_is_not() {
    run(async {
        let world = World::new();
        let site = site(&world, CsrfConfig::default());
        let (cookie, _token) = logged_in(&site).await;
        let _before = (world.spy.take(), world.events.take());
        let other = [("cookie", &*cookie), OTHER_SITE];
        let response = site.send_with("POST", "/pay", &other, "to=mallory").await;
        assert_eq!(response.status(), 403);
        let kind = field(&response, "content-type");
        assert_eq!(kind, Some("text/plain; charset=utf-8"));
        let source = "Sec-Fetch-Site, Origin, Sec-Fetch-Mode, Sec-Fetch-Dest";
        assert_eq!(vary(&response), [source]);
        assert_eq!(response.text().await.unwrap(), CSRF_REFUSED);
        assert_eq!(told(&world), [("cross_site", true)]);

        let own = [("cookie", &*cookie), OWN_PAGE];
        let response = site.send_with("POST", "/pay", &own, "to=bob").await;
        assert_eq!(response.status(), 200);
        assert_eq!(vary(&response), ["Sec-Fetch-Site, Origin"]);
        assert_eq!(response.text().await.unwrap(), "to=bob");
        assert_eq!(told(&world), []);
        assert_eq!(world.spy.take(), []);
        site.stop().await;
    });
}

#[test]
fn a_token_in_the_header_lets_a_change_in_and_a_wrong_one_does_not() {
    run(async {
        let world = World::new();
        let site = site(&world, CsrfConfig::default());
        let (cookie, token) = logged_in(&site).await;
        let long = "b".repeat(LIMIT + 1);
        let table: [(&[&str], u16); 4] = [
            (&[&token], 200),
            (&[], 403),
            (&["wrong"], 403),
            (&[&token, &token], 403),
        ];
        for (tokens, status) in table {
            let mut fields = vec![("cookie", &*cookie)];
            fields.extend(tokens.iter().map(|token| ("x-csrf-token", *token)));
            let response = site.send_with("POST", "/pay", &fields, &long).await;
            assert_eq!(response.status(), status, "{tokens:?}");
        }
        // What the header says counts, even if it is wrong and the form is right.
        let body = format!("csrf_token={token}");
        let fields = [("cookie", &*cookie), FORM, ("x-csrf-token", "wrong")];
        let response = site.send_with("POST", "/pay", &fields, &body).await;
        assert_eq!(response.status(), 403);
        site.stop().await;
    });
}

#[test]
fn a_handler_reads_the_form_whose_token_has_been_read() {
    run(async {
        let world = World::new();
        let site = site(&world, CsrfConfig::default());
        let (cookie, token) = logged_in(&site).await;
        let body = format!("to=bob&csrf_token={token}&amount=5");
        let fields = [("cookie", &*cookie), FORM];
        let response = site.send_with("POST", "/pay", &fields, &body).await;
        assert_eq!(response.text().await.unwrap(), body);
        let response = site.send_with("POST", "/pay-fields", &fields, &body).await;
        assert_eq!(response.text().await.unwrap(), "to csrf_token amount");

        let _before = world.events.take();
        let response = site.send_with("POST", "/pay", &fields, "to=bob").await;
        assert_eq!(response.status(), 403);
        let text = response.text().await.unwrap();
        assert_eq!(text, CSRF_REFUSED);
        for body in [
            format!("{body}&csrf_token={token}"),
            format!("{body}x&csrf_token="),
        ] {
            let response = site.send_with("POST", "/pay", &fields, &body).await;
            assert_eq!(response.status(), 403, "{body}");
        }
        let invalid = ("token_invalid", true);
        assert_eq!(told(&world), [("token_missing", true), invalid, invalid]);
        // Only the type of a form says that it is one.
        let fields = [("cookie", &*cookie), ("content-type", "text/plain")];
        let response = site.send_with("POST", "/pay", &fields, &body).await;
        assert_eq!(response.status(), 403);
        site.stop().await;
    });
}

#[test]
fn a_form_past_the_limit_is_answered_413_also_in_a_trial() {
    run(async {
        let trial = CsrfConfig::default().danger().report_only();
        for config in [CsrfConfig::default(), trial] {
            let world = World::new();
            let site = site(&world, config);
            let (cookie, token) = logged_in(&site).await;
            let form = |length: usize| {
                let body = format!("csrf_token={token}&a=");
                format!("{body}{}", "b".repeat(length - body.len()))
            };
            let fields = [("cookie", &*cookie), FORM];
            let exact = site.send_with("POST", "/pay", &fields, &form(LIMIT)).await;
            assert_eq!(exact.text().await.unwrap(), form(LIMIT));
            let longer = form(LIMIT + 1);
            let response = site.send_with("POST", "/pay", &fields, &longer).await;
            assert_eq!(response.status(), 413);
            assert_eq!(response.text().await.unwrap(), "");
            // Nobody asks for the token of this, so nobody reads it.
            let fields = [("cookie", &*cookie), FORM, OWN_PAGE];
            let response = site.send_with("POST", "/pay", &fields, &longer).await;
            assert_eq!(response.text().await.unwrap(), longer);
            site.stop().await;
        }
    });
}

#[test]
fn credentials_in_a_header_need_no_proof_in_actix() {
    run(async {
        let world = World::new();
        let site = site(&world, CsrfConfig::default());
        let app = [("session-token", "?"), OTHER_SITE];
        let login = site.send("POST", "/login", &app).await;
        let bearer = format!("Bearer {}", field(&login, "session-token").unwrap());
        let fields = [("authorization", &*bearer), OTHER_SITE];
        let response = site.send_with("POST", "/pay", &fields, "a").await;
        assert_eq!(response.text().await.unwrap(), "a");
        // Nothing of ours is in these, so the cookies count.
        for credentials in ["Bearer x", "Basic YTpi"] {
            let fields = [("authorization", credentials), OTHER_SITE];
            let response = site.send_with("POST", "/pay", &fields, "a").await;
            assert_eq!(response.status(), 403, "{credentials}");
        }
        site.stop().await;
    });
}

/// CSRF-12.
#[test]
fn a_trial_in_actix_tells_and_lets_everything_in() {
    run(async {
        let world = World::new();
        let trial = CsrfConfig::default().danger().report_only();
        let site = site(&world, trial);
        let _before = world.events.take();
        let requests = [
            OTHER_SITE,
            ("origin", "null"),
            ("x-csrf-token", "wrong"),
            FORM,
        ];
        for request in requests {
            let response = site.send_with("POST", "/pay", &[request], "a=b").await;
            assert_eq!(response.text().await.unwrap(), "a=b", "{request:?}");
        }
        let rules = ["cross_site", "origin", "token_invalid", "token_missing"];
        assert_eq!(told(&world), rules.map(|rule| (rule, false)));
        site.stop().await;
    });
}

#[test]
fn only_a_token_opens_the_session_in_actix() {
    run(async {
        let world = World::new();
        let site = site(&world, CsrfConfig::default());
        let (cookie, token) = logged_in(&site).await;
        let form = format!("csrf_token={token}");
        let _before = world.spy.take();
        for source in [OWN_PAGE, OTHER_SITE, ("origin", "null")] {
            let fields = [("cookie", &*cookie), FORM, source];
            site.send_with("POST", "/pay", &fields, &form).await;
        }
        site.send("GET", "/plain", &[("cookie", &cookie)]).await;
        assert_eq!(world.spy.take(), []);
        let fields = [("cookie", &*cookie), FORM];
        let response = site.send_with("POST", "/pay", &fields, &form).await;
        assert_eq!(world.spy.take(), [StoreOperation::Load]);
        let expected = ["Sec-Fetch-Site, Origin, Referer", "cookie", "authorization"];
        assert_eq!(vary(&response), expected);
        site.stop().await;
    });
}

/// CSRF-10: this depends on the type of the body.
#[test]
fn an_api_in_actix_takes_nothing_that_a_form_could_send() {
    run(async {
        let world = World::new();
        let api = CsrfConfig::default().require_custom_header("accept-version");
        let site = site(&world, api);
        let json = ("content-type", "application/json");
        let version = ("accept-version", "1");
        let table: [(&[_], u16); 4] = [
            (&[json, version], 200),
            (&[json], 403),
            (&[version], 403),
            (&[FORM, version], 403),
        ];
        for (fields, status) in table {
            let response = site.send_with("POST", "/pay", fields, "{}").await;
            assert_eq!(response.status(), status, "{fields:?}");
        }
        site.stop().await;
    });
}

/// CSRF-02.
#[test]
fn a_websocket_of_another_site_is_refused_in_actix() {
    run(async {
        let world = World::new();
        let site = site(&world, CsrfConfig::default());
        let other = ("origin", "https://attacker.test");
        let upgrade = [("connection", "upgrade"), ("upgrade", "WebSocket")];
        let fields = [&[other], &upgrade[..]].concat();
        let response = site.send("GET", "/plain", &fields).await;
        assert_eq!(response.status(), 403);
        let response = site.send("GET", "/plain", &[other]).await;
        assert_eq!(response.status(), 200);
        site.stop().await;
    });
}
