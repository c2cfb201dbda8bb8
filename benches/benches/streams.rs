//! What ten thousand open streams cost in one process, and who is closed when one subject is ended.
//!
//! `cargo bench -p hallpass-benches --bench streams` measures: it starts itself a second time as the
//! server, opens as many connections to it over loopback, and reads how much memory the server has.
//! Without `--bench`, which cargo passes there and nowhere else, or with `--quick`, it does the same with
//! a hundred, to see that it works. Needs 10 100 open files for each of the two processes.

#![expect(
    clippy::disallowed_methods,
    reason = "a bench reads the clock of the machine"
)]

use std::convert::Infallible;
use std::env;
use std::error::Error;
use std::fs;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::net::SocketAddr;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;
use futures_util::StreamExt;
use futures_util::stream;
use hallpass::Login;
use hallpass::MemoryStore;
use hallpass::Revocation;
use hallpass::SessionManager;
use hallpass::StandardPolicy;
use hallpass::Subject;
use hallpass::axum::Session;
use hallpass::axum::SessionRejection;
use hallpass::tower::SessionLayer;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Set for the process that serves.
const SERVES: &str = "HALLPASS_BENCH_STREAMS_SERVER";
/// The sessions of one subject: as many as the default policy allows.
const EACH: usize = 5;
/// How many connections are opened at once.
const IN_FLIGHT: usize = 64;

#[tokio::main]
async fn main() -> Result {
    if env::var_os(SERVES).is_some() {
        return serve().await;
    }
    let has = |name: &str| env::args().any(|argument| argument == name);
    let many = if has("--bench") && !has("--quick") {
        10_000
    } else {
        100
    };
    let bare = Server::start()?;
    let empty = bare.memory()?;
    let streams = open(bare.address, many, "bare").await?;
    let with_bare = bare.memory()?.saturating_sub(empty) / many;
    drop((streams, bare));

    let server = Server::start()?;
    let empty = server.memory()?;
    let streams = open(server.address, many, "stream").await?;
    let with_sessions = server.memory()?.saturating_sub(empty) / many;
    say(format_args!(
        "{many} streams in one process: {with_bare} bytes for each without a session, \
         {with_sessions} with one of its own and a wait for its end"
    ))?;
    revoke(server.address, streams).await
}

/// Ends the sessions of one subject, and sees which streams close.
async fn revoke(address: SocketAddr, streams: Vec<(usize, TcpStream)>) -> Result {
    let many = streams.len();
    let mut control = TcpStream::connect(address).await?;
    let started = Instant::now();
    ask(&mut control, "/revoke/user-1", None).await?;
    let closing = streams.into_iter().map(|(number, mut stream)| async move {
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest));
        let closed = closed.await.is_ok();
        (number, closed.then(|| started.elapsed()))
    });
    let seen: Vec<_> = stream::iter(closing).buffer_unordered(many).collect().await;
    let closed: Vec<_> = seen.iter().filter(|(_, closed)| closed.is_some()).collect();
    let strangers = closed.iter().filter(|(number, _)| number / EACH != 1);
    let strangers = strangers.count();
    let last = closed.iter().filter_map(|(_, closed)| *closed).max();
    say(format_args!(
        "one subject ended: {} of its {EACH} streams closed, the last after {:.1?}; \
         {strangers} of the other {} closed",
        closed.len() - strangers,
        last.unwrap_or_default(),
        many - EACH,
    ))?;
    if closed.len() == EACH && strangers == 0 {
        Ok(())
    } else {
        Err("other streams closed than those of the subject".into())
    }
}

/// Opens as many streams, each on a connection of its own, and with a session of its own.
async fn open(address: SocketAddr, many: usize, path: &str) -> Result<Vec<(usize, TcpStream)>> {
    let opening = stream::iter(0..many).map(|number| async move {
        let mut stream = TcpStream::connect(address).await?;
        let login = format!("/login/user-{}", number / EACH);
        let head = ask(&mut stream, &login, None).await?;
        let cookie = head
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: "));
        let cookie = cookie.and_then(|cookie| cookie.split(';').next());
        let cookie = cookie.ok_or("a login without a cookie")?.to_owned();
        ask(&mut stream, &format!("/{path}"), Some(&cookie)).await?;
        Ok::<_, Box<dyn Error + Send + Sync>>((number, stream))
    });
    let opened: Vec<_> = opening.buffer_unordered(IN_FLIGHT).collect().await;
    opened.into_iter().collect()
}

/// Asks for a path, and returns the head of the answer. Bodies here are empty, or a stream: then the
/// connection closes with it.
async fn ask(stream: &mut TcpStream, path: &str, cookie: Option<&str>) -> Result<String> {
    let cookie = cookie.map_or_else(String::new, |cookie| {
        format!("connection: close\r\ncookie: {cookie}\r\n")
    });
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{cookie}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head)?;
    if head.starts_with("HTTP/1.1 200 ") {
        Ok(head)
    } else {
        Err(format!("{path}: {head}").into())
    }
}

/// The process that serves, until it is dropped.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start() -> Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .env(SERVES, "1")
            .stdout(Stdio::piped())
            .spawn()?;
        let told = child.stdout.take().ok_or("no output of the server")?;
        let mut line = String::new();
        BufReader::new(told).read_line(&mut line)?;
        let address = line.trim().parse()?;
        Ok(Self { child, address })
    }

    /// Returns how many bytes of memory it has.
    fn memory(&self) -> Result<usize> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kilobytes: usize = kilobytes.ok_or("no VmRSS")?.parse()?;
        Ok(kilobytes * 1_024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _gone_already = self.child.wait();
    }
}

async fn serve() -> Result {
    // Long enough that nothing but the revocation ends a session meanwhile.
    let policy = StandardPolicy::builder().idle(Duration::from_secs(6 * 3_600));
    let manager = SessionManager::builder(MemoryStore::new()).policy(policy.build()?);
    let manager = manager.build()?;
    let app = Router::new()
        .route("/login/{name}", get(login))
        .route("/stream", get(streaming))
        .route("/bare", get(async || endless()))
        .route("/revoke/{name}", get(end))
        .with_state(manager.clone())
        .layer(SessionLayer::new(manager));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    say(format_args!("{}", listener.local_addr()?))?;
    axum::serve(listener, app).await?;
    Ok(())
}

async fn login(
    session: Session,
    Path(name): Path<String>,
) -> std::result::Result<(), SessionRejection> {
    if let Ok(subject) = Subject::new(&name) {
        let _outcome = session.login(Login::new(subject)).await?;
    }
    Ok(())
}

async fn end(
    State(manager): State<SessionManager>,
    Path(name): Path<String>,
) -> std::result::Result<(), SessionRejection> {
    if let Ok(subject) = Subject::new(&name) {
        manager
            .revoke_subject(&subject, Revocation::by("bench"))
            .await?;
    }
    Ok(())
}

/// A stream that says nothing and ends with its session.
async fn streaming(session: Session) -> Body {
    let session = session.detach();
    let last = stream::once(async move {
        session.ended().await;
        Ok::<_, Infallible>(Bytes::from_static(b"ended"))
    });
    Body::from_stream(last)
}

/// A stream that says nothing and does not end.
fn endless() -> Body {
    Body::from_stream(stream::pending::<std::result::Result<Bytes, Infallible>>())
}

fn say(text: std::fmt::Arguments<'_>) -> Result {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}
