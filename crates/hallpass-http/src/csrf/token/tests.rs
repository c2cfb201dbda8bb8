use hallpass_testkit::FailingRandom;
use hallpass_testkit::SeededRandom;
use proptest::prelude::*;

use super::*;

const SECRET: [u8; 32] = [7; 32];

fn token(seed: u64, secret: &[u8; 32]) -> CsrfToken {
    CsrfToken::issue(secret, &SeededRandom::new(seed)).unwrap()
}

fn verifies(text: &str) -> bool {
    CsrfToken::verifies(text.as_bytes(), &SECRET)
}

/// The bytes of a token with one bit turned, as text.
fn turned(token: &CsrfToken, bit: usize) -> String {
    let mut bytes = Base64UrlUnpadded::decode_vec(token.as_str()).unwrap();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Base64UrlUnpadded::encode_string(&bytes)
}

/// CSRF-04: HMAC-SHA-256 over the label and the random part, each with its length in front; the
/// expected value was computed by another implementation.
#[test]
fn a_token_is_its_random_part_and_a_code_over_it() {
    #[derive(Debug)]
    struct Counting;
    impl SecureRandom for Counting {
        fn fill(&self, destination: &mut [u8]) -> Result<(), RandomUnavailable> {
            for (byte, value) in destination.iter_mut().zip(0..) {
                *byte = value;
            }
            Ok(())
        }
    }
    let token = CsrfToken::issue(&SECRET, &Counting).unwrap();
    assert_eq!(token.as_str(), VECTOR);
}

/// CSRF-04 and CK-16: a token of one session is worth nothing in another.
#[test]
fn a_token_of_one_session_fails_in_another() {
    let token = token(1, &SECRET);
    assert!(verifies(token.as_str()));
    for bit in 0..256 {
        let mut other = SECRET;
        other[bit / 8] ^= 1 << (bit % 8);
        assert!(
            !CsrfToken::verifies(token.as_str().as_bytes(), &other),
            "bit {bit}"
        );
    }
}

/// CSRF-03: each answer has another token (BREACH), and all of a session are good.
#[test]
fn a_thousand_tokens_of_one_session_differ_and_verify() {
    let random = SeededRandom::new(3);
    let tokens: std::collections::BTreeSet<String> = (0..1000)
        .map(|_| CsrfToken::issue(&SECRET, &random).unwrap().0)
        .collect();
    assert_eq!(tokens.len(), 1000);
    assert!(tokens.iter().all(|token| verifies(token)));
    // Nothing of them stays the same in one place.
    for place in 0..TOKEN_CHARS {
        let seen: std::collections::BTreeSet<u8> =
            tokens.iter().map(|token| token.as_bytes()[place]).collect();
        assert!(seen.len() > 32, "place {place}");
    }
}

/// CSRF-04.
#[test]
fn a_token_with_one_bit_turned_fails() {
    let token = token(1, &SECRET);
    for bit in 0..TOKEN_BYTES * 8 {
        assert!(!verifies(&turned(&token, bit)), "bit {bit}");
    }
}

/// CSRF-04: the lengths of the fields are part of what is signed.
#[test]
fn a_byte_that_moves_between_fields_changes_the_code() {
    let code = |fields: &[&[u8]]| mac(&SECRET, fields).finalize().into_bytes();
    assert_ne!(code(&[b"1", b"!a"]), code(&[b"1!", b"a"]));
    assert_ne!(code(&[b"1!a", b""]), code(&[b"", b"1!a"]));
    assert_ne!(code(&[b"1!a"]), code(&[b"1!a", b""]));
}

/// CSRF-04: the fields of a token have fixed lengths, so that rotating its bytes moves one between
/// them.
#[test]
fn a_token_whose_bytes_are_shifted_fails() {
    let token = token(1, &SECRET);
    let bytes = Base64UrlUnpadded::decode_vec(token.as_str()).unwrap();
    for shift in 1..TOKEN_BYTES {
        let mut shifted = bytes.clone();
        shifted.rotate_left(shift);
        assert!(
            !verifies(&Base64UrlUnpadded::encode_string(&shifted)),
            "{shift}"
        );
    }
}

#[test]
fn only_one_encoding_is_a_token() {
    let token = token(1, &SECRET);
    let good = token.as_str();
    for length in (0..TOKEN_CHARS).chain([TOKEN_CHARS + 1, TOKEN_CHARS * 2, 1 << 20]) {
        let text: String = good.chars().cycle().take(length).collect();
        assert!(!verifies(&text), "length {length}");
    }
    for place in 0..TOKEN_CHARS {
        for character in *b"=+/ \0\r\n\";,%.\x7f\xff" {
            let mut wrong = good.as_bytes().to_vec();
            wrong[place] = character;
            assert!(!CsrfToken::verifies(&wrong, &SECRET), "{character:?}");
        }
    }
}

#[test]
fn a_source_that_fails_gives_no_csrf_token() {
    let issued = CsrfToken::issue(&SECRET, &FailingRandom::new());
    assert_eq!(issued.err(), Some(RandomUnavailable::new()));
}

/// Race 47 and CSRF-03.
#[test]
fn debug_shows_no_csrf_token() {
    assert_eq!(format!("{:?}", token(1, &SECRET)), "CsrfToken");
}

proptest! {
    #[test]
    fn every_token_verifies_with_its_secret_alone(
        seed: u64,
        secret: [u8; 32],
        other: [u8; 32],
    ) {
        let token = token(seed, &secret);
        prop_assert!(CsrfToken::verifies(token.as_str().as_bytes(), &secret));
        prop_assert_eq!(
            CsrfToken::verifies(token.as_str().as_bytes(), &other),
            secret == other
        );
    }

    #[test]
    fn no_text_makes_it_panic(text in proptest::collection::vec(any::<u8>(), 0..80)) {
        prop_assert!(!CsrfToken::verifies(&text, &SECRET));
    }
}

const VECTOR: &str = "AAECAwQFBgcICQoLDA0OD8FT7oIkBZJK6OW5ozL-ztfDFAa7Asq-F_lTRcFs4L5s";
