//! A Redis Cluster of three masters, each with a replica.

use std::process::Command;
use std::process::Stdio;
use std::thread;

use crate::Error;
use crate::Redis;
use crate::cluster::view::View;
use crate::eventually;
use crate::programs;
use crate::redis::Settings;

mod view;

/// Six nodes of Redis on free loopback ports, which take over for each other after two seconds
/// without an answer. Dropping it ends them and removes their folders.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<Redis>,
}

/// One node of a [`RedisCluster`], as it was when asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Node {
    /// Its place among the nodes, from 0 to 5, which stays the same.
    pub index: usize,
    /// Its port, which stays the same.
    pub port: u16,
    /// Its process, or `None` while it does not run.
    pub pid: Option<u32>,
    /// Whether the nodes that run say that it is a master which has not failed.
    pub is_master: bool,
}

impl RedisCluster {
    /// Starts the nodes, makes them a cluster, and waits as [`settle`](Self::settle) does.
    ///
    /// # Errors
    ///
    /// Fails if Redis is not installed, a node does not start, or they form no cluster.
    pub fn start() -> Result<Self, Error> {
        let program = programs::redis()?.client;
        let settings = Settings::default()
            .argument("cluster-enabled", &["yes"])
            .argument("cluster-node-timeout", &["2000"])
            // Otherwise a replica waits for others for five seconds before it gets the data.
            .argument("repl-diskless-sync-delay", &["0"]);
        let nodes = thread::scope(|scope| {
            let starts: Vec<_> = (0..NODES)
                .map(|_| scope.spawn(|| Redis::start(&settings)))
                .collect();
            starts
                .into_iter()
                .map(|start| {
                    start
                        .join()
                        .map_err(|_| Error::new("a node of the cluster panicked"))?
                })
                .collect::<Result<Vec<_>, Error>>()
        })?;

        let output = Command::new(program)
            .args(["--cluster", "create"])
            .args(nodes.iter().map(address))
            .args(["--cluster-replicas", "1", "--cluster-yes"])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| Error::of("cannot make a cluster", error))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stdout);
            let last = said.lines().last().unwrap_or_default();
            return Err(Error::of("cannot make a cluster", last));
        }
        let cluster = Self { nodes };
        cluster.settle()?;
        Ok(cluster)
    }

    /// Waits until each node that runs says that the cluster is well and agrees on who is a master,
    /// each slot has a master that runs, and each replica that runs follows one and is up to date.
    /// If all six run, each of three masters has a replica.
    ///
    /// # Errors
    ///
    /// Fails if that is not so within a minute, as after two masters failed at once.
    pub fn settle(&self) -> Result<(), Error> {
        eventually("the cluster is well", || {
            let running = self.running().count();
            let views: Option<Vec<View>> = self
                .running()
                .map(|node| View::of(node, self.nodes.len()))
                .collect();
            let Some(views) = views else {
                return false;
            };
            let Some(masters) = views.first().map(|view| &view.masters) else {
                return false;
            };
            let has_masters = masters.len() == MASTERS
                && masters
                    .iter()
                    .all(|port| self.running().any(|node| node.port() == *port));
            let agree = views.iter().all(|view| view.masters == *masters);
            let replicas: usize = views.iter().map(|view| view.replicas).sum();
            let each_has_one = views.iter().all(|view| view.replicas <= 1);
            has_masters
                && agree
                && replicas == running - MASTERS
                && (running < NODES || each_has_one)
        })
    }

    /// `redis+cluster://127.0.0.1:<port>,127.0.0.1:<port>,127.0.0.1:<port>`: the first three nodes,
    /// which are the masters at the start.
    #[must_use]
    pub fn url(&self) -> String {
        let first: Vec<String> = self.nodes.iter().take(MASTERS).map(address).collect();
        format!("redis+cluster://{}", first.join(","))
    }

    /// All six nodes. Who is a master is asked of the first node that answers, so after a node
    /// failed [`settle`](Self::settle) comes first.
    ///
    /// # Errors
    ///
    /// Fails if no node answers.
    pub fn nodes(&self) -> Result<Vec<Node>, Error> {
        let masters = self
            .running()
            .find_map(|node| view::masters(&node.ask(&["CLUSTER", "NODES"]).ok()?))
            .ok_or_else(|| Error::new("no node of the cluster answers"))?;
        let nodes = self.nodes.iter().enumerate().map(|(index, node)| Node {
            index,
            port: node.port(),
            pid: node.pid(),
            is_master: masters.contains(&node.port()),
        });
        Ok(nodes.collect())
    }

    /// The master that holds this key.
    ///
    /// # Errors
    ///
    /// Fails if no node answers, or no master holds the key.
    pub fn master_of(&self, key: &str) -> Result<Node, Error> {
        let port = self.running().find_map(|node| {
            let slot = node.ask(&["CLUSTER", "KEYSLOT", key]).ok()?.parse().ok()?;
            view::master_of(slot, &node.ask(&["CLUSTER", "NODES"]).ok()?)
        });
        self.nodes()?
            .into_iter()
            .find(|node| Some(node.port) == port)
            .ok_or_else(|| Error::new("no master holds the key"))
    }

    /// The node at this index: to pause it, to ask it, or to stop it in order.
    #[must_use]
    pub fn node(&self, index: usize) -> Option<&Redis> {
        self.nodes.get(index)
    }

    /// Kills the node at this index with `SIGKILL`. Does nothing if it does not run.
    pub fn kill_node(&self, index: usize) {
        if let Some(node) = self.node(index) {
            node.kill();
        }
    }

    /// Starts the node at this index again, on the same port and folder.
    ///
    /// # Errors
    ///
    /// Fails if there is no such node, it runs, or it does not start.
    pub fn start_node_again(&self, index: usize) -> Result<(), Error> {
        self.node(index)
            .ok_or_else(|| Error::new(format!("there is no node {index}")))?
            .start_again()
    }

    fn running(&self) -> impl Iterator<Item = &Redis> {
        self.nodes.iter().filter(|node| node.pid().is_some())
    }
}

fn address(node: &Redis) -> String {
    format!("127.0.0.1:{}", node.port())
}

const MASTERS: usize = 3;

const NODES: usize = 6;
