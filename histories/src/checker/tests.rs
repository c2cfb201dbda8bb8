//! Histories with one contradiction each, which the checker must find, and no other.

mod answers;
mod data;
mod endings;
mod limit;
mod ratchet;
mod story;
mod vanished;

use self::story::Story;
use super::Rule;

/// A subject logs in twice, its sessions are used, renewed, listed, and end.
#[test]
fn a_history_in_order_has_no_contradiction() {
    let mut story = Story::default();
    story.login(0..10, "alice", 1, &[]);
    story.login(5..15, "alice", 2, &[]);
    story.insert(20..30, (1, 1), 0);
    story.update(20..40, (1, 1));
    story.decide(20..40, (1, 1), 1);
    story.list(50..60, "alice", &[1, 2]);
    story.read(50..60, (1, 1)).sees(&[0], 1, 1);
    story
        .read(1000..1010, (1, 1))
        .sees(&[0], 1, 1)
        .brings((1, 2));
    story.read(1011..1021, (1, 2)).sees(&[0], 1, 1);
    story.read(1100..1110, (1, 1)).sees(&[0], 1, 1);
    story.logout(1200..1210, (1, 2)).sees(&[0], 1, 1);
    story.gone(1220..1230, (1, 2));
    story.list(1220..1230, "alice", &[2]);
    story.end_all(1300..1310, "alice");
    story.list(1320..1330, "alice", &[]);
    assert_eq!(story.found(), []);
}

#[test]
fn the_answer_names_the_operations_that_contradict_each_other() {
    let mut story = Story::default();
    story.login(0..10, "alice", 1, &[]);
    story.insert(20..30, (1, 1), 0);
    story.read(40..50, (1, 1));
    assert_eq!(story.found(), [(Rule::NothingLost, vec![1, 2])]);
    let told = story.verdict().to_string();
    assert!(
        told.contains("value 0 of process 0 is not seen any more"),
        "{told}"
    );
    assert!(
        told.contains(r#""asked":{"insert":{"number":0}}"#),
        "{told}"
    );
}
