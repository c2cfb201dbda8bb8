//! hallpass where there is no adapter: below plain hyper, below tonic, and below frameworks that take
//! tower services or layers. The guide is `docs/frameworks.md`; this package is its code, which the
//! tests here run over real HTTP.
//!
//! Everywhere it is the same three steps: put `SessionLayer` around the service, take the
//! `SessionSlot` out of the extensions of a request, and open it.

#![deny(missing_docs)]

pub mod hyper;
pub mod poem;
pub mod salvo;
pub mod tonic;

mod visit;
