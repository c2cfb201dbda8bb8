//! Changes that are lost, and changes that nobody made.

use super::story::Story;
use crate::checker::Rule;
use crate::history::Answered;

fn story() -> Story {
    let mut story = Story::default();
    story.login(0..10, "alice", 1, &[]);
    story
}

#[test]
fn a_value_that_was_acknowledged_must_be_seen() {
    let mut story = story();
    story.insert(20..30, (1, 1), 0);
    story.read(31..40, (1, 1));
    assert_eq!(story.found(), [(Rule::NothingLost, vec![1, 2])]);
}

#[test]
fn a_value_that_is_acknowledged_meanwhile_may_be_seen_or_not() {
    for seen in [[].as_slice(), &[0]] {
        let mut story = story();
        story.insert(20..30, (1, 1), 0);
        story.read(30..40, (1, 1)).sees(seen, 0, 0);
        story.read(25..28, (1, 1)).sees(&[], 0, 0);
        assert_eq!(story.found(), [], "{seen:?}");
    }
}

#[test]
fn a_value_in_doubt_that_was_seen_must_be_seen_again() {
    for answered in [Answered::InDoubt, Answered::Dropped] {
        let mut story = story();
        story.insert(20..30, (1, 1), 0).answers(answered);
        story.read(40..50, (1, 1));
        story.read(60..70, (1, 1)).sees(&[0], 0, 0);
        assert_eq!(story.found(), []);
        story.read(80..90, (1, 1));
        assert_eq!(story.found(), [(Rule::NothingLost, vec![3, 4])]);
    }
}

#[test]
fn a_value_that_was_refused_must_not_be_seen() {
    for answered in [Answered::Unavailable, Answered::Contended] {
        let mut story = story();
        story.insert(20..30, (1, 1), 0).answers(answered);
        story.read(40..50, (1, 1)).sees(&[0], 0, 0);
        assert_eq!(story.found(), [(Rule::NothingMadeUp, vec![2])]);
    }
}

#[test]
fn a_value_of_another_session_must_not_be_seen() {
    let mut story = story();
    story.login(0..10, "alice", 2, &[]);
    story.insert(20..30, (1, 1), 0);
    story.read(40..50, (2, 1)).sees(&[0], 0, 0);
    assert_eq!(story.found(), [(Rule::NothingMadeUp, vec![3])]);
}

#[test]
fn a_number_is_never_below_what_was_acknowledged_or_seen() {
    let mut story = story();
    story.update(20..30, (1, 1));
    story.update(20..30, (1, 1));
    story.read(40..50, (1, 1)).sees(&[], 1, 0);
    assert_eq!(story.found(), [(Rule::NothingLost, vec![3])]);

    let mut story = self::story();
    story.update(20..30, (1, 1)).answers(Answered::InDoubt);
    story.read(40..50, (1, 1)).sees(&[], 1, 0);
    story.read(60..70, (1, 1));
    assert_eq!(story.found(), [(Rule::NothingLost, vec![2, 3])]);
}

#[test]
fn a_number_is_never_above_what_may_have_been_applied() {
    let mut story = story();
    story.update(20..30, (1, 1));
    story.update(20..30, (1, 1)).answers(Answered::InDoubt);
    story.update(20..30, (1, 1)).answers(Answered::Unavailable);
    story.read(40..50, (1, 1)).sees(&[], 2, 0);
    assert_eq!(story.found(), []);
    story.read(60..70, (1, 1)).sees(&[], 3, 0);
    assert_eq!(story.found(), [(Rule::NothingMadeUp, vec![5])]);
}

#[test]
fn a_number_is_given_out_once() {
    let mut story = story();
    story.decide(20..40, (1, 1), 1);
    story.decide(20..41, (1, 1), 1);
    assert_eq!(story.found(), [(Rule::NothingLost, vec![1, 2])]);
}

#[test]
fn a_number_is_given_out_after_those_that_were_known_before() {
    let mut story = story();
    story.decide(20..30, (1, 1), 1).answers(Answered::InDoubt);
    story.decide(20..31, (1, 1), 2);
    story.read(40..50, (1, 1)).sees(&[], 0, 2);
    story.decide(60..70, (1, 1), 1).sees(&[], 0, 2);
    assert_eq!(story.found(), [(Rule::NothingLost, vec![2, 4])]);
}
