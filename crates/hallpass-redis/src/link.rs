//! The way to the server.

mod cluster;
mod dialer;
mod keeper;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::Either;
use futures_util::future::select;
use hallpass_core::Clock;
use redis::ConnectionInfo;
use redis::Value;
use redis::aio::ConnectionLike;
use redis::aio::ConnectionManager;
use redis::cluster_async::ClusterConnection;
use tokio::sync::watch;

use crate::fault::Failure;
use crate::fault::Fault;
use crate::script::Script;

use self::cluster::ClusterLink;
use self::keeper::Kept;

pub(crate) use self::cluster::dial_cluster;
pub(crate) use self::dialer::Dialer;
pub(crate) use self::dialer::Timeouts;
pub(crate) use self::keeper::backoff;

/// A way to the server that many calls share.
#[derive(Clone)]
pub(crate) struct Link {
    way: Way,
    troubles: Troubles,
}

#[derive(Clone)]
enum Way {
    /// To a Cluster, with connections that we make.
    Cluster(Arc<ClusterLink>),
    /// To one server, or to the one that Sentinels name.
    Kept(Arc<Kept>),
    /// To a Cluster, with connections that somebody else made.
    TheirCluster(ClusterConnection),
    /// To one server, with a connection that somebody else made.
    TheirManager(ConnectionManager),
}

/// Counts what may mean that the server is another one now, or has lost what it had. The ways of one
/// store count together.
#[derive(Clone)]
pub(crate) struct Troubles(watch::Sender<u64>);

impl Default for Troubles {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Troubles {
    fn note(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Link {
    pub(crate) fn to_one(dialer: Arc<Dialer>, troubles: Troubles) -> Self {
        let kept = Kept::new(dialer, troubles.clone());
        Self {
            way: Way::Kept(Arc::new(kept)),
            troubles,
        }
    }

    pub(crate) fn to_cluster(
        nodes: Vec<ConnectionInfo>,
        timeouts: Timeouts,
        troubles: Troubles,
    ) -> Self {
        let link = ClusterLink::new(nodes, timeouts, troubles.clone());
        Self {
            way: Way::Cluster(Arc::new(link)),
            troubles,
        }
    }

    pub(crate) fn their_cluster(connection: ClusterConnection) -> Self {
        Self {
            way: Way::TheirCluster(connection),
            troubles: Troubles::default(),
        }
    }

    pub(crate) fn their_manager(connection: ConnectionManager) -> Self {
        Self {
            way: Way::TheirManager(connection),
            troubles: Troubles::default(),
        }
    }

    /// Returns what hears of troubles from now on.
    pub(crate) fn troubles(&self) -> watch::Receiver<u64> {
        self.troubles.0.subscribe()
    }

    /// Runs a script, which is sent in full where the server does not have it (race 44).
    ///
    /// Nothing else is repeated here: whether a call may be, the engine decides.
    pub(crate) async fn run(
        &self,
        script: &Script,
        keys: &[&str],
        args: &[&[u8]],
    ) -> Result<Value, Fault> {
        match self.send(&script.by_hash(keys, args)).await {
            Err(Failure::MissingScript) => Ok(self.send(&script.in_full(keys, args)).await?),
            answer => Ok(answer?),
        }
    }

    /// Runs a script, and waits until so many replicas have what it wrote.
    pub(crate) async fn run_replicated(
        &self,
        script: &Script,
        keys: &[&str],
        args: &[&[u8]],
        replicas: Replicas,
    ) -> Result<Value, Fault> {
        match self
            .send_and_wait(script.by_hash(keys, args), keys, replicas)
            .await
        {
            Err(Failure::MissingScript) => {
                let command = script.in_full(keys, args);
                Ok(self.send_and_wait(command, keys, replicas).await?)
            }
            answer => Ok(answer?),
        }
    }

    /// Sends a command that has a key, or one that any node may answer.
    pub(crate) async fn send(&self, command: &redis::Cmd) -> Result<Value, Failure> {
        let answer = match &self.way {
            Way::Cluster(link) => link.send(command).await.map_err(Failure::from),
            Way::Kept(link) => link.send(command).await,
            Way::TheirCluster(connection) => {
                let answer = connection.clone().req_packed_command(command).await;
                answer.and_then(Value::extract_error).map_err(Failure::from)
            }
            Way::TheirManager(connection) => {
                let answer = connection.clone().send_packed_command(command).await;
                answer.and_then(Value::extract_error).map_err(Failure::from)
            }
        };
        self.judged(answer)
    }

    /// The server counts what was written on the connection that asks, so the question goes with
    /// the command, on the same one.
    async fn send_and_wait(
        &self,
        command: redis::Cmd,
        keys: &[&str],
        replicas: Replicas,
    ) -> Result<Value, Failure> {
        let mut wait = redis::cmd("WAIT");
        wait.arg(replicas.count).arg(replicas.millis());
        let mut commands = redis::Pipeline::with_capacity(2);
        commands.add_command(command.clone()).add_command(wait);
        let answers = match &self.way {
            Way::Cluster(link) => {
                let key = keys.first().copied().unwrap_or_default();
                link.send_all(key, commands).await
            }
            Way::Kept(link) => link.send_all(&commands).await,
            Way::TheirCluster(_) | Way::TheirManager(_) => return self.send(&command).await,
        };
        let mut answers = self.judged(answers)?.into_iter();
        let answer = answers.next().unwrap_or_default().extract_error();
        let answer = match answer.map_err(Failure::from) {
            // The slot has moved, perhaps. Alone the command follows it, and leads those after it;
            // nobody knows about the replicas.
            Err(Failure::Fault(Fault::Server(_))) if matches!(self.way, Way::Cluster(_)) => {
                self.send(&command).await?;
                return Err(Fault::NotReplicated.into());
            }
            answer => self.judged(answer)?,
        };
        // Also where the server refuses to wait, the command was carried out.
        match answers.next().map(Value::extract_error) {
            Some(Ok(Value::Int(count))) if count >= i64::from(replicas.count) => Ok(answer),
            _ => Err(Fault::NotReplicated.into()),
        }
    }

    fn judged<T>(&self, answer: Result<T, Failure>) -> Result<T, Failure> {
        if let Err(Failure::Fault(fault)) = &answer
            && fault.may_be_a_failover()
        {
            self.troubles.note();
        }
        answer
    }

    /// Makes the connection now, where it is one that we make.
    pub(crate) async fn connect(&self) -> Result<(), Fault> {
        match &self.way {
            Way::Cluster(link) => link.connect().await,
            Way::Kept(link) => link.connect().await,
            Way::TheirCluster(_) | Way::TheirManager(_) => Ok(()),
        }
    }
}

/// How many replicas have to have an ending before it is told, and how long to wait for them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replicas {
    pub(crate) count: u32,
    pub(crate) timeout: Duration,
}

impl Replicas {
    /// For the server 0 means for ever.
    fn millis(self) -> u64 {
        u64::try_from(self.timeout.as_millis())
            .unwrap_or(u64::MAX)
            .clamp(1, 1_000_000_000)
    }
}

/// Waits for a future, but no longer than this. Nothing is left of it where the time is over.
pub(crate) async fn within<T>(
    clock: &dyn Clock,
    limit: Duration,
    future: impl Future<Output = T>,
) -> Option<T> {
    match select(std::pin::pin!(future), clock.sleep(limit)).await {
        Either::Left((answer, _)) => Some(answer),
        Either::Right(((), _)) => None,
    }
}
