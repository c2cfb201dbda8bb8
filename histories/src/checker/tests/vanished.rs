//! Sessions that are lost.

use super::story::Story;
use crate::checker::Rule;
use crate::history::Answered;
use crate::history::Found;

const WHOSE: &str = "steady-0";

/// Tells that a request finds nothing by a token of session 1.
fn finds_nothing(story: &mut Story) {
    story.gone(40..50, (1, 1)).with(|operation| {
        if let Some(opened) = &mut operation.opened {
            opened.found = Found::Nothing;
        }
    });
}

fn begun() -> Story {
    let mut story = Story::default();
    story.login(0..10, WHOSE, 1, &[]);
    story
}

#[test]
fn a_session_that_nobody_ended_is_not_unknown() {
    let mut story = begun();
    finds_nothing(&mut story);
    assert_eq!(story.found(), [(Rule::NothingLost, vec![0, 1])]);
}

#[test]
fn a_session_that_nobody_ended_is_told() {
    let mut story = begun();
    story.list(5..9, WHOSE, &[]);
    story.list(20..30, WHOSE, &[]);
    assert_eq!(story.found(), [(Rule::NothingLost, vec![0, 2])]);
}

#[test]
fn a_session_that_may_have_ended_may_be_unknown() {
    let endings: [fn(&mut Story); 6] = [
        |story| {
            let logout = story.logout(20..30, (1, 1)).answers(Answered::Dropped);
            logout.with(|operation| operation.opened = None);
        },
        |story| {
            story.revoke(20..30, 1).answers(Answered::InDoubt);
        },
        |story| {
            story.end_all(20..30, WHOSE).answers(Answered::InDoubt);
        },
        |story| {
            story.login(20..30, WHOSE, 2, &[1]);
        },
        |story| {
            story.denied(20..30, WHOSE, &[1]).answers(Answered::Dropped);
        },
        |story| {
            story.gone(20..30, (1, 1));
        },
    ];
    for (number, ending) in (0..).zip(endings) {
        let mut story = begun();
        ending(&mut story);
        finds_nothing(&mut story);
        assert_eq!(story.found(), [], "ending {number}");
    }
}

/// The ending comes too late to be the reason.
#[test]
fn a_session_that_ends_later_is_not_unknown_before() {
    let mut story = begun();
    finds_nothing(&mut story);
    story.revoke(60..70, 1);
    assert_eq!(story.found(), [(Rule::NothingLost, vec![0, 1])]);
}

/// Sessions of others may expire at any time.
#[test]
fn a_session_that_may_expire_may_be_unknown() {
    let mut story = Story::default();
    story.login(0..10, "busy-0", 1, &[]);
    finds_nothing(&mut story);
    assert_eq!(story.found(), []);
}
