use std::error::Error;
use std::io;

use redis::make_extension_error;

use super::*;

fn kind_of(code: &str) -> StoreErrorKind {
    let error = make_extension_error(code.to_owned(), Some("with details".to_owned()));
    Fault::from(&error).into_error().kind()
}

/// Race 39.
#[test]
fn a_server_that_is_away_is_unavailable() {
    for code in [
        "LOADING",
        "CLUSTERDOWN",
        "TRYAGAIN",
        "MASTERDOWN",
        "READONLY",
        "BUSY",
        "ERR",
    ] {
        assert_eq!(kind_of(code), StoreErrorKind::Unavailable, "{code}");
    }
    for kind in [
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::ConnectionRefused,
        io::ErrorKind::TimedOut,
    ] {
        let error = RedisError::from(io::Error::from(kind));
        let kind = Fault::from(&error).into_error().kind();
        assert_eq!(kind, StoreErrorKind::Unavailable);
    }
}

#[test]
fn a_server_that_looked_and_refused_has_changed_nothing() {
    for code in [
        "OOM",
        "MISCONF",
        "NOREPLICAS",
        "NOPERM",
        "NOAUTH",
        "WRONGPASS",
        "CROSSSLOT",
    ] {
        assert_eq!(kind_of(code), StoreErrorKind::Rejected, "{code}");
    }
    for code in ["CORRUPT", "WRONGTYPE"] {
        assert_eq!(kind_of(code), StoreErrorKind::Corrupt, "{code}");
    }
}

/// A script has made changes, perhaps, before the command that it may not use.
#[test]
fn a_right_that_a_script_lacks_is_no_refusal() {
    for (said, kind) in [
        ("no permissions", StoreErrorKind::Rejected),
        (
            "no permissions script: 50f9, on @user_script:1.",
            StoreErrorKind::Unavailable,
        ),
    ] {
        let error = make_extension_error("NOPERM".to_owned(), Some(said.to_owned()));
        assert_eq!(Fault::from(&error).into_error().kind(), kind);
    }
}

/// Race 47: of what the server says the code alone is told.
#[test]
fn no_error_shows_what_the_server_said() {
    let handle = "AAECAwQFBgcICQoLDA0ODw";
    for (code, told) in [("OOM", "OOM"), (handle, "ERR")] {
        let detail = format!("near {handle}");
        let error = make_extension_error(code.to_owned(), Some(detail));
        let error = Fault::from(&error).into_error();
        let source = error.source().unwrap();
        assert_eq!(source.to_string(), format!("redis answered {told}"));
        assert!(!format!("{error} {error:?} {source:?}").contains(handle));
    }
}

#[test]
fn a_missing_script_is_told_apart() {
    let error = make_extension_error("NOSCRIPT".to_owned(), None);
    let kind = error.kind();
    let failure = Failure::from(error);
    assert!(matches!(failure, Failure::MissingScript), "{kind:?}");
}
