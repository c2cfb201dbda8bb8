//! The contract of [`HandleTags`]: what the handles of a subject's sessions begin with.

use std::collections::HashSet;

use hallpass_core::HandleTags;

use super::bed::TestBed;
use super::bed::look_alikes;
use super::bed::subject;

const ALWAYS: &str = "clause 1 of `HandleTags` (always the same)";
const SPREAD: &str = "`HandleTags` (spreads the subjects)";

/// Clause 1: two nodes give a subject the same tag, or they would not find each other's sessions.
pub async fn the_tag_of_a_subject_is_the_same_on_every_node<S: HandleTags>(bed: &TestBed<S>) {
    for subject in look_alikes() {
        let here = bed.here().store().handle_tag(&subject);
        assert_eq!(here, bed.here().store().handle_tag(&subject), "{ALWAYS}");
        assert_eq!(here, bed.there().store().handle_tag(&subject), "{ALWAYS}");
    }
}

/// A tag that is the same for many subjects would put them all on one server.
pub async fn subjects_are_spread_by_their_tags<S: HandleTags>(bed: &TestBed<S>) {
    let tags: HashSet<_> = (0..MANY)
        .map(|n| {
            bed.here()
                .store()
                .handle_tag(&subject(&format!("user-{n}")))
        })
        .collect();
    let untagged = tags.contains(&None) && tags.len() == 1;
    assert!(
        untagged || tags.len() > MANY / 2,
        "{SPREAD}: {MANY} subjects have {} tags",
        tags.len()
    );
}

const MANY: usize = 1_000;
