//! A connection that endings are heard on, and nothing else.

use std::sync::Arc;

use redis::ConnectionInfo;
use redis::PushInfo;
use redis::aio::MultiplexedConnection;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::Route;
use redis::cluster_routing::RoutingInfo;
use redis::cluster_routing::SingleNodeRoutingInfo;
use redis::cluster_routing::SlotAddr;
use tokio::sync::mpsc;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::fault::Fault;
use crate::link::Dialer;
use crate::link::Timeouts;
use crate::link::dial_cluster;

/// How such a connection is made.
#[derive(Clone)]
pub(crate) enum Line {
    Cluster(Vec<ConnectionInfo>, Timeouts),
    Single(Arc<Dialer>),
}

/// A connection that is subscribed, and what comes over it.
pub(super) struct Open {
    connection: Connection,
    pub(super) pushed: UnboundedReceiver<PushInfo>,
}

enum Connection {
    Cluster(ClusterConnection),
    Single(MultiplexedConnection),
}

impl Line {
    pub(super) async fn open(&self, channel: &str) -> Result<Open, Fault> {
        let (sender, pushed) = mpsc::unbounded_channel();
        let push = move |info| {
            // Nobody listens any more where the task is about to end.
            let _deaf = sender.send(info);
        };
        let connection = match self {
            Self::Cluster(nodes, timeouts) => {
                let connection = dial_cluster(nodes, *timeouts, push).await;
                let mut connection = connection.map_err(|error| Fault::from(&error))?;
                let subscribed = connection.ssubscribe(channel).await;
                subscribed.map_err(|error| Fault::from(&error))?;
                Connection::Cluster(connection)
            }
            Self::Single(dialer) => {
                let mut connection = dialer.dial(push).await?;
                let subscribed = connection.subscribe(channel).await;
                subscribed.map_err(|error| Fault::from(&error))?;
                Connection::Single(connection)
            }
        };
        Ok(Open { connection, pushed })
    }
}

impl Open {
    /// Asks whether the server is there: the node that tells of the channel.
    pub(super) async fn ping(&mut self, channel: &str) -> Result<(), Fault> {
        let ping = redis::cmd("PING");
        let answer = match &mut self.connection {
            Connection::Cluster(connection) => {
                let route = Route::with_key(channel, SlotAddr::Master);
                let route = RoutingInfo::SingleNode(SingleNodeRoutingInfo::SpecificNode(route));
                connection.route_command(ping, route).await
            }
            Connection::Single(connection) => connection.send_packed_command(&ping).await,
        };
        match answer.and_then(redis::Value::extract_error) {
            Ok(_pong) => Ok(()),
            Err(error) => Err(Fault::from(&error)),
        }
    }
}
