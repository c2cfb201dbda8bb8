//! One Redis.

use std::time::Duration;

use hallpass_servers::Proxy;
use hallpass_servers::Redis;
use hallpass_servers::eventually;
use hallpass_servers::redis::Settings;

use super::Trial;
use super::pass;

/// In which service must be back. The circuit waits for a few seconds at the most.
const BOUND: Duration = Duration::from_secs(6);

#[test]
fn a_redis_that_is_killed_loses_nothing_that_it_has_on_disk() {
    let redis = Redis::start(&Settings::default().append_only()).unwrap();
    let outcome = Trial::new("redis-killed", &redis.url())
        .lasting(12)
        .meets(|| {
            redis.kill();
            pass(Duration::from_millis(1500));
            redis.start_again().unwrap();
        });
    outcome.assert_was_noticed();
    outcome.assert_loses_nothing(BOUND);
}

#[test]
fn a_redis_that_hangs_loses_nothing() {
    let redis = Redis::start(&Settings::default()).unwrap();
    let outcome = Trial::new("redis-hung", &redis.url())
        .lasting(12)
        .meets(|| {
            redis.pause();
            pass(Duration::from_secs(2));
            redis.resume();
        });
    outcome.assert_was_noticed();
    outcome.assert_loses_nothing(BOUND);
}

#[test]
fn requests_to_a_redis_that_are_cut_in_their_middle_lose_nothing() {
    let redis = Redis::start(&Settings::default()).unwrap();
    let proxy = Proxy::in_front_of(&redis.url()).unwrap();
    let outcome = Trial::new("redis-request-cut", &proxy.url())
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
fn answers_of_a_redis_that_are_cut_in_their_middle_lose_nothing() {
    let redis = Redis::start(&Settings::default()).unwrap();
    let proxy = Proxy::in_front_of(&redis.url()).unwrap();
    let outcome = Trial::new("redis-answer-cut", &proxy.url())
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
fn a_redis_that_is_full_loses_nothing() {
    let redis = Redis::start(&Settings::default()).unwrap();
    let limit = |size: &str| redis.ask(&["CONFIG", "SET", "maxmemory", size]).unwrap();
    let outcome = Trial::new("redis-full", &redis.url())
        .lasting(11)
        .meets(|| {
            limit("1");
            pass(Duration::from_secs(2));
            limit("0");
        });
    outcome.assert_was_noticed();
    outcome.assert_loses_nothing(BOUND);
}

#[test]
fn nobody_notices_that_a_redis_forgets_its_scripts() {
    let redis = Redis::start(&Settings::default()).unwrap();
    let outcome = Trial::new("redis-scripts-flushed", &redis.url())
        .patient()
        .meets(|| {
            for _ in 0..CUTS {
                redis.ask(&["SCRIPT", "FLUSH"]).unwrap();
                pass(BETWEEN_CUTS);
            }
        });
    outcome.assert_nobody_noticed();
    outcome.assert_loses_nothing(BOUND);
}

#[test]
fn nobody_notices_that_subscriptions_to_a_redis_are_cut() {
    let redis = Redis::start(&Settings::default()).unwrap();
    let subscribed = || {
        let listed = redis.ask(&["CLIENT", "LIST", "TYPE", "pubsub"]);
        listed.unwrap().lines().count()
    };
    let outcome = Trial::new("redis-subscription-cut", &redis.url())
        .patient()
        .meets(|| {
            assert_eq!(subscribed(), 3);
            redis.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]).unwrap();
            eventually("all have subscribed again", || subscribed() == 3).unwrap();
        });
    outcome.assert_nobody_noticed();
    outcome.assert_loses_nothing(BOUND);
}

const CUTS: u64 = 8;
const BETWEEN_CUTS: Duration = Duration::from_millis(250);
