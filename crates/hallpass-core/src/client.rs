//! What the server knows about the client of a session, for lists of devices and for judging
//! late tokens.

use std::fmt;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;

/// How much of a user agent is kept, in bytes.
const MAX_USER_AGENT: usize = 256;
/// How much of the name of an unknown product is kept, in bytes.
const MAX_PRODUCT: usize = 32;

/// What one request tells about its client.
///
/// The address must come from the connection or from a proxy that is trusted, never from a header
/// that a client can write. What is kept of it is the network only: the first 24 bits of an IPv4
/// address, the first 48 of an IPv6 address.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ClientFacts {
    network: Option<Network>,
    user_agent: Option<Arc<str>>,
    label: Option<Arc<str>>,
}

impl ClientFacts {
    /// Returns what is known of a client: its address and its `User-Agent`, cut to 256 bytes and
    /// freed of control characters.
    #[must_use]
    pub fn new(address: Option<IpAddr>, user_agent: Option<&str>) -> Self {
        Self {
            network: address.map(Network::of),
            user_agent: user_agent.map(|text| shortened(text, MAX_USER_AGENT).into()),
            label: None,
        }
    }

    /// Sets the name that the user gave to the device.
    #[must_use]
    pub fn with_label(mut self, label: &str) -> Self {
        self.label = Some(shortened(label, MAX_USER_AGENT).into());
        self
    }

    /// Returns the network of the client.
    #[must_use]
    pub const fn network(&self) -> Option<Network> {
        self.network
    }

    /// Returns the `User-Agent`.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// Returns the name that the user gave to the device.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// Returns what is compared when a late token has to be judged.
    #[must_use]
    pub fn kind(&self) -> ClientKind {
        ClientKind {
            family: self.user_agent.as_deref().map(AgentFamily::of),
            network: self.network,
        }
    }
}

impl ClientFacts {
    /// Returns whether this client is known by another family of user agent than `present`. One
    /// that was known and tells none any more is another; one that was unknown is none.
    pub(crate) fn is_another_agent(&self, present: &Self) -> bool {
        match (&self.user_agent, &present.user_agent) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(before), Some(now)) => before != now && family_of(before) != family_of(now),
        }
    }

    /// Returns whether this client is known to be in another network than `present`.
    pub(crate) fn is_another_network(&self, present: &Self) -> bool {
        matches!((self.network, present.network), (Some(before), Some(now)) if before != now)
    }

    /// Returns the facts of `present` under the name that the user gave to this client.
    pub(crate) fn moved_to(&self, present: &Self) -> Self {
        Self {
            label: self.label.clone(),
            ..present.clone()
        }
    }
}

impl fmt::Display for ClientFacts {
    /// Writes the label, or else the family of the user agent, for a list of devices.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.label, &self.user_agent) {
            (Some(label), _) => f.write_str(label),
            (None, Some(agent)) => AgentFamily::of(agent).fmt(f),
            (None, None) => f.write_str("unknown client"),
        }
    }
}

/// The network of an address: 24 bits of IPv4, 48 bits of IPv6.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_enums,
    reason = "there are two families of addresses"
)]
pub enum Network {
    /// The first three bytes of an IPv4 address.
    V4([u8; 3]),
    /// The first six bytes of an IPv6 address.
    V6([u8; 6]),
}

impl Network {
    /// Returns the network of an address. An IPv4 address in IPv6 clothes counts as IPv4.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self::V4([a, b, c])
            }
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, ..] = address.octets();
                Self::V6([a, b, c, d, e, f])
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::V4([a, b, c]) => write!(f, "{}/24", Ipv4Addr::new(a, b, c, 0)),
            Self::V6([a, b, c, d, e, g]) => {
                let word = |high, low| u16::from_be_bytes([high, low]);
                let base = Ipv6Addr::new(word(a, b), word(c, d), word(e, g), 0, 0, 0, 0, 0);
                write!(f, "{base}/48")
            }
        }
    }
}

/// What makes two requests look as if one client had sent them: the family of the user agent and
/// the network. A hint for judging late tokens, never a proof.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ClientKind {
    family: Option<AgentFamily>,
    network: Option<Network>,
}

impl ClientKind {
    /// Returns whether the two look alike. A client of which not both are known looks like nobody.
    #[must_use]
    pub fn looks_like(&self, other: &Self) -> bool {
        self.family.is_some() && self.network.is_some() && self == other
    }
}

/// Browser and platform, without versions: they change while a session lives.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct AgentFamily {
    product: Arc<str>,
    platform: Arc<str>,
}

impl AgentFamily {
    fn of(user_agent: &str) -> Self {
        let (product, platform) = family_of(user_agent);
        Self {
            product: shortened(product, MAX_PRODUCT).into(),
            platform: platform.into(),
        }
    }
}

/// Returns product and platform of a user agent.
fn family_of(user_agent: &str) -> (&str, &'static str) {
    let name_in = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(token, _)| user_agent.contains(token));
        found.map(|(_, name)| *name)
    };
    let product = name_in(&PRODUCTS).unwrap_or_else(|| first_product(user_agent));
    (product, name_in(&PLATFORMS).unwrap_or_default())
}

impl fmt::Display for AgentFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.product)?;
        if self.platform.is_empty() {
            Ok(())
        } else {
            write!(f, " on {}", self.platform)
        }
    }
}

/// The more particular product comes first: every Edge says Chrome, every Chrome says Safari.
const PRODUCTS: [(&str, &str); 8] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Android says Linux and iOS says Mac OS X, so they come first.
const PLATFORMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

fn first_product(user_agent: &str) -> &str {
    user_agent.split(['/', ' ']).next().unwrap_or_default()
}

fn shortened(text: &str, limit: usize) -> String {
    let mut kept = String::new();
    for character in text.chars().filter(|character| !character.is_control()) {
        if kept.len() + character.len_utf8() > limit {
            break;
        }
        kept.push(character);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                          Chrome/156.0.0.0 Safari/537.36";

    fn client(address: &str, agent: &str) -> ClientFacts {
        ClientFacts::new(address.parse().ok(), Some(agent))
    }

    #[test]
    fn a_client_is_told_by_family_and_network() {
        let kind = client("192.0.2.1", FIREFOX).kind();
        let updated = FIREFOX.replace("140", "141");
        assert!(kind.looks_like(&client("192.0.2.200", &updated).kind()));
        assert!(!kind.looks_like(&client("192.0.3.1", FIREFOX).kind()));
        assert!(!kind.looks_like(&client("192.0.2.1", CHROME).kind()));
    }

    #[test]
    fn a_client_without_a_user_agent_or_an_address_looks_like_nobody() {
        let silent = ClientFacts::new("192.0.2.1".parse().ok(), None).kind();
        assert!(!silent.looks_like(&silent.clone()));
        let nowhere = ClientFacts::new(None, Some(FIREFOX)).kind();
        assert!(!nowhere.looks_like(&nowhere.clone()));
    }

    /// SES-28.
    #[test]
    fn a_change_is_one_of_what_was_known() {
        let nothing = ClientFacts::default();
        let table = [
            (
                client("192.0.2.1", FIREFOX),
                client("192.0.2.9", FIREFOX),
                (false, false),
            ),
            (
                client("192.0.2.1", FIREFOX),
                client("192.0.3.1", &FIREFOX.replace("140", "141")),
                (false, true),
            ),
            (client("::1", FIREFOX), client("::1", CHROME), (true, false)),
            (
                client("::1", "curl/8"),
                client("::1", "wget/1"),
                (true, false),
            ),
            (
                client("::1", "curl/8"),
                client("192.0.2.1", "curl/9"),
                (false, true),
            ),
            (client("::1", FIREFOX), nothing.clone(), (true, false)),
            (nothing, client("::1", FIREFOX), (false, false)),
        ];
        for (before, now, expected) in table {
            let changed = (
                before.is_another_agent(&now),
                before.is_another_network(&now),
            );
            assert_eq!(changed, expected, "{before:?} {now:?}");
        }
    }

    #[test]
    fn a_client_that_moves_keeps_its_name() {
        let before = client("::1", FIREFOX).with_label("office");
        let after = client("192.0.2.1", CHROME).with_label("theirs");
        let expected = client("192.0.2.1", CHROME).with_label("office");
        assert_eq!(before.moved_to(&after), expected);
    }

    #[test]
    fn a_device_list_shows_browser_and_platform() {
        assert_eq!(client("::1", FIREFOX).to_string(), "Firefox on Linux");
        assert_eq!(client("::1", CHROME).to_string(), "Chrome on Linux");
        assert_eq!(client("::1", "curl/8.5.0").to_string(), "curl");
        assert_eq!(
            client("::1", FIREFOX).with_label("office").to_string(),
            "office"
        );
        assert_eq!(ClientFacts::default().to_string(), "unknown client");
    }

    #[test]
    fn networks_are_told_by_prefix() {
        assert_eq!(
            Network::of("192.0.2.77".parse().unwrap()).to_string(),
            "192.0.2.0/24"
        );
        assert_eq!(
            Network::of("::ffff:192.0.2.77".parse().unwrap()).to_string(),
            "192.0.2.0/24"
        );
        assert_eq!(
            Network::of("2001:db8:1:2::3".parse().unwrap()).to_string(),
            "2001:db8:1::/48"
        );
    }

    #[test]
    fn user_agents_are_cut_and_cleaned() {
        let hostile = format!("a\r\nSet-Cookie: x{}", "\u{e9}".repeat(400));
        let facts = client("::1", &hostile);
        let kept = facts.user_agent().unwrap();
        assert!(kept.len() <= MAX_USER_AGENT && !kept.contains(['\r', '\n']));
    }
}
