//! Where the server is: the URL that a store is built with.

use redis::ConnectionInfo;
use redis::IntoConnectionInfo;
use redis::ProtocolVersion;

/// A URL does not say where a server is. Never shows the URL, which may hold a password.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the URL of redis is not usable: {0}")]
pub struct InvalidAddress(pub(crate) &'static str);

/// Where the server is, and how to get there.
pub(crate) enum Address {
    /// One or more nodes of a Redis Cluster.
    Cluster(Vec<ConnectionInfo>),
    /// One server at a time.
    One(Server),
}

/// How one server is found.
pub(crate) enum Server {
    /// It is known.
    At(Box<ConnectionInfo>),
    /// Sentinels know where the server is that is called so.
    By {
        sentinels: Vec<ConnectionInfo>,
        master: String,
        /// How to speak to the server: user, password, database.
        server: Box<ConnectionInfo>,
        is_tls: bool,
    },
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self, InvalidAddress> {
        let (scheme, rest) = url
            .split_once(':')
            .ok_or(InvalidAddress("it has no scheme"))?;
        if url.contains('#') {
            return Err(InvalidAddress("it has a fragment"));
        }
        match scheme {
            "redis" | "valkey" | "unix" | "redis+unix" | "valkey+unix" => {
                Ok(Self::One(Server::At(Box::new(info(url)?))))
            }
            "rediss" | "valkeys" => {
                needs_tls()?;
                Ok(Self::One(Server::At(Box::new(info(url)?))))
            }
            "redis+cluster" | "valkey+cluster" => Self::cluster(rest, false),
            "rediss+cluster" | "valkeys+cluster" => Self::cluster(rest, true),
            "redis+sentinel" | "valkey+sentinel" => Self::sentinel(rest, false),
            "rediss+sentinel" | "valkeys+sentinel" => Self::sentinel(rest, true),
            _ => Err(InvalidAddress("its scheme is not known")),
        }
    }

    fn cluster(rest: &str, is_tls: bool) -> Result<Self, InvalidAddress> {
        let parts = Parts::parse(rest)?;
        if !matches!(parts.path, "" | "0") {
            return Err(InvalidAddress("a cluster has the database 0 only"));
        }
        let scheme = scheme(is_tls)?;
        let nodes = parts.hosts.iter().map(|host| {
            let Parts { user, query, .. } = parts;
            info(&format!("{scheme}://{user}{host}{query}"))
        });
        Ok(Self::Cluster(nodes.collect::<Result<_, _>>()?))
    }

    fn sentinel(rest: &str, is_tls: bool) -> Result<Self, InvalidAddress> {
        let parts = Parts::parse(rest)?;
        if parts.path.is_empty() || parts.path.contains('/') {
            return Err(InvalidAddress(
                "the name of the master comes after the sentinels",
            ));
        }
        let scheme = scheme(is_tls)?;
        let sentinels = parts.hosts.iter().map(|host| {
            let has_port = host
                .rsplit_once(':')
                .is_some_and(|(_, port)| !port.is_empty() && !port.contains(']'));
            let port = if has_port { "" } else { ":26379" };
            info(&format!("{scheme}://{host}{port}"))
        });
        let sentinels = sentinels.collect::<Result<_, _>>()?;
        let mut database = "0";
        for pair in parts.query.trim_start_matches('?').split('&') {
            match pair.split_once('=') {
                Some(("db", number)) => database = number,
                None if pair.is_empty() => {}
                _ => return Err(InvalidAddress("its query is not known")),
            }
        }
        let user = parts.user;
        Ok(Self::One(Server::By {
            sentinels,
            master: parts.path.to_owned(),
            server: Box::new(info(&format!("redis://{user}sentinel/{database}"))?),
            is_tls,
        }))
    }
}

/// The parts of a URL with several hosts, which no other parser takes.
struct Parts<'a> {
    /// With the sign behind it; empty where nobody is named.
    user: &'a str,
    hosts: Vec<&'a str>,
    path: &'a str,
    /// With the sign before it; empty where there is none.
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn parse(rest: &'a str) -> Result<Self, InvalidAddress> {
        let rest = rest
            .strip_prefix("//")
            .ok_or(InvalidAddress("it names no host"))?;
        let (rest, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        let hosts: Vec<_> = hosts.split(',').collect();
        if hosts.iter().any(|host| host.is_empty()) {
            return Err(InvalidAddress("it names no host"));
        }
        Ok(Self {
            user,
            hosts,
            path: path.trim_matches('/'),
            query,
        })
    }
}

/// Reads a URL with one host. The driver's own error may quote it.
fn info(url: &str) -> Result<ConnectionInfo, InvalidAddress> {
    let info = url
        .into_connection_info()
        .map_err(|_error| InvalidAddress("it can not be read"))?;
    // The later protocol says when a connection is lost, before anybody asks.
    let settings = info
        .redis_settings()
        .clone()
        .set_skip_set_lib_name()
        .set_protocol(ProtocolVersion::RESP3);
    let tcp = info.tcp_settings().clone().set_nodelay(true);
    Ok(info.set_redis_settings(settings).set_tcp_settings(tcp))
}

fn scheme(is_tls: bool) -> Result<&'static str, InvalidAddress> {
    if is_tls {
        needs_tls()?;
        Ok("rediss")
    } else {
        Ok("redis")
    }
}

const fn needs_tls() -> Result<(), InvalidAddress> {
    if cfg!(feature = "tls") {
        Ok(())
    } else {
        Err(InvalidAddress("TLS needs the feature `tls`"))
    }
}

#[cfg(test)]
mod tests;
