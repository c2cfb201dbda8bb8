use redis::ConnectionAddr;

use super::*;

fn refusal(url: &str) -> Option<InvalidAddress> {
    Address::parse(url).err()
}

fn tcp(host: &str, port: u16) -> ConnectionAddr {
    ConnectionAddr::Tcp(host.to_owned(), port)
}

fn at(url: &str) -> ConnectionInfo {
    match Address::parse(url) {
        Ok(Address::One(Server::At(info))) => *info,
        _ => panic!("not one server: {url}"),
    }
}

fn nodes(url: &str) -> Vec<ConnectionInfo> {
    match Address::parse(url) {
        Ok(Address::Cluster(nodes)) => nodes,
        _ => panic!("not a cluster: {url}"),
    }
}

#[test]
fn one_server_is_known() {
    let info = at("redis://jane:pa%40ss@example.org:7000/3");
    assert_eq!(info.addr(), &tcp("example.org", 7000));
    let settings = info.redis_settings();
    assert_eq!(
        (settings.username(), settings.password(), settings.db()),
        (Some("jane"), Some("pa@ss"), 3)
    );
    assert_eq!(at("valkey://[::1]").addr(), &tcp("::1", 6379));
    let info = at("unix:///run/redis.sock?db=2");
    assert_eq!(info.addr(), &ConnectionAddr::Unix("/run/redis.sock".into()));
    assert_eq!(info.redis_settings().db(), 2);
}

#[test]
fn a_cluster_has_several_nodes_and_one_password() {
    let nodes = nodes("redis+cluster://:secret@a:7000,b,[::1]:7002/0");
    let addresses: Vec<_> = nodes.iter().map(|node| node.addr().clone()).collect();
    assert_eq!(
        addresses,
        [tcp("a", 7000), tcp("b", 6379), tcp("::1", 7002)]
    );
    for node in nodes {
        assert_eq!(node.redis_settings().password(), Some("secret"));
    }
}

#[test]
fn sentinels_name_the_master() {
    let url = "redis+sentinel://jane:secret@s1,s2:5000/main?db=4";
    let Ok(Address::One(Server::By {
        sentinels,
        master,
        server,
        is_tls,
    })) = Address::parse(url)
    else {
        panic!("no sentinels");
    };
    let addresses: Vec<_> = sentinels.iter().map(|info| info.addr().clone()).collect();
    assert_eq!(addresses, [tcp("s1", 26379), tcp("s2", 5000)]);
    assert_eq!((master.as_str(), is_tls), ("main", false));
    let settings = server.redis_settings();
    assert_eq!((settings.password(), settings.db()), (Some("secret"), 4));
    for sentinel in sentinels {
        assert_eq!(sentinel.redis_settings().password(), None);
    }
}

#[test]
fn everything_speaks_the_protocol_that_tells_of_losses() {
    for node in nodes("redis+cluster://a,b?protocol=2") {
        assert_eq!(node.redis_settings().protocol(), ProtocolVersion::RESP3);
    }
    let info = at("redis://a?protocol=2");
    assert_eq!(info.redis_settings().protocol(), ProtocolVersion::RESP3);
    assert!(info.tcp_settings().nodelay());
}

#[test]
fn what_leads_nowhere_is_refused() {
    for url in [
        "",
        "redis",
        "redis:",
        "redis://",
        "http://a",
        "redis://a/x",
        "redis://a#insecure",
        "redis+cluster:a",
        "redis+cluster://",
        "redis+cluster://a,,b",
        "redis+cluster://a/1",
        "redis+sentinel://s1",
        "redis+sentinel://s1/",
        "redis+sentinel://s1/main/0",
        "redis+sentinel://s1/main?database=1",
        "redis+sentinel://s1/main?db=x",
    ] {
        assert!(refusal(url).is_some(), "{url}");
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn tls_needs_its_feature() {
    for url in [
        "rediss://a",
        "rediss+cluster://a",
        "rediss+sentinel://a/main",
    ] {
        let expected = InvalidAddress("TLS needs the feature `tls`");
        assert_eq!(refusal(url), Some(expected), "{url}");
    }
}

/// Race 47: an error about a URL shows none of it.
#[test]
fn no_error_shows_the_password() {
    for url in [
        "redis://jane:hunter2@",
        "redis://jane:hunter2@a/x",
        "redis+cluster://jane:hunter2@a,b/9",
        "redis+sentinel://jane:hunter2@a",
    ] {
        let error = refusal(url).unwrap();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{url}");
    }
}
