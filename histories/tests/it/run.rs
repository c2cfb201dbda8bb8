//! One run: its settings, its folder, its verdict.

use std::collections::hash_map::RandomState;
use std::env;
use std::fs;
use std::hash::BuildHasher;
use std::path::PathBuf;
use std::time::Duration;

use hallpass::Clock;
use hallpass::DynStore;
use hallpass::SystemClock;
use hallpass_histories::Crowd;
use hallpass_histories::Failure;
use hallpass_histories::Operation;
use hallpass_histories::Rule;
use hallpass_histories::Settings;
use hallpass_histories::Summary;
use hallpass_histories::Terms;
use hallpass_histories::Verdict;
use hallpass_histories::check;
use hallpass_servers::eventually;

/// A run with a folder of its own.
pub(crate) struct Run {
    pub(crate) settings: Settings,
    name: &'static str,
    folder: PathBuf,
}

impl Run {
    pub(crate) fn new(name: &'static str, url: &str) -> Self {
        Self::of(name, url, seconds(20, 60))
    }

    /// A run on a server, which shares the cores of the machine with the clients.
    pub(crate) fn on_server(name: &'static str, url: &str, seconds_in_ci: u64) -> Self {
        let mut run = Self::of(name, url, seconds(10, seconds_in_ci));
        run.settings.rate = 600;
        run
    }

    fn of(name: &'static str, url: &str, seconds: u64) -> Self {
        let seed = seed();
        let duration = Duration::from_secs(seconds);
        println!("{name}: HALLPASS_HISTORY_SEED={seed} makes the same choices again");
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let id = std::process::id();
        let own = format!("{name}-{id}-{seed:x}");
        // Names of tables are short.
        let prefix = format!("{id}-{seed:x}");
        Self {
            settings: Settings::new(url, &prefix, seed, duration),
            name,
            folder: folder.join(own),
        }
    }

    /// Plays the run with the program `hammer`.
    pub(crate) fn of_processes(&self) -> Played<'_> {
        let hammer = env!("CARGO_BIN_EXE_hammer").as_ref();
        self.played(Crowd::of_processes(&self.settings, hammer, &self.folder))
    }

    /// Plays the run with threads on one store.
    pub(crate) fn of_threads(&self, store: &DynStore) -> Played<'_> {
        self.played(Crowd::of_threads(&self.settings, store, &self.folder))
    }

    /// Starts the program `hammer`, and returns when each process plays.
    pub(crate) fn start(&self) -> Crowd {
        let hammer = env!("CARGO_BIN_EXE_hammer").as_ref();
        let crowd = Crowd::of_processes(&self.settings, hammer, &self.folder).unwrap();
        let processes = usize::try_from(self.settings.processes).unwrap();
        eventually("all processes play", || {
            let files = fs::read_dir(&self.folder).unwrap();
            let written = files.filter(|file| {
                let metadata = file.as_ref().map(fs::DirEntry::metadata);
                matches!(metadata, Ok(Ok(metadata)) if metadata.len() > 0)
            });
            written.count() == processes
        })
        .unwrap();
        crowd
    }

    pub(crate) fn played(&self, crowd: Result<Crowd, Failure>) -> Played<'_> {
        let history = crowd.unwrap().join().unwrap();
        let summary = Summary::of(&history);
        let files = fs::read_dir(&self.folder).unwrap();
        let bytes: u64 = files
            .map(|file| file.unwrap().metadata().unwrap().len())
            .sum();
        println!("{}: {summary}; {} KB", self.name, bytes / 1024);
        let begin = SystemClock.count();
        let verdict = check(&history, &Terms::default());
        let took = SystemClock.count() - begin;
        println!("{}: checked in {took:?}", self.name);
        Played {
            run: self,
            summary,
            verdict,
            history,
        }
    }
}

/// A run that is over.
pub(crate) struct Played<'a> {
    run: &'a Run,
    pub(crate) summary: Summary,
    pub(crate) verdict: Verdict,
    pub(crate) history: Vec<Operation>,
}

impl Played<'_> {
    /// Asserts that nothing contradicts anything, that the run did something of everything, and
    /// that it met no fault.
    pub(crate) fn assert_keeps_all_promises(self) {
        let Run { name, folder, .. } = self.run;
        assert!(
            self.verdict.contradictions.is_empty(),
            "{name}: the history is in {}\n{}",
            folder.display(),
            self.verdict
        );
        self.assert_did_much();
        // Without the grace some tokens were accepted too late, so the rule has been put to the test.
        let graceless = Terms::default().with_grace(Duration::ZERO);
        let outdated = check(&self.history, &graceless);
        assert!(outdated.count(Rule::OnlyRecentTokens) > 0, "{name}");
        self.forget();
    }

    /// Removes the history.
    pub(crate) fn forget(self) {
        fs::remove_dir_all(&self.run.folder).unwrap();
    }

    fn assert_did_much(&self) {
        let Self { run, summary, .. } = self;
        let seconds = usize::try_from(run.settings.duration.as_secs()).unwrap();
        let rate = usize::try_from(run.settings.rate).unwrap();
        for (what, count, per_second) in [
            ("reads", summary.reads, 200),
            ("inserts", summary.inserts, 20),
            ("updates", summary.updates, 40),
            ("decisions", summary.decisions, 40),
            ("logins", summary.logins, 20),
            ("denials", summary.denials, 2),
            ("evictions", summary.evictions, 10),
            ("logouts", summary.logouts, 5),
            ("revocations", summary.revocations, 5),
            ("ends of all", summary.ends_of_all, 2),
            ("lists", summary.lists, 20),
            ("renewals", summary.renewals, 3),
            ("forgeries", summary.forgeries, 1),
            ("ended sessions", summary.ended, 10),
            ("replays", summary.replays, 1),
            ("dropped requests", summary.dropped, 5),
        ] {
            let least = seconds * per_second * rate / USUAL_RATE;
            assert!(count >= least, "{what}: {count}, and {least} are expected");
        }
        let faults = (summary.unavailable, summary.in_doubt, summary.contended);
        assert_eq!(faults, (0, 0, 0), "unavailable, in doubt, contended");
    }
}

/// The rate of each process that the least counts are for.
const USUAL_RATE: usize = 900;

fn seconds(otherwise: u64, in_ci: u64) -> u64 {
    let named = env::var("HALLPASS_HISTORY_SECONDS").ok();
    let is_ci = env::var("NEXTEST_PROFILE").is_ok_and(|profile| profile == "ci");
    match named {
        Some(seconds) => seconds.parse().unwrap(),
        None if is_ci => in_ci,
        None => otherwise,
    }
}

fn seed() -> u64 {
    match env::var("HALLPASS_HISTORY_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        // The standard library seeds its maps anew in each process.
        Err(_) => RandomState::new().hash_one(0),
    }
}
