//! The servers that `cargo xtask test` and `cargo xtask servers` have started, by URL.

use std::env;

/// One Redis: `redis://127.0.0.1:<port>`.
///
/// # Panics
///
/// Panics if `HALLPASS_TEST_REDIS` is not set.
#[must_use]
pub fn redis() -> String {
    variable("Redis", REDIS)
}

/// A Redis Cluster of three masters, each with a replica; the URL names the first three nodes:
/// `redis+cluster://127.0.0.1:<port>,127.0.0.1:<port>,127.0.0.1:<port>`.
///
/// # Panics
///
/// Panics if `HALLPASS_TEST_REDIS_CLUSTER` is not set.
#[must_use]
pub fn redis_cluster() -> String {
    variable("Redis Cluster", REDIS_CLUSTER)
}

/// One PostgreSQL in UTC: `postgres://postgres@127.0.0.1:<port>/postgres`.
///
/// # Panics
///
/// Panics if `HALLPASS_TEST_POSTGRES` is not set.
#[must_use]
pub fn postgres() -> String {
    variable("PostgreSQL", POSTGRES)
}

/// One PostgreSQL whose time zone is `Pacific/Chatham`, 12:45 or 13:45 hours ahead of UTC.
///
/// # Panics
///
/// Panics if `HALLPASS_TEST_POSTGRES_ELSEWHERE` is not set.
#[must_use]
pub fn postgres_elsewhere() -> String {
    variable("PostgreSQL in another time zone", POSTGRES_ELSEWHERE)
}

/// The variable with the URL of [`redis`].
pub const REDIS: &str = "HALLPASS_TEST_REDIS";

/// The variable with the URL of [`redis_cluster`].
pub const REDIS_CLUSTER: &str = "HALLPASS_TEST_REDIS_CLUSTER";

/// The variable with the URL of [`postgres`].
pub const POSTGRES: &str = "HALLPASS_TEST_POSTGRES";

/// The variable with the URL of [`postgres_elsewhere`].
pub const POSTGRES_ELSEWHERE: &str = "HALLPASS_TEST_POSTGRES_ELSEWHERE";

#[expect(
    clippy::panic,
    reason = "only tests ask, and a test that cannot run must not pass"
)]
fn variable(server: &str, name: &str) -> String {
    env::var(name).unwrap_or_else(|_| {
        panic!(
            "no {server} to test with: run `cargo xtask test`, or `cargo xtask servers` and set what it prints"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(
        expected = "no Redis to test with: run `cargo xtask test`, or `cargo xtask servers` and set what it prints"
    )]
    fn a_missing_server_is_named_with_what_to_do() {
        let _ = variable("Redis", "HALLPASS_TEST_NO_SUCH_SERVER");
    }
}
