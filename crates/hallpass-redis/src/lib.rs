//! Session store of hallpass on Redis and Valkey: single, Sentinel and Cluster.

#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]
