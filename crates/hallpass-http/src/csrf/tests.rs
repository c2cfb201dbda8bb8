mod attacks;
mod matrix;
mod tokens;

use http::HeaderValue;

use super::*;

/// A request to `https://example.org/pay`, which is what most tests begin with.
#[derive(Clone, Debug)]
struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    scheme: Option<Scheme>,
    carrier: Carrier,
}

impl Asked {
    fn new(method: Method, uri: &str, headers: &[(&'static str, &str)]) -> Self {
        let mut asked = Self {
            method,
            uri: uri.parse().unwrap(),
            headers: HeaderMap::new(),
            scheme: None,
            carrier: Carrier::Cookie,
        };
        asked
            .headers
            .insert(header::HOST, HeaderValue::from_static("example.org"));
        for (name, value) in headers {
            asked
                .headers
                .append(*name, HeaderValue::from_str(value).unwrap());
        }
        asked
    }

    fn post(headers: &[(&'static str, &str)]) -> Self {
        Self::new(Method::POST, "/pay", headers)
    }

    fn get(uri: &str, headers: &[(&'static str, &str)]) -> Self {
        Self::new(Method::GET, uri, headers)
    }

    fn judged(&self, csrf: &Csrf) -> CsrfDecision {
        csrf.judge(&RequestFacts {
            method: &self.method,
            uri: &self.uri,
            headers: &self.headers,
            scheme: self.scheme,
            carrier: self.carrier,
        })
    }
}

fn csrf(config: CsrfConfig) -> Csrf {
    config.build().unwrap()
}

const fn allow(rule: CsrfRule) -> CsrfDecision {
    CsrfDecision::Allow(rule)
}

const fn refuse(rule: CsrfRule) -> CsrfDecision {
    CsrfDecision::Refuse(rule)
}

const OURS: &str = "https://example.org";
const SITE: &str = "sec-fetch-site";
const MODE: &str = "sec-fetch-mode";
const DEST: &str = "sec-fetch-dest";

#[test]
fn an_exempt_path_is_let_in_whoever_sends_it() {
    let csrf = csrf(CsrfConfig::default().exempt("/hooks/").exempt("/hook"));
    let table = [
        ("/hooks/a?b", allow(CsrfRule::Exempt)),
        ("/hook", allow(CsrfRule::Exempt)),
        ("/hook/a", refuse(CsrfRule::CrossSite)),
        ("/hooks", refuse(CsrfRule::CrossSite)),
        ("/hooks/../pay", refuse(CsrfRule::CrossSite)),
        ("/hooks/%2e%2e/pay", refuse(CsrfRule::CrossSite)),
        ("/pay?/hooks/", refuse(CsrfRule::CrossSite)),
    ];
    for (uri, expected) in table {
        let asked = Asked::new(Method::POST, uri, &[(SITE, "cross-site")]);
        assert_eq!(asked.judged(&csrf), expected, "{uri}");
    }
}

#[test]
fn credentials_in_a_header_need_no_proof() {
    let mut asked = Asked::post(&[(SITE, "cross-site"), ("origin", "https://attacker.test")]);
    let table = [
        (Carrier::Cookie, refuse(CsrfRule::CrossSite)),
        (Carrier::Header, allow(CsrfRule::HeaderCredentials)),
        (Carrier::Nowhere, refuse(CsrfRule::CrossSite)),
    ];
    for (carrier, expected) in table {
        asked.carrier = carrier;
        assert_eq!(asked.judged(&Csrf::default()), expected, "{carrier:?}");
    }
}

/// CSRF-02 and CSRF-09: people may follow links to a checked path; nothing else of another site
/// reaches it.
#[test]
fn a_checked_safe_path_lets_links_in_and_nothing_else_of_other_sites() {
    let csrf = csrf(CsrfConfig::default().check_safe("/export"));
    let navigation = allow(CsrfRule::Navigation);
    let refused = refuse(CsrfRule::CrossSite);
    let table: [(&[(&str, &str)], CsrfDecision); 14] = [
        (&[(SITE, "same-origin")], allow(CsrfRule::SameOrigin)),
        (&[(SITE, "none")], allow(CsrfRule::User)),
        (&[(SITE, "same-site")], refuse(CsrfRule::SameSite)),
        (&[(SITE, "cross-site")], refused),
        (
            &[(SITE, "cross-site"), (MODE, "navigate"), (DEST, "document")],
            navigation,
        ),
        (
            &[(SITE, "same-site"), (MODE, "navigate"), (DEST, "document")],
            navigation,
        ),
        (
            &[(SITE, "cross-site"), (MODE, "navigate"), (DEST, "object")],
            refused,
        ),
        (
            &[(SITE, "cross-site"), (MODE, "navigate"), (DEST, "embed")],
            refused,
        ),
        (
            &[(SITE, "cross-site"), (MODE, "navigate"), (DEST, "iframe")],
            refused,
        ),
        (&[(SITE, "cross-site"), (MODE, "navigate")], refused),
        (
            &[(SITE, "cross-site"), (MODE, "no-cors"), (DEST, "image")],
            refused,
        ),
        (
            &[(SITE, "cross-site"), (MODE, "cors"), (DEST, "document")],
            refused,
        ),
        (
            &[("referer", "https://attacker.test/")],
            refuse(CsrfRule::Referer),
        ),
        (&[], CsrfDecision::NeedsToken),
    ];
    for (headers, expected) in table {
        assert_eq!(
            Asked::get("/export", headers).judged(&csrf),
            expected,
            "{headers:?}"
        );
        let elsewhere = Asked::get("/", headers).judged(&csrf);
        assert_eq!(elsewhere, allow(CsrfRule::SafeMethod), "{headers:?}");
    }
    let link = [(SITE, "cross-site"), (MODE, "navigate"), (DEST, "document")];
    let post = Asked::new(Method::POST, "/export", &link);
    assert_eq!(post.judged(&csrf), refused);
    let head = Asked::new(Method::HEAD, "/%65xport", &link);
    assert_eq!(head.judged(&csrf), refused);
}

/// CSRF-02: a `GET` that changes something.
#[test]
fn a_path_with_checked_links_refuses_links_too() {
    let csrf = csrf(CsrfConfig::default().check_safe("/").check_links("/logout"));
    let link = [(SITE, "cross-site"), (MODE, "navigate"), (DEST, "document")];
    let table = [
        ("/logout", refuse(CsrfRule::CrossSite)),
        ("/logout/", refuse(CsrfRule::CrossSite)),
        ("//logout", refuse(CsrfRule::CrossSite)),
        ("/x/../%6cogout", refuse(CsrfRule::CrossSite)),
        ("/login", allow(CsrfRule::Navigation)),
    ];
    for (uri, expected) in table {
        assert_eq!(Asked::get(uri, &link).judged(&csrf), expected, "{uri}");
    }
    // From a mail, or typed in: the browser does not tell these apart.
    let typed = [(SITE, "none"), (MODE, "navigate"), (DEST, "document")];
    let judged = ["/logout", "/login"].map(|uri| Asked::get(uri, &typed).judged(&csrf));
    assert_eq!(judged, [refuse(CsrfRule::User), allow(CsrfRule::User)]);
}

/// A handshake is a `GET` that every page can send, with the cookies, and read the answers of.
#[test]
fn a_websocket_of_another_site_is_refused() {
    let table: [(&[(&'static str, &str)], CsrfDecision); 6] = [
        (&[("origin", OURS)], allow(CsrfRule::Origin)),
        (
            &[("origin", "https://attacker.test")],
            refuse(CsrfRule::Origin),
        ),
        (&[("origin", "null")], refuse(CsrfRule::Origin)),
        (&[(SITE, "same-origin")], allow(CsrfRule::SameOrigin)),
        (
            &[(SITE, "cross-site"), (MODE, "websocket")],
            refuse(CsrfRule::CrossSite),
        ),
        (&[], CsrfDecision::NeedsToken),
    ];
    for (headers, expected) in table {
        for upgrade in ["websocket", "WebSocket", "h2c, websocket"] {
            let mut asked = Asked::get("/live", headers);
            asked
                .headers
                .insert(header::UPGRADE, HeaderValue::from_static(upgrade));
            assert_eq!(asked.judged(&Csrf::default()), expected, "{headers:?}");
        }
        let plain = Asked::get("/live", headers).judged(&Csrf::default());
        assert_eq!(plain, allow(CsrfRule::SafeMethod));
    }
}

/// CSRF-10: the four content types, and that the header alone is not enough against what the
/// browser says.
#[test]
fn an_api_takes_nothing_that_a_form_could_send() {
    let csrf = csrf(CsrfConfig::default().require_custom_header("X-Requested-With"));
    let content = refuse(CsrfRule::ContentType);
    let table: [(&[&str], CsrfDecision); 13] = [
        (&["application/json"], allow(CsrfRule::CustomHeader)),
        (
            &["Application/JSON; charset=utf-8"],
            allow(CsrfRule::CustomHeader),
        ),
        (&["application/x-www-form-urlencoded"], content),
        (&["multipart/form-data; boundary=x"], content),
        (&["text/plain"], content),
        (&[], content),
        (&["Text/Plain;charset=utf-8"], content),
        (&["text/plain ; a=application/json"], content),
        (&["text/plain, application/json"], content),
        (&["application/json, text/plain"], content),
        (&["application/json", "application/json"], content),
        (&["json"], content),
        (&[""], content),
    ];
    for (types, expected) in table {
        let mut headers = vec![("x-requested-with", "")];
        headers.extend(types.iter().map(|kind| ("content-type", *kind)));
        let mut asked = Asked::post(&headers);
        assert_eq!(asked.judged(&csrf), expected, "{types:?}");
        asked.headers.remove("x-requested-with");
        assert_eq!(asked.judged(&csrf), refuse(CsrfRule::CustomHeader));
    }
    let api = [
        ("x-requested-with", ""),
        ("content-type", "application/json"),
    ];
    let from =
        |headers: &[(&'static str, &str)]| Asked::post(&[&api, headers].concat()).judged(&csrf);
    assert_eq!(from(&[(SITE, "cross-site")]), refuse(CsrfRule::CrossSite));
    assert_eq!(from(&[(SITE, "same-origin")]), allow(CsrfRule::SameOrigin));
    assert_eq!(from(&[("origin", "null")]), refuse(CsrfRule::Origin));
    let safe = Asked::get("/", &[]).judged(&csrf);
    assert_eq!(safe, allow(CsrfRule::SafeMethod));
}

/// SES-35: whatever the browser says, a change has a value of its session.
#[test]
fn a_required_token_is_asked_of_every_change() {
    let config = CsrfConfig::default()
        .require_token(true)
        .exempt("/hooks/")
        .check_safe("/export")
        .trust_origin("https://app.example");
    let csrf = csrf(config);
    let needs = CsrfDecision::NeedsToken;
    let trusted = [(SITE, "cross-site"), ("origin", "https://app.example")];
    assert_eq!(Asked::post(&[(SITE, "same-origin")]).judged(&csrf), needs);
    assert_eq!(Asked::post(&[(SITE, "none")]).judged(&csrf), needs);
    assert_eq!(Asked::post(&[("origin", OURS)]).judged(&csrf), needs);
    assert_eq!(Asked::post(&[]).judged(&csrf), needs);
    assert_eq!(Asked::post(&trusted).judged(&csrf), needs);
    let cross = Asked::post(&[(SITE, "cross-site")]).judged(&csrf);
    assert_eq!(cross, refuse(CsrfRule::CrossSite));
    let get = Asked::get("/", &[]).judged(&csrf);
    assert_eq!(get, allow(CsrfRule::SafeMethod));
    let export = Asked::get("/export", &[(SITE, "same-origin")]).judged(&csrf);
    assert_eq!(export, allow(CsrfRule::SameOrigin));
    let hook = Asked::new(Method::POST, "/hooks/a", &[]).judged(&csrf);
    assert_eq!(hook, allow(CsrfRule::Exempt));
    let mut bearer = Asked::post(&[]);
    bearer.carrier = Carrier::Header;
    assert_eq!(bearer.judged(&csrf), allow(CsrfRule::HeaderCredentials));
}

/// What needs no look at anything else is told at once, so that adapters read nothing for it.
#[test]
fn what_is_let_in_whatever_its_source_is_known_by_its_target() {
    let csrf = csrf(CsrfConfig::default().exempt("/hook").check_safe("/export"));
    let table = [
        (Method::GET, "/pay", Some(CsrfRule::SafeMethod)),
        (Method::POST, "/pay", None),
        (Method::POST, "/hook", Some(CsrfRule::Exempt)),
        (Method::GET, "/export", None),
    ];
    for (method, uri, expected) in table {
        let asked = Asked::new(method, uri, &[]);
        let unchecked = csrf.unchecked(&asked.method, &asked.uri, &asked.headers);
        assert_eq!(unchecked, expected, "{asked:?}");
    }
}

#[test]
fn only_urlencoded_bodies_are_forms() {
    let form = Asked::post(&[("content-type", "application/x-www-form-urlencoded")]);
    let upload = Asked::post(&[("content-type", "multipart/form-data")]);
    assert!(Csrf::is_form(&form.headers));
    assert!(!Csrf::is_form(&upload.headers));
}

/// CSRF-12: a cache never gives the answer of one source to another.
#[test]
fn an_answer_that_depends_on_the_source_says_so() {
    let vary = |decision: CsrfDecision| {
        let mut headers = HeaderMap::new();
        headers.insert(header::VARY, HeaderValue::from_static("cookie"));
        decision.mark_vary(&mut headers);
        let mut values = headers.get_all(header::VARY).iter().skip(1);
        values
            .next()
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let table = [
        (allow(CsrfRule::SafeMethod), None),
        (allow(CsrfRule::Exempt), None),
        (allow(CsrfRule::HeaderCredentials), None),
        (CsrfDecision::NeedsToken, None),
        (allow(CsrfRule::SameOrigin), Some("Sec-Fetch-Site, Origin")),
        (refuse(CsrfRule::Origin), Some("Sec-Fetch-Site, Origin")),
        (
            allow(CsrfRule::Navigation),
            Some("Sec-Fetch-Site, Origin, Sec-Fetch-Mode, Sec-Fetch-Dest"),
        ),
        (
            refuse(CsrfRule::CrossSite),
            Some("Sec-Fetch-Site, Origin, Sec-Fetch-Mode, Sec-Fetch-Dest"),
        ),
        (
            refuse(CsrfRule::TokenMissing),
            Some("Sec-Fetch-Site, Origin, Referer"),
        ),
    ];
    for (decision, expected) in table {
        assert_eq!(vary(decision).as_deref(), expected, "{decision:?}");
    }
}
