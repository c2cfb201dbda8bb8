//! No token is accepted that was never issued, or that newer ones have replaced for good.

use std::collections::BTreeMap;

use super::Rule;
use super::Terms;
use super::Verdict;
use super::index::Index;
use super::index::Session;
use super::nanos;
use crate::history::Operation;

pub(super) fn check(index: &Index<'_>, terms: &Terms, verdict: &mut Verdict) {
    for session in index.sessions.values() {
        let tokens = Tokens::of(session);
        for operation in &session.found {
            issued(operation, &tokens, verdict);
            recent(operation, &tokens, terms, verdict);
        }
    }
}

/// The tokens of one session, by their generations.
struct Tokens<'a> {
    /// The request that began first of those whose answer brought it.
    issued: BTreeMap<u32, &'a Operation>,
    /// For each generation, the answer that came first of those which brought it or a later one.
    handed_out: BTreeMap<u32, &'a Operation>,
    /// For each generation, the request that was over first of those which used it or a later one.
    used: BTreeMap<u32, &'a Operation>,
}

impl<'a> Tokens<'a> {
    fn of(session: &Session<'a>) -> Self {
        let brought = session
            .delivered
            .iter()
            .filter_map(|operation| Some((operation.delivered?.generation, *operation)));
        let used = session.found.iter().filter_map(|operation| {
            let presented = operation.presented?;
            // Only such a request has certainly confirmed its token.
            let is_certain = operation.answered.is_acknowledged() && !operation.shaky;
            is_certain.then_some((presented.token.generation, *operation))
        });
        Self {
            issued: least(brought.clone(), |operation| operation.begin),
            handed_out: or_later(least(brought, |operation| operation.end)),
            used: or_later(least(used, |operation| operation.end)),
        }
    }
}

/// Returns the least operation of each generation.
fn least<'a>(
    operations: impl Iterator<Item = (u32, &'a Operation)>,
    at: impl Fn(&Operation) -> u64,
) -> BTreeMap<u32, &'a Operation> {
    let mut least: BTreeMap<u32, &Operation> = BTreeMap::new();
    for (generation, operation) in operations {
        let first = least.entry(generation).or_insert(operation);
        if at(operation) < at(first) {
            *first = operation;
        }
    }
    least
}

/// Takes for each generation the operation of a later one where that ended earlier.
fn or_later(by_generation: BTreeMap<u32, &Operation>) -> BTreeMap<u32, &Operation> {
    let mut first: Option<&Operation> = None;
    let mut later = BTreeMap::new();
    for (generation, operation) in by_generation.into_iter().rev() {
        let earlier = first.filter(|first| first.end < operation.end);
        let earlier = earlier.unwrap_or(operation);
        first = Some(earlier);
        later.insert(generation, earlier);
    }
    later
}

fn issued(operation: &Operation, tokens: &Tokens<'_>, verdict: &mut Verdict) {
    let (Some(presented), Some((_, _, at))) = (operation.presented, operation.live()) else {
        return;
    };
    let issued = tokens.issued.get(&presented.token.generation);
    if presented.forged {
        let because = "a token was accepted that nobody issued";
        verdict.add(Rule::OnlyIssuedTokens, because, &[operation]);
    } else if issued.is_none_or(|issued| issued.begin >= at) {
        let because = "a token was accepted before anybody got it";
        verdict.add(Rule::OnlyIssuedTokens, because, &[operation]);
    }
}

fn recent(operation: &Operation, tokens: &Tokens<'_>, terms: &Terms, verdict: &mut Verdict) {
    let Some(presented) = operation.presented else {
        return;
    };
    let generation = presented.token.generation;
    let grandchild = tokens
        .handed_out
        .range(generation.saturating_add(2)..)
        .next();
    if let Some((_, brought)) = grandchild
        && brought.end < operation.begin
    {
        let because = "a token was accepted, and its grandchild had been handed out";
        verdict.add(Rule::OnlyRecentTokens, because, &[brought, operation]);
        return;
    }
    let window = nanos(terms.grace).saturating_add(nanos(terms.tolerance));
    let child = tokens.used.range(generation.saturating_add(1)..).next();
    if let Some((_, used)) = child
        && used.end.saturating_add(window) < operation.begin
    {
        let because =
            "a token was accepted, and its child had been in use for longer than the grace";
        verdict.add(Rule::OnlyRecentTokens, because, &[used, operation]);
    }
}
