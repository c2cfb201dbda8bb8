//! The search finds what it is for.

use axum::http::StatusCode;

use super::Run;
use super::browser::Browser;
use super::needles::Needles;
use super::needles::decoded;
use super::needles::standard;

const TOKEN: &str = "AAECAwQFBgcICQoLDA0ODwAAAAC7u-2V9rJm_0QxTz3YhKp1cLwEoUdRg8NiXyAW";
const OTHER: &str = "AAECAwQFBgcICQoLDA0ODwAAAABtS4_kq2ZPv6CeJHnUsM-g0rYfXlwO9DbITa7V";

/// Race 47: a token is found in each form, whole or in part, on its own or amid other things.
#[test]
fn a_planted_token_is_found_in_every_form() {
    let needles = Needles::of(&[OTHER.to_owned(), TOKEN.to_owned()]);
    let bytes = decoded(TOKEN);
    let secret = &bytes[20..];
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let lines = [
        TOKEN.to_owned(),
        format!("__Host-session={TOKEN}; Path=/"),
        TOKEN[27..43].to_owned(),
        TOKEN[48..].to_owned(),
        hex.clone(),
        hex[40..56].to_owned(),
        hex.to_uppercase(),
        format!("{bytes:?}"),
        format!("{bytes:#?}"),
        format!("{secret:?}"),
        format!("ExposedToken({:?})", TOKEN.as_bytes()),
        format!("{bytes:02x?}"),
        format!("{bytes:02X?}"),
        format!("{bytes:#x?}"),
        standard(&bytes),
        standard(secret),
        standard(&bytes[1..]),
        standard(&bytes[2..]),
        bytes.escape_ascii().to_string(),
        format!("Some(\"{}\")", secret.escape_ascii()),
    ];
    for line in lines {
        let said = format!("before {line} after");
        assert!(!needles.found_in(said.as_bytes()).is_empty(), "{line}");
    }
    let raw = [b"record: ", secret, b" and more"].concat();
    assert!(!needles.found_in(&raw).is_empty());
}

/// What is public may be told: the handle, the generation, and somebody else's anything.
#[test]
fn what_is_no_secret_is_not_found() {
    let needles = Needles::of(&[TOKEN.to_owned()]);
    let said = format!("{} {:?} {OTHER}", &TOKEN[..26], &decoded(TOKEN)[..20]);
    assert_eq!(needles.found_in(said.as_bytes()), Vec::<String>::new());
}

/// Race 47: a handler that leaks is caught, whichever way it leaks.
#[tokio::test]
async fn a_handler_that_leaks_is_caught() {
    for way in ["leak-body", "leak-header", "leak-log", "leak-debug"] {
        let run = Run::new();
        let mut browser = Browser::new(&run);
        browser.post("login").await;
        assert_eq!(browser.post(way).await, StatusCode::OK, "{way}");
        let issued = run.issued.lock().unwrap().clone();
        assert_eq!(issued.len(), 1);
        let found = Needles::of(&issued).found_in(&run.heard.all());
        assert!(!found.is_empty(), "{way}");
    }
}
