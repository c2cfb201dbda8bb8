use std::collections::BTreeSet;

use hallpass_servers::Node;
use hallpass_servers::RedisCluster;

use crate::runs;

fn masters(nodes: &[Node]) -> BTreeSet<usize> {
    let masters = nodes.iter().filter(|node| node.is_master);
    masters.map(|node| node.index).collect()
}

#[test]
fn a_cluster_survives_the_death_of_a_master() {
    let cluster = RedisCluster::start().unwrap();
    let nodes = cluster.nodes().unwrap();
    assert_eq!(masters(&nodes), BTreeSet::from([0, 1, 2]));
    let [first, second, third, ..] = nodes.as_slice() else {
        panic!("six nodes: {nodes:?}");
    };
    assert_eq!(
        cluster.url(),
        format!(
            "redis+cluster://127.0.0.1:{},127.0.0.1:{},127.0.0.1:{}",
            first.port, second.port, third.port
        )
    );
    let master = cluster.master_of("key").unwrap();
    let node = cluster.node(master.index).unwrap();
    assert_eq!(node.ask(&["SET", "key", "value"]).unwrap(), "OK");
    // The replica has it before the master dies.
    assert_eq!(node.ask(&["WAIT", "1", "0"]).unwrap(), "1");

    cluster.kill_node(master.index);
    assert!(!runs(master.pid.unwrap()));
    cluster.settle().unwrap();

    let heir = cluster.master_of("key").unwrap();
    assert!(heir.index > 2, "{heir:?}");
    let heir = cluster.node(heir.index).unwrap();
    assert_eq!(heir.ask(&["GET", "key"]).unwrap(), "value");

    cluster.start_node_again(master.index).unwrap();
    cluster.settle().unwrap();

    let nodes = cluster.nodes().unwrap();
    assert!(nodes.iter().all(|node| node.pid.is_some()), "{nodes:?}");
    assert_eq!(masters(&nodes).len(), 3);
    assert!(!masters(&nodes).contains(&master.index));

    drop(cluster);

    let running: Vec<_> = nodes
        .iter()
        .filter(|node| runs(node.pid.unwrap()))
        .collect();
    assert_eq!(running, Vec::<&Node>::new());
}
