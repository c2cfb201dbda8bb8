//! The cookie jar of a strict browser: what it takes, and what it sends (rfc6265bis, 5.6 to 5.8).

use hallpass::Timestamp;

/// The cookies of one browser.
#[derive(Clone, Debug, Default)]
pub struct Jar {
    cookies: Vec<Cookie>,
    /// Counts the cookies that were taken, so that older ones are sent first.
    taken: u64,
}

/// One cookie.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether scripts of the page are kept from it.
    pub http_only: bool,
    /// `None` until the browser is closed.
    pub expires: Option<Timestamp>,
    /// As it was written.
    pub same_site: Option<String>,
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    partitioned: bool,
    order: u64,
}

/// Where a request goes, or where an answer comes from.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "tests name places")]
pub struct Place<'a> {
    /// Whether it is reached over https.
    pub secure: bool,
    /// The host.
    pub host: &'a str,
    /// The path.
    pub path: &'a str,
}

/// Who caused a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "tests name causes")]
pub enum Cause {
    /// A page of the site, or the user.
    SameSite,
    /// A link on another site that the user followed.
    CrossSiteLink,
    /// A form, a frame or a script of another site.
    CrossSitePost,
}

/// A page of the application.
pub const HOME: Place<'_> = Place {
    secure: true,
    host: "app.example.org",
    path: "/",
};

impl Jar {
    /// Takes a `Set-Cookie` field, or says why a browser ignores it.
    ///
    /// # Errors
    ///
    /// The reason, where the browser ignores the field.
    pub fn take(
        &mut self,
        field: &str,
        from: Place<'_>,
        now: Timestamp,
    ) -> Result<(), &'static str> {
        let mut cookie = Cookie::parse(field, from, now)?;
        cookie.check(from)?;
        let same = self.cookies.iter().position(|other| other.is(&cookie));
        cookie.order = match same {
            Some(place) => self.cookies.remove(place).order,
            None => {
                self.taken += 1;
                self.taken
            }
        };
        if cookie.expires.is_none_or(|expires| now < expires) {
            self.cookies.push(cookie);
        }
        Ok(())
    }

    /// Returns the `Cookie` field of a request, longer paths first, then older cookies.
    #[must_use]
    pub fn field(&self, to: Place<'_>, cause: Cause, now: Timestamp) -> Option<String> {
        let mut sent: Vec<_> = self
            .cookies
            .iter()
            .filter(|cookie| cookie.goes_to(to, cause, now))
            .collect();
        sent.sort_by_key(|cookie| (std::cmp::Reverse(cookie.path.len()), cookie.order));
        let pairs: Vec<_> = sent
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Returns the value of the only cookie of this name.
    ///
    /// # Panics
    ///
    /// Panics where there is more than one.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<String> {
        let mut named = self.cookies.iter().filter(|cookie| cookie.name == name);
        let value = named.next().map(|cookie| cookie.value.clone());
        assert!(named.next().is_none(), "more than one {name}");
        value
    }

    /// The user closes the browser.
    pub fn close(&mut self) {
        self.cookies.retain(|cookie| cookie.expires.is_some());
    }

    /// Returns all that is kept, also what has expired since.
    #[must_use]
    pub fn cookies(&self) -> &[Cookie] {
        &self.cookies
    }
}

impl Cookie {
    fn parse(field: &str, from: Place<'_>, now: Timestamp) -> Result<Self, &'static str> {
        if field
            .bytes()
            .any(|byte| byte.is_ascii_control() && byte != b'\t')
        {
            return Err("a control character");
        }
        let mut parts = field.split(';');
        let pair = parts.next().unwrap_or_default();
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let (name, value) = (name.trim(), value.trim());
        if name.len() + value.len() > 4_096 {
            return Err("name and value are too long");
        }
        let mut cookie = Self {
            name: name.to_owned(),
            value: value.to_owned(),
            http_only: false,
            expires: None,
            same_site: None,
            domain: from.host.to_owned(),
            host_only: true,
            path: "/".to_owned(),
            secure: false,
            partitioned: false,
            order: 0,
        };
        let mut has_root_path = false;
        for attribute in parts {
            let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            if value.len() > 1_024 {
                continue;
            }
            match name.as_str() {
                "domain" if !value.is_empty() => {
                    cookie.domain = value.trim_start_matches('.').to_ascii_lowercase();
                    cookie.host_only = false;
                }
                "httponly" => cookie.http_only = true,
                "max-age" => cookie.expires = max_age(value, now).or(cookie.expires),
                "partitioned" => cookie.partitioned = true,
                "path" if value.starts_with('/') => {
                    cookie.path = value.to_owned();
                    has_root_path = value == "/";
                }
                "samesite" => cookie.same_site = Some(value.to_owned()),
                "secure" => cookie.secure = true,
                // `Expires` counts only where `Max-Age` is missing, and ours is not.
                _ => {}
            }
        }
        cookie.keeps_its_promise(has_root_path)?;
        Ok(cookie)
    }

    /// What the prefix of the name promises, in whatever case it is written.
    fn keeps_its_promise(&self, has_root_path: bool) -> Result<(), &'static str> {
        let promised = if self.name.is_empty() {
            &self.value
        } else {
            &self.name
        };
        let promised = promised.to_ascii_lowercase();
        let is = |prefix: &str| promised.starts_with(prefix);
        if self.name.is_empty() && (is("__secure-") || is("__host-") || is("__http-")) {
            return Err("a value that pretends to be a name");
        }
        if (is("__secure-") || is("__host-") || is("__http-")) && !self.secure {
            return Err("a prefix without Secure");
        }
        if is("__host-") && !(self.host_only && has_root_path) {
            return Err("__Host- with Domain or without Path=/");
        }
        if (is("__http-") || is("__host-http-")) && !self.http_only {
            return Err("__Http- without HttpOnly");
        }
        Ok(())
    }

    fn check(&self, from: Place<'_>) -> Result<(), &'static str> {
        if !self.host_only && !is_within(from.host, &self.domain) {
            return Err("a domain that is not the host's");
        }
        if self.secure && !from.secure {
            return Err("Secure from an insecure page");
        }
        if self.partitioned && !self.secure {
            return Err("Partitioned without Secure");
        }
        if self.same_site.as_deref() == Some("None") && !self.secure {
            return Err("SameSite=None without Secure");
        }
        Ok(())
    }

    /// Returns whether the other replaces this one.
    fn is(&self, other: &Self) -> bool {
        let key = |cookie: &Self| {
            let (name, domain, path) = (&cookie.name, &cookie.domain, &cookie.path);
            let key = (name.clone(), domain.clone(), path.clone());
            (key, cookie.host_only, cookie.partitioned)
        };
        key(self) == key(other)
    }

    fn goes_to(&self, to: Place<'_>, cause: Cause, now: Timestamp) -> bool {
        let host = if self.host_only {
            to.host == self.domain
        } else {
            is_within(to.host, &self.domain)
        };
        let rest = to.path.strip_prefix(self.path.as_str());
        let path = rest.is_some_and(|rest| {
            rest.is_empty() || self.path.ends_with('/') || rest.starts_with('/')
        });
        let site = match (cause, self.same_site.as_deref()) {
            (Cause::SameSite, _) | (_, Some("None")) => true,
            (Cause::CrossSiteLink, same_site) => same_site != Some("Strict"),
            (Cause::CrossSitePost, _) => false,
        };
        let fresh = self.expires.is_none_or(|expires| now < expires);
        host && path && site && fresh && (to.secure || !self.secure)
    }
}

fn is_within(host: &str, domain: &str) -> bool {
    let rest = host.strip_suffix(domain);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Digits only, a minus in front of them at the most; capped at 400 days.
fn max_age(text: &str, now: Timestamp) -> Option<Timestamp> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds: u64 = digits.parse().unwrap_or(u64::MAX);
    if negative || seconds == 0 {
        return Some(Timestamp::default());
    }
    let kept = std::time::Duration::from_secs(seconds.min(400 * 86_400));
    Some(now.saturating_add(kept))
}

/// The jar itself, where a mistake of it would hide one of ours.
#[test]
fn the_jar_is_as_strict_as_a_browser() {
    let now = Timestamp::from_millis(1_000_000);
    let plain = Place {
        secure: false,
        ..HOME
    };
    let sibling = Place {
        host: "evil.example.org",
        ..HOME
    };
    let refused = [
        ("__Host-a=1; Secure; Path=/; Domain=example.org", HOME),
        ("__host-a=1; Secure; Path=/x", HOME),
        ("__Host-a=1; Path=/", HOME),
        ("__Host-a=1; Secure; Path=/", plain),
        ("__Secure-a=1", HOME),
        ("__Http-a=1; Secure", HOME),
        ("=__Host-a=1; Secure; Path=/", HOME),
        ("a=1; Domain=app.example.org", sibling),
        ("a=1; SameSite=None", HOME),
        ("a=1\r\nb=2", HOME),
    ];
    for (field, from) in refused {
        assert!(Jar::default().take(field, from, now).is_err(), "{field}");
    }
    let mut jar = Jar::default();
    let field = |jar: &Jar, to, cause| jar.field(to, cause, now);
    jar.take("__Host-a=1; Secure; Path=/; SameSite=Lax", HOME, now)
        .unwrap();
    jar.take("b=2; Domain=example.org; Path=/x; Max-Age=60", sibling, now)
        .unwrap();
    let deep = Place {
        path: "/x/y",
        ..HOME
    };
    let sent = |to, cause| field(&jar, to, cause).unwrap_or_default();
    assert_eq!(sent(deep, Cause::SameSite), "b=2; __Host-a=1");
    assert_eq!(sent(HOME, Cause::CrossSiteLink), "__Host-a=1");
    assert_eq!(sent(HOME, Cause::CrossSitePost), "");
    assert_eq!(sent(plain, Cause::SameSite), "");
    assert_eq!(sent(sibling, Cause::SameSite), "");
    jar.close();
    assert_eq!(jar.cookies().len(), 1);
    jar.take("b=; Domain=example.org; Path=/x; Max-Age=0", sibling, now)
        .unwrap();
    assert_eq!(jar.cookies().len(), 0);
}
