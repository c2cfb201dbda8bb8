//! Answers are those that are allowed, and about what was asked.

use super::Rule;
use super::Verdict;
use super::index::Index;
use crate::history::Answered;
use crate::history::Found;

pub(super) fn check(index: &Index<'_>, verdict: &mut Verdict) {
    for operation in &index.operations {
        if let Answered::Wrong(what) = &operation.answered {
            verdict.add(Rule::AllowedAnswer, what, &[operation]);
        }
        let Some(Found::Live {
            handle, subject, ..
        }) = operation.opened.as_ref().map(|opened| &opened.found)
        else {
            continue;
        };
        match operation.presented {
            None => verdict.add(
                Rule::AllowedAnswer,
                "a session was found without a token",
                &[operation],
            ),
            Some(presented) if presented.token.handle != *handle => verdict.add(
                Rule::AllowedAnswer,
                "a token opened another session than its own",
                &[operation],
            ),
            Some(_) => {}
        }
        let begun = index.sessions.get(handle).and_then(|session| session.begun);
        if let Some((login, whose)) = begun
            && whose != subject
        {
            let because = format!("the session of {whose} was found to be that of {subject}");
            verdict.add(Rule::AllowedAnswer, because, &[login, operation]);
        }
    }
}
