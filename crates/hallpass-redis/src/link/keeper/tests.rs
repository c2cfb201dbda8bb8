use super::*;

/// What the randomness takes off is at most a half.
#[test]
fn each_wait_is_longer_than_the_one_before_up_to_five_seconds() {
    for (failures, most) in [
        (0, 50),
        (1, 100),
        (2, 200),
        (6, 3_200),
        (7, 5_000),
        (16, 5_000),
        (31, 5_000),
        (32, 5_000),
        (u32::MAX, 5_000),
    ] {
        for _ in 0..100 {
            let wait = backoff(failures);
            let most = Duration::from_millis(most);
            assert!((most / 2..=most).contains(&wait), "{failures}: {wait:?}");
        }
    }
}

#[test]
fn nodes_do_not_all_wait_as_long() {
    let first = backoff(7);
    assert!((0..1_000).any(|_| backoff(7) != first));
}
