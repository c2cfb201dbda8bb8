//! Session store of hallpass on PostgreSQL.

#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]
