//! The service.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Context;
use std::task::Poll;

use actix_web::Error;
use actix_web::HttpMessage;
use actix_web::HttpResponse;
use actix_web::body::BodyStream;
use actix_web::body::EitherBody;
use actix_web::body::MessageBody;
use actix_web::body::to_bytes_limited;
use actix_web::dev::Payload;
use actix_web::dev::Service;
use actix_web::dev::ServiceRequest;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::http::header::HeaderMap as ActixHeaderMap;
use actix_web::web::Bytes;
use hallpass_http::CSRF_REFUSED;
use hallpass_http::Csrf;
use hallpass_http::CsrfDecision;
use hallpass_http::CsrfRule;
use hallpass_http::LayerMissing;
use hallpass_http::NoTouch;
use hallpass_http::SentCsrfToken;
use hallpass_http::SessionSlot;
use http::HeaderMap;
use http::Method;
use http::header;

use super::Checks;
use super::CsrfRefused;
use crate::convert;
use crate::rejection::SessionRejection;
use crate::session::peer;

/// A service behind the checks. [`CsrfMiddleware`](super::CsrfMiddleware) makes it.
pub struct CsrfService<S> {
    inner: Rc<S>,
    checks: Checks,
}

/// A request after it was looked at.
enum Judged {
    Passed(ServiceRequest, CsrfDecision),
    Stopped(ServiceResponse),
}

impl<S> CsrfService<S> {
    pub(super) fn new(inner: S, checks: Checks) -> Self {
        let inner = Rc::new(inner);
        Self { inner, checks }
    }
}

impl<S, B> Service<ServiceRequest> for CsrfService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let inner = Rc::clone(&self.inner);
        let checks = self.checks.clone();
        Box::pin(async move {
            let (request, decision) = match checks.judge(request).await {
                Judged::Passed(request, decision) => (request, decision),
                Judged::Stopped(response) => return Ok(response.map_into_right_body()),
            };
            match inner.call(request).await {
                Ok(mut response) => {
                    mark_vary(decision, response.headers_mut());
                    Ok(response.map_into_left_body())
                }
                // What becomes a response of it depends on the source as well.
                Err(mut error) => {
                    error.add_response_mapper(move |mut response| {
                        mark_vary(decision, response.headers_mut());
                        response
                    });
                    Err(error)
                }
            }
        })
    }
}

impl Checks {
    async fn judge(&self, request: ServiceRequest) -> Judged {
        let csrf = &self.csrf;
        let (method, headers) = convert::whole_head(request.request());
        let Some(uri) = convert::uri(request.uri()) else {
            // Nothing is exempt or safe whose path cannot be read.
            return Judged::Stopped(bare(request, StatusCode::BAD_REQUEST));
        };
        if let Some(rule) = csrf.unchecked(&method, &uri, &headers) {
            return Judged::Passed(request, CsrfDecision::Allow(rule));
        }
        let slot: Option<SessionSlot> = request.extensions().get().cloned();
        let Some(slot) = slot else {
            let missing = SessionRejection::from(LayerMissing::default());
            return Judged::Stopped(request.error_response(missing));
        };
        let peer = peer(request.request());
        let decision = csrf.begin_check(&slot, peer, (&method, &uri, &headers));
        if decision == CsrfDecision::NeedsToken {
            let asked = (&method, &headers);
            return self.judge_token(request, &slot, peer, asked).await;
        }
        self.enforce(request, decision)
    }

    /// Looks for the token, and opens the session to compare.
    async fn judge_token(
        &self,
        mut request: ServiceRequest,
        slot: &SessionSlot,
        peer: Option<IpAddr>,
        (method, headers): (&Method, &HeaderMap),
    ) -> Judged {
        let csrf = &self.csrf;
        let mut sent = csrf.token_in_header(headers);
        let mut form = None;
        if matches!(sent, SentCsrfToken::Absent)
            && let Some(limit) = self.forms
            && Csrf::is_form(headers)
        {
            match collected(request.take_payload(), headers, limit).await {
                Ok(read) => {
                    request.set_payload(Payload::from(read.clone()));
                    form = Some(read);
                }
                Err(status) => return Judged::Stopped(bare(request, status)),
            }
        }
        if let Some(form) = &form {
            sent = csrf.token_in_form(form);
        }
        if request.extensions().get::<NoTouch>().is_some() {
            slot.mark_no_touch();
        }
        match csrf.finish_check(slot, peer, (method, headers), sent).await {
            // Only a trial: the handler meets the store by itself, if it needs it.
            Err(_) if csrf.is_report_only() => Judged::Passed(request, CsrfDecision::NeedsToken),
            Err(error) => {
                Judged::Stopped(request.error_response(SessionRejection::of(slot, error)))
            }
            Ok(decision) => self.enforce(request, decision),
        }
    }

    fn enforce(&self, request: ServiceRequest, decision: CsrfDecision) -> Judged {
        match self.csrf.stops(decision) {
            Some(rule) => Judged::Stopped(stop(request, rule)),
            None => Judged::Passed(request, decision),
        }
    }
}

/// Reads a form to its end, or returns the status of the answer to one that cannot be read.
async fn collected(
    payload: Payload,
    headers: &HeaderMap,
    limit: usize,
) -> Result<Bytes, StatusCode> {
    if is_surely_longer(headers, limit) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    match to_bytes_limited(BodyStream::new(payload), limit).await {
        Ok(Ok(form)) => Ok(form),
        Ok(Err(_broken)) => Err(StatusCode::BAD_REQUEST),
        Err(_longer) => Err(StatusCode::PAYLOAD_TOO_LARGE),
    }
}

/// Returns whether the request says that its body is longer: it need not be read to its limit then.
fn is_surely_longer(headers: &HeaderMap, limit: usize) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    length.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit))
}

fn stop(request: ServiceRequest, rule: CsrfRule) -> ServiceResponse {
    let mut response = HttpResponse::Forbidden()
        .content_type(ContentType::plaintext())
        .body(CSRF_REFUSED);
    mark_vary(CsrfDecision::Refuse(rule), response.headers_mut());
    response.extensions_mut().insert(CsrfRefused { rule });
    request.into_response(response)
}

fn bare(request: ServiceRequest, status: StatusCode) -> ServiceResponse {
    request.into_response(HttpResponse::new(status))
}

fn mark_vary(decision: CsrfDecision, headers: &mut ActixHeaderMap) {
    let mut vary = HeaderMap::new();
    decision.mark_vary(&mut vary);
    convert::put(&vary, headers);
}

impl<S> fmt::Debug for CsrfService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrfService")
            .field("checks", &self.checks)
            .finish_non_exhaustive()
    }
}
