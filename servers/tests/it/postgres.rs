use std::process::Command;
use std::process::Stdio;

use hallpass_servers::PgBouncer;
use hallpass_servers::Postgres;
use hallpass_servers::eventually;
use hallpass_servers::postgres::Settings;

use crate::runs;

/// What the server answers, or what `psql` says.
fn query(url: &str, sql: &str) -> Result<String, String> {
    let output = Command::new("psql")
        .args(["--no-psqlrc", "-Atqc", sql, url])
        .env("PGCONNECT_TIMEOUT", "2")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim().to_owned();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

fn setting(postgres: &Postgres, name: &str) -> String {
    query(&postgres.url(), &format!("SHOW {name}")).unwrap()
}

#[test]
fn a_postgres_answers_with_its_settings() {
    let postgres = Postgres::start(&Settings::default()).unwrap();

    let names = ["TimeZone", "fsync", "max_connections", "server_encoding"];
    assert_eq!(
        names.map(|name| setting(&postgres, name)),
        ["UTC", "off", "300", "UTF8"]
    );
    assert_eq!(setting(&postgres, "listen_addresses"), "127.0.0.1");
    assert_eq!(setting(&postgres, "unix_socket_directories"), "");
}

#[test]
fn a_postgres_elsewhere_is_elsewhere_and_may_be_durable() {
    let settings = Settings::default()
        .time_zone("Pacific/Chatham")
        .durable()
        .max_connections(20)
        .option("work_mem", "1MB");

    let postgres = Postgres::start(&settings).unwrap();

    let names = ["TimeZone", "fsync", "max_connections", "work_mem"];
    assert_eq!(
        names.map(|name| setting(&postgres, name)),
        ["Pacific/Chatham", "on", "20", "1MB"]
    );
}

#[test]
fn what_was_committed_is_there_after_a_kill_and_after_a_stop() {
    let postgres = Postgres::start(&Settings::default()).unwrap();
    let pid = postgres.pid().unwrap();
    query(&postgres.url(), "CREATE TABLE t AS SELECT 7 AS n").unwrap();

    postgres.kill();
    let while_killed = (postgres.pid(), runs(pid));
    postgres.start_again().unwrap();
    let after_kill = query(&postgres.url(), "SELECT n FROM t");
    postgres.stop().unwrap();
    postgres.start_again().unwrap();

    assert_eq!(while_killed, (None, false));
    assert_eq!(after_kill.as_deref(), Ok("7"));
    assert_eq!(
        query(&postgres.url(), "SELECT n FROM t").as_deref(),
        Ok("7")
    );
}

#[test]
fn a_kill_takes_the_processes_of_connections_along() {
    let postgres = Postgres::start(&Settings::default()).unwrap();
    let mut client = Command::new("psql")
        .args(["-Atqc", "SELECT pg_sleep(600)", &postgres.url()])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut backend = String::new();
    eventually("the connection sleeps", || {
        let sql = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        backend = query(&postgres.url(), sql).unwrap();
        !backend.is_empty()
    })
    .unwrap();

    postgres.kill();

    let backend = backend.parse().unwrap();
    eventually("the process is gone", || !runs(backend)).unwrap();
    assert!(!client.wait().unwrap().success());
    postgres.start_again().unwrap();
}

#[test]
fn a_dropped_postgres_leaves_no_process_and_no_shared_memory() {
    for is_killed in [false, true] {
        let postgres = Postgres::start(&Settings::default()).unwrap();
        let pid = postgres.pid().unwrap();
        let is_in_memory = || {
            let output = Command::new("ipcs").args(["-m", "-p"]).output().unwrap();
            let listing = String::from_utf8(output.stdout).unwrap();
            listing
                .split_whitespace()
                .any(|word| word == pid.to_string())
        };
        assert!(is_in_memory());
        if is_killed {
            postgres.kill();
            assert!(is_in_memory());
        } else {
            postgres.pause();
        }

        drop(postgres);

        assert_eq!((runs(pid), is_in_memory()), (false, false));
    }
}

#[test]
fn a_paused_postgres_answers_nothing_until_it_resumes() {
    let postgres = Postgres::start(&Settings::default()).unwrap();

    postgres.pause();
    let paused = query(&postgres.url(), "SELECT 1");
    postgres.resume();

    assert!(paused.is_err(), "{paused:?}");
    assert_eq!(query(&postgres.url(), "SELECT 1").as_deref(), Ok("1"));
}

#[test]
fn a_pgbouncer_answers_for_its_postgres_by_transaction() {
    let postgres = Postgres::start(&Settings::default()).unwrap();
    let pgbouncer = PgBouncer::start(&postgres).unwrap();

    assert_eq!(
        query(&pgbouncer.url(), "SHOW port"),
        Ok(postgres.port().to_string())
    );
    let admin = pgbouncer.url().replace("/postgres", "/pgbouncer");
    let config = query(&admin.replace("postgres@", "pgbouncer@"), "SHOW CONFIG").unwrap();
    assert!(config.contains("pool_mode|transaction|"), "{config}");

    pgbouncer.kill();
    let while_killed = query(&pgbouncer.url(), "SELECT 1");
    pgbouncer.start_again().unwrap();

    assert!(while_killed.is_err(), "{while_killed:?}");
    assert_eq!(query(&pgbouncer.url(), "SELECT 1").as_deref(), Ok("1"));
}
