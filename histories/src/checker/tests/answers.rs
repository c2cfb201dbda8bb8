//! Answers that must not be.

use super::story::Story;
use super::story::handle;
use crate::checker::Rule;
use crate::history::Answered;
use crate::history::Found;
use crate::history::Operation;
use crate::history::Seen;

fn find(operation: &mut Operation, session: u8, whose: &str) {
    if let Some(opened) = &mut operation.opened {
        opened.found = Found::Live {
            handle: handle(session),
            subject: whose.to_owned(),
            seen: Seen::default(),
        };
    }
}

fn story() -> Story {
    let mut story = Story::default();
    story.login(0..10, "alice", 1, &[]);
    story.login(0..10, "bob", 2, &[]);
    story
}

#[test]
fn outages_are_allowed_and_nothing_else() {
    let mut story = story();
    let outages = [
        Answered::Unavailable,
        Answered::InDoubt,
        Answered::Contended,
    ];
    for answered in outages {
        story.update(20..30, (1, 1)).answers(answered);
    }
    assert_eq!(story.found(), []);
    let wrong = Answered::Wrong("the response has left".to_owned());
    story.update(20..30, (1, 1)).answers(wrong);
    assert_eq!(story.found(), [(Rule::AllowedAnswer, vec![5])]);
}

#[test]
fn a_token_opens_its_own_session() {
    let mut story = story();
    story.read(20..30, (1, 1)).with(|it| find(it, 2, "bob"));
    assert_eq!(story.found(), [(Rule::AllowedAnswer, vec![2])]);
}

#[test]
fn a_session_stays_that_of_its_subject() {
    let mut story = story();
    story.read(20..30, (1, 1)).with(|it| find(it, 1, "bob"));
    assert_eq!(story.found(), [(Rule::AllowedAnswer, vec![0, 2])]);
}

#[test]
fn nobody_finds_a_session_without_a_token() {
    let mut story = story();
    story.read(20..30, (1, 1)).with(|it| it.presented = None);
    let found = story.found();
    assert_eq!(found, [(Rule::AllowedAnswer, vec![2])]);
}
