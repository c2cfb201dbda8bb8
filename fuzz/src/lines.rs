//! Inputs that are lines of text, so that a finding can be read and the corpus written by hand.

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;

/// What a byte stands for in the lines of a target: a text, and how often it is repeated.
///
/// So a small input holds what a fuzzer would hardly find, or what is long.
pub(crate) type Macro = (u8, &'static [u8], usize);

/// Returns each line as its first letter and its text.
pub(crate) fn lines(bytes: &[u8], macros: &[Macro]) -> Vec<(u8, Vec<u8>)> {
    bytes
        .split(|&byte| byte == b'\n')
        .filter_map(|line| {
            let (letter, text) = line.split_first()?;
            Some((*letter, expanded(text, macros)))
        })
        .collect()
}

fn expanded(text: &[u8], macros: &[Macro]) -> Vec<u8> {
    let mut all = Vec::with_capacity(text.len());
    for byte in text {
        match macros.iter().find(|(known, ..)| known == byte) {
            Some((_, meant, times)) => all.extend(meant.repeat(*times)),
            None => all.push(*byte),
        }
    }
    all
}

/// Adds the fields that can be sent.
pub(crate) fn append(headers: &mut HeaderMap, name: &HeaderName, values: &[Vec<u8>]) {
    for value in values {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(name, value);
        }
    }
}
