//! The guide shows the store as it is.
//!
//! Its blocks of Rust are doctests of this package. Those that are cut out of the store say
//! `rust,ignore` and are compared with its source here, line by line.

const GUIDE: &str = include_str!("../../../../docs/custom-stores.md");
const SOURCES: [&str; 2] = [
    include_str!("../../src/lib.rs"),
    include_str!("../../src/main.rs"),
];

#[test]
fn every_excerpt_of_the_guide_is_in_the_source() {
    let excerpts: Vec<String> = GUIDE
        .split("```rust,ignore\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .map(trimmed)
        .collect();
    let sources = SOURCES.map(trimmed);

    assert!(!excerpts.is_empty(), "the guide shows the store");
    for excerpt in excerpts {
        assert!(
            sources.iter().any(|source| source.contains(&excerpt)),
            "not in the source:\n{excerpt}"
        );
    }
}

/// Returns the lines without their indentation, which an excerpt loses.
fn trimmed(text: &str) -> String {
    text.lines().flat_map(|line| [line.trim(), "\n"]).collect()
}
