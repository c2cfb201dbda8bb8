//! Where a token is looked for in a body.

use std::future::Future;
use std::future::poll_fn;
use std::pin::pin;

use bytes::Buf;
use bytes::Bytes;
use bytes::BytesMut;
use hallpass_http::Csrf;
use http::HeaderMap;
use http_body::Body;

use super::Forms;
use super::HeaderOnly;

/// How bodies are looked at, and what a body has to be for that.
pub(super) trait Bodies<B>: Clone + Send + 'static {
    /// Reads the body if it is a form whose token may decide.
    ///
    /// Returns the body as it goes on, and the form if it is one.
    fn read(
        &self,
        headers: &HeaderMap,
        body: B,
    ) -> impl Future<Output = Result<(B, Option<Bytes>), Unread>> + Send;
}

/// Why a form was not read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unread {
    /// It did not arrive whole.
    Broken,
    /// It is longer than the limit.
    TooLong,
}

impl<B: Send> Bodies<B> for HeaderOnly {
    async fn read(&self, _headers: &HeaderMap, body: B) -> Result<(B, Option<Bytes>), Unread> {
        Ok((body, None))
    }
}

impl<B> Bodies<B> for Forms
where
    B: Body<Data: Send> + From<Bytes> + Send,
{
    async fn read(&self, headers: &HeaderMap, body: B) -> Result<(B, Option<Bytes>), Unread> {
        if !Csrf::is_form(headers) {
            return Ok((body, None));
        }
        let form = collected(body, self.limit).await?;
        Ok((B::from(form.clone()), Some(form)))
    }
}

async fn collected<B: Body>(body: B, limit: usize) -> Result<Bytes, Unread> {
    let is_too_long = |length: u64| usize::try_from(length).map_or(true, |length| length > limit);
    if is_too_long(body.size_hint().lower()) {
        return Err(Unread::TooLong);
    }
    let mut body = pin!(body);
    let mut form = BytesMut::new();
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(|_error| Unread::Broken)?;
        // What follows the data, trailers, means nothing in a form.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if data.remaining() > limit.saturating_sub(form.len()) {
            return Err(Unread::TooLong);
        }
        bytes::BufMut::put(&mut form, data);
    }
    Ok(form.freeze())
}
