//! More sessions than the limit, which is three.

use super::story::Story;
use crate::checker::Rule;

fn logins(count: u8) -> Story {
    let mut story = Story::default();
    for session in 1..=count {
        story.login(0..10, "alice", session, &[]);
    }
    story
}

#[test]
fn no_list_tells_of_more_than_the_limit() {
    let mut story = logins(3);
    story.list(20..30, "alice", &[1, 2, 3]);
    assert_eq!(story.found(), []);
    let mut story = Story::default();
    story.list(20..30, "alice", &[1, 2, 3, 4]);
    assert_eq!(story.found(), [(Rule::Limit, vec![0])]);
}

#[test]
fn a_denial_tells_of_exactly_the_limit() {
    let mut story = Story::default();
    story.denied(20..30, "alice", &[1, 2, 3]);
    assert_eq!(story.found(), []);
    story.denied(20..30, "bob", &[4, 5]);
    story.denied(20..30, "carol", &[6, 7, 8, 9]);
    assert_eq!(
        story.found(),
        [(Rule::Limit, vec![1]), (Rule::Limit, vec![2])]
    );
}

#[test]
fn no_more_than_the_limit_are_alive_at_one_moment() {
    let mut story = logins(4);
    for session in 1..=4 {
        story.read(20..30, (session, 1));
    }
    let evidence = vec![0, 4, 1, 5, 2, 6, 3, 7];
    assert_eq!(story.found(), [(Rule::Limit, evidence)]);
}

#[test]
fn what_is_not_certainly_alive_does_not_count() {
    // Each of the four ends before the last one has certainly begun, or is not found again.
    let mut story = logins(3);
    for session in 1..=3 {
        story.read(20..30, (session, 1));
    }
    story.login(15..25, "alice", 4, &[]);
    story.read(40..50, (4, 1));
    story.login(0..10, "alice", 5, &[]);
    story.login(0..10, "bob", 6, &[]);
    assert_eq!(story.found(), []);
}
