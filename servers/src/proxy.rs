//! A proxy that breaks connections where it is told to.

mod gate;

use std::io;
use std::io::Read;
use std::io::Write;
use std::net::Ipv4Addr;
use std::net::Shutdown;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::Error;
use crate::ports;
use crate::proxy::gate::Direction;
use crate::proxy::gate::Gate;
use crate::proxy::gate::Pass;

/// A TCP proxy on loopback before one server. Dropping it cuts all connections.
///
/// It forwards until it is told otherwise. What it is told adds up: a proxy may both delay and cut.
/// Each node of a cluster tells clients its own address, so a proxy before one sees only a client's
/// first connection.
///
/// # Example: an answer that is lost
///
/// ```no_run
/// use hallpass_servers::Proxy;
/// use hallpass_servers::Redis;
/// use hallpass_servers::redis::Settings;
///
/// let redis = Redis::start(&Settings::default())?;
/// let proxy = Proxy::in_front_of(&redis.url())?;
/// println!("connect to {}", proxy.url());
/// proxy.cut_after_bytes_to_client(0);
/// // The next request is executed, and its client never knows.
/// # Ok::<(), hallpass_servers::Error>(())
/// ```
#[derive(Debug)]
pub struct Proxy {
    /// The URL of the server, around its address.
    url: (String, String),
    address: SocketAddr,
    server: SocketAddr,
    gate: Arc<Gate>,
    /// Takes connections; none while the proxy refuses them.
    listening: Mutex<Option<JoinHandle<()>>>,
}

impl Proxy {
    /// Starts a proxy before the server of this URL, or of an address without a scheme. It need not
    /// run yet; a client whose connection cannot be made there is cut off.
    ///
    /// # Errors
    ///
    /// Fails if the URL does not name one address of four numbers and a port, or no port is free.
    pub fn in_front_of(url: &str) -> Result<Self, Error> {
        let (start, end) = address_in(url);
        let named = url.get(start..end).unwrap_or_default();
        let server = named
            .parse()
            .map_err(|_| Error::new("a proxy needs a URL with one address, as 127.0.0.1:6379"))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports::free()?));
        let around = |part: Option<&str>| part.unwrap_or_default().to_owned();
        let proxy = Self {
            url: (around(url.get(..start)), around(url.get(end..))),
            address,
            server,
            gate: Arc::default(),
            listening: Mutex::default(),
        };
        proxy.listen()?;
        Ok(proxy)
    }

    /// The URL of the server, with the address of the proxy.
    #[must_use]
    pub fn url(&self) -> String {
        let (before, after) = &self.url;
        format!("{before}{}{after}", self.address)
    }

    /// The port of the proxy, which stays the same.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many bytes it has forwarded to the server, over all connections.
    #[must_use]
    pub fn bytes_to_server(&self) -> u64 {
        self.gate.forwarded(Direction::ToServer)
    }

    /// How many bytes it has forwarded to clients, over all connections.
    #[must_use]
    pub fn bytes_to_client(&self) -> u64 {
        self.gate.forwarded(Direction::ToClient)
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.gate.connections()
    }

    /// Cuts all connections now. New ones are forwarded.
    pub fn cut(&self) {
        self.gate.cut();
    }

    /// Forwards this many more bytes to the server, counted over all connections, and then cuts all
    /// of them, once. With 0 it cuts as soon as a byte would go there.
    pub fn cut_after_bytes_to_server(&self, count: u64) {
        self.gate.cut_after(Direction::ToServer, count);
    }

    /// Forwards this many more bytes to clients, counted over all connections, and then cuts all of
    /// them, once. With 0 it cuts as soon as a byte would go there: the server has done what it was
    /// asked, and nobody hears of it.
    pub fn cut_after_bytes_to_client(&self, count: u64) {
        self.gate.cut_after(Direction::ToClient, count);
    }

    /// Forwards nothing any more, in no direction. Connections stay open, and new ones are taken.
    /// What comes meanwhile is forwarded when it [heals](Self::heal).
    pub fn hang(&self) {
        self.gate.hang();
    }

    /// Refuses new connections, as if nobody listened. Those that are open stay.
    pub fn refuse(&self) {
        let mut listening = self
            .listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = listening.take() {
            self.gate.set_refusing(true);
            // It waits for a connection, so it gets one.
            let _ = TcpStream::connect(self.address);
            let _ = thread.join();
        }
    }

    /// Waits this long before each piece that it forwards, in both directions. A piece is what one
    /// read gives: a request or an answer of up to 16 kB, if they go to and fro.
    pub fn delay(&self, time: Duration) {
        self.gate.delay(time);
    }

    /// Takes back all that it was told: forwards without delay, takes connections, cuts nothing.
    /// Connections that were cut stay so.
    ///
    /// # Errors
    ///
    /// Fails if somebody else has taken the port while the proxy refused connections.
    pub fn heal(&self) -> Result<(), Error> {
        self.gate.heal();
        self.listen()
    }

    fn listen(&self) -> Result<(), Error> {
        let mut listening = self
            .listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if listening.is_some() {
            return Ok(());
        }
        let listener = TcpListener::bind(self.address)
            .map_err(|error| Error::of(format!("no proxy at {}", self.address), error))?;
        self.gate.set_refusing(false);
        let gate = Arc::clone(&self.gate);
        let server = self.server;
        *listening = Some(thread::spawn(move || accept(&listener, server, &gate)));
        Ok(())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.refuse();
        self.gate.cut();
    }
}

fn accept(listener: &TcpListener, server: SocketAddr, gate: &Arc<Gate>) {
    for client in listener.incoming() {
        if gate.is_refusing() {
            return;
        }
        let Ok(client) = client else { continue };
        // On its own thread, so that a server that takes no connections holds up nobody else.
        let gate = Arc::clone(gate);
        thread::spawn(move || {
            // A client that cannot be served is cut off when its socket is dropped here.
            let _ = connect(client, server, &gate);
        });
    }
}

fn connect(client: TcpStream, server: SocketAddr, gate: &Arc<Gate>) -> io::Result<()> {
    let id = gate.open(client.try_clone()?);
    let upstream = TcpStream::connect(server).inspect_err(|_| gate.close(id))?;
    client.set_nodelay(true)?;
    upstream.set_nodelay(true)?;
    if !gate.add(id, upstream.try_clone()?) {
        return Ok(());
    }
    let (client_reads, upstream_writes) = (client.try_clone()?, upstream.try_clone()?);
    let requests = Arc::clone(gate);
    let to_server = thread::spawn(move || {
        pump(
            client_reads,
            upstream_writes,
            Direction::ToServer,
            id,
            &requests,
        );
    });
    pump(upstream, client, Direction::ToClient, id, gate);
    let _ = to_server.join();
    gate.close(id);
    Ok(())
}

/// Forwards one direction of one connection until it ends or is cut.
fn pump(mut from: TcpStream, mut to: TcpStream, direction: Direction, id: u64, gate: &Gate) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let Ok(length) = from.read(&mut buffer) else {
            return gate.close(id);
        };
        let piece = buffer.get(..length).unwrap_or_default();
        match gate.pass(direction, id, length) {
            Pass::All if length == 0 => {
                let _ = to.shutdown(Shutdown::Write);
                return;
            }
            Pass::All => {
                if to.write_all(piece).is_err() {
                    return gate.close(id);
                }
            }
            Pass::Cut { allowed, doomed } => {
                let last = piece.get(..allowed).unwrap_or_default();
                // If its receiver is gone, the connection is as cut as it should be.
                let _ = to.write_all(last);
                return gate::shut(&doomed);
            }
            Pass::Closed => return,
        }
    }
}

/// Where the address stands in a URL: after the scheme and the user, before the path.
fn address_in(url: &str) -> (usize, usize) {
    let scheme = url.find("://").map_or(0, |at| at + "://".len());
    let rest = url.get(scheme..).unwrap_or_default();
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let user = rest
        .get(..end)
        .and_then(|authority| authority.rfind('@'))
        .map_or(0, |at| at + 1);
    (scheme + user, scheme + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_stands_in_the_url_where_the_server_stood() {
        for url in [
            "redis://user:a@127.0.0.1:7@127.0.0.1:6379/0?x=127.0.0.1:1",
            "postgres://postgres@127.0.0.1:6379/postgres",
            "redis://127.0.0.1:6379",
            "127.0.0.1:6379",
        ] {
            let proxy = Proxy::in_front_of(url).unwrap();

            let to = format!("127.0.0.1:{}", proxy.port());
            assert_eq!(proxy.url(), url.replace("127.0.0.1:6379", &to));
        }
    }

    #[test]
    fn a_url_without_one_address_is_refused() {
        for url in [
            "redis+cluster://127.0.0.1:1,127.0.0.1:2",
            "redis://localhost:6379",
        ] {
            assert_eq!(
                Proxy::in_front_of(url).unwrap_err(),
                Error::new("a proxy needs a URL with one address, as 127.0.0.1:6379")
            );
        }
    }
}
