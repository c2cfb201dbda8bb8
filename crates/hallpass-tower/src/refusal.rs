//! The answers that take the place of the handler's.

use std::sync::Arc;

use hallpass_core::Finished;
use hallpass_http::Refusal;
use hallpass_http::SessionSlot;
use http::Response;

/// Why a request went no further: an extension of the response, for layers that write pages or
/// logs. The client does not see it.
///
/// A response that a layer of the application puts in its place goes out as it is.
#[derive(Clone, Debug)]
pub struct Refused(Arc<Refusal>);

impl Refused {
    /// Returns the reason.
    #[must_use]
    pub fn error(&self) -> &Refusal {
        &self.0
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(Arc::new(refusal))
    }
}

/// Answers a request that goes no further: 503 with `Retry-After` where it may be tried again, 401
/// or 403 with a challenge where the session lacks something. The layer completes the answer with
/// what it knows of the request: that of a page becomes a redirect to the login page or the
/// step-up page, if there is one.
#[must_use]
pub fn refused<B: Default + From<&'static str>>(refusal: impl Into<Refusal>) -> Response<B> {
    let refusal = refusal.into();
    let mut response = refusal.answer().into_response();
    response.extensions_mut().insert(Refused::from(refusal));
    response
}

/// Writes into the handler's answer what the session adds to it, or puts another one in its place.
pub(crate) fn answer<B: Default>(
    slot: &SessionSlot,
    response: Response<B>,
    finished: Finished,
) -> Response<B> {
    let (mut head, body) = response.into_parts();
    let refused: Option<&Refused> = head.extensions.get();
    let refused = refused.map(Refused::error);
    let Some(instead) = slot.answer(refused, &mut head.status, &mut head.headers, finished) else {
        return Response::from_parts(head, body);
    };
    let mut response = Response::new(B::default());
    *response.status_mut() = instead.answer.status();
    *response.headers_mut() = instead.answer.into_headers();
    let refused = Refused::from(instead.refusal);
    response.extensions_mut().insert(refused);
    response
}
