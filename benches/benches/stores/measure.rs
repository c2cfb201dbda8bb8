//! Two things side by side, again and again.

use std::hint::black_box;
use std::io;
use std::io::Write;
use std::time::Instant;

use crate::Result;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    rounds: usize,
    calls: usize,
}

impl Extent {
    pub(crate) fn from_arguments() -> Self {
        let has = |name: &str| std::env::args().any(|argument| argument == name);
        if has("--bench") && !has("--quick") && !has("--test") {
            Self {
                rounds: 401,
                calls: 50,
            }
        } else {
            Self {
                rounds: 1,
                calls: 1,
            }
        }
    }
}

pub(crate) fn headline(base: &str, extent: Extent) -> io::Result<()> {
    let Extent { rounds, calls } = extent;
    writeln!(
        io::stdout().lock(),
        "{base}: {rounds} rounds of {calls} calls, one at a time"
    )
}

/// Measures the one beside the other, so that both meet the same machine, and prints the median of
/// the ratios with the middle half of them.
pub(crate) async fn compare<A, B>(
    name: &str,
    extent: Extent,
    base: impl AsyncFn() -> Result<A>,
    row: impl AsyncFn() -> Result<B>,
) -> Result {
    let mut ratios = Vec::new();
    let mut floors = Vec::new();
    for _ in 0..extent.rounds {
        let floor = micros(extent.calls, &base).await?;
        ratios.push(micros(extent.calls, &row).await? / floor);
        floors.push(floor);
    }
    let [low, median, high] = [0.25, 0.5, 0.75].map(|share| quantile(&mut ratios, share));
    writeln!(
        io::stdout().lock(),
        "  {name:<66} {median:>5.2}x  {low:.2} to {high:.2}  (base {:.0} us)",
        quantile(&mut floors, 0.5)
    )?;
    Ok(())
}

/// Returns how long one takes of so many, in microseconds.
#[expect(
    clippy::disallowed_methods,
    reason = "a bench reads the clock of the machine"
)]
async fn micros<T>(count: usize, run: &impl AsyncFn() -> Result<T>) -> Result<f64> {
    let start = Instant::now();
    for _ in 0..count {
        black_box(run().await?);
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / count as f64)
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
