//! What one node knows of its cluster.

use std::collections::BTreeSet;

use crate::Redis;

/// What a node says that is well itself.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct View {
    /// The ports of the masters that have not failed.
    pub(super) masters: BTreeSet<u16>,
    /// How many replicas this node has that are up to date; a replica has none.
    pub(super) replicas: usize,
}

impl View {
    /// `None` if the node does not answer, does not know each of so many nodes, has not heard of a
    /// master for each slot, or is a replica that is not up to date.
    pub(super) fn of(node: &Redis, nodes: usize) -> Option<Self> {
        let info = node.ask(&["CLUSTER", "INFO"]).ok()?;
        let known = format!("cluster_known_nodes:{nodes}");
        for line in ["cluster_state:ok", "cluster_slots_ok:16384", &known] {
            has_line(&info, line).then_some(())?;
        }
        let replication = node.ask(&["INFO", "replication"]).ok()?;
        let is_in_sync = has_line(&replication, "role:master")
            || has_line(&replication, "master_link_status:up");
        is_in_sync.then_some(())?;
        Some(Self {
            masters: masters(&node.ask(&["CLUSTER", "NODES"]).ok()?)?,
            replicas: replication.matches("state=online").count(),
        })
    }
}

/// The ports of the masters in an answer to `CLUSTER NODES`, or `None` while nodes get to know each
/// other.
pub(super) fn masters(nodes: &str) -> Option<BTreeSet<u16>> {
    (!nodes.contains("handshake")).then_some(())?;
    Some(lines(nodes).map(|line| line.port).collect())
}

/// The port of the master that holds the slot.
pub(super) fn master_of(slot: u16, nodes: &str) -> Option<u16> {
    lines(nodes)
        .find(|line| {
            line.slots.split(' ').any(|range| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                matches!((first.parse(), last.parse()), (Ok(a), Ok(b)) if (a..=b).contains(&slot))
            })
        })
        .map(|line| line.port)
}

fn has_line(answer: &str, line: &str) -> bool {
    answer.lines().any(|found| found == line)
}

struct Line<'a> {
    port: u16,
    slots: &'a str,
}

/// The masters that have not failed: `<id> <ip>:<port>@<bus> <flags> <master> <ping> <pong> <epoch>
/// <link> <slot> ..`.
fn lines(nodes: &str) -> impl Iterator<Item = Line<'_>> {
    nodes.lines().filter_map(|line| {
        let mut fields = line.splitn(9, ' ');
        let (address, _) = fields.nth(1)?.split_once('@')?;
        let (_, port) = address.rsplit_once(':')?;
        let mut flags = fields.next()?.split(',');
        let is_master = flags.clone().any(|flag| flag == "master");
        let has_failed = flags.any(|flag| matches!(flag, "fail" | "fail?"));
        (is_master && !has_failed).then_some(())?;
        Some(Line {
            port: port.parse().ok()?,
            slots: fields.nth(5).unwrap_or_default(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODES: &str = "\
a1 127.0.0.1:11001@21001 myself,master - 0 1700000000000 1 connected 0-5460 6000
a2 127.0.0.1:11002@21002 master,fail - 0 1700000000000 2 connected
a3 127.0.0.1:11003@21003,host slave a1 0 1700000000000 1 connected
a4 127.0.0.1:11004@21004 master - 0 1700000000000 7 connected 5461-5999 6001-16383
";

    #[test]
    fn masters_that_failed_and_replicas_are_left_out() {
        assert_eq!(masters(NODES), Some(BTreeSet::from([11_001, 11_004])));
    }

    #[test]
    fn a_slot_is_found_in_its_range() {
        let found = [0, 5_460, 5_461, 6_000, 6_001, 16_383].map(|slot| master_of(slot, NODES));

        assert_eq!(
            found,
            [11_001, 11_001, 11_004, 11_001, 11_004, 11_004].map(Some)
        );
        assert_eq!(master_of(16_384, NODES), None);
    }

    #[test]
    fn nodes_that_do_not_know_each_other_yet_name_no_masters() {
        assert_eq!(
            masters("a1 127.0.0.1:1@2 handshake - 0 0 0 disconnected\n"),
            None
        );
    }
}
