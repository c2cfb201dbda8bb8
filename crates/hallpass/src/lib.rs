//! Placeholder.
#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]

pub use hallpass_core::*;
pub use hallpass_http as http;

#[cfg(feature = "axum")]
#[cfg_attr(docsrs_hallpass, doc(cfg(feature = "axum")))]
pub use hallpass_axum as axum;
#[cfg(feature = "memory")]
#[cfg_attr(docsrs_hallpass, doc(cfg(feature = "memory")))]
pub use hallpass_memory::MemoryStore;
#[cfg(feature = "tower")]
#[cfg_attr(docsrs_hallpass, doc(cfg(feature = "tower")))]
pub use hallpass_tower as tower;
