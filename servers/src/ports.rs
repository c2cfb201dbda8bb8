//! Ports that nobody listens at.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::Ipv4Addr;
use std::net::TcpListener;

use crate::Error;

/// Finds a port on loopback that is free, as is the one of a cluster's bus, 10 000 above it.
///
/// Deliberately not a port that the system gives for port 0: those are given to outgoing connections
/// as well, so that somebody may have it while its server is down, and a client that tries to connect
/// meanwhile may even get it itself, and be connected to itself.
///
/// Somebody else may take the port before a server does; who starts one tries again.
pub(crate) fn free() -> Result<u16, Error> {
    let mut port = FIRST + random() % (LAST - FIRST);
    for _ in FIRST..LAST {
        port = if port < LAST { port + 1 } else { FIRST };
        if is_free(port) && is_free(port + TO_BUS) {
            return Ok(port);
        }
    }
    Err(Error::new("no free port on loopback"))
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn random() -> u16 {
    let [first, second, ..] = RandomState::new().hash_one(()).to_le_bytes();
    u16::from_le_bytes([first, second])
}

/// With the bus, all below 32 768, where Linux begins with ports for outgoing connections.
const FIRST: u16 = 11_000;
const LAST: u16 = 22_000;

const TO_BUS: u16 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_can_be_bound() {
        let port = free().unwrap();

        assert!((FIRST..=LAST).contains(&port));
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    }
}
