//! tonic: the layer around the server, and the session out of the extensions of a request.
//!
//! Clients of gRPC keep no cookies: the token travels in `authorization: Bearer`, and comes in
//! `session-token`.

use std::convert::Infallible;
use std::task::Context;
use std::task::Poll;

use bytes::Buf;
use bytes::BufMut;
use futures_util::future::BoxFuture;
use hallpass::Login;
use hallpass::LoginOutcome;
use hallpass::Session;
use hallpass::SessionManager;
use hallpass::Subject;
use hallpass::http::TransportConfig;
use hallpass::http::TransportError;
use hallpass::tower::SessionLayer;
use hallpass::tower::SessionSlot;
use http::Method;
use http_body::Body;
use tonic::Request;
use tonic::Response;
use tonic::Status;
use tonic::codec::Codec;
use tonic::codec::DecodeBuf;
use tonic::codec::Decoder;
use tonic::codec::EncodeBuf;
use tonic::codec::Encoder;
use tonic::server::Grpc;
use tonic::server::NamedService;
use tonic::server::UnaryService;
use tonic::transport::Server;
use tonic::transport::server::Router;
use tower::Service;
use tower::layer::util::Identity;
use tower::layer::util::Stack;

/// A server with sessions around all its services.
///
/// # Errors
///
/// [`TransportError`] never for what is set here.
pub fn server(
    sessions: SessionManager,
) -> Result<Router<Stack<SessionLayer, Identity>>, TransportError> {
    let transport = TransportConfig::default().no_cookies().bearer(true);
    let layer = SessionLayer::with_transport(sessions, transport)?;
    Ok(Server::builder().layer(layer).add_service(Accounts))
}

/// Opens the session of a call. What a method of a generated service begins with.
///
/// # Errors
///
/// [`Status`]: `internal` where the layer is missing, `unavailable` while the store is away.
pub async fn session_of<T>(request: &Request<T>) -> Result<Session, Status> {
    let slot = SessionSlot::find(request.extensions());
    let slot = slot.map_err(|missing| Status::internal(missing.to_string()))?;
    let headers = request.metadata().clone().into_headers();
    let peer = request.remote_addr().map(|peer| peer.ip());
    let opened = slot.open_from(&Method::POST, &headers, peer).await;
    opened.map_err(|_told_in_the_events| Status::unavailable("try again"))
}

/// A service as the generators write one, with text in place of messages: it logs a caller in who
/// says who it is, and tells others who they are.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Accounts;

impl NamedService for Accounts {
    const NAME: &'static str = "hallpass.Accounts";
}

impl UnaryService<String> for Accounts {
    type Response = String;
    type Future = BoxFuture<'static, Result<Response<String>, Status>>;

    fn call(&mut self, request: Request<String>) -> Self::Future {
        Box::pin(async move {
            let session = session_of(&request).await?;
            if let Ok(subject) = Subject::new(request.get_ref()) {
                let login = session.login(Login::new(subject)).await;
                let login =
                    login.map_err(|_told_in_the_events| Status::unavailable("try again"))?;
                if let LoginOutcome::Denied { .. } = login {
                    return Err(Status::resource_exhausted("too many sessions"));
                }
            }
            let subject = session.subject();
            let subject = subject.ok_or_else(|| Status::unauthenticated("nobody is logged in"))?;
            Ok(Response::new(subject.id().to_owned()))
        })
    }
}

impl<B> Service<http::Request<B>> for Accounts
where
    B: Body + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        Box::pin(async move { Ok(Grpc::new(Text).unary(Self, request).await) })
    }
}

/// Messages that are text.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(text.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        let text = String::from_utf8(bytes.to_vec());
        let text = text.map_err(|_error| Status::invalid_argument("not text"))?;
        Ok(Some(text))
    }
}
