//! Fuzzes [`hallpass_fuzz::forwarded`]; without `cfg(fuzzing)`, replays the files it is given.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hallpass_fuzz::forwarded(bytes));

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    hallpass_fuzz::replay(hallpass_fuzz::forwarded)
}
