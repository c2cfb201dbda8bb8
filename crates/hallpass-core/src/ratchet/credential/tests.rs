//! Where the secrets come from, and that they look as if nobody could guess them.

use super::*;
use crate::random::SystemRandom;
use crate::token::SessionHandle;

const TOKENS: usize = 1_000_000;
const BITS: usize = TOKENS * SECRET_BYTES * 8;

/// What is counted of many secrets.
struct Sample {
    /// The first 64 bits of each.
    starts: Vec<u64>,
    /// How often each byte occurs.
    bytes: [usize; 256],
}

impl Sample {
    fn draw() -> Self {
        let handle = SessionHandle::from_bytes([7; 16]);
        let mut starts = Vec::with_capacity(TOKENS);
        let mut bytes = [0; 256];
        for _ in 0..TOKENS {
            let now = Timestamp::from_millis(0);
            let client = ClientKind::default();
            let (_, token) = Credential::first(handle, &SystemRandom, client, now).unwrap();
            let secret = token.secret();
            for byte in secret {
                bytes[usize::from(*byte)] += 1;
            }
            starts.push(u64::from_be_bytes(*secret.first_chunk().unwrap()));
        }
        Self { starts, bytes }
    }

    /// Stricter than asking for equal tokens: of random ones, two share their first 64 bits once
    /// in 37 million samples.
    fn has_duplicates(&mut self) -> bool {
        self.starts.sort_unstable();
        self.starts.windows(2).any(|pair| pair[0] == pair[1])
    }

    /// How far the number of ones is from half of the bits, in standard deviations.
    fn monobit(&self) -> f64 {
        let ones = (0..=u8::MAX)
            .zip(self.bytes)
            .map(|(byte, count)| as_f64(count) * f64::from(byte.count_ones()))
            .sum::<f64>();
        let bits = as_f64(BITS);
        (ones - bits / 2.0) / (bits.sqrt() / 2.0)
    }

    /// The chi-square statistic of the bytes, with 255 degrees of freedom.
    fn chi_square(&self) -> f64 {
        let expected = as_f64(TOKENS * SECRET_BYTES) / 256.0;
        self.bytes
            .iter()
            .map(|count| (as_f64(*count) - expected).powi(2) / expected)
            .sum()
    }
}

/// All numbers here are far below 2^53.
fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

/// SES-01: a million tokens without a duplicate, whose bits and bytes are evenly spread: both
/// statistics within p = 0.001 and p = 0.999.
///
/// Randomness leaves these bounds four times in a thousand samples. So up to three samples are
/// drawn, which all fail by chance once in fifteen million runs.
#[test]
fn a_million_tokens_differ_and_look_random() {
    let looks_random = || {
        let mut sample = Sample::draw();
        assert!(!sample.has_duplicates());
        let (monobit, chi_square) = (sample.monobit(), sample.chi_square());
        monobit.abs() <= 3.09 && (190.8..=330.6).contains(&chi_square)
    };
    assert!((0..3).any(|_| looks_random()));
}

/// SES-01: at least 128 bits are random (ASVS 5.0 7.2.3); ours are 224.
#[test]
fn the_random_part_of_a_token_has_224_bits() {
    assert_eq!(SECRET_BYTES * 8, 224);
}

/// SES-01: without randomness there is no token, not a weaker one.
#[test]
fn a_source_that_fails_gives_no_token() {
    #[derive(Debug)]
    struct Failing;

    impl SecureRandom for Failing {
        fn fill(&self, _destination: &mut [u8]) -> Result<(), RandomUnavailable> {
            Err(RandomUnavailable)
        }
    }

    let handle = SessionHandle::from_bytes([7; 16]);
    let (client, now) = (ClientKind::default(), Timestamp::from_millis(0));
    let first = Credential::first(handle, &Failing, client.clone(), now);
    assert!(matches!(first, Err(RandomUnavailable)));
    let (credential, _token) =
        Credential::first(handle, &SystemRandom, client.clone(), now).unwrap();
    let raised = credential.broken(handle, &Failing, client, now);
    assert!(matches!(raised, Err(RandomUnavailable)));
}
