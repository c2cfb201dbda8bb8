//! The forms in which a token might leak, and the search for them.

use std::collections::HashMap;

/// Where the secret begins: after the handle and the generation, which are public.
const SECRET_BYTE: usize = 20;
/// The first character of which all bits are of the secret.
const SECRET_CHAR: usize = 27;
/// How much of a secret counts as a leak: characters of text, bytes.
const CHARS: usize = 16;
const BYTES: usize = 8;
/// How many numbers of a list.
const NUMBERS: usize = 6;

const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// How a byte is written in a list.
type Number = fn(&u8) -> String;

/// All that may not be found.
pub(super) struct Needles {
    /// By their first eight bytes, so that one look at each place is enough for all of them.
    starts: HashMap<[u8; BYTES], Vec<Needle>>,
    /// Which three bytes any of them starts with: most places need no look.
    candidates: Vec<bool>,
}

struct Needle {
    form: &'static str,
    text: Vec<u8>,
}

impl Needles {
    pub(super) fn of(tokens: &[String]) -> Self {
        let mut needles = Self {
            starts: HashMap::new(),
            candidates: vec![false; 1 << 24],
        };
        for token in tokens {
            needles.add_token(token);
        }
        needles
    }

    /// Returns what was found: the form, and the place.
    pub(super) fn found_in(&self, said: &[u8]) -> Vec<String> {
        let mut found = self.search(said);
        // A list that is printed prettily has one number in each line.
        let stripped: Vec<u8> = said
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        found.extend(self.search(&stripped));
        found
    }

    fn search(&self, said: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for (place, window) in said.windows(BYTES).enumerate() {
            if !self.candidates[index(window)] {
                continue;
            }
            for needle in self.starts.get(window).into_iter().flatten() {
                if said[place..].starts_with(&needle.text) {
                    let around = &said[place.saturating_sub(60)..place];
                    found.push(format!("{} after {}", needle.form, around.escape_ascii()));
                }
            }
        }
        found
    }

    fn add_token(&mut self, token: &str) {
        let secret = &decoded(token)[SECRET_BYTE..];
        let text = &token.as_bytes()[SECRET_CHAR..];
        self.add_windows("text", text, CHARS);
        self.add_windows("raw bytes", secret, BYTES);
        // The characters of the text are bytes, too.
        for bytes in [secret, text] {
            self.add_hex(bytes);
            self.add_lists(bytes);
        }
        // Wherever the secret begins in groups of three bytes.
        for skipped in 0..3 {
            for (form, alphabet) in [("base64", STANDARD), ("base64url", URL_SAFE)] {
                self.add_windows(form, &encoded(&secret[skipped..], alphabet), CHARS);
            }
        }
    }

    fn add_hex(&mut self, bytes: &[u8]) {
        for window in bytes.windows(BYTES) {
            let joined = |hex: fn(&u8) -> String| window.iter().map(hex).collect::<String>();
            self.add("hex", joined(|byte| format!("{byte:02x}")).as_bytes());
            self.add("upper hex", joined(|byte| format!("{byte:02X}")).as_bytes());
            let escaped = window.escape_ascii().to_string();
            self.add("escaped bytes", escaped.as_bytes());
        }
    }

    fn add_lists(&mut self, bytes: &[u8]) {
        let forms: [(&str, Number); 4] = [
            ("list of numbers", |byte| byte.to_string()),
            ("list of hex", |byte| format!("{byte:02x}")),
            ("list of upper hex", |byte| format!("{byte:02X}")),
            ("list of prefixed hex", |byte| format!("{byte:#x}")),
        ];
        for window in bytes.windows(NUMBERS) {
            for (form, number) in forms {
                let list: Vec<_> = window.iter().map(number).collect();
                self.add(form, list.join(",").as_bytes());
            }
        }
    }

    fn add_windows(&mut self, form: &'static str, text: &[u8], length: usize) {
        for window in text.windows(length) {
            self.add(form, window);
        }
    }

    fn add(&mut self, form: &'static str, text: &[u8]) {
        let start: [u8; BYTES] = *text.first_chunk().unwrap();
        self.candidates[index(&start)] = true;
        let text = text.to_vec();
        self.starts
            .entry(start)
            .or_default()
            .push(Needle { form, text });
    }
}

/// The place of three bytes among all that there are.
fn index(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 16 | usize::from(bytes[1]) << 8 | usize::from(bytes[2])
}

/// The bytes of base64url text.
pub(super) fn decoded(text: &str) -> Vec<u8> {
    let sextets: Vec<u8> = text
        .bytes()
        .map(|character| {
            let place = URL_SAFE.iter().position(|known| *known == character);
            u8::try_from(place.unwrap()).unwrap()
        })
        .collect();
    sextets
        .chunks_exact(4)
        .flat_map(|group| {
            let bits = group
                .iter()
                .fold(0_u32, |bits, sextet| (bits << 6) | u32::from(*sextet));
            let [_, bytes @ ..] = bits.to_be_bytes();
            bytes
        })
        .collect()
}

/// The text of bytes, up to the last whole group of three.
pub(super) fn encoded(bytes: &[u8], alphabet: &[u8; 64]) -> Vec<u8> {
    bytes
        .chunks_exact(3)
        .flat_map(|group| {
            let bits = group
                .iter()
                .fold(0_usize, |bits, byte| (bits << 8) | usize::from(*byte));
            [18, 12, 6, 0].map(|shift| alphabet[bits >> shift & 0x3F])
        })
        .collect()
}

/// The text of bytes in the alphabet that tokens do not use.
pub(super) fn standard(bytes: &[u8]) -> String {
    String::from_utf8(encoded(bytes, STANDARD)).unwrap()
}
