//! Every state of the ratchet against every presented token, at every boundary.

mod raised;

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
fn debug_of_a_credential_tells_its_generation() {
    let shown = format!("{:?}", family(2).current);
    assert!(shown.starts_with("Credential { generation: 2,"), "{shown}");
}

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
