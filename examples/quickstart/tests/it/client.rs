//! A client that keeps cookies by hand, as a browser's jar does, and shows each of them.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Client;
use reqwest::Method;
use reqwest::RequestBuilder;
use reqwest::StatusCode;
use reqwest::header;
use reqwest::header::HeaderValue;
use reqwest::redirect;
use serde_json::Value;
use serde_json::json;

use crate::answer::Answer;
use crate::answer::SetCookie;
use crate::server::Server;

/// The cookie of a login.
pub(crate) const SESSION: &str = "__Host-session";

/// The cookie of a session without a subject.
pub(crate) const ANONYMOUS: &str = "__Host-anon";

/// What each cookie carries besides its value and its lifetime, sorted.
pub(crate) const SCOPE: [&str; 4] = ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"];

/// The password of each demo account.
pub(crate) const PASSWORD: &str = "correct horse";

/// What a browser of today calls itself.
pub(crate) const FIREFOX: &str =
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// One browser: a jar of cookies and a name for itself.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    origin: String,
    http: Client,
    user_agent: String,
    jar: BTreeMap<String, SetCookie>,
    frozen: Option<Vec<String>>,
    source: Option<&'static str>,
}

impl Browser {
    /// A browser that has never seen the server.
    pub(crate) fn new(server: &Server) -> Self {
        let http = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self {
            origin: server.origin().to_owned(),
            http,
            user_agent: FIREFOX.to_owned(),
            jar: BTreeMap::new(),
            frozen: None,
            source: Some("same-origin"),
        }
    }

    /// A browser that has loaded the page with the login form.
    pub(crate) async fn at_the_login_form(server: &Server) -> Self {
        let mut browser = Self::new(server);
        browser.get("/").await;
        browser
    }

    /// A browser that is signed in.
    pub(crate) async fn signed_in(server: &Server, user: &str) -> Self {
        let mut browser = Self::new(server);
        assert_eq!(browser.login(user).await.status, StatusCode::SEE_OTHER);
        browser
    }

    /// A client that sends exactly these `Cookie` fields with each request, and keeps nothing.
    pub(crate) fn presenting(server: &Server, fields: &[&str]) -> Self {
        let frozen = Some(fields.iter().map(|&field| field.to_owned()).collect());
        Self {
            frozen,
            ..Self::new(server)
        }
    }

    /// The same browser with the same jar, whose requests another process answers.
    pub(crate) fn at(self, server: &Server) -> Self {
        Self {
            origin: server.origin().to_owned(),
            ..self
        }
    }

    /// The same browser under another name for itself.
    pub(crate) fn calling_itself(self, user_agent: &str) -> Self {
        Self {
            user_agent: user_agent.to_owned(),
            ..self
        }
    }

    /// The same browser, whose requests are caused by a page of another site.
    pub(crate) fn at_another_site(self) -> Self {
        Self {
            source: Some("cross-site"),
            ..self
        }
    }

    /// The same browser, of an age that says nothing of what causes its requests.
    pub(crate) fn of_old(self) -> Self {
        Self {
            source: None,
            ..self
        }
    }

    /// A second tab that sends today's cookies for ever, whatever happens to the jar: a request
    /// that was held back, or a thief with a copy.
    pub(crate) fn straggler(&self) -> Self {
        Self {
            frozen: Some(self.cookie_fields()),
            ..self.clone()
        }
    }

    /// Keeps the cookies of an answer that another tab of this browser received.
    pub(crate) fn keep(&mut self, answer: &Answer) {
        for cookie in &answer.set_cookies {
            cookie.must_be_accepted();
            if cookie.removes() {
                self.jar.remove(&cookie.name);
            } else {
                self.jar.insert(cookie.name.clone(), cookie.clone());
            }
        }
    }

    /// A request with the cookies of this browser; `send` sends it.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.origin))
            .header(header::USER_AGENT, &self.user_agent);
        if let Some(source) = self.source {
            request = request.header("sec-fetch-site", source);
        }
        for field in self.cookie_fields() {
            let value = HeaderValue::from_bytes(field.as_bytes()).unwrap();
            request = request.header(header::COOKIE, value);
        }
        request
    }

    /// Sends a request, and keeps the cookies of the answer.
    pub(crate) async fn send(&mut self, request: RequestBuilder) -> Answer {
        let answer = Answer::read(request.send().await.unwrap()).await;
        if self.frozen.is_none() {
            self.keep(&answer);
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&mut self, path: &str) -> Answer {
        self.send(self.request(Method::POST, path)).await
    }

    pub(crate) async fn post_form(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(self.request(Method::POST, path).form(form)).await
    }

    pub(crate) async fn post_json(&mut self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn login(&mut self, user: &str) -> Answer {
        self.post_form("/login", &[("username", user), ("password", PASSWORD)])
            .await
    }

    pub(crate) async fn logout(&mut self) -> Answer {
        self.post("/logout").await
    }

    /// The JSON of `/api/me`.
    pub(crate) async fn me(&mut self) -> Value {
        self.get("/api/me").await.json()
    }

    /// One member of the JSON of `/api/me`.
    pub(crate) async fn my(&mut self, member: &str) -> Value {
        self.me().await.get(member).unwrap().clone()
    }

    /// The public name of this browser's session.
    pub(crate) async fn handle(&mut self) -> String {
        self.my("handle").await.as_str().unwrap().to_owned()
    }

    /// Adds to the cart.
    pub(crate) async fn put_in_cart(&mut self, item: &str) {
        let answer = self.post_json("/api/cart", &json!({ "item": item })).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
    }

    /// The JSON of `/api/cart`.
    pub(crate) async fn cart(&mut self) -> Value {
        self.get("/api/cart").await.json()
    }

    /// The list in the JSON of `/api/devices`.
    pub(crate) async fn devices(&mut self) -> Vec<Value> {
        let answer = self.get("/api/devices").await.json();
        answer.get("devices").unwrap().as_array().unwrap().clone()
    }

    /// The value of a cookie in the jar.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.jar.get(name).map(|cookie| cookie.value.as_str())
    }

    /// The token of the login.
    pub(crate) fn token(&self) -> String {
        self.cookie(SESSION).unwrap().to_owned()
    }

    /// The scheme, host and port that this browser talks to.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// What this browser sends as its cookies.
    pub(crate) fn cookie_fields(&self) -> Vec<String> {
        if let Some(fields) = &self.frozen {
            return fields.clone();
        }
        if self.jar.is_empty() {
            return Vec::new();
        }
        let pairs = self
            .jar
            .values()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value));
        vec![pairs.collect::<Vec<_>>().join("; ")]
    }
}

/// The JSON of `/api/me` for a client without a session.
pub(crate) fn nobody(ended: Option<&str>) -> Value {
    json!({
        "handle": null,
        "subject": null,
        "idle_expires_in": null,
        "absolute_expires_in": null,
        "authenticated_at": null,
        "actor": null,
        "rights": null,
        "locked": false,
        "ended": ended,
    })
}

/// Does the same in several tabs at once, each with a copy of the cookies of now.
pub(crate) async fn at_once<T>(
    tabs: impl IntoIterator<Item = Browser>,
    act: impl AsyncFn(Browser) -> T,
) -> Vec<T> {
    join_all(tabs.into_iter().map(|tab| act(tab))).await
}

/// Whether this is an RFC 3339 time in UTC.
pub(crate) fn is_utc_time(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let Some(local) = text
        .strip_suffix('Z')
        .or_else(|| text.strip_suffix("+00:00"))
    else {
        return false;
    };
    let (seconds, fraction) = local.split_once('.').unwrap_or((local, "0"));
    let shape: String = seconds
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape == "0000-00-00T00:00:00" && fraction.chars().all(|c| c.is_ascii_digit())
}
