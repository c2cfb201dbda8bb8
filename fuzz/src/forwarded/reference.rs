//! Who the client is, as naively as can be said.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

use hallpass_http::Scheme;

use super::request::Request;

/// Where a request comes from, and how that was found out.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) address: Option<IpAddr>,
    pub(super) scheme: Option<Scheme>,
    /// Every address that was looked at stands for a trusted proxy, so that one more in front of
    /// them would have been looked at, too.
    pub(super) wants_more: bool,
}

/// One element of the list: the nearest proxy's is the last.
#[derive(Clone, Copy, Debug, Default)]
struct Element {
    address: Option<IpAddr>,
    scheme: Option<Scheme>,
}

pub(super) fn resolve(request: &Request) -> Answer {
    let peer = request.peer.map(unmapped);
    let is_trusted = |address| networks(&request.trusted).any(|network| network.holds(address));
    let Some(proxy) = peer.filter(|&peer| is_trusted(peer)) else {
        return Answer {
            address: peer,
            scheme: None,
            wants_more: false,
        };
    };
    let elements = if request.standard {
        standard_elements(&request.forwarded)
    } else {
        plain_elements(&request.addresses)
    };
    let scheme = if request.standard {
        elements.last().and_then(|element| element.scheme)
    } else {
        let schemes = plain_elements(&request.schemes);
        schemes.last().and_then(|element| element.scheme)
    };
    let mut answer = Answer {
        address: Some(proxy),
        scheme,
        wants_more: true,
    };
    for element in elements.iter().rev() {
        answer.address = element.address.or(answer.address);
        if !element.address.is_some_and(is_trusted) {
            answer.wants_more = false;
            break;
        }
    }
    answer
}

/// Every address that stands in the fields, in brackets or not.
pub(super) fn addresses(fields: &[Vec<u8>]) -> Vec<IpAddr> {
    // What is escaped in a quoted string stands there without the backslashes.
    let text: Vec<u8> = fields.join(&b' ');
    let text: Vec<u8> = text.into_iter().filter(|byte| *byte != b'\\').collect();
    let text = String::from_utf8_lossy(&text).into_owned();
    let is_of_address = |c: char| c.is_ascii_hexdigit() || c == ':' || c == '.';
    let mut found = Vec::new();
    for word in text.split(|c| !is_of_address(c)) {
        // An address may have a port behind it.
        let port = word.rsplit_once(':').map(|(address, _)| address);
        for word in [Some(word), port].into_iter().flatten() {
            found.extend(word.parse().map(unmapped));
        }
    }
    found
}

/// Whether the fields that count are larger than what is read.
pub(super) fn is_too_much(request: &Request) -> bool {
    let is_too_much = |fields: &[Vec<u8>]| {
        let commas = fields.concat().iter().filter(|&&byte| byte == b',').count();
        fields.concat().len() > 8 * 1024 || commas + fields.len() > 64
    };
    is_too_much(request.fields()) || is_too_much(&request.schemes)
}

/// The elements of `X-Forwarded-For` or `X-Forwarded-Proto`.
fn plain_elements(fields: &[Vec<u8>]) -> Vec<Element> {
    let all: Vec<&[u8]> = fields
        .iter()
        .flat_map(|field| field.split(|&byte| byte == b','))
        .collect();
    if fields.concat().len() > 8 * 1024 || all.len() > 64 {
        return Vec::new();
    }
    all.into_iter()
        .map(trimmed)
        .filter(|text| !text.is_empty())
        .map(|text| Element {
            address: address(text),
            scheme: scheme(text),
        })
        .collect()
}

/// The elements of `Forwarded` (RFC 7239, section 4). Outside of quoted strings, hallpass takes
/// characters that stand in no token, because proxies write addresses with ports without quotes.
fn standard_elements(fields: &[Vec<u8>]) -> Vec<Element> {
    let mut elements = Vec::new();
    for field in fields {
        let characters = classified(field);
        let is_open = characters.last().is_some_and(|last| last.is_open);
        let mut parts: Vec<Vec<Character>> = split(&characters, b',');
        // What an open string swallowed is not looked at.
        let cut = is_open.then(|| parts.pop()).flatten();
        let whole = parts.iter().filter(|part| !is_blank(part));
        elements.extend(whole.map(|part| element(part).unwrap_or_default()));
        elements.extend(cut.map(|_| Element::default()));
    }
    if fields.concat().len() > 8 * 1024 || elements.len() > 64 {
        return Vec::new();
    }
    elements
}

/// A character, and where it stands.
#[derive(Clone, Copy, Debug)]
struct Character {
    byte: u8,
    /// In a quoted string, the quotes included.
    is_quoted: bool,
    /// The string does not end here.
    is_open: bool,
}

fn classified(field: &[u8]) -> Vec<Character> {
    let mut is_open = false;
    let mut is_escaped = false;
    field
        .iter()
        .map(|&byte| {
            let was_open = is_open;
            if is_escaped {
                is_escaped = false;
            } else if byte == b'\\' && is_open {
                is_escaped = true;
            } else if byte == b'"' {
                is_open = !is_open;
            }
            Character {
                byte,
                is_quoted: was_open || is_open,
                is_open,
            }
        })
        .collect()
}

fn split(characters: &[Character], separator: u8) -> Vec<Vec<Character>> {
    characters
        .split(|character| character.byte == separator && !character.is_quoted)
        .map(<[Character]>::to_vec)
        .collect()
}

fn is_blank(part: &[Character]) -> bool {
    part.iter()
        .all(|character| b" \t".contains(&character.byte))
}

fn element(part: &[Character]) -> Option<Element> {
    let mut pairs: Vec<(String, Vec<u8>)> = Vec::new();
    for pair in split(part, b';').iter().filter(|pair| !is_blank(pair)) {
        let bytes: Vec<u8> = pair.iter().map(|character| character.byte).collect();
        let bytes = trimmed(&bytes);
        let equals = bytes.iter().position(|&byte| byte == b'=')?;
        let (name, value) = bytes.split_at(equals);
        let name = str::from_utf8(name).ok().filter(|name| is_token(name))?;
        pairs.push((name.to_ascii_lowercase(), unquoted(value.get(1..)?)?));
    }
    let of = |wanted: &str| -> Vec<&Vec<u8>> {
        let mine = pairs.iter().filter(|(name, _)| name == wanted);
        mine.map(|(_, value)| value).collect()
    };
    let (hosts, schemes) = (of("for"), of("proto"));
    (hosts.len() <= 1 && schemes.len() <= 1).then(|| Element {
        address: hosts.first().and_then(|host| address(host)),
        scheme: schemes.first().and_then(|text| scheme(text)),
    })
}

/// Either a text without quotes, or one whole quoted string.
fn unquoted(value: &[u8]) -> Option<Vec<u8>> {
    let [b'"', rest @ ..] = value else {
        return (!value.contains(&b'"')).then(|| value.to_vec());
    };
    let mut text = Vec::new();
    let mut rest = rest.iter();
    loop {
        match rest.next()? {
            b'"' => return rest.next().is_none().then_some(text),
            b'\\' => text.push(*rest.next()?),
            byte => text.push(*byte),
        }
    }
}

fn is_token(name: &str) -> bool {
    let is_delimiter = |c: char| "\"(),/:;<=>?@[\\]{}".contains(c);
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_graphic() && !is_delimiter(c))
}

/// An address, with or without a port; one of IPv6 with a port is in brackets.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    let bare = text.parse().ok();
    let bracketed = || {
        let (address, rest) = text.strip_prefix('[')?.split_once(']')?;
        let is_whole = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
        is_whole.then(|| address.parse::<Ipv6Addr>().ok())?
    };
    let with_port = || {
        let (address, port) = text.rsplit_once(':')?;
        is_port(port).then(|| address.parse::<Ipv4Addr>().ok())?
    };
    bare.or_else(|| bracketed().map(IpAddr::V6))
        .or_else(|| with_port().map(IpAddr::V4))
        .map(unmapped)
}

/// RFC 7239, section 6: five digits, or a name with an underscore in front.
fn is_port(text: &str) -> bool {
    let is_hidden = text.len() > 1
        && text.starts_with('_')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    let is_number = !text.is_empty() && text.len() <= 5 && text.chars().all(|c| c.is_ascii_digit());
    is_hidden || is_number
}

fn scheme(text: &[u8]) -> Option<Scheme> {
    match text.to_ascii_lowercase().as_slice() {
        b"http" => Some(Scheme::Http),
        b"https" => Some(Scheme::Https),
        _ => None,
    }
}

fn trimmed(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| b" \t".contains(byte);
    let start = text.iter().take_while(|byte| is_blank(byte)).count();
    let text = text.get(start..).unwrap_or_default();
    let end = text.iter().rev().take_while(|byte| is_blank(byte)).count();
    text.get(..text.len() - end).unwrap_or_default()
}

fn unmapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(wide) => wide.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// A network as bits. IPv4 is compared in the form mapped into IPv6, so that there is one form.
#[derive(Clone, Copy, Debug)]
struct Network {
    bits: u128,
    prefix: u32,
    /// A network of IPv6 holds none of IPv4, however wide it is.
    is_narrow: bool,
}

impl Network {
    fn holds(self, address: IpAddr) -> bool {
        let differing = self.bits ^ bits(address);
        // A shift by the whole width is one too many.
        let is_inside = differing.checked_shr(128 - self.prefix).unwrap_or_default() == 0;
        is_inside && self.is_narrow == address.is_ipv4()
    }
}

/// Reads a list that is known to be one.
fn networks(list: &str) -> impl Iterator<Item = Network> {
    list.split(',').map(str::trim).filter_map(|text| {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let before = if address.is_ipv4() { 96 } else { 0 };
        let prefix = prefix.map_or(128, |prefix| prefix + before);
        Some(Network {
            bits: bits(address),
            prefix,
            is_narrow: unmapped(address).is_ipv4() && prefix >= 96,
        })
    })
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}
