//! Every state of the ratchet against every presented token, at every boundary.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use super::*;
use crate::authentication::AssuranceLevel;
use crate::authentication::Authentication;
use crate::client::ClientFacts;
use crate::random::RandomUnavailable;
use crate::random::SecureRandom;
use crate::token::SECRET_BYTES;
use crate::token::SessionHandle;

const WINDOWS: Windows = Windows {
    repair: Duration::from_millis(1_000),
    grace: Duration::from_millis(3_000),
    max_skew: Duration::from_millis(50),
};
const START: u64 = 1_000_000;

/// Counts: enough to tell two secrets apart.
#[derive(Debug, Default)]
struct Counting(AtomicU64);

impl SecureRandom for Counting {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomUnavailable> {
        for byte in destination {
            *byte = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes()[0];
        }
        Ok(())
    }
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(START + millis)
}

fn handle() -> SessionHandle {
    SessionHandle::from_bytes([1; 16])
}

fn home() -> ClientKind {
    ClientFacts::new("192.0.2.1".parse().ok(), Some("curl/8")).kind()
}

fn elsewhere() -> ClientKind {
    ClientFacts::new("198.51.100.1".parse().ok(), Some("curl/8")).kind()
}

/// A family of tokens, with the credential after each renewal.
struct Family {
    tokens: Vec<SessionToken>,
    current: Credential,
}

/// A family renewed `renewals` times, each at time zero.
fn family(renewals: usize) -> Family {
    let (mut current, token) =
        Credential::first(handle(), &Counting::default(), home(), at(0)).unwrap();
    let mut tokens = vec![token];
    for _ in 0..renewals {
        let (next, child) = current
            .renewed(tokens.last().unwrap(), home(), at(0))
            .unwrap();
        tokens.push(child);
        current = next;
    }
    Family { tokens, current }
}

fn confirmed(mut credential: Credential, millis: u64) -> Credential {
    credential.confirm(at(millis));
    credential
}

fn judged(credential: &Credential, token: &SessionToken, client: &ClientKind, now: u64) -> Verdict {
    judge_token(credential, None, token, client, WINDOWS, MAX_WALK, at(now))
}

#[test]
fn the_first_token_needs_no_confirmation() {
    let family = family(0);
    assert_eq!(
        judged(&family.current, &family.tokens[0], &elsewhere(), 9_999_999),
        Verdict::Current { confirm: false }
    );
}

#[test]
fn the_child_is_current_and_confirmed_by_its_first_use() {
    let family = family(1);
    let child = &family.tokens[1];
    assert_eq!(
        judged(&family.current, child, &elsewhere(), 1),
        Verdict::Current { confirm: true }
    );
    assert_eq!(
        judged(&confirmed(family.current, 1), child, &elsewhere(), 2),
        Verdict::Current { confirm: false }
    );
}

/// Race 29: a lost response is repaired by anyone within the window, later by a lookalike only.
#[test]
fn the_parent_of_an_unused_child_is_repaired_at_every_boundary() {
    let family = family(1);
    let edge = 1_050;
    for (now, client, expected) in [
        (0, elsewhere(), Verdict::Repaired { late: false }),
        (edge - 1, elsewhere(), Verdict::Repaired { late: false }),
        (edge, elsewhere(), Verdict::Repaired { late: false }),
        (edge + 1, elsewhere(), Verdict::Replayed),
        (edge, home(), Verdict::Repaired { late: false }),
        (edge + 1, home(), Verdict::Repaired { late: true }),
        (9_999_999, home(), Verdict::Repaired { late: true }),
    ] {
        assert_eq!(
            judged(&family.current, &family.tokens[0], &client, now),
            expected,
            "{now}"
        );
    }
}

/// Races 30 and 50: the parent is good for the grace after the first use of the child, by
/// whoever sends it, and a replay afterwards.
#[test]
fn the_parent_of_a_used_child_has_the_grace_at_every_boundary() {
    let family = family(1);
    let current = confirmed(family.current, 10_000);
    let edge = 10_000 + 3_050;
    for (now, expected) in [
        (10_000, Verdict::Grace),
        (edge - 1, Verdict::Grace),
        (edge, Verdict::Grace),
        (edge + 1, Verdict::Replayed),
    ] {
        for client in [home(), elsewhere()] {
            assert_eq!(
                judged(&current, &family.tokens[0], &client, now),
                expected,
                "{now}"
            );
        }
    }
}

#[test]
fn a_clock_that_went_back_counts_as_no_time() {
    let family = family(1);
    let early = Timestamp::from_millis(START - 500);
    let verdict = judge_token(
        &family.current,
        None,
        &family.tokens[0],
        &elsewhere(),
        WINDOWS,
        MAX_WALK,
        early,
    );
    assert_eq!(verdict, Verdict::Repaired { late: false });
}

/// Race 30: the grandparent is a replay even inside of every window.
#[test]
fn every_older_ancestor_is_a_replay() {
    let family = family(5);
    for ancestor in &family.tokens[..4] {
        assert_eq!(
            judged(&family.current, ancestor, &home(), 0),
            Verdict::Replayed
        );
    }
}

#[test]
fn a_walk_ends_at_its_bound() {
    let family = family(3);
    let oldest = &family.tokens[0];
    for (bound, expected) in [(2, Verdict::Unknown), (3, Verdict::Replayed)] {
        let verdict = judge_token(
            &family.current,
            None,
            oldest,
            &home(),
            WINDOWS,
            bound,
            at(0),
        );
        assert_eq!(verdict, expected, "{bound}");
    }
}

/// Race 30: garbage is not a replay, whatever generation it claims.
#[test]
fn garbage_is_unknown() {
    let family = family(3);
    for generation in [0, 1, 2, 3, 4, u32::MAX] {
        let forged = SessionToken::new(handle(), generation, [0xAA; SECRET_BYTES]);
        assert_eq!(
            judged(&family.current, &forged, &home(), 0),
            Verdict::Unknown
        );
    }
    let other = SessionHandle::from_bytes([2; 16]);
    let stolen = SessionToken::new(other, 3, *family.tokens[3].secret());
    assert_eq!(
        judged(&family.current, &stolen, &home(), 0),
        Verdict::Unknown
    );
}

/// Race 28, at the level of the ratchet: the same parent gives the same child, again and again.
#[test]
fn renewal_converges() {
    let family = family(0);
    let parent = &family.tokens[0];
    let (next, child) = family.current.renewed(parent, home(), at(1)).unwrap();
    let (_, again) = family.current.renewed(parent, elsewhere(), at(2)).unwrap();
    assert_eq!(child, again);
    assert_eq!(next.child_for(parent), Some(child.clone()));
    assert_eq!(next.child_for(&child), None);
    assert!(
        next.renewed(parent, home(), at(3)).is_none(),
        "the parent is not current any more"
    );
}

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
