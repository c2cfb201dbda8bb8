//! What a browser may do beside one login: several of them, polls, and pages fetched in advance.

use axum::Extension;
use axum::Router;
use axum::routing::get;
use axum::routing::post;
use hallpass::ClientFacts;
use hallpass::Login;
use hallpass::Subject;
use hallpass::axum::Session;
use hallpass::axum::SessionLayer;
use hallpass::axum::SessionRejection;
use hallpass::http::Accounts;
use hallpass::http::NoTouch;
use hallpass::http::TransportConfig;

use super::site::field;
use super::site::send;
use super::site::site;
use super::site::text;
use crate::world::World;
use crate::world::minutes;

/// `/u/{account}/..`, and the same without an account.
fn mail(world: &World) -> Router {
    async fn log_in(session: Session, name: String) -> Result<(), SessionRejection> {
        let _outcome = session
            .login(Login::new(Subject::new(&name).unwrap()))
            .await?;
        Ok(())
    }
    async fn who(session: Session) -> String {
        let subject = session.subject();
        subject.map_or_else(|| "nobody".to_owned(), |subject| subject.id().to_owned())
    }
    async fn log_out(session: Session) -> Result<(), SessionRejection> {
        Ok(session.logout().await?)
    }

    let transport = TransportConfig::default().accounts(Accounts::by_path(3, "/u"));
    let layer = SessionLayer::with_transport(world.manager.clone(), transport).unwrap();
    let mut router = Router::new();
    for prefix in ["", "/u/{account}"] {
        router = router
            .route(&format!("{prefix}/login"), post(log_in))
            .route(&format!("{prefix}/who"), get(who))
            .route(&format!("{prefix}/logout"), post(log_out));
    }
    router.layer(layer)
}

/// A jar for cookies of which nothing matters but name and value.
#[derive(Clone, Default)]
struct Jar(Vec<(String, String)>);

impl Jar {
    async fn send(&mut self, site: &Router, method: &str, path: &str, body: &str) -> String {
        let cookies: Vec<String> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = cookies.join("; ");
        let response = send(site, method, path, &[("cookie", cookies.as_bytes())], body).await;
        for set in response.headers().get_all("set-cookie") {
            let (pair, _) = set.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.0.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
        text(response).await
    }

    async fn who(&mut self, site: &Router) -> [String; 4] {
        let mut found = [const { String::new() }; 4];
        for (place, path) in ["/who", "/u/0/who", "/u/1/who", "/u/2/who"]
            .iter()
            .enumerate()
        {
            found[place] = self.send(site, "GET", path, "").await;
        }
        found
    }

    fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.0.iter().map(|(name, _)| &**name).collect();
        names.sort_unstable();
        names
    }
}

#[tokio::test]
async fn a_browser_is_signed_in_to_several_accounts() {
    let world = World::new();
    let site = mail(&world);
    let mut jar = Jar::default();
    jar.send(&site, "POST", "/login", "alice").await;
    jar.send(&site, "POST", "/u/1/login", "bob").await;
    assert_eq!(jar.names(), ["__Host-session", "__Host-session-1"]);
    assert_eq!(jar.who(&site).await, ["alice", "alice", "bob", "nobody"]);
    jar.send(&site, "POST", "/u/1/login", "carol").await;
    assert_eq!(jar.who(&site).await, ["alice", "alice", "carol", "nobody"]);
    jar.send(&site, "POST", "/logout", "").await;
    assert_eq!(jar.names(), ["__Host-session-1"]);
    assert_eq!(
        jar.who(&site).await,
        ["nobody", "nobody", "carol", "nobody"]
    );
    jar.send(&site, "POST", "/u/1/logout", "").await;
    assert!(jar.names().is_empty());
}

/// CK-16: cookies that change places change which account it is, and nothing else.
#[tokio::test]
async fn cookies_that_change_places_change_the_account_and_nothing_else() {
    let world = World::new();
    let site = mail(&world);
    let mut jar = Jar::default();
    jar.send(&site, "POST", "/login", "alice").await;
    jar.send(&site, "POST", "/u/1/login", "bob").await;
    let mut swapped = jar.clone();
    let (first, second) = (jar.0[0].1.clone(), jar.0[1].1.clone());
    (swapped.0[0].1, swapped.0[1].1) = (second, first);
    assert_eq!(swapped.who(&site).await, ["bob", "bob", "alice", "nobody"]);
    assert_eq!(jar.who(&site).await, ["alice", "alice", "bob", "nobody"]);
}

/// No account is better than another: what names one acts on none else.
#[tokio::test]
async fn a_logout_of_an_account_that_there_is_not_ends_nothing() {
    let world = World::new();
    let site = mail(&world);
    let mut jar = Jar::default();
    jar.send(&site, "POST", "/login", "alice").await;
    for account in ["3", "00", "x", "%31", "-1"] {
        jar.send(&site, "POST", &format!("/u/{account}/logout"), "")
            .await;
        let path = format!("/u/{account}/who");
        assert_eq!(jar.send(&site, "GET", &path, "").await, "nobody");
    }
    assert_eq!(jar.send(&site, "GET", "/who", "").await, "alice");
}

/// Race 22, by path and by an extension that a layer further out puts there.
#[tokio::test]
async fn a_page_that_polls_all_day_is_logged_out() {
    let by_path = TransportConfig::default().no_touch_path("/who");
    for (transport, by_extension) in [(by_path, false), (TransportConfig::default(), true)] {
        let world = World::new();
        let site = site(&world, transport);
        let login = send(&site, "POST", "/login", &[], "").await;
        let cookie = field(&login, "set-cookie").unwrap().to_owned();
        let (cookie, _) = cookie.split_once(';').unwrap();
        let site = if by_extension {
            site.layer(Extension(NoTouch))
        } else {
            site
        };
        for minute in 1..=30 {
            world.clock.advance(minutes(1));
            let response = send(&site, "GET", "/who", &[("cookie", cookie.as_bytes())], "").await;
            assert_eq!(field(&response, "set-cookie"), None);
            let expected = if minute < 30 { "alice" } else { "nobody" };
            assert_eq!(text(response).await, expected, "{minute}");
        }
    }
}

/// SES-21: a page that nobody has asked for yet leaves nothing behind, neither here nor there.
#[tokio::test]
async fn a_page_fetched_in_advance_begins_no_session() {
    let world = World::new();
    let layer = SessionLayer::new(world.manager.clone());
    let visit = async |session: Session| session.update("n", |n: &mut u32| *n += 1).unwrap();
    let site = Router::new().route("/", get(visit)).layer(layer);
    let ahead: [(&str, &[u8]); 1] = [("sec-purpose", b"prefetch;prerender")];
    let response = send(&site, "GET", "/", &ahead, "").await;
    assert_eq!(field(&response, "set-cookie"), None);
    assert_eq!(world.operations(), []);
    let response = send(&site, "GET", "/", &[], "").await;
    assert!(field(&response, "set-cookie").is_some());
}

/// What lists the accounts of a browser: each is opened, and none is used.
#[tokio::test]
async fn the_accounts_of_a_browser_are_opened_one_by_one() {
    let world = World::new();
    let site = mail(&world);
    let mut jar = Jar::default();
    jar.send(&site, "POST", "/login", "alice").await;
    jar.send(&site, "POST", "/u/2/login", "bob").await;
    let accounts = Accounts::by_path(3, "/u");
    let transport = TransportConfig::default()
        .accounts(accounts)
        .build()
        .unwrap();
    let cookies: Vec<_> = jar
        .0
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut headers = http::HeaderMap::new();
    headers.insert("cookie", cookies.join("; ").parse().unwrap());
    let mut names = Vec::new();
    for incoming in transport.presented_accounts(None, &headers) {
        let facts = ClientFacts::default();
        let session = world.manager.open(incoming.presented, facts).await.unwrap();
        names.push(session.subject().unwrap().id().to_owned());
    }
    assert_eq!(names, ["alice", "bob"]);
}
