//! Tokens that should have been refused. The grace is 200 milliseconds, and 2 are for the clocks.

use super::story::Story;
use crate::checker::Rule;
use crate::history::Answered;

/// The token is renewed at 1010, and the child confirmed at 1030.
fn story() -> Story {
    let mut story = Story::default();
    story.login(0..10, "alice", 1, &[]);
    story.read(1000..1010, (1, 1)).brings((1, 2));
    story.read(1020..1030, (1, 2));
    story
}

#[test]
fn a_token_is_accepted_for_the_grace_after_its_child_was_used() {
    let mut story = story();
    story.read(1232..1240, (1, 1));
    assert_eq!(story.found(), []);
    story.read(1233..1240, (1, 1));
    assert_eq!(story.found(), [(Rule::OnlyRecentTokens, vec![2, 4])]);
}

#[test]
fn a_use_that_may_have_gone_unnoticed_starts_no_grace() {
    let shaky = |story: &mut Story| {
        story.read(1020..1030, (1, 2)).with(|it| it.shaky = true);
    };
    let dropped = |story: &mut Story| {
        story.read(1020..1030, (1, 2)).answers(Answered::Dropped);
    };
    let uses: [fn(&mut Story); 2] = [shaky, dropped];
    for used in uses {
        let mut story = Story::default();
        story.login(0..10, "alice", 1, &[]);
        story.read(1000..1010, (1, 1)).brings((1, 2));
        used(&mut story);
        story.read(2000..2010, (1, 1));
        assert_eq!(story.found(), []);
    }
}

#[test]
fn a_token_is_refused_once_its_grandchild_is_handed_out() {
    let mut story = story();
    story.read(1040..1050, (1, 2)).brings((1, 3));
    story.read(1050..1060, (1, 1));
    assert_eq!(story.found(), []);
    story.read(1051..1060, (1, 1));
    assert_eq!(story.found(), [(Rule::OnlyRecentTokens, vec![3, 5])]);
}

#[test]
fn a_token_is_refused_that_nobody_issued() {
    let mut story = story();
    story.read(1040..1050, (1, 2)).with(|it| {
        it.presented = it.presented.map(|mut presented| {
            presented.forged = true;
            presented
        });
    });
    story.read(1040..1050, (1, 7));
    let unissued = Rule::OnlyIssuedTokens;
    assert_eq!(story.found(), [(unissued, vec![3]), (unissued, vec![4])]);
}

#[test]
fn a_token_is_refused_before_it_is_issued() {
    let mut story = Story::default();
    story.read(1000..1010, (1, 1));
    story.login(1006..1020, "alice", 1, &[]);
    assert_eq!(story.found(), [(Rule::OnlyIssuedTokens, vec![0])]);
}
