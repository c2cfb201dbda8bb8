//! The service.

use std::fmt;
use std::net::IpAddr;
use std::task::Context;
use std::task::Poll;

use bytes::Bytes;
use hallpass_http::CSRF_REFUSED;
use hallpass_http::CsrfDecision;
use hallpass_http::CsrfRule;
use hallpass_http::LayerMissing;
use hallpass_http::NoTouch;
use hallpass_http::SentCsrfToken;
use hallpass_http::SessionSlot;
use http::HeaderValue;
use http::Request;
use http::Response;
use http::StatusCode;
use http::header;
use http_body::Body;
use tower_service::Service;

use super::Checks;
use super::CsrfRefused;
use super::Forms;
use super::HeaderOnly;
use super::body::Bodies;
use super::body::Unread;
use super::future::CsrfFuture;
use super::future::Judged;
use crate::refusal::refused;

/// A service behind the checks. [`CsrfLayer`](super::CsrfLayer) makes it.
#[derive(Clone)]
pub struct CsrfService<S, F> {
    inner: S,
    checks: Checks<F>,
}

impl<S, F> CsrfService<S, F> {
    pub(super) const fn new(inner: S, checks: Checks<F>) -> Self {
        Self { inner, checks }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for CsrfService<S, HeaderOnly>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ReqBody: Send + 'static,
    ResBody: Default + From<&'static str> + Send + 'static,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = CsrfFuture<S, ReqBody, ResBody>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        self.judge(request)
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for CsrfService<S, Forms>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ReqBody: Body<Data: Send> + From<Bytes> + Send + 'static,
    ResBody: Default + From<&'static str> + Send + 'static,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = CsrfFuture<S, ReqBody, ResBody>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        self.judge(request)
    }
}

impl<S, F> CsrfService<S, F> {
    fn judge<ReqBody, ResBody>(
        &mut self,
        request: Request<ReqBody>,
    ) -> CsrfFuture<S, ReqBody, ResBody>
    where
        S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
        F: Bodies<ReqBody>,
        ReqBody: Send + 'static,
        ResBody: Default + From<&'static str> + Send + 'static,
    {
        let csrf = &self.checks.csrf;
        let asked = (request.method(), request.uri(), request.headers());
        let (method, uri, headers) = asked;
        if let Some(rule) = csrf.unchecked(method, uri, headers) {
            let decision = CsrfDecision::Allow(rule);
            return CsrfFuture::calling(self.inner.call(request), decision);
        }
        let Some(slot) = request.extensions().get::<SessionSlot>() else {
            return CsrfFuture::stopped(refused(LayerMissing::default()));
        };
        let peer = (self.checks.peer)(request.extensions());
        let decision = csrf.begin_check(slot, peer, asked);
        if decision == CsrfDecision::NeedsToken {
            let checking = checked(self.checks.clone(), slot.clone(), peer, request);
            // The one that was polled ready takes the request.
            let clone = self.inner.clone();
            let service = std::mem::replace(&mut self.inner, clone);
            return CsrfFuture::checking(Box::pin(checking), service);
        }
        match csrf.stops(decision) {
            Some(rule) => CsrfFuture::stopped(stop(rule)),
            None => CsrfFuture::calling(self.inner.call(request), decision),
        }
    }
}

/// Looks for the token, and opens the session to compare.
async fn checked<F, ReqBody, ResBody>(
    checks: Checks<F>,
    slot: SessionSlot,
    peer: Option<IpAddr>,
    request: Request<ReqBody>,
) -> Judged<ReqBody, ResBody>
where
    F: Bodies<ReqBody>,
    ResBody: Default + From<&'static str>,
{
    let (head, body) = request.into_parts();
    let csrf = &checks.csrf;
    let mut sent = csrf.token_in_header(&head.headers);
    let (mut body, mut form) = (body, None);
    if matches!(sent, SentCsrfToken::Absent) {
        match checks.forms.read(&head.headers, body).await {
            Ok((handed_on, read)) => (body, form) = (handed_on, read),
            Err(unread) => return Judged::Stopped(not_read(unread)),
        }
    }
    if let Some(form) = &form {
        sent = csrf.token_in_form(form);
    }
    if head.extensions.get::<NoTouch>().is_some() {
        slot.mark_no_touch();
    }
    let asked = (&head.method, &head.headers);
    match csrf.finish_check(&slot, peer, asked, sent).await {
        // Only a trial: the handler meets the store by itself, if it needs it.
        Err(_) if csrf.is_report_only() => {
            Judged::Passed(Request::from_parts(head, body), CsrfDecision::NeedsToken)
        }
        Err(error) => Judged::Stopped(refused(error)),
        Ok(decision) => match csrf.stops(decision) {
            Some(rule) => Judged::Stopped(stop(rule)),
            None => Judged::Passed(Request::from_parts(head, body), decision),
        },
    }
}

fn stop<B: From<&'static str>>(rule: CsrfRule) -> Response<B> {
    let mut response = Response::new(B::from(CSRF_REFUSED));
    *response.status_mut() = StatusCode::FORBIDDEN;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    CsrfDecision::Refuse(rule).mark_vary(response.headers_mut());
    response.extensions_mut().insert(CsrfRefused { rule });
    response
}

fn not_read<B: Default>(unread: Unread) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = match unread {
        Unread::Broken => StatusCode::BAD_REQUEST,
        Unread::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
    };
    response
}

impl<S: fmt::Debug, F: fmt::Debug> fmt::Debug for CsrfService<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrfService")
            .field("inner", &self.inner)
            .field("checks", &self.checks)
            .finish()
    }
}
