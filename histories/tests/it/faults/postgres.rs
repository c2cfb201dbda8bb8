//! One PostgreSQL.

use std::process::Command;
use std::time::Duration;

use hallpass_servers::Postgres;
use hallpass_servers::Proxy;
use hallpass_servers::eventually;
use hallpass_servers::postgres::Settings;

use super::Trial;
use super::pass;

/// In which service must be back. The circuit waits for a few seconds at the most.
const BOUND: Duration = Duration::from_secs(6);

#[test]
fn a_postgres_that_is_killed_loses_nothing() {
    let postgres = Postgres::start(&Settings::default().durable()).unwrap();
    let outcome = Trial::new("postgres-killed", &postgres.url())
        .lasting(12)
        .meets(|| {
            postgres.kill();
            pass(Duration::from_millis(1500));
            postgres.start_again().unwrap();
        });
    outcome.assert_was_noticed();
    outcome.assert_loses_nothing(BOUND);
}

#[test]
fn a_postgres_that_hangs_loses_nothing() {
    let postgres = Postgres::start(&Settings::default()).unwrap();
    let outcome = Trial::new("postgres-hung", &postgres.url())
        .lasting(12)
        .meets(|| {
            postgres.pause();
            pass(Duration::from_secs(2));
            postgres.resume();
        });
    outcome.assert_was_noticed();
    outcome.assert_loses_nothing(BOUND);
}

#[test]
fn requests_to_a_postgres_that_are_cut_in_their_middle_lose_nothing() {
    let postgres = Postgres::start(&Settings::default()).unwrap();
    let proxy = Proxy::in_front_of(&postgres.url()).unwrap();
    let outcome = Trial::new("postgres-request-cut", &proxy.url())
        .lasting(11)
        .meets(|| {
            for number in 0..CUTS {
                proxy.cut_after_bytes_to_server(97 * number + 1);
                pass(BETWEEN_CUTS);
            }
        });
    outcome.assert_was_noticed();
    outcome.assert_loses_nothing(BOUND);
}

#[test]
fn answers_of_a_postgres_that_are_cut_in_their_middle_lose_nothing() {
    let postgres = Postgres::start(&Settings::default()).unwrap();
    let proxy = Proxy::in_front_of(&postgres.url()).unwrap();
    let outcome = Trial::new("postgres-answer-cut", &proxy.url())
        .lasting(11)
        .meets(|| {
            for number in 0..CUTS {
                proxy.cut_after_bytes_to_client(61 * number);
                pass(BETWEEN_CUTS);
            }
        });
    outcome.assert_was_noticed();
    outcome.assert_loses_nothing(BOUND);
}

#[test]
fn a_postgres_that_takes_no_writes_loses_nothing() {
    let postgres = Postgres::start(&Settings::default()).unwrap();
    let reads_only = |value: &str| {
        let set = format!("alter system set default_transaction_read_only = {value}");
        query(&postgres, &set);
        query(&postgres, "select pg_reload_conf()");
    };
    let outcome = Trial::new("postgres-read-only", &postgres.url())
        .lasting(11)
        .meets(|| {
            reads_only("on");
            pass(Duration::from_secs(2));
            reads_only("off");
        });
    outcome.assert_was_noticed();
    outcome.assert_loses_nothing(BOUND);
}

#[test]
fn nobody_notices_that_subscriptions_to_a_postgres_are_cut() {
    let postgres = Postgres::start(&Settings::default()).unwrap();
    let subscribed = |what: &str| {
        let of_listeners = "from pg_stat_activity where query ilike 'listen %'";
        query(&postgres, &format!("select {what} {of_listeners}"))
    };
    let outcome = Trial::new("postgres-subscription-cut", &postgres.url())
        .patient()
        .meets(|| {
            assert_eq!(subscribed("count(*)"), "3");
            assert_eq!(subscribed("pg_terminate_backend(pid)"), "t\nt\nt");
            eventually("all listen again", || subscribed("count(*)") == "3").unwrap();
        });
    outcome.assert_nobody_noticed();
    outcome.assert_loses_nothing(BOUND);
}

/// Returns what the server answers.
fn query(postgres: &Postgres, sql: &str) -> String {
    let mut command = Command::new("psql");
    command.args(["--no-psqlrc", "-Atqc", sql, &postgres.url()]);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{sql}: {said}");
    let answered = String::from_utf8(output.stdout).unwrap();
    answered.trim_end().to_owned()
}

const CUTS: u64 = 8;
const BETWEEN_CUTS: Duration = Duration::from_millis(250);
