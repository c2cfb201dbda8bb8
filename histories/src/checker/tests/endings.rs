//! Sessions that are seen after their end.

use super::story::Story;
use crate::checker::Rule;
use crate::history::Answered;

/// Session 1 has begun by 10, and something ends it from 20 to 30.
fn stories() -> Vec<(Story, Rule)> {
    let endings: [fn(&mut Story); 6] = [
        |story| {
            story.logout(20..30, (1, 1));
        },
        |story| {
            story.revoke(20..30, 1);
        },
        |story| {
            story.end_all(20..30, "alice");
        },
        |story| {
            story.advance(20..30, "alice");
        },
        |story| {
            story.login(20..30, "alice", 2, &[1]);
        },
        |story| {
            story.login(20..30, "bob", 2, &[]).over((1, 1));
        },
    ];
    let seen: [fn(&mut Story); 2] = [
        |story| {
            story.gone(20..30, (1, 1));
        },
        |story| {
            story.list(20..30, "alice", &[]);
        },
    ];
    let endings = endings.map(|ending| (ending, Rule::EndedIsFinal));
    let seen = seen.map(|seen| (seen, Rule::SeenToEndIsFinal));
    let stories = endings.into_iter().chain(seen).map(|(ending, rule)| {
        let mut story = Story::default();
        story.login(0..10, "alice", 1, &[]);
        ending(&mut story);
        (story, rule)
    });
    stories.collect()
}

#[test]
fn a_session_that_has_ended_is_not_found() {
    for (number, (mut story, _)) in (0..).zip(stories()) {
        story.read(25..40, (1, 1));
        assert_eq!(story.found(), [], "ending {number}");
    }
    for (number, (mut story, rule)) in (0..).zip(stories()) {
        story.read(31..40, (1, 1));
        let expected = [(rule, vec![1, 2])];
        assert_eq!(story.found(), expected, "ending {number}");
    }
}

#[test]
fn a_session_that_has_ended_is_not_told_to_be_alive() {
    for (number, (mut story, rule)) in (0..).zip(stories()) {
        story.list(31..40, "alice", &[1]);
        let expected = [(rule, vec![1, 2])];
        assert_eq!(story.found(), expected, "ending {number}");
    }
}

/// A request that had found it before comes too late.
#[test]
fn a_session_that_has_ended_is_not_written() {
    for (number, (mut story, rule)) in (0..).zip(stories()) {
        story.insert(12..40, (1, 1), 0).acts(31);
        let expected = [(rule, vec![1, 2])];
        assert_eq!(story.found(), expected, "ending {number}");
    }
    for (number, (mut story, _)) in (0..).zip(stories()) {
        story.insert(12..40, (1, 1), 0).acts(25);
        assert_eq!(story.found(), [], "ending {number}");
    }
}

#[test]
fn an_end_without_an_answer_proves_nothing() {
    for answered in [Answered::InDoubt, Answered::Dropped, Answered::Unavailable] {
        let mut story = Story::default();
        story.login(0..10, "alice", 1, &[]);
        story.revoke(20..30, 1).answers(answered.clone());
        story.end_all(20..30, "alice").answers(answered.clone());
        story.logout(20..30, (1, 1)).answers(answered);
        story.read(40..50, (1, 1));
        assert_eq!(story.found(), []);
    }
}

#[test]
fn the_end_of_all_spares_sessions_that_begin_at_the_same_time_or_later() {
    let mut story = Story::default();
    story.end_all(5..30, "alice");
    story.advance(10..30, "alice");
    story.list(10..30, "alice", &[]);
    story.end_all(40..50, "bob");
    story.login(0..10, "alice", 1, &[]);
    story.login(31..39, "alice", 2, &[]);
    story.read(60..70, (1, 1));
    story.read(60..70, (2, 1));
    assert_eq!(story.found(), []);
}

/// Of several ends of all, that counts which was acknowledged first of those that began later.
#[test]
fn the_first_of_several_ends_counts() {
    let mut story = Story::default();
    story.end_all(0..5, "alice");
    story.login(6..10, "alice", 1, &[]);
    story.end_all(20..90, "alice");
    story.end_all(25..40, "alice");
    story.read(50..60, (1, 1));
    assert_eq!(story.found(), [(Rule::EndedIsFinal, vec![3, 4])]);
}

#[test]
fn a_session_that_was_said_to_have_ended_by_a_refused_change_is_over() {
    let mut story = Story::default();
    story.login(0..10, "alice", 1, &[]);
    story.insert(20..30, (1, 1), 0).answers(Answered::Ended);
    story.read(31..40, (1, 1));
    assert_eq!(story.found(), [(Rule::SeenToEndIsFinal, vec![1, 2])]);
}

/// Whoever waits for replicas is told later than others see it.
#[test]
fn an_end_that_was_acknowledged_counts_more_than_one_that_was_seen() {
    let mut story = Story::default();
    story.login(0..10, "alice", 1, &[]);
    story.gone(20..30, (1, 1));
    story.revoke(20..50, 1);
    story.read(40..45, (1, 1));
    story.read(60..70, (1, 1));
    let expected = [
        (Rule::SeenToEndIsFinal, vec![1, 3]),
        (Rule::EndedIsFinal, vec![2, 4]),
    ];
    assert_eq!(story.found(), expected);
}
