//! Between the types of `http` 0.2, which actix-web has, and those of `http` 1.
//!
//! Only what matters is converted, and only once a session is opened. The checks against requests of
//! other sites look at all of the head.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::Method as ActixMethod;
use actix_web::http::StatusCode as ActixStatus;
use actix_web::http::Uri as ActixUri;
use actix_web::http::header as actix_header;
use hallpass_core::Finished;
use hallpass_http::Instead;
use hallpass_http::Refusal;
use hallpass_http::SessionSlot;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::Uri;
use http::header;

/// What of a request is read when its session is opened.
pub(crate) fn head(request: &HttpRequest) -> (Method, HeaderMap) {
    let headers = fields(request, |name| !is_about_something_else(name));
    (method(request.method()), headers)
}

/// All of the head, for who decides by it whether a request is let in: what is left out here could
/// be what speaks against it.
pub(crate) fn whole_head(request: &HttpRequest) -> (Method, HeaderMap) {
    (method(request.method()), fields(request, |_name| true))
}

fn fields(request: &HttpRequest, is_wanted: fn(&str) -> bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers() {
        if is_wanted(name.as_str())
            && let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(name.as_str().as_bytes()),
                HeaderValue::from_bytes(value.as_bytes()),
            )
        {
            headers.append(name, value);
        }
    }
    headers
}

/// Returns whether a field, in lower case, says nothing about sessions, origins and clients. What
/// is not known is converted: an application may have named it in its configuration.
fn is_about_something_else(name: &str) -> bool {
    ["accept-", "content-", "if-", "sec-ch-"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || OTHER.contains(&name)
}

fn method(method: &ActixMethod) -> Method {
    // Both read the same grammar. What is not known counts as unsafe.
    Method::from_bytes(method.as_str().as_bytes()).unwrap_or(Method::POST)
}

pub(crate) fn uri(uri: &ActixUri) -> Option<Uri> {
    Uri::try_from(uri.to_string()).ok()
}

pub(crate) fn status_in(status: ActixStatus) -> StatusCode {
    StatusCode::from_u16(status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

pub(crate) fn status_out(status: StatusCode) -> ActixStatus {
    ActixStatus::from_u16(status.as_u16()).unwrap_or(ActixStatus::INTERNAL_SERVER_ERROR)
}

/// What the session writes into the head of a response.
pub(crate) struct Written {
    status: ActixStatus,
    headers: HeaderMap,
}

impl Written {
    /// Asks what is written into a response with this head, or what goes out instead.
    pub(crate) fn by(
        slot: &SessionSlot,
        refused: Option<&Refusal>,
        status: ActixStatus,
        headers: &actix_header::HeaderMap,
        finished: Finished,
    ) -> Result<Self, Box<Instead>> {
        let mut status = status_in(status);
        let mut changed = HeaderMap::new();
        for name in LOOKED_AT {
            for value in headers.get_all(name.as_str()) {
                if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                    changed.append(&name, value);
                }
            }
        }
        match slot.answer(refused, &mut status, &mut changed, finished) {
            None => Ok(Self {
                status: status_out(status),
                headers: changed,
            }),
            Some(instead) => Err(Box::new(instead)),
        }
    }

    /// Writes it.
    pub(crate) fn apply<B>(&self, response: &mut HttpResponse<B>) {
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        for name in LOOKED_AT {
            headers.remove(name.as_str());
        }
        for name in self
            .headers
            .keys()
            .filter(|name| *name != header::SET_COOKIE)
        {
            headers.remove(name.as_str());
        }
        put(&self.headers, headers);
    }
}

/// Adds these fields to those of a response.
pub(crate) fn put(fields: &HeaderMap, headers: &mut actix_header::HeaderMap) {
    for (name, value) in fields {
        let name = actix_header::HeaderName::from_bytes(name.as_str().as_bytes());
        let field = actix_header::HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(mut field)) = (name, field) {
            field.set_sensitive(value.is_sensitive());
            headers.append(name, field);
        }
    }
}

/// The fields of a response that are changed, and not only added.
const LOOKED_AT: [HeaderName; 5] = [
    header::CACHE_CONTROL,
    HeaderName::from_static("cdn-cache-control"),
    HeaderName::from_static("clear-site-data"),
    header::VARY,
    header::WWW_AUTHENTICATE,
];

const OTHER: [&str; 8] = [
    "cache-control",
    "connection",
    "dnt",
    "pragma",
    "priority",
    "te",
    "transfer-encoding",
    "upgrade-insecure-requests",
];

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn what_a_session_may_depend_on_is_converted_and_nothing_is_merged() {
        let request = TestRequest::post()
            .append_header(("cookie", "a=1"))
            .append_header(("cookie", "b=2"))
            .append_header(("accept", "text/html"))
            .append_header(("accept-language", "en"))
            .append_header(("content-type", "text/plain"))
            .append_header(("sec-fetch-site", "none"))
            .append_header(("sec-ch-ua", "x"))
            .append_header(("x-poll", "1"))
            .append_header(("dnt", "1"))
            .to_http_request();
        let (method, headers) = head(&request);
        let mut fields: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        fields.sort_unstable();
        let expected = [
            ("accept", "text/html"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("sec-fetch-site", "none"),
            ("x-poll", "1"),
        ];
        assert_eq!((method, &*fields), (Method::POST, &expected[..]));
        let (method, headers) = whole_head(&request);
        assert_eq!((method, headers.len()), (Method::POST, 9));
        assert_eq!(headers["content-type"], "text/plain");
    }

    #[test]
    fn octets_that_are_no_text_are_converted_as_they_are() {
        let value = actix_header::HeaderValue::from_bytes(b"a=\xff").unwrap();
        let request = TestRequest::get()
            .append_header(("cookie", value))
            .to_http_request();
        let (_method, headers) = head(&request);
        assert_eq!(headers["cookie"].as_bytes(), b"a=\xff");
    }

    #[test]
    fn a_method_of_somebodys_own_is_the_same_one() {
        for name in ["GET", "DELETE", "BREW"] {
            let theirs = ActixMethod::from_bytes(name.as_bytes()).unwrap();
            assert_eq!(method(&theirs).as_str(), name);
        }
    }
}
