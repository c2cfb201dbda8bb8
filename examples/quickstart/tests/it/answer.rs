//! What the server answered, with each cookie that it set or removed.

use reqwest::Response;
use reqwest::StatusCode;
use reqwest::header;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// What the server answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) set_cookies: Vec<SetCookie>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let fields = response.headers().get_all(header::SET_COOKIE);
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            set_cookies: fields
                .iter()
                .map(|field| field.to_str().unwrap().into())
                .collect(),
            body: response.text().await.unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        match serde_json::from_str(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("{error} in an answer of {}: {}", self.status, self.body),
        }
    }

    /// A header, or the empty text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Whether the list in a header names this, in any case.
    pub(crate) fn lists(&self, name: &str, item: &str) -> bool {
        self.headers
            .get_all(name)
            .iter()
            .flat_map(|value| value.to_str().unwrap().split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(item))
    }

    /// The one cookie of this name that the answer sets or removes.
    pub(crate) fn set_cookie(&self, name: &str) -> &SetCookie {
        let named: Vec<_> = self
            .set_cookies
            .iter()
            .filter(|cookie| cookie.name == name)
            .collect();
        match named.as_slice() {
            [cookie] => cookie,
            _ => panic!("not one cookie {name:?} in {:?}", self.set_cookies),
        }
    }

    /// The names of the cookies that the answer sets.
    pub(crate) fn cookies_given(&self) -> Vec<&str> {
        let given = self.set_cookies.iter().filter(|cookie| !cookie.removes());
        given.map(|cookie| cookie.name.as_str()).collect()
    }

    /// The names of the cookies that the answer removes.
    pub(crate) fn cookies_removed(&self) -> Vec<&str> {
        let removed = self.set_cookies.iter().filter(|cookie| cookie.removes());
        removed.map(|cookie| cookie.name.as_str()).collect()
    }
}

/// One `Set-Cookie` field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct SetCookie {
    pub(crate) name: String,
    pub(crate) value: String,
    attributes: Vec<String>,
}

impl SetCookie {
    /// The value of an attribute, in any case.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let pairs = self
            .attributes
            .iter()
            .map(|text| text.split_once('=').unwrap_or((text, "")));
        pairs
            .into_iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// For how many seconds a browser keeps it; without an answer, until it closes.
    pub(crate) fn max_age(&self) -> Option<i64> {
        self.attribute("Max-Age")
            .map(|seconds| seconds.parse().unwrap())
    }

    /// Whether a browser forgets the cookie on this.
    pub(crate) fn removes(&self) -> bool {
        self.max_age().is_some_and(|seconds| seconds <= 0)
    }

    /// The attributes without the lifetime, sorted: what a removal has to repeat.
    pub(crate) fn scope(&self) -> Vec<&str> {
        let lifetime =
            |text: &&str| !(text.starts_with("Max-Age=") || text.starts_with("Expires="));
        let mut scope: Vec<_> = self
            .attributes
            .iter()
            .map(String::as_str)
            .filter(lifetime)
            .collect();
        scope.sort_unstable();
        scope
    }

    /// A browser refuses a `__Host-` cookie that breaks the rules of the prefix.
    pub(crate) fn must_be_accepted(&self) {
        if !self.name.starts_with("__Host-") {
            return;
        }
        let kept = self.attribute("Secure").is_some()
            && self.attribute("Path") == Some("/")
            && self.attribute("Domain").is_none();
        assert!(
            kept,
            "a browser refuses the cookie {:?} with {:?}",
            self.name, self.attributes
        );
    }
}

impl From<&str> for SetCookie {
    fn from(field: &str) -> Self {
        let mut parts = field.split(';').map(str::trim);
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        Self {
            name: name.to_owned(),
            value: value.to_owned(),
            attributes: parts.map(str::to_owned).collect(),
        }
    }
}
