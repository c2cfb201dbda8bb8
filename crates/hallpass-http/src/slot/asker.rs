//! What of a request decides how it is refused.

use http::HeaderMap;
use http::Method;
use http::Uri;
use http::header;

use crate::accept::prefers_page;
use crate::return_to::ReturnTo;

/// Who asks. The default: a program, of which nothing is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asker {
    /// For a page: where its user goes on afterwards.
    pub(crate) page: Option<ReturnTo>,
    /// A script, perhaps of another origin.
    pub(crate) has_origin: bool,
}

impl Asker {
    /// Looks at a request. Without a target there is no page to redirect to.
    pub(super) fn of(method: &Method, headers: &HeaderMap, target: Option<&Uri>) -> Self {
        let page = target.filter(|_| prefers_page(method, headers));
        Self {
            page: page.map(|target| return_to(method, headers, target)),
            has_origin: headers.contains_key(header::ORIGIN),
        }
    }
}

/// Returns where to go on. A body is never sent again, so after an unsafe request the user goes
/// back to the page that sent it (SU-06).
fn return_to(method: &Method, headers: &HeaderMap, target: &Uri) -> ReturnTo {
    if method.is_safe() {
        return local(target);
    }
    let referer = single(headers, &header::REFERER).and_then(|referer| Uri::try_from(referer).ok());
    match referer {
        Some(referer) if is_same_origin(headers, &referer, target) => local(&referer),
        Some(_) | None => ReturnTo::nowhere(),
    }
}

/// Returns whether the page that sent the request is one of ours. This is a matter of manners:
/// whatever it is, its path is all that is taken of it.
fn is_same_origin(headers: &HeaderMap, referer: &Uri, target: &Uri) -> bool {
    // A browser knows, also where a proxy has rewritten the host.
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let ours =
        single(headers, &header::HOST).or_else(|| target.authority().map(|host| host.as_str()));
    let theirs = referer.authority().map(|host| host.as_str());
    ours.zip(theirs)
        .is_some_and(|(ours, theirs)| ours.eq_ignore_ascii_case(theirs))
}

fn local(uri: &Uri) -> ReturnTo {
    let path = uri.path_and_query();
    path.map_or(ReturnTo::nowhere(), |path| ReturnTo::parse(path.as_str()))
}

/// Returns the text of a field that occurs once.
fn single<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> Option<&'h str> {
    let mut fields = headers.get_all(name).iter();
    let field = fields.next()?;
    if fields.next().is_some() {
        return None;
    }
    field.to_str().ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn page(method: &Method, target: &str, fields: &[(&'static str, &str)]) -> Option<ReturnTo> {
        let mut headers = headers(fields);
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/html"));
        Asker::of(method, &headers, Some(&target.parse().unwrap())).page
    }

    #[test]
    fn a_safe_request_for_a_page_returns_to_itself() {
        let fields = [("referer", "https://here.example/elsewhere")];
        for method in [Method::GET, Method::HEAD] {
            for (target, path) in [
                ("/a?b=c", Some("/a?b=c")),
                ("https://here.example/a", Some("/a")),
                ("//evil.example/a", None),
                ("/a/..//evil.example", None),
            ] {
                let returned = page(&method, target, &fields).unwrap();
                assert_eq!(returned.path(), path, "{method} {target}");
            }
        }
    }

    /// SU-06.
    #[test]
    fn an_unsafe_request_returns_to_the_page_that_sent_it_or_nowhere() {
        let ours = ("host", "here.example:8443");
        let form = ("referer", "https://here.example:8443/form?x=1");
        let table: [(&[_], Option<&str>); 12] = [
            (&[], None),
            (&[ours], None),
            (&[form], None),
            (&[ours, form], Some("/form?x=1")),
            (&[("host", "HERE.example:8443"), form], Some("/form?x=1")),
            (&[("host", "here.example"), form], None),
            (&[ours, form, form], None),
            (&[ours, ours, form], None),
            (&[ours, ("referer", "https://evil.example/form")], None),
            (&[ours, ("referer", "/form")], None),
            (
                &[form, ("sec-fetch-site", "same-origin")],
                Some("/form?x=1"),
            ),
            (&[ours, form, ("sec-fetch-site", "same-site")], None),
        ];
        for (fields, path) in table {
            let returned = page(&Method::POST, "/act", fields).unwrap();
            assert_eq!(returned.path(), path, "{fields:?}");
        }
    }

    /// HTTP/2 has no `Host`.
    #[test]
    fn the_host_may_be_part_of_the_target() {
        let form = [("referer", "https://here.example/form")];
        for (target, path) in [
            ("https://here.example/act", Some("/form")),
            ("https://other.example/act", None),
        ] {
            let returned = page(&Method::POST, target, &form).unwrap();
            assert_eq!(returned.path(), path, "{target}");
        }
    }

    #[test]
    fn what_is_no_page_has_nowhere_to_return_to() {
        let script = headers(&[("accept", "application/json"), ("origin", "null")]);
        let target = "/a".parse().unwrap();
        let asker = Asker::of(&Method::GET, &script, Some(&target));
        assert_eq!((asker.page, asker.has_origin), (None, true));
        let browser = headers(&[("accept", "text/html")]);
        let asker = Asker::of(&Method::GET, &browser, None);
        assert_eq!((asker.page, asker.has_origin), (None, false));
    }
}
