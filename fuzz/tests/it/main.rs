//! Runs every fuzz target on the committed corpus and on mutations of it, without libFuzzer.
//!
//! A finding fails with the input in its message: put that into a file of the corpus, and it stays
//! found.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests"
)]

mod corpus;
mod mutator;

use std::panic;

use hallpass_fuzz::Body;
use hallpass_fuzz::TARGETS;

use crate::corpus::Input;
use crate::mutator::Mutator;

#[test]
fn tokens_are_read_from_cookies_as_the_reference_reads_them() {
    hold("cookie_header", hallpass_fuzz::cookie_header, 4_000);
}

#[test]
fn proxies_make_nobody_somebody_else() {
    hold("forwarded", hallpass_fuzz::forwarded, 4_000);
}

#[test]
fn every_sequence_of_operations_does_what_the_model_says() {
    hold("operations", hallpass_fuzz::operations, 1_000);
}

#[test]
fn bytes_of_a_store_are_refused_or_judged_as_the_reference_judges_them() {
    hold("record_bytes", hallpass_fuzz::record_bytes, 1_000);
}

#[test]
fn every_configuration_is_refused_or_writes_cookies_within_the_grammar() {
    hold("set_cookie", hallpass_fuzz::set_cookie, 4_000);
}

#[test]
fn every_target_has_a_program_and_a_small_corpus() {
    let root = corpus::root();
    for (name, _) in TARGETS {
        let program = root.join("fuzz_targets").join(name).with_extension("rs");
        assert!(program.is_file(), "{}", program.display());

        let inputs = corpus::inputs(name);
        assert!((1..=60).contains(&inputs.len()), "{name}: {}", inputs.len());
        for Input { path, bytes } in &inputs {
            assert!(bytes.len() <= 1_024, "{path:?}: {} bytes", bytes.len());
        }
    }
}

#[test]
fn every_corpus_belongs_to_a_target() {
    let mut names = TARGETS.map(|(name, _)| name.to_owned()).to_vec();
    names.sort();
    assert_eq!(corpus::names(), names);
}

/// Panics with the input that breaks a promise. The mutations take a few seconds at the most.
#[track_caller]
fn hold(name: &str, target: Body, mutations: usize) {
    let inputs = corpus::inputs(name);
    for Input { path, bytes } in &inputs {
        check(target, bytes, &format!("{}", path.display()));
    }
    let mut mutator = Mutator::new(&inputs);
    for round in 0..mutations {
        let input = mutator.next();
        check(target, &input, &format!("mutation {round}"));
    }
}

#[track_caller]
fn check(target: Body, bytes: &[u8], origin: &str) {
    let outcome = panic::catch_unwind(|| target(bytes));
    assert!(
        outcome.is_ok(),
        "{origin} breaks a promise; its bytes: {}",
        bytes.escape_ascii()
    );
}
