//! How a store is set up.

use std::fmt;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use hallpass_core::Clock;
use hallpass_core::SystemClock;
use redis::RedisResult;

use crate::address::Address;
use crate::address::InvalidAddress;
use crate::fault::Fault;
use crate::feed::Feed;
use crate::feed::Line;
use crate::keys::Keys;
use crate::link::Dialer;
use crate::link::Link;
use crate::link::Replicas;
use crate::link::Timeouts;
use crate::link::Troubles;
use crate::memory::Memory;
use crate::store::Inner;
use crate::store::RedisStore;

/// Sets up a [`RedisStore`]. `Debug` shows neither the URL nor the key.
#[derive(Clone)]
#[must_use]
pub struct RedisStoreBuilder {
    way: Way,
    prefix: String,
    tag_key: Option<Vec<u8>>,
    timeouts: Timeouts,
    replicas: Option<Replicas>,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
enum Way {
    TheirCluster(redis::cluster_async::ClusterConnection),
    TheirManager(redis::aio::ConnectionManager),
    Url(String),
}

/// A store can not be set up.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL is not usable.
    #[error(transparent)]
    Address(#[from] InvalidAddress),
    /// The prefix is not usable in keys.
    #[error("the prefix takes 1 to 64 characters of A-Z, a-z, 0-9, `.`, `_`, `:` and `-`")]
    Prefix,
    /// The server can not be reached, or refuses.
    #[error("can not connect to redis")]
    Server(#[source] Fault),
    /// The secret of the tags is empty, and so none.
    #[error("the secret of the tags of handles is empty")]
    TagKey,
}

impl RedisStoreBuilder {
    pub(crate) fn url(url: &str) -> Self {
        Self::new(Way::Url(url.to_owned()))
    }

    pub(crate) fn cluster(connection: redis::cluster_async::ClusterConnection) -> Self {
        Self::new(Way::TheirCluster(connection))
    }

    pub(crate) fn manager(connection: redis::aio::ConnectionManager) -> Self {
        Self::new(Way::TheirManager(connection))
    }

    fn new(way: Way) -> Self {
        Self {
            way,
            prefix: "hallpass".to_owned(),
            tag_key: None,
            timeouts: Timeouts {
                connect: Duration::from_secs(1),
                response: Duration::from_secs(1),
            },
            replicas: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// What all keys begin with. Another application on the same server needs another one, and
    /// tenants that must not share anything may have one each. 1 to 64 characters of letters,
    /// digits, `.`, `_`, `:` and `-`. Default: `hallpass`.
    pub fn prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// The secret that the tags of handles are made with.
    ///
    /// The handles of a subject's sessions begin with the same two bytes, a keyed hash of the
    /// subject. Without a secret the key is made from the prefix, and who sees a handle can check
    /// whether it may be of a subject that they think of: a wrong guess looks right once in 65 536.
    /// Set 32 random bytes to prevent that. They must be the same on all nodes, and may change only
    /// where no sessions live: those from before are no longer found by their subject, so they
    /// neither count for its limit nor end with it. An empty one is refused. Default: none.
    pub fn tag_key(mut self, secret: &[u8]) -> Self {
        self.tag_key = Some(secret.to_owned());
        self
    }

    /// How long to wait for the answer to one call. The engine has a time-out of its own, two
    /// seconds by default, within which it may ask twice. No effect on connections that you made.
    /// Default: 1 second.
    pub const fn response_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.response = timeout;
        self
    }

    /// How long to wait for a connection. No effect on connections that you made. Default: 1
    /// second.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.connect = timeout;
        self
    }

    /// How many replicas have to have an ending before it is told, and how long to wait for them.
    ///
    /// Concerns what ends sessions by choice: `end`, `end_subject`, `advance`, and logins that may
    /// replace or evict one. With fewer acknowledgements in time the answer is
    /// [`Fault::NotReplicated`], of the kind
    /// [`Unavailable`](hallpass_core::StoreErrorKind::Unavailable): on the master the session has
    /// ended, and the engine asks again. Such calls take a connection of their own, so that others
    /// do not wait behind them. No effect on connections that you made. Default: none.
    pub const fn wait_for_replicas(mut self, count: u32, timeout: Duration) -> Self {
        self.replicas = Some(Replicas { count, timeout });
        self
    }

    /// The clock that waits between attempts to connect. No session is judged by it. Default: that
    /// of the machine.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Connects, and returns the store.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] where a setting is not usable or the server can not be reached.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing is left.
    pub async fn connect(self) -> Result<RedisStore, ConnectError> {
        let store = self.connect_lazy()?;
        store.connect().await.map_err(ConnectError::Server)?;
        Ok(store)
    }

    /// Returns a store that connects with its first call, so that it can be had while the server is
    /// away.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] where a setting is not usable.
    pub fn connect_lazy(self) -> Result<RedisStore, ConnectError> {
        let is_usable = (1..=64).contains(&self.prefix.len())
            && self
                .prefix
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte));
        if !is_usable {
            return Err(ConnectError::Prefix);
        }
        if self.tag_key.as_ref().is_some_and(Vec::is_empty) {
            return Err(ConnectError::TagKey);
        }
        let made = match self.way {
            Way::TheirCluster(connection) => Made {
                link: Link::their_cluster(connection),
                line: None,
                replicated: None,
                is_cluster: true,
            },
            Way::TheirManager(connection) => Made {
                link: Link::their_manager(connection),
                line: None,
                replicated: None,
                is_cluster: false,
            },
            Way::Url(url) => {
                let address = Address::parse(&url)?;
                links(&address, self.timeouts, self.replicas, &self.clock)
                    .map_err(|error| ConnectError::Server(Fault::from(&error)))?
            }
        };
        let keys = Keys::new(&self.prefix, self.tag_key.as_deref(), made.is_cluster);
        let feed = Feed::new(made.line, keys.channel(), Arc::clone(&self.clock));
        Ok(RedisStore::new(Inner {
            link: made.link,
            keys,
            prefix: self.prefix.into(),
            clock: self.clock,
            feed,
            is_cluster: made.is_cluster,
            replicated: made.replicated,
            memory: Memory::default(),
            guard: OnceLock::new(),
        }))
    }
}

impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStoreBuilder")
            .field("prefix", &self.prefix)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}

/// The ways to the server, which nobody has gone yet.
struct Made {
    link: Link,
    line: Option<Line>,
    replicated: Option<(Link, Replicas)>,
    is_cluster: bool,
}

fn links(
    address: &Address,
    timeouts: Timeouts,
    replicas: Option<Replicas>,
    clock: &Arc<dyn Clock>,
) -> RedisResult<Made> {
    let patient = |replicas: Replicas| Timeouts {
        response: timeouts.response.saturating_add(replicas.timeout),
        ..timeouts
    };
    let troubles = Troubles::default();
    let server = match address {
        Address::Cluster(nodes) => {
            let to = |timeouts| Link::to_cluster(nodes.clone(), timeouts, troubles.clone());
            return Ok(Made {
                link: to(timeouts),
                line: Some(Line::Cluster(nodes.clone(), timeouts)),
                replicated: replicas.map(|replicas| (to(patient(replicas)), replicas)),
                is_cluster: true,
            });
        }
        Address::One(server) => server,
    };
    let dialer = Arc::new(Dialer::new(server, timeouts, Arc::clone(clock))?);
    let replicated = match replicas {
        Some(replicas) => {
            let dialer = Dialer::new(server, patient(replicas), Arc::clone(clock))?;
            Some((Link::to_one(Arc::new(dialer), troubles.clone()), replicas))
        }
        None => None,
    };
    Ok(Made {
        link: Link::to_one(Arc::clone(&dialer), troubles),
        line: Some(Line::Single(dialer)),
        replicated,
        is_cluster: false,
    })
}
