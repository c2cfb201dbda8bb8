//! What goes to the client for each outcome.

use hallpass_core::StoreErrorKind;
use hallpass_core::StoreOperation;
use hallpass_http::TransportConfig;
use hallpass_testkit::Fault;

use crate::site::Site;
use crate::site::World;
use crate::site::cookie;
use crate::site::field;
use crate::site::minutes;
use crate::site::pages;
use crate::site::run;

#[test]
fn a_handler_that_asks_for_no_session_costs_nothing_and_is_left_alone() {
    run(async {
        let world = World::new();
        let site = Site::new(&world);
        let cookie = site.log_in().await;
        let _before = world.spy.take();
        let response = site.send("GET", "/plain", &[("cookie", &cookie)]).await;
        assert_eq!(world.spy.take(), []);
        for name in ["set-cookie", "vary", "cache-control"] {
            assert_eq!(field(&response, name), None);
        }
        assert_eq!(response.text().await.unwrap(), "plain");
        site.stop().await;
    });
}

/// Races 34 and 36.
#[test]
fn a_session_lasts_from_login_to_logout() {
    run(async {
        let world = World::new();
        let site = Site::new(&world);
        let login = site.send("POST", "/login", &[]).await;
        let set = field(&login, "set-cookie").unwrap();
        let (token, attributes) = set.split_once("; ").unwrap();
        assert!(token.starts_with("__Host-session="), "{token}");
        assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(field(&login, "cache-control"), Some("no-store"));
        let cookie = cookie(&login);
        let who = site.send("GET", "/who", &[("cookie", &cookie)]).await;
        assert_eq!(field(&who, "set-cookie"), None);
        assert_eq!(field(&who, "vary"), Some("cookie"));
        assert_eq!(field(&who, "cache-control"), Some("private"));
        assert_eq!(who.text().await.unwrap(), "alice");
        let logout = site.send("POST", "/logout", &[("cookie", &cookie)]).await;
        assert_eq!(
            field(&logout, "set-cookie"),
            Some(
                "__Host-session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; \
                 Secure; HttpOnly; SameSite=Lax"
            )
        );
        let who = site.send("GET", "/who", &[("cookie", &cookie)]).await;
        assert_eq!(who.text().await.unwrap(), "nobody");
        site.stop().await;
    });
}

#[test]
fn a_laxer_header_of_the_handler_does_not_stay() {
    run(async {
        let site = Site::new(&World::new());
        let response = site.send("GET", "/public", &[]).await;
        let control = field(&response, "cache-control");
        assert_eq!(control, Some("max-age=60, private"));
        assert_eq!(field(&response, "cdn-cache-control"), None);
        site.stop().await;
    });
}

/// Race 39.
#[test]
fn a_request_that_needs_the_session_gets_503_while_the_store_is_down() {
    run(async {
        for path in ["/who", "/user", "/maybe", "/admin/users"] {
            let world = World::new();
            let site = Site::new(&world);
            let cookie = site.log_in().await;
            let down = Fault::Fail(StoreErrorKind::Unavailable);
            world.faults.script(StoreOperation::Load, down);
            let response = site.send("GET", path, &[("cookie", &cookie)]).await;
            assert_eq!(response.status(), 503, "{path}");
            assert_eq!(field(&response, "retry-after"), Some("5"));
            assert_eq!(field(&response, "set-cookie"), None);
            assert_eq!(response.text().await.unwrap(), "");
            site.stop().await;
        }
    });
}

#[test]
fn a_commit_that_fails_is_answered_503_in_place_of_the_handler() {
    run(async {
        let world = World::new();
        let site = Site::new(&world);
        let cookie = site.log_in().await;
        for _ in 0..2 {
            let down = Fault::Fail(StoreErrorKind::Unavailable);
            world.faults.script(StoreOperation::Update, down);
        }
        let response = site.send("POST", "/change", &[("cookie", &cookie)]).await;
        assert_eq!(response.status(), 503);
        assert_eq!(field(&response, "retry-after"), Some("5"));
        assert_eq!(response.text().await.unwrap(), "");
        site.stop().await;
    });
}

#[test]
fn changes_of_a_session_that_ended_meanwhile_are_answered_401_or_sent_to_the_login() {
    run(async {
        let world = World::new();
        let site = Site::with(world.middleware(pages()));
        let cookie = site.log_in().await;
        let response = site.send("POST", "/vanish", &[("cookie", &cookie)]).await;
        assert_eq!(response.status(), 401);
        assert_eq!(field(&response, "www-authenticate"), Some("Bearer"));
        assert_eq!(response.text().await.unwrap(), "");
        let cookie = site.log_in().await;
        let page = [
            ("cookie", &*cookie),
            ("accept", "text/html"),
            ("sec-fetch-site", "same-origin"),
            ("referer", "https://here.example/form?x"),
        ];
        let response = site.send("POST", "/vanish", &page).await;
        assert_eq!(response.status(), 303);
        let location = "/login?return_to=/form%3Fx&reason=login";
        assert_eq!(field(&response, "location"), Some(location));
        site.stop().await;
    });
}

/// Race 17.
#[test]
fn changes_of_a_failed_handler_are_dropped_unless_they_are_wanted() {
    run(async {
        for keep in [false, true] {
            let world = World::new();
            let middleware = world.middleware(TransportConfig::default());
            let site = Site::with(middleware.keep_changes_on_failure(keep));
            let cookie = site.log_in().await;
            let _before = world.spy.take();
            let response = site.send("POST", "/fail", &[("cookie", &cookie)]).await;
            assert_eq!(response.status(), 500);
            let written = world.spy.take().contains(&StoreOperation::Update);
            assert_eq!(written, keep);
            site.stop().await;
        }
    });
}

#[test]
fn a_client_without_cookies_logs_in_and_comes_back() {
    run(async {
        let world = World::new();
        let transport = TransportConfig::default().bearer(true);
        let site = Site::with(world.middleware(transport));
        let login = site.send("POST", "/login", &[("session-token", "?")]).await;
        assert_eq!(field(&login, "set-cookie"), None);
        let token = field(&login, "session-token").unwrap();
        let bearer = format!("Bearer {token}");
        let response = site
            .send("GET", "/who", &[("authorization", &bearer)])
            .await;
        let vary: Vec<_> = response.headers().get_all("vary").iter().collect();
        assert_eq!(vary, ["cookie", "authorization"]);
        assert_eq!(response.text().await.unwrap(), "alice");
        site.stop().await;
    });
}

/// SES-34: the scheme is what a trusted proxy says, and nobody else.
#[test]
fn only_a_trusted_proxy_says_that_a_request_came_over_plain_http() {
    run(async {
        for (proxy, expected) in [("127.0.0.1", "nobody"), ("192.0.2.1", "alice")] {
            let world = World::new();
            let transport = TransportConfig::default().trusted_proxies(proxy.parse().unwrap());
            let site = Site::with(world.middleware(transport));
            let cookie = site.log_in().await;
            let fields = [("cookie", &*cookie), ("x-forwarded-proto", "http")];
            let response = site.send("GET", "/who", &fields).await;
            assert_eq!(response.text().await.unwrap(), expected, "{proxy}");
            site.stop().await;
        }
    });
}

#[test]
fn a_list_of_devices_knows_the_network_of_the_connection() {
    run(async {
        let world = World::new();
        let site = Site::new(&world);
        site.log_in().await;
        let subject = hallpass_core::Subject::new("alice").unwrap();
        let sessions = world.manager.list(&subject).await.unwrap();
        let networks: Vec<_> = sessions
            .iter()
            .map(|session| session.client.network())
            .collect();
        let loopback = hallpass_core::Network::of([127, 0, 0, 1].into());
        assert_eq!(networks, [Some(loopback)]);
        site.stop().await;
    });
}

#[test]
fn a_token_is_renewed_and_the_next_request_uses_it() {
    run(async {
        let world = World::new();
        let site = Site::new(&world);
        let first = site.log_in().await;
        let _used = site.send("GET", "/who", &[("cookie", &first)]).await;
        world.clock.advance(minutes(16));
        let response = site.send("GET", "/who", &[("cookie", &first)]).await;
        let second = cookie(&response);
        assert_ne!(second, first);
        let response = site.send("GET", "/who", &[("cookie", &second)]).await;
        assert_eq!(response.text().await.unwrap(), "alice");
        site.stop().await;
    });
}

/// Race 22: a scope that says that its requests are no activity.
#[test]
fn a_poll_keeps_no_session_alive() {
    run(async {
        for (path, expected) in [("/polls/who", "nobody"), ("/who", "alice")] {
            let world = World::new();
            let site = Site::new(&world);
            let cookie = site.log_in().await;
            let fields = [("cookie", &*cookie)];
            let _used = site.send("GET", "/who", &fields).await;
            world.clock.advance(minutes(14));
            let poll = site.send("GET", path, &fields).await;
            assert_eq!(poll.text().await.unwrap(), "alice");
            world.clock.advance(minutes(17));
            let response = site.send("GET", "/who", &fields).await;
            assert_eq!(response.text().await.unwrap(), expected, "{path}");
            site.stop().await;
        }
    });
}
