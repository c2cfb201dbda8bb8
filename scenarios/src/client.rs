//! A client that speaks HTTP and keeps nothing: no cookies, no redirects, no connections.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// A request as it goes over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// A request that is under way. Dropped, its connection is closed.
#[derive(Debug)]
pub(crate) struct UnderWay(
    JoinHandle<Result<http::Response<Incoming>, String>>,
    Connection,
);

/// An answer whose head has come.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, Vec<String>>,
    body: Incoming,
    _connection: Connection,
}

/// A connection, which is closed when this is dropped.
#[derive(Debug)]
struct Connection(JoinHandle<()>);

impl Wire {
    /// Sends the request on a connection of its own.
    pub(crate) async fn send(self, to: SocketAddr) -> Result<UnderWay, String> {
        let stream = TcpStream::connect(to).await.map_err(told)?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(told)?;
        let connection = tokio::spawn(async move {
            // What is wrong with it is told to who waits for the answer.
            let _told = connection.await;
        });
        let mut request = http::Request::builder()
            .method(self.method.as_str())
            .uri(&self.target);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Full::new(Bytes::from(self.body)))
            .map_err(told)?;
        let answer = tokio::spawn(async move { sender.send_request(request).await.map_err(told) });
        Ok(UnderWay(answer, Connection(connection)))
    }
}

impl UnderWay {
    /// Waits for the head of the answer.
    pub(crate) async fn head(self) -> Result<Answer, String> {
        let Self(answer, connection) = self;
        let (head, body) = answer.await.map_err(told)??.into_parts();
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in &head.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.entry(name.to_string()).or_default().push(value);
        }
        Ok(Answer {
            status: head.status.as_u16(),
            headers,
            body,
            _connection: connection,
        })
    }
}

impl Answer {
    /// Waits for the next piece of the body; `None` once that is over.
    pub(crate) async fn piece(&mut self) -> Result<Option<String>, String> {
        while let Some(frame) = self.body.frame().await {
            if let Ok(data) = frame.map_err(told)?.into_data() {
                return Ok(Some(String::from_utf8_lossy(&data).into_owned()));
            }
        }
        Ok(None)
    }

    /// Waits for the end of the body.
    pub(crate) async fn rest(&mut self) -> Result<String, String> {
        let mut body = String::new();
        while let Some(piece) = self.piece().await? {
            body.push_str(&piece);
        }
        Ok(body)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn told(error: impl std::fmt::Display) -> String {
    format!("the connection: {error}")
}
