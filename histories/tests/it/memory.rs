//! The memory store: threads with managers of their own, in one process.

use std::time::Duration;

use hallpass::DynStore;
use hallpass::MemoryStore;
use hallpass_histories::Rule;

use crate::run::Run;

#[test]
fn no_history_of_the_memory_store_contradicts_itself() {
    let run = Run::new("memory", "memory:");
    let played = run.of_threads(&DynStore::from(MemoryStore::new()));
    played.assert_keeps_all_promises();
}

/// Each process has sessions of its own, and believes that they are those of the subject.
#[test]
fn processes_that_share_no_store_are_found_out() {
    let mut run = Run::new("apart", "memory:");
    run.settings.duration = Duration::from_secs(3);
    let played = run.of_processes();
    let rules = [Rule::EndedIsFinal, Rule::Limit];
    let found = rules.map(|rule| played.verdict.count(rule) > 0);
    assert_eq!(found, [true, true], "{}", played.verdict);
    played.forget();
}
