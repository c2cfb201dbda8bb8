//! The stores on servers: processes, each with connections of its own.

use hallpass_servers::urls;

use crate::run::Run;

/// Asserts that a run on a server keeps all promises.
fn assert_keeps_all_promises(name: &'static str, url: &str, seconds_in_ci: u64) {
    let run = Run::on_server(name, url, seconds_in_ci);
    run.of_processes().assert_keeps_all_promises();
}

#[test]
fn no_history_of_redis_contradicts_itself() {
    assert_keeps_all_promises("redis", &urls::redis(), 60);
}

#[test]
fn no_history_of_redis_cluster_contradicts_itself() {
    assert_keeps_all_promises("cluster", &urls::redis_cluster(), 30);
}

#[test]
fn no_history_of_postgres_contradicts_itself() {
    assert_keeps_all_promises("postgres", &urls::postgres(), 30);
}

#[test]
fn no_history_of_a_pool_with_repeatable_read_contradicts_itself() {
    let url = urls::postgres().replacen("postgres:", "postgres-pool:", 1);
    assert_keeps_all_promises("pool", &url, 30);
}
