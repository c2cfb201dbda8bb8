//! The answer of the service, and then what the session adds to it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

use hallpass_core::BoxFuture;
use hallpass_core::Finished;
use hallpass_http::Finish;
use hallpass_http::SessionSlot;
use http::Response;
use pin_project_lite::pin_project;

use crate::refusal::answer;

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
            response: Option<Response<B>>,
            finish: BoxFuture<'static, Finished>,
        },
    }
}

impl<F, B> ResponseFuture<F, B> {
    pub(crate) const fn new(inner: F, slot: SessionSlot) -> Self {
        Self {
            stage: Stage::Handling { inner },
            slot,
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.stage.as_mut().project() {
                StageProjection::Handling { inner } => {
                    let response = ready!(inner.poll(context))?;
                    let finish = match this.slot.finish(response.status()) {
                        Finish::Untouched => return Poll::Ready(Ok(response)),
                        Finish::Now(finished) => {
                            return Poll::Ready(Ok(answer(this.slot, response, finished)));
                        }
                        Finish::Later(finish) => finish,
                    };
                    this.stage.set(Stage::Finishing {
                        response: Some(response),
                        finish,
                    });
                }
                StageProjection::Finishing { response, finish } => {
                    let finished = ready!(finish.as_mut().poll(context));
                    let response = response.take().unwrap_or_default();
                    return Poll::Ready(Ok(answer(this.slot, response, finished)));
                }
            }
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
