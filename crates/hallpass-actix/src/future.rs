//! The answer of the service, and then what the session adds to it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

use actix_web::Error;
use actix_web::HttpResponse;
use actix_web::body::EitherBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use hallpass_core::BoxFuture;
use hallpass_core::Finished;
use hallpass_http::Finish;
use hallpass_http::SessionSlot;
use pin_project_lite::pin_project;

use crate::convert;
use crate::convert::Written;
use crate::rejection::SessionRejection;

pin_project! {
    /// Waits for the answer of the inner service, then commits the session, if it was opened.
    pub struct ResponseFuture<F, B> {
        #[pin]
        stage: Stage<F, B>,
        slot: SessionSlot,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<F, B> {
        Handling {
            #[pin]
            inner: F,
        },
        Finishing {
            outcome: Option<Outcome<B>>,
            finish: BoxFuture<'static, Finished>,
        },
        Over,
    }
}

type Outcome<B> = Result<ServiceResponse<B>, Error>;

impl<F, B> ResponseFuture<F, B> {
    pub(crate) const fn new(inner: F, slot: SessionSlot) -> Self {
        Self {
            stage: Stage::Handling { inner },
            slot,
        }
    }
}

impl<F, B> Future for ResponseFuture<F, B>
where
    F: Future<Output = Outcome<B>>,
{
    type Output = Outcome<EitherBody<B>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let (outcome, finished) = match this.stage.as_mut().project() {
                StageProjection::Handling { inner } => {
                    let outcome = ready!(inner.poll(context));
                    match this.slot.finish(convert::status_in(status(&outcome))) {
                        Finish::Untouched => {
                            let response = outcome?;
                            return Poll::Ready(Ok(response.map_into_left_body()));
                        }
                        Finish::Now(finished) => (Some(outcome), finished),
                        Finish::Later(finish) => {
                            let outcome = Some(outcome);
                            this.stage.set(Stage::Finishing { outcome, finish });
                            continue;
                        }
                    }
                }
                StageProjection::Finishing { outcome, finish } => {
                    let finished = ready!(finish.as_mut().poll(context));
                    (outcome.take(), finished)
                }
                StageProjection::Over => (None, Finished::default()),
            };
            this.stage.set(Stage::Over);
            let Some(outcome) = outcome else {
                // A future that is polled after it was ready may stay so for ever.
                return Poll::Pending;
            };
            return Poll::Ready(answer(this.slot, outcome, finished));
        }
    }
}

/// Returns the status that the client would see.
fn status<B>(outcome: &Outcome<B>) -> StatusCode {
    match outcome {
        Ok(response) => response.status(),
        Err(error) => error.error_response().status(),
    }
}

/// Writes into the answer what the session adds to it, or puts another one in its place.
fn answer<B>(
    slot: &SessionSlot,
    outcome: Outcome<B>,
    finished: Finished,
) -> Outcome<EitherBody<B>> {
    match outcome {
        Ok(mut response) => {
            let error = response.response().error();
            let refused = error.and_then(Error::as_error::<SessionRejection>);
            let refused = refused.map(SessionRejection::reason);
            let head = response.response();
            match Written::by(slot, refused, head.status(), head.headers(), finished) {
                Ok(written) => {
                    written.apply(response.response_mut());
                    Ok(response.map_into_left_body())
                }
                Err(instead) => {
                    let instead = HttpResponse::from_error(SessionRejection::from(*instead));
                    let response = response.into_response(instead.map_into_right_body());
                    Ok(response)
                }
            }
        }
        // Outer middleware still sees the error. What becomes a response of it has the cookies.
        Err(mut error) => {
            let response = error.error_response();
            let refused = error.as_error::<SessionRejection>();
            let refused = refused.map(SessionRejection::reason);
            let (status, headers) = (response.status(), response.headers());
            match Written::by(slot, refused, status, headers, finished) {
                Ok(written) => error.add_response_mapper(move |mut response| {
                    written.apply(&mut response);
                    response
                }),
                Err(instead) => error = SessionRejection::from(*instead).into(),
            }
            Err(error)
        }
    }
}

impl<F, B> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("slot", &self.slot)
            .finish_non_exhaustive()
    }
}
