//! `cargo xtask loom`: the models of the memory store, under the model checker.

use crate::Result;
use crate::process::Process;
use crate::process::say;

pub(crate) fn run() -> Result {
    say(
        "loom: runs the memory store's locks and atomics in every order that threads can come to them",
    )?;
    models().run()
}

fn models() -> Process {
    // A folder of its own: the flags are those of each dependency, and would have everything built
    // anew each time that they come or go.
    Process::cargo(&["test", "--package", "hallpass-memory", "--lib", "--release"])
        .arguments(&["--target-dir", "target/loom"])
        // One line for each model, with the number of orders and the time.
        .arguments(&["--", "--nocapture", "models::"])
        .variable("RUSTFLAGS", "--cfg hallpass_loom")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_can_be_repeated_by_hand() {
        assert_eq!(
            models().to_string(),
            "RUSTFLAGS='--cfg hallpass_loom' cargo test --package hallpass-memory --lib --release \
             --target-dir target/loom -- --nocapture models::"
        );
    }
}
