//! Cross-crate scenarios; see `it/`.
