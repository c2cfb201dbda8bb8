//! Session stores of hallpass around other stores: encryption at rest, and moving to another.

#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]
