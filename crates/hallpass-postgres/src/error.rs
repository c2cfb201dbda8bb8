//! What goes wrong between the store and its server.

use std::error::Error;
use std::fmt;

use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;

/// A fault of the server, or of the way to it: the source of a
/// [`StoreError`].
///
/// Tells the code of the server and a text of this library. What the server says in words may quote
/// values, and is not kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PostgresError {
    kind: StoreErrorKind,
    code: Option<Box<str>>,
    text: &'static str,
}

impl PostgresError {
    /// Returns the code of the server (SQLSTATE), if it was the server that answered.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Returns what kind of fault of a store it is.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    pub(crate) const fn timed_out() -> Self {
        Self::unavailable("the time-out of the operation is over")
    }

    pub(crate) const fn all_down() -> Self {
        Self::unavailable("no connection is up")
    }

    pub(crate) const fn contended() -> Self {
        Self::unavailable("the statement lost against others again and again")
    }

    #[cfg(feature = "deadpool")]
    pub(crate) const fn no_pool() -> Self {
        Self::unavailable("the pool gives no connection")
    }

    pub(crate) const fn corrupt() -> Self {
        Self {
            kind: StoreErrorKind::Corrupt,
            code: None,
            text: "a row can not be read",
        }
    }

    pub(crate) const fn no_subject() -> Self {
        Self {
            kind: StoreErrorKind::Rejected,
            code: None,
            text: "the session to bind has no subject: begin it with `create`",
        }
    }

    /// Returns whether the statement may be repeated at once: it was undone by the server, and lost
    /// only against others.
    pub(crate) fn has_lost(&self) -> bool {
        matches!(self.code(), Some("40001" | "40P01"))
    }

    /// Returns whether the server has forgotten the statement, or made its plan for other tables.
    pub(crate) fn is_stale(&self) -> bool {
        matches!(self.code(), Some("26000" | "0A000"))
    }

    /// Returns whether somebody else makes the same tables at this moment.
    pub(crate) fn is_taken(&self) -> bool {
        self.has_lost()
            || matches!(
                self.code(),
                Some("23505" | "42P06" | "42P07" | "42710" | "42723" | "XX000")
            )
    }

    const fn unavailable(text: &'static str) -> Self {
        Self {
            kind: StoreErrorKind::Unavailable,
            code: None,
            text,
        }
    }
}

impl fmt::Display for PostgresError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{} (SQLSTATE {code})", self.text),
            None => f.write_str(self.text),
        }
    }
}

impl Error for PostgresError {}

impl From<tokio_postgres::Error> for PostgresError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(code) = error.code() else {
            return Self::unavailable(of_the_wire(&error));
        };
        let (kind, text) = meaning(code.code());
        Self {
            kind,
            code: Some(code.code().into()),
            text,
        }
    }
}

impl From<PostgresError> for StoreError {
    fn from(error: PostgresError) -> Self {
        Self::new(error.kind, error)
    }
}

/// Returns what went wrong where no server has answered. Of the texts of others none is kept.
fn of_the_wire(error: &tokio_postgres::Error) -> &'static str {
    #[cfg(feature = "tls")]
    if let Some(error) = error.source()
        && let Some(error) = error.downcast_ref::<std::io::Error>()
        && let Some(error) = error.get_ref()
        && let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref()
    {
        return "the certificate of the server is not accepted";
    }
    let _cause = error;
    "the connection is lost"
}

/// Returns what a code of the server means for a store, by its class where that is enough.
fn meaning(code: &str) -> (StoreErrorKind, &'static str) {
    use StoreErrorKind::Rejected;
    use StoreErrorKind::Unavailable;
    match code {
        "25006" => (Rejected, "the server is read-only, perhaps a standby"),
        "26000" => (
            Unavailable,
            "a prepared statement is gone: behind PgBouncer use `Statements::Unnamed`",
        ),
        "3F000" | "42P01" | "42883" | "42703" => (
            Rejected,
            "tables or functions are missing: call `PostgresStore::migrate`",
        ),
        "42501" => (
            Rejected,
            "the role may not do this: see the rights that a role needs",
        ),
        "53300" => (Unavailable, "the server has too many connections"),
        "55P03" | "57014" => (Unavailable, "the server gave the statement up"),
        "22P05" => (Rejected, "the encoding of the database is not UTF8"),
        _ => match code.get(..2) {
            Some("08") => (Unavailable, "the connection is lost"),
            Some("28") => (Unavailable, "the server does not let the role in"),
            Some("3D") => (Unavailable, "the database does not exist"),
            Some("40") => (Unavailable, "the statement was undone"),
            Some("53") => (Rejected, "the server is out of disk or memory"),
            Some("54") => (Rejected, "a limit of the server is exceeded"),
            Some("57") => (Unavailable, "the server is starting or shutting down"),
            Some("58" | "XX") => (Unavailable, "the server is broken"),
            _ => (Rejected, "the server refuses the statement"),
        },
    }
}

/// Why no store came about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The name of the schema or the prefix is empty, too long, or holds control characters.
    #[error("a schema takes 1 to 63 bytes and a prefix at most 40, without control characters")]
    InvalidName,
    /// The URL is not one of PostgreSQL.
    #[error("the URL is not one of PostgreSQL")]
    InvalidUrl,
    /// The server did not answer, or not as it should.
    #[error("the server can not be used")]
    Server(#[from] PostgresError),
    /// No root certificate could be read.
    #[error("there is no root certificate to verify the server with")]
    NoRoots,
    /// The URL asks for TLS, and the feature is off.
    #[error("the URL asks for TLS: turn the feature `tls` on")]
    TlsIsOff,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_what_to_do() {
        use StoreErrorKind::Rejected;
        use StoreErrorKind::Unavailable;
        for (code, kind) in [
            ("08006", Unavailable),
            ("25006", Rejected),
            ("42501", Rejected),
            ("42883", Rejected),
            ("42P01", Rejected),
            ("53100", Rejected),
            ("53200", Rejected),
            ("53300", Unavailable),
            ("54000", Rejected),
            ("57P01", Unavailable),
            ("57P02", Unavailable),
            ("57P03", Unavailable),
        ] {
            assert_eq!(meaning(code).0, kind, "{code}");
        }
    }

    #[test]
    fn an_error_shows_its_code_and_a_text_of_ours() {
        let error = PostgresError {
            kind: StoreErrorKind::Rejected,
            code: Some("42P01".into()),
            text: meaning("42P01").1,
        };
        assert_eq!(
            error.to_string(),
            "tables or functions are missing: call `PostgresStore::migrate` (SQLSTATE 42P01)"
        );
    }
}
