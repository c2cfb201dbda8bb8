//! The answers of the logic, as actix has them: its names and values are of an older `http`.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::Responder;
use actix_web::http::Method as ActixMethod;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap as ActixHeaders;
use actix_web::http::header::HeaderName as ActixName;
use actix_web::http::header::HeaderValue as ActixValue;
use hallpass::actix::SessionRejection;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use quickstart_logic::Answer;

/// What a route answers, or why its request goes no further.
pub(crate) type Reply = Result<Sent, SessionRejection>;

/// An answer on its way.
pub(crate) struct Sent(pub(crate) Answer);

impl Responder for Sent {
    type Body = String;

    fn respond_to(self, _request: &HttpRequest) -> HttpResponse<String> {
        let (head, body) = self.0.into_parts();
        let status = StatusCode::from_u16(head.status.as_u16());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::with_body(status, body);
        put(&head.headers, response.headers_mut());
        response
    }
}

/// Sets these headers.
pub(crate) fn put(fields: &HeaderMap, headers: &mut ActixHeaders) {
    for (name, value) in fields {
        let name = ActixName::from_bytes(name.as_str().as_bytes());
        let value = ActixValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.insert(name, value);
        }
    }
}

/// Whether a browser is about to show the answer as a page.
pub(crate) fn prefers_page(method: &ActixMethod, headers: &ActixHeaders) -> bool {
    let Ok(method) = Method::from_bytes(method.as_str().as_bytes()) else {
        return false;
    };
    let fields = headers.iter().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        Some((name, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    });
    let mut converted = HeaderMap::new();
    for (name, value) in fields {
        converted.append(name, value);
    }
    hallpass::http::prefers_page(&method, &converted)
}
