//! One process of a crowd: plays clients on a store, and writes down what they were answered.
//!
//! The parent hands out the tokens: each that a client gets goes to standard output, and those of
//! the other processes come in on standard input. Its arguments are `name=value`, see `Settings`.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    hallpass_histories::hammer(std::env::args().skip(1))
}
