//! Where a server is, and how to reach it.

use std::fmt;
use std::future::poll_fn;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use tokio_postgres::AsyncMessage;
use tokio_postgres::Client;
use tokio_postgres::Config;
use tokio_postgres::Connection;
use tokio_postgres::NoTls;
use tokio_postgres::Socket;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::tls::TlsConnect;
use tokio_postgres::tls::TlsStream;

use crate::error::ConnectError;
use crate::error::PostgresError;
use crate::timer::Deadline;
#[cfg(feature = "tls")]
use crate::tls::Tls;

/// A server, with the password that opens it: `Debug` shows none of it.
#[derive(Clone)]
pub(crate) struct Target {
    config: Config,
    timeout: Duration,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

impl Target {
    pub(crate) fn new(
        url: &str,
        timeout: Duration,
        #[cfg(feature = "tls")] roots: &[Vec<u8>],
    ) -> Result<Self, ConnectError> {
        // What is wrong with it is not told: the text may quote the password.
        let mut config: Config = url.parse().map_err(|_error| ConnectError::InvalidUrl)?;
        if config.get_application_name().is_none() {
            config.application_name("hallpass");
        }
        // A peer that vanished is noticed, also by a connection that nobody uses.
        if !url.contains("tcp_user_timeout") {
            config.tcp_user_timeout(LONGEST_SILENCE);
        }
        if !url.contains("keepalives_idle") {
            config.keepalives_idle(LONGEST_SILENCE);
        }
        if !url.contains("keepalives_interval") {
            config.keepalives_interval(LONGEST_SILENCE / 2);
        }
        #[cfg(not(feature = "tls"))]
        if config.get_ssl_mode() == SslMode::Require {
            return Err(ConnectError::TlsIsOff);
        }
        Ok(Self {
            #[cfg(feature = "tls")]
            tls: match config.get_ssl_mode() {
                SslMode::Disable => None,
                _ => Some(Tls::new(roots)?),
            },
            config,
            timeout,
        })
    }

    /// Asks the server for the isolation that the statements are made for, whatever the default of
    /// the database is, and to look each second, while a statement runs, whether somebody waits for
    /// it: what waits for a lock behind a connection that was given up would go on to wait. PgBouncer
    /// refuses a connection that asks for anything.
    pub(crate) fn read_committed(mut self) -> Self {
        let before = self.config.get_options().unwrap_or_default();
        let mut options = format!("{before} -c default_transaction_isolation=read\\ committed");
        // A server on Windows can not look, and lets nobody in who asks it to.
        if !before.contains("client_connection_check_interval") {
            options.push_str(" -c client_connection_check_interval=1000");
        }
        self.config.options(options.trim());
        self
    }

    pub(crate) async fn connect(&self) -> Result<(Client, Wire), PostgresError> {
        let deadline = Deadline::after(self.timeout);
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return deadline
                .of(connected(&self.config, tls.connector()))
                .await?;
        }
        deadline.of(connected(&self.config, NoTls)).await?
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").finish_non_exhaustive()
    }
}

async fn connected<T>(config: &Config, tls: T) -> Result<(Client, Wire), PostgresError>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let (client, connection) = config.connect(tls).await?;
    Ok((client, Wire::new(connection)))
}

/// The end of a connection that moves bytes. It does so while it is asked for messages.
pub(crate) struct Wire(Box<Poller>);

type Poller =
    dyn FnMut(&mut Context<'_>) -> Poll<Option<Result<AsyncMessage, tokio_postgres::Error>>> + Send;

impl Wire {
    fn new<S: TlsStream + Unpin + Send + 'static>(mut connection: Connection<Socket, S>) -> Self {
        Self(Box::new(move |context| connection.poll_message(context)))
    }

    /// Returns the next message that nobody asked for; `None` when the connection is over.
    pub(crate) async fn next(&mut self) -> Option<AsyncMessage> {
        poll_fn(&mut self.0).await?.ok()
    }

    /// Moves bytes until the connection is over.
    pub(crate) async fn run(mut self) {
        while self.next().await.is_some() {}
    }
}

/// For how long a peer may leave what it was sent without an acknowledgement, and how long a connection
/// rests before the peer is asked.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_has_the_say_where_it_names_a_setting() {
        let interval = "client_connection_check_interval";
        let named = format!(
            "postgres://h?keepalives_idle=7200&keepalives_interval=70&tcp_user_timeout=60\
             &options=-c%20{interval}%3D0"
        );
        let ours = "-c default_transaction_isolation=read\\ committed";
        for (url, silence, options) in [
            (
                "postgres://h",
                [10, 10, 5],
                format!("{ours} -c {interval}=1000"),
            ),
            (
                named.as_str(),
                [60, 7_200, 70],
                format!("-c {interval}=0 {ours}"),
            ),
        ] {
            let target = Target::new(
                url,
                Duration::from_secs(5),
                #[cfg(feature = "tls")]
                &[],
            );
            let config = target.unwrap().read_committed().config;
            let [timeout, idle, between] = silence.map(Duration::from_secs);
            assert_eq!(config.get_tcp_user_timeout(), Some(&timeout));
            assert_eq!(config.get_keepalives_idle(), idle);
            assert_eq!(config.get_keepalives_interval(), Some(between));
            assert_eq!(config.get_options(), Some(options.as_str()));
        }
    }
}
