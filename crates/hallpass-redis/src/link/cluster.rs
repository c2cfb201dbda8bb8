//! The connections to the nodes of a Cluster.

use redis::ConnectionInfo;
use redis::ProtocolVersion;
use redis::PushInfo;
use redis::PushKind;
use redis::RedisResult;
use redis::Value;
use redis::aio::ConnectionLike;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::Route;
use redis::cluster_routing::SingleNodeRoutingInfo;
use redis::cluster_routing::SlotAddr;
use tokio::sync::OnceCell;

use super::Timeouts;
use super::Troubles;
use crate::fault::Failure;
use crate::fault::Fault;

/// The connections to the nodes of a Cluster, which the driver makes and keeps: which node has
/// what, and which of them is there, it finds out by itself.
pub(crate) struct ClusterLink {
    nodes: Vec<ConnectionInfo>,
    timeouts: Timeouts,
    troubles: Troubles,
    connection: OnceCell<ClusterConnection>,
}

impl ClusterLink {
    pub(crate) const fn new(
        nodes: Vec<ConnectionInfo>,
        timeouts: Timeouts,
        troubles: Troubles,
    ) -> Self {
        Self {
            nodes,
            timeouts,
            troubles,
            connection: OnceCell::const_new(),
        }
    }

    pub(crate) async fn send(&self, command: &redis::Cmd) -> RedisResult<Value> {
        let mut connection = self.connection().await?.clone();
        connection
            .req_packed_command(command)
            .await?
            .extract_error()
    }

    pub(crate) async fn connect(&self) -> Result<(), Fault> {
        match self.connection().await {
            Ok(_connection) => Ok(()),
            Err(error) => Err(Fault::from(&error)),
        }
    }

    /// Sends commands right after each other to the node that has a key, and returns the answer to
    /// each.
    pub(crate) async fn send_all(
        &self,
        key: &str,
        commands: redis::Pipeline,
    ) -> Result<Vec<Value>, Failure> {
        let mut connection = self.connection().await?.clone();
        let route = SingleNodeRoutingInfo::SpecificNode(Route::with_key(key, SlotAddr::Master));
        let count = commands.len();
        Ok(connection.route_pipeline(commands, 0, count, route).await?)
    }

    async fn connection(&self) -> RedisResult<&ClusterConnection> {
        let dial = async || {
            let troubles = self.troubles.clone();
            let pushed = move |info: PushInfo| {
                if info.kind == PushKind::Disconnection {
                    troubles.note();
                }
            };
            dial_cluster(&self.nodes, self.timeouts, pushed).await
        };
        self.connection.get_or_try_init(dial).await
    }
}

/// Makes connections to a Cluster. `pushed` hears what the nodes say unasked.
pub(crate) async fn dial_cluster(
    nodes: &[ConnectionInfo],
    timeouts: Timeouts,
    pushed: impl Fn(PushInfo) + Send + Sync + 'static,
) -> RedisResult<ClusterConnection> {
    ClusterClient::builder(nodes.to_vec())
        .use_protocol(ProtocolVersion::RESP3)
        .connection_timeout(timeouts.connect)
        .response_timeout(timeouts.response)
        // All attempts together: a call takes no longer than on one server.
        .overall_response_timeout(Some(timeouts.response))
        // To follow a slot to its new node. A call that is sent twice by that is one of those that
        // the engine would repeat.
        .retries(RETRIES)
        .min_retry_wait(FIRST_RETRY_MS)
        .max_retry_wait(LAST_RETRY_MS)
        .push_sender(move |info| {
            pushed(info);
            Ok::<(), Fault>(())
        })
        .build()?
        .get_async_connection()
        .await
}

const RETRIES: u32 = 4;
const FIRST_RETRY_MS: u64 = 20;
const LAST_RETRY_MS: u64 = 200;
