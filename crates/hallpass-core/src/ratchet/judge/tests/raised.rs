//! Tokens from before the assurance was raised.

use super::*;

/// A session whose assurance was raised at time zero with the last token of the family.
struct Raised {
    family: Family,
    current: Credential,
    previous: PreviousCredential,
    token: SessionToken,
}

fn raised(renewals: usize, confirmed_parent: bool) -> Raised {
    let mut family = family(renewals);
    if confirmed_parent {
        family.current.confirm(at(0));
    }
    let random = Counting(AtomicU64::new(77));
    let (current, token) = family
        .current
        .broken(handle(), &random, home(), at(0))
        .unwrap();
    let previous = PreviousCredential::new(
        family.current.clone(),
        Authentication::new(AssuranceLevel::Aal1),
        at(0),
    );
    Raised {
        family,
        current,
        previous,
        token,
    }
}

impl Raised {
    fn judged(&self, token: &SessionToken, now: u64) -> Verdict {
        self.judged_for(token, &home(), now)
    }

    fn judged_for(&self, token: &SessionToken, client: &ClientKind, now: u64) -> Verdict {
        let previous = Some(&self.previous);
        judge_token(
            &self.current,
            previous,
            token,
            client,
            WINDOWS,
            MAX_WALK,
            at(now),
        )
    }
}

/// Race 13: raising breaks the chain; the old token keeps the old assurance for the grace.
#[test]
fn the_token_from_before_a_raise_is_outranked_at_every_boundary() {
    let mut raised = raised(1, true);
    let old = raised.family.tokens[1].clone();
    assert_eq!(
        raised.judged(&raised.token, 1),
        Verdict::Current { confirm: true }
    );
    let edge = 3_050;
    for (now, of_another_kind) in [
        (0, Verdict::Outranked { late: false }),
        (edge - 1, Verdict::Outranked { late: false }),
        (edge, Verdict::Outranked { late: false }),
        (edge + 1, Verdict::Unknown),
    ] {
        let judged = raised.judged_for(&old, &elsewhere(), now);
        assert_eq!(judged, of_another_kind, "{now}");
        let late = now > edge;
        assert_eq!(
            raised.judged(&old, now),
            Verdict::Outranked { late },
            "nobody used the raised one"
        );
    }
    raised.current.confirm(at(5));
    let edge = 5 + 3_050;
    assert_eq!(
        raised.judged(&old, edge),
        Verdict::Outranked { late: false }
    );
    let judged = raised.judged_for(&old, &elsewhere(), edge + 1);
    assert_eq!(judged, Verdict::Replayed);
}

/// Race 38: an answer with the old token that overtakes the one with the raised token, because a
/// renewal was under way, does not log the browser out.
#[test]
fn an_old_token_that_may_have_arrived_late_is_outranked_for_its_own_client() {
    let late = Verdict::Outranked { late: true };
    let long_after = 1_000_000;
    for (confirmed, renewals, expected) in [
        (None, 1, late),
        (Some(0), 1, late),
        (Some(0), 0, Verdict::Replayed),
    ] {
        let mut raised = raised(renewals, confirmed.is_some());
        raised.current.confirm(at(5));
        let old = raised.family.tokens[renewals].clone();
        assert_eq!(raised.judged(&old, long_after), expected);
    }
    // The raise came when an answer with the old token could just be under way, and a moment after.
    assert_eq!(after_a_raise_at(3_050).1, late);
    let (within, over) = after_a_raise_at(3_051);
    assert_eq!(within, Verdict::Outranked { late: false });
    assert_eq!(over, Verdict::Replayed);
}

/// A token that was first used at time zero, and raised later: what it means at the end of the
/// grace, and a moment after.
fn after_a_raise_at(raised: u64) -> (Verdict, Verdict) {
    let family = family(1);
    let (mut current, _token) = family
        .current
        .broken(handle(), &Counting::default(), home(), at(raised))
        .unwrap();
    let used = raised + 1;
    current.confirm(at(used));
    let previous = PreviousCredential::new(
        confirmed(family.current, 0),
        Authentication::new(AssuranceLevel::Aal1),
        at(raised),
    );
    let old = &family.tokens[1];
    let judged = |now| {
        judge_token(
            &current,
            Some(&previous),
            old,
            &home(),
            WINDOWS,
            MAX_WALK,
            at(now),
        )
    };
    (judged(used + 3_050), judged(used + 3_051))
}

/// A raise that is made once more begins the windows of the old token anew.
#[test]
fn the_token_from_before_a_repeated_raise_is_outranked_again() {
    let mut raised = raised(0, true);
    let (again, _token) = raised
        .current
        .broken(handle(), &Counting::default(), home(), at(900_000))
        .unwrap();
    raised.current = again;
    raised.previous.replaced_again(at(900_000));
    let old = raised.family.tokens[0].clone();
    assert_eq!(
        raised.judged(&old, 903_050),
        Verdict::Outranked { late: false }
    );
    assert_eq!(
        raised.judged(&old, 903_051),
        Verdict::Outranked { late: true }
    );
}

#[test]
fn a_request_is_accepted_unless_its_token_is_unknown_or_replayed() {
    let accepted = [
        Verdict::Current { confirm: false },
        Verdict::Repaired { late: true },
        Verdict::Grace,
        Verdict::Outranked { late: true },
    ];
    assert!(accepted.iter().all(|verdict| verdict.is_accepted()));
    assert!(!Verdict::Replayed.is_accepted());
    assert!(!Verdict::Unknown.is_accepted());
}

#[test]
fn a_parent_in_flight_during_a_raise_is_outranked_too() {
    let raised = raised(1, true);
    assert_eq!(
        raised.judged(&raised.family.tokens[0], 100),
        Verdict::Outranked { late: false }
    );
}

#[test]
fn an_older_ancestor_of_a_broken_chain_is_a_replay() {
    let raised = raised(2, true);
    assert_eq!(
        raised.judged(&raised.family.tokens[0], 100),
        Verdict::Replayed
    );
}

#[test]
fn the_raised_token_does_not_follow_from_the_old_one() {
    let raised = raised(1, true);
    let old = &raised.family.tokens[1];
    assert_eq!(raised.current.child_for(old), None);
    assert_eq!(raised.current.generation(), 2, "generations never restart");
}

/// A raised token that was renewed was used before, whether anybody has used its child or not.
#[test]
fn a_token_from_before_a_raise_is_a_replay_once_the_raised_one_was_renewed() {
    let mut raised = raised(0, true);
    raised.current.confirm(at(5));
    let (renewed, _child) = raised
        .current
        .renewed(&raised.token, home(), at(900_000))
        .unwrap();
    raised.current = renewed;
    let old = raised.family.tokens[0].clone();
    assert_eq!(raised.judged(&old, 900_001), Verdict::Replayed);
    raised.current.confirm(at(900_002));
    assert_eq!(
        raised.judged(&old, 900_003),
        Verdict::Replayed,
        "a later renewal does not bring it back"
    );
}
