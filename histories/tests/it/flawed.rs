//! Stores that break one promise each, now and then: the hammer must come across it, and the checker
//! must say so.

mod store;

use std::time::Duration;

use hallpass::DynStore;
use hallpass::MemoryStore;
use hallpass_histories::Rule;

use self::store::Flaw;
use self::store::FlawedStore;
use crate::run::Run;

/// Asserts that a run on the store breaks this rule.
fn assert_caught(name: &'static str, flaw: Flaw, rule: Rule) {
    let mut run = Run::new(name, "memory:");
    run.settings.duration = Duration::from_secs(4);
    let store = FlawedStore::new(MemoryStore::new(), flaw);
    let store = DynStore::builder(store).with_index().with_epochs().build();
    let played = run.of_threads(&store);
    assert!(played.verdict.count(rule) > 0, "{}", played.verdict);
    played.forget();
}

#[test]
fn a_store_that_acknowledges_a_write_and_does_nothing_is_caught() {
    assert_caught("lost-write", Flaw::LosesWrites, Rule::NothingLost);
}

#[test]
fn a_store_that_takes_an_update_of_an_old_revision_is_caught() {
    assert_caught("overwrite", Flaw::IgnoresRevisions, Rule::NothingLost);
}

#[test]
fn a_store_that_applies_a_write_which_it_reports_as_refused_is_caught() {
    assert_caught("refused", Flaw::AppliesWhatItRefuses, Rule::NothingMadeUp);
}

#[test]
fn a_store_that_acknowledges_an_end_and_does_nothing_is_caught() {
    assert_caught("lost-end", Flaw::LosesEnds, Rule::EndedIsFinal);
}

#[test]
fn a_store_that_tells_of_an_eviction_and_does_nothing_is_caught() {
    assert_caught("no-eviction", Flaw::EvictsNobody, Rule::EndedIsFinal);
}

#[test]
fn a_store_that_forgets_one_session_when_it_ends_all_is_caught() {
    assert_caught("spares-one", Flaw::SparesOne, Rule::EndedIsFinal);
}

#[test]
fn a_store_that_serves_old_copies_is_caught() {
    assert_caught("old-copies", Flaw::ServesOldCopies, Rule::NothingLost);
}

#[test]
fn a_store_that_allows_one_session_too_many_is_caught() {
    assert_caught("one-too-many", Flaw::AllowsOneMore, Rule::Limit);
}
