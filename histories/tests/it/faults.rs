//! Servers that fail under load: what clients see, what is lost, and when service is back.

mod cluster;
mod postgres;
mod redis;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use hallpass::Clock;
use hallpass::SystemClock;
use hallpass_histories::Answered;
use hallpass_histories::Asked;
use hallpass_histories::Nanos;
use hallpass_histories::Operation;
use hallpass_histories::PATIENCE;
use hallpass_histories::Rule;
use hallpass_histories::Verdict;
use hallpass_servers::eventually;

use crate::run::Run;

/// A run during which something fails.
pub(crate) struct Trial {
    name: &'static str,
    run: Run,
}

impl Trial {
    pub(crate) fn new(name: &'static str, url: &str) -> Self {
        let mut run = Run::on_server(name, url, 0);
        run.settings.duration = Duration::from_secs(9);
        run.settings.rate = 400;
        run.settings.timeout = Duration::from_secs(1);
        Self { name, run }
    }

    pub(crate) fn lasting(mut self, seconds: u64) -> Self {
        self.run.settings.duration = Duration::from_secs(seconds);
        self
    }

    /// Waits long for answers, so that nobody is refused anything only because the machine is busy.
    pub(crate) fn patient(mut self) -> Self {
        self.run.settings.timeout = PATIENCE;
        self
    }

    /// Places the keys on a server of its own.
    pub(crate) fn with_prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.run.settings.prefix);
        self
    }

    /// Plays the run, and two seconds after all processes have begun makes something fail. The fault
    /// is healed when `fault` returns.
    pub(crate) fn meets(&self, fault: impl FnOnce()) -> Outcome {
        let crowd = self.run.start();
        pass(Duration::from_secs(2));
        let began = now();
        fault();
        let healed = now();
        let played = self.run.played(Ok(crowd));
        let row = Row::of(self.name, &played.history, &played.verdict, (began, healed));
        println!("{row}");
        for rule in RULES {
            let (count, sessions) = (
                played.verdict.count(rule),
                sessions_against(&played.verdict, rule),
            );
            if count > 0 {
                println!(
                    "{}: {rule:?}: {count} times, {sessions} sessions",
                    self.name
                );
            }
        }
        let verdict = played.verdict.clone();
        if verdict.contradictions.is_empty() {
            played.forget();
        }
        Outcome { row, verdict }
    }
}

/// What came of a fault.
pub(crate) struct Outcome {
    pub(crate) row: Row,
    verdict: Verdict,
}

impl Outcome {
    /// Asserts that nothing contradicts anything, and that changes were acknowledged again within
    /// `bound` of the healing.
    pub(crate) fn assert_loses_nothing(&self, bound: Duration) {
        assert!(self.verdict.contradictions.is_empty(), "{}", self.verdict);
        self.assert_is_back(bound);
    }

    /// Asserts that each process had a change acknowledged within `bound` of the healing.
    pub(crate) fn assert_is_back(&self, bound: Duration) {
        let Row { row, .. } = &self.row;
        assert!(self.row.back.is_some_and(|back| back < bound), "{row}");
    }

    /// Asserts that no client was refused anything.
    pub(crate) fn assert_nobody_noticed(&self) {
        let Row { row, .. } = &self.row;
        let noticed = (self.row.unavailable, self.row.in_doubt);
        assert_eq!(noticed, (0, 0), "unavailable, in doubt: {row}");
    }

    /// Asserts that some clients were refused something, so that there was a fault.
    pub(crate) fn assert_was_noticed(&self) {
        let Row { row, .. } = &self.row;
        assert!(self.row.unavailable + self.row.in_doubt > 0, "{row}");
    }

    /// Asserts that no request shows that a rule is broken.
    pub(crate) fn assert_holds(&self, rule: Rule) {
        let contradictions = self.verdict.contradictions.iter();
        let mut broken = contradictions.filter(|contradiction| contradiction.rule == rule);
        let first = broken.next().map(ToString::to_string);
        assert_eq!(first, None, "{}", self.row);
    }
}

/// What clients saw of a fault.
pub(crate) struct Row {
    row: String,
    unavailable: usize,
    in_doubt: usize,
    /// From the healing until each process had a change acknowledged.
    back: Option<Duration>,
}

impl Row {
    fn of(
        name: &str,
        history: &[Operation],
        verdict: &Verdict,
        (began, healed): (Nanos, Nanos),
    ) -> Self {
        let is_refused = |operation: &&Operation| {
            let answered = &operation.answered;
            matches!(answered, Answered::InDoubt | Answered::Unavailable)
        };
        let count =
            |what: fn(&Operation) -> bool| history.iter().filter(|&answer| what(answer)).count();
        let unavailable = count(|operation| operation.answered == Answered::Unavailable);
        let in_doubt = count(|operation| operation.answered == Answered::InDoubt);
        let contended = count(|operation| operation.answered == Answered::Contended);
        let dropped = count(|operation| operation.answered == Answered::Dropped);
        let ok = history.len() - unavailable - in_doubt - contended - dropped;
        let meanwhile = |operation: &&Operation| began <= operation.begin && operation.end < healed;
        let answered = history.iter().filter(meanwhile);
        let served = answered.filter(|answer| is_served(answer)).count();
        let later = |operation: &&Operation| healed <= operation.begin;
        let changes = history.iter().filter(later);
        let changes = changes.filter(|operation| is_change(operation));
        let mut first: BTreeMap<u32, Nanos> = BTreeMap::new();
        for change in changes {
            let back = first.entry(change.process).or_insert(Nanos::MAX);
            *back = (change.end - healed).min(*back);
        }
        let processes: BTreeSet<_> = history.iter().map(|answer| answer.process).collect();
        let are_all_back = first.len() == processes.len();
        let back = first.into_values().max().filter(|_| are_all_back);
        let refused = history.iter().filter(is_refused);
        let refused = refused.map(|operation| operation.end.saturating_sub(healed));
        let refused = Duration::from_nanos(refused.max().unwrap_or(0));
        let back = back.map(Duration::from_nanos);
        let lost = sessions_against(verdict, Rule::NothingLost);
        let returned = sessions_against(verdict, Rule::EndedIsFinal)
            + sessions_against(verdict, Rule::SeenToEndIsFinal);
        let outage = Duration::from_nanos(healed - began).as_secs_f64();
        let row = format!(
            "| {name} | {outage:.1} | {ok} | {served} | {unavailable} | {in_doubt} | {lost} | \
             {returned} | {:.2} | {:.2} | (contended {contended}, dropped {dropped}, {} contradictions)",
            back.map_or(f64::INFINITY, |back| back.as_secs_f64()),
            refused.as_secs_f64(),
            verdict.contradictions.len(),
        );
        Self {
            row,
            unavailable,
            in_doubt,
            back,
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.row)
    }
}

/// Lets this much time pass, while others play.
pub(crate) fn pass(time: Duration) {
    let until = SystemClock.count() + time;
    eventually("time passes", || SystemClock.count() >= until).unwrap();
}

fn now() -> Nanos {
    SystemClock.now().as_millis() * 1_000_000
}

/// Returns whether the store must have been asked for this answer, and answered.
fn is_served(operation: &Operation) -> bool {
    let is_answer = matches!(
        operation.answered,
        Answered::Denied(_) | Answered::Done | Answered::Listed(_)
    );
    is_answer || is_change(operation)
}

fn is_change(operation: &Operation) -> bool {
    match (&operation.asked, &operation.answered) {
        (_, Answered::Begun { .. } | Answered::Decided(_)) => true,
        (Asked::Read | Asked::List { .. }, _) => false,
        (_, answered) => *answered == Answered::Done,
    }
}

fn sessions_against(verdict: &Verdict, rule: Rule) -> usize {
    let broken = verdict.contradictions.iter();
    let broken = broken.filter(|contradiction| contradiction.rule == rule);
    let last = broken.filter_map(|contradiction| contradiction.operations.last());
    let sessions: BTreeSet<_> = last
        .map(|operation| operation.presented.map(|presented| presented.token.handle))
        .collect();
    sessions.len()
}

const RULES: [Rule; 8] = [
    Rule::AllowedAnswer,
    Rule::EndedIsFinal,
    Rule::Limit,
    Rule::NothingLost,
    Rule::NothingMadeUp,
    Rule::OnlyIssuedTokens,
    Rule::OnlyRecentTokens,
    Rule::SeenToEndIsFinal,
];
