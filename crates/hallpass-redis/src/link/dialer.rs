//! How a connection to one server is made.

use std::sync::Arc;
use std::time::Duration;

use hallpass_core::Clock;
use redis::AsyncConnectionConfig;
use redis::PushInfo;
use redis::RedisResult;
use redis::TlsMode;
use redis::aio::MultiplexedConnection;
use redis::sentinel::SentinelClient;
use redis::sentinel::SentinelNodeConnectionInfo;
use redis::sentinel::SentinelServerType;
use tokio::sync::Mutex;

use super::within;
use crate::address::Server;
use crate::fault::Fault;

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub(crate) connect: Duration,
    pub(crate) response: Duration,
}

/// Makes connections to one server, wherever it is at the time.
pub(crate) struct Dialer {
    way: Way,
    timeouts: Timeouts,
    clock: Arc<dyn Clock>,
}

enum Way {
    Direct(Box<redis::Client>),
    Sentinel(Box<Mutex<SentinelClient>>),
}

impl Dialer {
    /// Fails where the driver does not take the settings.
    pub(crate) fn new(
        server: &Server,
        timeouts: Timeouts,
        clock: Arc<dyn Clock>,
    ) -> RedisResult<Self> {
        let way = match server {
            Server::At(info) => Way::Direct(Box::new(redis::Client::open((**info).clone())?)),
            Server::By {
                sentinels,
                master,
                server,
                is_tls,
            } => {
                let mut node = SentinelNodeConnectionInfo::default()
                    .set_redis_connection_info(server.redis_settings().clone())
                    .set_tcp_settings(server.tcp_settings().clone());
                if *is_tls {
                    node = node.set_tls_mode(TlsMode::Secure);
                }
                let kind = SentinelServerType::Master;
                let (sentinels, master) = (sentinels.clone(), master.clone());
                let client = SentinelClient::build(sentinels, master, Some(node), kind)?;
                Way::Sentinel(Box::new(Mutex::new(client)))
            }
        };
        Ok(Self {
            way,
            timeouts,
            clock,
        })
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub(crate) const fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// Makes a connection. `pushed` hears what the server says unasked, and of the end of it.
    pub(crate) async fn dial(
        &self,
        pushed: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> Result<MultiplexedConnection, Fault> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeouts.connect))
            .set_response_timeout(Some(self.timeouts.response))
            .set_push_sender(move |info| {
                pushed(info);
                Ok::<(), Fault>(())
            });
        let dialing = async {
            let client = match &self.way {
                Way::Direct(client) => (**client).clone(),
                // Asked each time: the master may be another one since.
                Way::Sentinel(client) => client.lock().await.async_get_client().await?,
            };
            client
                .get_multiplexed_async_connection_with_config(&config)
                .await
        };
        // Sentinels have a time-out for each of many steps, which add up.
        let limit = self.timeouts.connect.saturating_mul(2);
        match within(&*self.clock, limit, dialing).await {
            Some(Ok(connection)) => Ok(connection),
            Some(Err(error)) => Err(Fault::from(&error)),
            None => Err(Fault::TimedOut),
        }
    }
}
