//! Redis Cluster, whose replicas may lack the last writes of a master that is killed.

use std::time::Duration;

use hallpass_histories::Rule;
use hallpass_servers::RedisCluster;

use super::Outcome;
use super::Trial;
use super::pass;

/// In which service must be back, from the failover on.
const BOUND: Duration = Duration::from_secs(6);

#[test]
fn a_failover_of_redis_cluster_is_survived() {
    let outcome = failover("cluster-failover", Replica::UpToDate, Waiting::ForNobody);
    assert_allowed(&outcome);
}

#[test]
fn a_failover_to_a_replica_that_lags_is_survived() {
    let outcome = failover("cluster-lagging", Replica::Lagging, Waiting::ForNobody);
    assert_allowed(&outcome);
}

/// An ending that was told to whoever asked for it. Those without an answer may come undone for a moment
/// although other requests have seen them: a read does not wait for replicas.
#[test]
fn no_ended_session_comes_back_with_a_replica_that_lags_where_replicas_are_waited_for() {
    let outcome = failover(
        "cluster-lagging-wait",
        Replica::Lagging,
        Waiting::ForReplicas,
    );
    assert_allowed(&outcome);
    outcome.assert_holds(Rule::EndedIsFinal);
}

/// What the replica has when its master is killed.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Replica {
    /// Nothing of the last second.
    Lagging,
    /// As much as the network has brought.
    UpToDate,
}

/// Whose acknowledgement an ending needs.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Waiting {
    ForNobody,
    ForReplicas,
}

/// Kills the master of the sessions that live long, and lets its replica take over.
fn failover(name: &'static str, replica: Replica, waiting: Waiting) -> Outcome {
    let cluster = RedisCluster::start().unwrap();
    let url = match waiting {
        Waiting::ForNobody => cluster.url(),
        Waiting::ForReplicas => cluster.url().replacen("cluster", "cluster+wait", 1),
    };
    Trial::new(name, &url)
        .lasting(14)
        .with_prefix(PREFIX)
        .meets(|| {
            let master = cluster.master_of(KEY).unwrap();
            let nodes = cluster.nodes().unwrap();
            let follows = format!("master_port:{}\r\n", master.port);
            let mut running = nodes.iter().filter_map(|node| cluster.node(node.index));
            let follower = running.find(|node| {
                let told = node.ask(&["INFO", "replication"]).unwrap();
                told.contains(&follows)
            });
            let follower = follower.unwrap();
            if replica == Replica::Lagging {
                follower.pause();
                let node = cluster.node(master.index).unwrap();
                node.ask(&["CLIENT", "KILL", "TYPE", "replica"]).unwrap();
                pass(Duration::from_secs(1));
            }
            cluster.kill_node(master.index);
            follower.resume();
            cluster.settle().unwrap();
            if waiting == Waiting::ForReplicas {
                // Nothing is told to have ended until the new master has a replica, too.
                cluster.start_node_again(master.index).unwrap();
                cluster.settle().unwrap();
            }
        })
}

/// Asserts that clients saw nothing but what they may see, whatever was lost.
fn assert_allowed(outcome: &Outcome) {
    outcome.assert_was_noticed();
    outcome.assert_is_back(BOUND);
    outcome.assert_holds(Rule::AllowedAnswer);
}

/// Found by trial: with it all sessions that live long are on the first master, so that losses show.
const PREFIX: &str = "failover-14";
/// A key on the first master: its slot is 3300.
const KEY: &str = "b";
