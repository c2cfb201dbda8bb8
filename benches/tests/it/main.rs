//! What hallpass costs, where that can be told exactly.

mod allocations;
mod memory;
