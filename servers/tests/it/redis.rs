use hallpass_servers::Redis;
use hallpass_servers::redis::Settings;

use crate::runs;

#[test]
fn a_redis_answers_and_is_empty() {
    let redis = Redis::start(&Settings::default()).unwrap();

    assert_eq!(redis.url(), format!("redis://127.0.0.1:{}", redis.port()));
    assert_eq!(redis.ask(&["PING"]).unwrap(), "PONG");
    assert_eq!(redis.ask(&["DBSIZE"]).unwrap(), "0");
}

#[test]
fn a_redis_that_keeps_all_has_its_data_after_a_kill() {
    let redis = Redis::start(&Settings::default().append_only()).unwrap();
    let pid = redis.pid().unwrap();
    redis.ask(&["SET", "key", "value"]).unwrap();

    redis.kill();
    let while_killed = (redis.pid(), runs(pid), redis.ask(&["PING"]).is_err());
    redis.start_again().unwrap();

    assert_eq!(while_killed, (None, false, true));
    assert_eq!(redis.ask(&["GET", "key"]).unwrap(), "value");
}

#[test]
fn a_redis_that_was_stopped_starts_again_without_its_data() {
    let redis = Redis::start(&Settings::default()).unwrap();
    redis.ask(&["SET", "key", "value"]).unwrap();

    redis.stop().unwrap();
    redis.start_again().unwrap();

    assert_eq!(redis.ask(&["DBSIZE"]).unwrap(), "0");
}

#[test]
fn a_redis_that_runs_does_not_start_again() {
    let redis = Redis::start(&Settings::default()).unwrap();

    let error = redis.start_again().unwrap_err();

    assert!(error.to_string().ends_with(" runs already"), "{error}");
}

#[test]
fn a_paused_redis_answers_nothing_until_it_resumes() {
    let redis = Redis::start(&Settings::default()).unwrap();

    redis.pause();
    let paused = redis.ask(&["PING"]);
    redis.resume();

    assert!(paused.is_err());
    assert_eq!(redis.ask(&["PING"]).unwrap(), "PONG");
}

#[test]
fn settings_reach_the_server() {
    let settings = Settings::default()
        .max_memory("8mb")
        .argument("maxmemory-policy", &["allkeys-lru"]);

    let redis = Redis::start(&settings).unwrap();

    let memory = redis.ask(&["INFO", "memory"]).unwrap();
    assert!(memory.contains("\r\nmaxmemory:8388608\r\n"), "{memory}");
    assert!(
        memory.contains("\r\nmaxmemory_policy:allkeys-lru\r\n"),
        "{memory}"
    );
}

#[test]
fn a_redis_that_does_not_start_says_why_in_one_line() {
    let error = Redis::start(&Settings::default().argument("no-such-line", &["1"])).unwrap_err();

    let error = error.to_string();
    assert!(error.contains(" ended before it was ready: "), "{error}");
    assert_eq!(error.lines().count(), 1);
}

#[test]
fn a_dropped_redis_is_gone_also_when_paused() {
    for is_paused in [false, true] {
        let redis = Redis::start(&Settings::default()).unwrap();
        let pid = redis.pid().unwrap();
        let info = redis.ask(&["INFO", "server"]).unwrap();
        assert!(info.contains(&format!("process_id:{pid}\r\n")), "{info}");
        if is_paused {
            redis.pause();
        }

        drop(redis);

        assert!(!runs(pid));
    }
}

#[test]
fn a_valkey_answers_where_there_is_one() {
    let Some(settings) = Settings::valkey() else {
        return;
    };

    let valkey = Redis::start(&settings).unwrap();

    assert_eq!(valkey.ask(&["PING"]).unwrap(), "PONG");
}
