//! Whom to believe about the client's address and scheme.

mod forwarded;

use std::net::IpAddr;
use std::str::FromStr;

use http::HeaderMap;
use ipnet::{IpNet, Ipv4Net};

/// The proxies that may speak for their clients.
///
/// A proxy hides the client's address and scheme, and says in a header what they were. So can
/// anybody else. Only what trusted proxies say is believed: the list of addresses is read from the
/// end, where the nearest proxy writes, up to the first address that is not a trusted proxy. The
/// default trusts nobody.
///
/// # Security
///
/// Name exactly the proxies that you run. A trusted network that clients can reach you from lets
/// each of them claim any address and any scheme. The nearest proxy must overwrite or append to the
/// header chosen with [`header`](Self::header); the header that is not chosen is never read.
///
/// # Example: one proxy on the same machine
///
/// ```
/// use hallpass_http::{Scheme, TrustedProxies};
/// use http::{HeaderMap, HeaderValue};
///
/// let proxies: TrustedProxies = "127.0.0.1, ::1".parse()?;
/// let mut headers = HeaderMap::new();
/// headers.insert("x-forwarded-for", HeaderValue::from_static("6.6.6.6, 192.0.2.7"));
/// headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
///
/// let origin = proxies.resolve(Some([127, 0, 0, 1].into()), &headers);
/// assert_eq!(origin.address(), Some([192, 0, 2, 7].into()));
/// assert_eq!(origin.scheme(), Some(Scheme::Https));
/// # Ok::<(), hallpass_http::InvalidNetwork>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TrustedProxies {
    /// # Invariant
    ///
    /// No network of IPv4-mapped IPv6 addresses.
    networks: Vec<IpNet>,
    header: ForwardedHeader,
}

impl TrustedProxies {
    /// Trusts nobody: the client is whoever connects.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Trusts the proxies in these networks.
    ///
    /// To read them from configuration, parse a list such as `"10.0.0.0/8, 192.0.2.1"`.
    #[must_use]
    pub fn new(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self {
            networks: networks.into_iter().map(without_mapping).collect(),
            header: ForwardedHeader::default(),
        }
    }

    /// Returns whether nobody is trusted.
    pub(crate) const fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }

    /// Chooses the header in which the proxies speak.
    ///
    /// Change it if yours write the standard one. Default: [`ForwardedHeader::XForwarded`], which
    /// most proxies write.
    #[must_use]
    pub fn header(mut self, header: ForwardedHeader) -> Self {
        self.header = header;
        self
    }

    /// Returns where a request comes from, given the address at the other end of the connection.
    ///
    /// If the peer is not a trusted proxy, that is its address, and the scheme is unknown. If it
    /// is, the address is the last one in the header that is not a trusted proxy. An element that
    /// is not an address, such as `unknown`, ends the search at the proxy that wrote it. The scheme
    /// is the one that the peer named. A header with more than 64 elements or 8 KiB is ignored.
    ///
    /// Without a peer, as on a Unix socket, nobody is trusted.
    #[must_use]
    pub fn resolve(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Origin {
        let peer = peer.map(|peer| peer.to_canonical());
        let Some(proxy) = peer.filter(|&peer| self.trusts(peer)) else {
            return Origin {
                address: peer,
                scheme: None,
            };
        };
        let (address, scheme) = match self.header {
            ForwardedHeader::Forwarded => {
                let hops = forwarded::hops(headers);
                let addresses = hops.iter().rev().map(|hop| hop.address);
                (
                    self.client(proxy, addresses),
                    hops.last().and_then(|hop| hop.scheme),
                )
            }
            ForwardedHeader::XForwarded => {
                let addresses = forwarded::x_addresses(headers);
                (self.client(proxy, addresses), forwarded::x_scheme(headers))
            }
        };
        Origin {
            address: Some(address),
            scheme,
        }
    }

    /// Walks from the nearest proxy to the first address that is not one.
    fn client(&self, proxy: IpAddr, addresses: impl Iterator<Item = Option<IpAddr>>) -> IpAddr {
        let mut client = proxy;
        for address in addresses {
            let Some(address) = address else {
                return client;
            };
            client = address;
            if !self.trusts(address) {
                return client;
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }
}

impl FromStr for TrustedProxies {
    type Err = InvalidNetwork;

    /// Reads networks and single addresses, separated by commas.
    fn from_str(list: &str) -> Result<Self, InvalidNetwork> {
        let networks = list.split(',').zip(1..).map(|(text, position)| {
            let network = network(text.trim());
            network.ok_or(InvalidNetwork { position })
        });
        Ok(Self::new(networks.collect::<Result<Vec<_>, _>>()?))
    }
}

/// The header in which trusted proxies say whom they speak for.
///
/// Exactly one is believed. A proxy that writes one of them passes the other on as the client sent
/// it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum ForwardedHeader {
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// `X-Forwarded-For` and `X-Forwarded-Proto`. The default.
    #[default]
    XForwarded,
}

/// Where a request comes from, as far as it is known.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Origin {
    address: Option<IpAddr>,
    scheme: Option<Scheme>,
}

impl Origin {
    /// Returns the client's address. An IPv4 address is never in its IPv6-mapped form.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Returns the scheme that the client used, or `None` if no trusted proxy named one.
    #[must_use]
    pub fn scheme(&self) -> Option<Scheme> {
        self.scheme
    }
}

/// How the client talks to the nearest proxy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever asks for the scheme must decide about each"
)]
pub enum Scheme {
    /// In plain text.
    Http,
    /// Over TLS.
    Https,
}

/// An element of a list of trusted proxies is neither a network nor an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "element {position} of the trusted proxies is not an address or network: write it like \
     `10.0.0.0/8`, `192.0.2.1` or `2001:db8::/32`"
)]
pub struct InvalidNetwork {
    position: usize,
}

impl InvalidNetwork {
    /// Returns which element of the list it is, counted from one.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }
}

/// Reads a network or a single address.
fn network(text: &str) -> Option<IpNet> {
    let (address, prefix) = text.split_once('/').unzip();
    // `ipnet` takes zeros in front of a number, which others read as octal: 010 is eight to them.
    let address: IpAddr = address.unwrap_or(text).parse().ok()?;
    match prefix {
        Some(length) if length.len() > 1 && length.starts_with('0') => None,
        Some(_) => text.parse().ok(),
        None => Some(address.into()),
    }
}

/// Turns a network of IPv4-mapped addresses into one of IPv4, the form that is compared.
fn without_mapping(network: IpNet) -> IpNet {
    match network {
        IpNet::V6(mapped) => mapped
            .addr()
            .to_ipv4_mapped()
            .zip(mapped.prefix_len().checked_sub(96))
            .and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok())
            .map_or(network, IpNet::V4),
        IpNet::V4(_) => network,
    }
}

#[cfg(test)]
mod tests;
