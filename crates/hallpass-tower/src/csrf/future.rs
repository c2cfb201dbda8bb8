//! The check, and then the answer of the service.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

use hallpass_core::BoxFuture;
use hallpass_http::CsrfDecision;
use http::Request;
use http::Response;
use pin_project_lite::pin_project;
use tower_service::Service;

/// A request after its token was looked at.
pub(super) enum Judged<ReqBody, ResBody> {
    Passed(Request<ReqBody>, CsrfDecision),
    Stopped(Response<ResBody>),
}

pin_project! {
    /// Waits for the check of a token, where one decides, and for the answer of the inner service.
    pub struct CsrfFuture<S, ReqBody, ResBody>
    where
        S: Service<Request<ReqBody>>,
    {
        #[pin]
        stage: Stage<S, S::Future, ReqBody, ResBody>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<S, F, ReqBody, ResBody> {
        Calling {
            #[pin]
            inner: F,
            decision: CsrfDecision,
        },
        Checking {
            check: BoxFuture<'static, Judged<ReqBody, ResBody>>,
            service: S,
        },
        Stopped {
            response: Option<Response<ResBody>>,
        },
    }
}

impl<S, ReqBody, ResBody> CsrfFuture<S, ReqBody, ResBody>
where
    S: Service<Request<ReqBody>>,
{
    pub(super) const fn calling(inner: S::Future, decision: CsrfDecision) -> Self {
        let stage = Stage::Calling { inner, decision };
        Self { stage }
    }

    pub(super) const fn checking(
        check: BoxFuture<'static, Judged<ReqBody, ResBody>>,
        service: S,
    ) -> Self {
        let stage = Stage::Checking { check, service };
        Self { stage }
    }

    pub(super) const fn stopped(response: Response<ResBody>) -> Self {
        let response = Some(response);
        let stage = Stage::Stopped { response };
        Self { stage }
    }
}

impl<S, ReqBody, ResBody> Future for CsrfFuture<S, ReqBody, ResBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Default,
{
    type Output = Result<Response<ResBody>, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut stage = self.project().stage;
        loop {
            match stage.as_mut().project() {
                StageProjection::Calling { inner, decision } => {
                    let mut response = ready!(inner.poll(context))?;
                    decision.mark_vary(response.headers_mut());
                    return Poll::Ready(Ok(response));
                }
                StageProjection::Checking { check, service } => {
                    let next = match ready!(check.as_mut().poll(context)) {
                        Judged::Passed(request, decision) => Stage::Calling {
                            inner: service.call(request),
                            decision,
                        },
                        Judged::Stopped(response) => Stage::Stopped {
                            response: Some(response),
                        },
                    };
                    stage.set(next);
                }
                StageProjection::Stopped { response } => {
                    return Poll::Ready(Ok(response.take().unwrap_or_default()));
                }
            }
        }
    }
}

impl<S, ReqBody, ResBody> fmt::Debug for CsrfFuture<S, ReqBody, ResBody>
where
    S: Service<Request<ReqBody>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrfFuture").finish_non_exhaustive()
    }
}
