//! What went wrong between the store and its server.

use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use redis::ErrorKind;
use redis::RedisError;
use redis::ServerErrorKind;

/// Why the server did not do what it was asked: the source of the store's errors.
///
/// Says what kind of fault it was and nothing of what the server wrote or was sent, because that
/// may hold keys and handles.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// There is no connection now. It is being made again.
    #[error("there is no connection to redis")]
    Disconnected,
    /// Fewer replicas than were asked for have an ending in time.
    #[error("fewer replicas than asked for have acknowledged in time")]
    NotReplicated,
    /// The server may be another one, or the driver refuses.
    #[error("the connection to redis is not usable: {0}")]
    Protocol(&'static str),
    /// The server answered with an error.
    #[error("redis answered {0}")]
    Server(ServerCode),
    /// No answer came within the time-out.
    #[error("redis did not answer in time")]
    TimedOut,
    /// The name of a session of this subject does not lead to the server that has the subject.
    #[error(
        "the handle of the session was made without the tag of its subject: build the `DynStore` \
         with `.with_tags()`, or by `DynStore::from`"
    )]
    Untagged,
    /// The server has not shown a certificate that the system trusts: it is another one, or its
    /// authority is not known here.
    #[error("the certificate of redis is not trusted")]
    Untrusted,
    /// A caller asked to bind a session that has no subject.
    #[error("the session to bind has no subject: begin it with `create`")]
    WithoutSubject,
}

/// The first word of an error of the server, such as `OOM` or `READONLY`.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct ServerCode([u8; 16]);

impl ServerCode {
    /// Returns the word. One that does not look like a code is told as `ERR`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let word = self.0.split(|byte| *byte == 0).next().unwrap_or_default();
        str::from_utf8(word).unwrap_or_default()
    }

    fn new(code: &str) -> Self {
        let is_code = code.len() <= 16 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        let code = if is_code { code } else { "ERR" };
        let mut word = [0; 16];
        for (place, byte) in word.iter_mut().zip(code.bytes()) {
            *place = byte;
        }
        Self(word)
    }
}

impl std::fmt::Debug for ServerCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Display for ServerCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Fault {
    /// Returns the fault as the store's error.
    pub(crate) fn into_error(self) -> StoreError {
        StoreError::new(self.kind(), self)
    }

    /// Returns whether this is what a call hears while another server becomes the master.
    pub(crate) fn may_be_a_failover(self) -> bool {
        match self {
            Self::Disconnected | Self::TimedOut => true,
            Self::Server(code) => matches!(
                code.as_str(),
                "CLUSTERDOWN" | "MASTERDOWN" | "MOVED" | "READONLY" | "UNBLOCKED"
            ),
            _ => false,
        }
    }

    fn kind(self) -> StoreErrorKind {
        match self {
            Self::Disconnected | Self::NotReplicated | Self::TimedOut => {
                StoreErrorKind::Unavailable
            }
            Self::Protocol(_) | Self::Untagged | Self::Untrusted | Self::WithoutSubject => {
                StoreErrorKind::Rejected
            }
            Self::Server(code) => match code.as_str() {
                // The server looked at the command and refused it: nothing was changed.
                "CROSSSLOT" | "MISCONF" | "NOAUTH" | "NOPERM" | "NOREPLICAS" | "OOM"
                | "WRONGPASS" => StoreErrorKind::Rejected,
                // A key of ours holds what is not ours, or what a script cannot read.
                "CORRUPT" | "WRONGTYPE" => StoreErrorKind::Corrupt,
                _ => StoreErrorKind::Unavailable,
            },
        }
    }
}

impl From<&RedisError> for Fault {
    fn from(error: &RedisError) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        if is_untrusted(error) {
            return Self::Untrusted;
        }
        match error.kind() {
            ErrorKind::Io
            | ErrorKind::ClusterConnectionNotFound
            | ErrorKind::MasterNameNotFoundBySentinel
            | ErrorKind::Parse => Self::Disconnected,
            ErrorKind::AuthenticationFailed => Self::Server(ServerCode::new("WRONGPASS")),
            ErrorKind::InvalidClientConfig => Self::Protocol("the settings do not fit the server"),
            ErrorKind::RESP3NotSupported => {
                Self::Protocol("the server does not speak the protocol RESP3")
            }
            // A right that a command of a script lacks: others before it were carried out, perhaps.
            _ if error.code() == Some("NOPERM")
                && error
                    .detail()
                    .is_some_and(|said| said.contains("@user_script")) =>
            {
                Self::Server(ServerCode::new("ERR"))
            }
            _ => Self::Server(ServerCode::new(error.code().unwrap_or("ERR"))),
        }
    }
}

/// Why a command was not carried out.
pub(crate) enum Failure {
    Fault(Fault),
    /// The server does not have the script, or no longer.
    MissingScript,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        if error.code() == Some("NOSCRIPT") {
            Self::MissingScript
        } else {
            Self::Fault(Fault::from(&error))
        }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Fault(fault) => fault,
            Failure::MissingScript => Self::Server(ServerCode::new("NOSCRIPT")),
        }
    }
}

/// Returns whether the handshake ended because of the server's certificate. The driver tells it by the
/// text of rustls alone; a test notices where that changes.
fn is_untrusted(error: &RedisError) -> bool {
    error.is_io_error() && error.to_string().contains("invalid peer certificate")
}

/// Returns whether a connection can no longer be used for what sessions need.
pub(crate) fn is_lost(error: &RedisError) -> bool {
    match error.kind() {
        // Deliberately not a time-out: the answer may still come, and what follows it fits.
        ErrorKind::Io => !error.is_timeout(),
        ErrorKind::Parse => true,
        // Became a replica, perhaps by a failover: the master is elsewhere.
        ErrorKind::Server(ServerErrorKind::MasterDown | ServerErrorKind::ReadOnly) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
