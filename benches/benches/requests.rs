//! How long a request takes with sessions, as a multiple of the same request without.
//!
//! `cargo bench -p hallpass-benches --bench requests` measures. Without `--bench`, which cargo
//! passes there and nowhere else, or with `--quick`, each row runs once, to see that it works.

use std::hint::black_box;
use std::io;
use std::io::Write;
use std::time::Instant;

use hallpass::StandardPolicy;
use hallpass_benches::App;
use hallpass_benches::Work;

/// How often all rows are measured, one after the other.
const ROUNDS: usize = 2_001;

/// How many requests make one measurement.
const REQUESTS: usize = 100;

/// What is measured.
struct Row {
    name: &'static str,
    /// What `run` does in an application without sessions.
    base: Base,
    app: App,
    run: fn(&mut App),
}

/// The requests without sessions that a row is compared with.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Base {
    /// One that answers with a letter.
    Plain,
    /// One that answers with a text.
    Text,
    /// Two that answer with a letter.
    TwoPlain,
}

impl Base {
    fn run(self, app: &mut App) {
        match self {
            Self::Plain => send(app, Work::Plain),
            Self::Text => send(app, Work::Text),
            Self::TwoPlain => {
                send(app, Work::Plain);
                send(app, Work::Plain);
            }
        }
    }
}

fn main() -> io::Result<()> {
    let is_measuring = std::env::args().any(|argument| argument == "--bench")
        && !std::env::args().any(|argument| argument == "--quick" || argument == "--test");
    let (rounds, requests) = if is_measuring {
        (ROUNDS, REQUESTS)
    } else {
        (1, 1)
    };

    let mut bare = App::bare();
    let mut rows = rows();
    let mut measured = vec![Vec::new(); rows.len()];
    let mut base_nanos = Vec::new();
    for _ in 0..rounds {
        for (row, ratios) in rows.iter_mut().zip(&mut measured) {
            // Beside each other, so that both meet the same machine.
            let base = nanos(requests, || row.base.run(&mut bare));
            let with_sessions = nanos(requests, || (row.run)(&mut row.app));
            ratios.push(with_sessions / base);
            if row.base == Base::Plain {
                base_nanos.push(base);
            }
        }
    }

    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{rounds} rounds of {requests} requests; without sessions {:.0} ns",
        quantile(&mut base_nanos, 0.5)
    )?;
    writeln!(out, "{:<44} {:>7}  half of the rounds", "", "median")?;
    for (row, ratios) in rows.iter().zip(&mut measured) {
        let [low, median, high] = [0.25, 0.5, 0.75].map(|share| quantile(ratios, share));
        let name = row.name;
        writeln!(out, "{name:<44} {median:>6.2}x  {low:.2} to {high:.2}")?;
    }
    Ok(())
}

fn rows() -> [Row; 8] {
    let sliding = StandardPolicy::builder;
    let fixed = || sliding().no_idle_timeout();
    let row = |name, base, policy, run| Row {
        name,
        base,
        app: App::with_sessions(policy),
        run,
    };
    let floor = |name, app| Row {
        name,
        base: Base::Plain,
        app,
        run: |app: &mut App| send(app, Work::Plain),
    };
    [
        floor("no layer (what the noise is)", App::bare()),
        floor("a layer that does nothing", App::with_empty_layer()),
        floor("a layer that adds an extension", App::with_extension()),
        row(
            "cookie present, not asked for",
            Base::Plain,
            sliding(),
            |app| {
                send(app, Work::Plain);
            },
        ),
        row("read, fixed expiry", Base::Text, fixed(), |app| {
            send(app, Work::Read);
        }),
        row("read, sliding expiry", Base::Text, sliding(), |app| {
            send(app, Work::Read);
        }),
        row("read and change", Base::Plain, sliding(), |app| {
            send(app, Work::Change);
        }),
        row("log in, then log out", Base::TwoPlain, sliding(), |app| {
            app.log_in();
            send(app, Work::Logout);
        }),
    ]
}

fn send(app: &mut App, work: Work) {
    black_box(app.send(work));
}

/// Returns how long one takes of so many, in nanoseconds.
#[expect(
    clippy::disallowed_methods,
    reason = "a bench reads the clock of the machine"
)]
fn nanos(count: usize, mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        run();
    }
    start.elapsed().as_secs_f64() * 1e9 / count as f64
}

/// Returns the value that this share of the values lies below.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a length is a place within it"
)]
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len().saturating_sub(1) as f64 * share).round() as usize;
    values.get(place).copied().unwrap_or(f64::NAN)
}
