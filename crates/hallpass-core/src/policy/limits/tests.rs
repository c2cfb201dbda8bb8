//! Limits, each alone and together.

use super::*;

const MS: Duration = Duration::from_millis(1);

fn fields(builder: LimitsBuilder) -> (&'static str, &'static str) {
    match builder.build() {
        Err(ConfigError::Order { smaller, larger }) => (smaller, larger),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let limits = Limits::builder().build().unwrap();
    assert_eq!(limits.idle(), Some(minutes(30)));
    assert_eq!(limits.absolute(), hours(12));
    assert_eq!(limits.renew_every(), Some(minutes(15)));
    assert_eq!(limits.touch_step(), minutes(1));
    assert_eq!(limits.concurrency().map(|limit| limit.max.get()), Some(5));
    assert_eq!(limits.on_replay(), OnReplay::EndSession);
}

#[test]
fn idle_may_equal_absolute_and_not_exceed_it() {
    let limits = || Limits::builder().absolute(hours(1));
    assert!(limits().idle(hours(1)).build().is_ok());
    assert!(limits().idle(hours(1) - MS).build().is_ok());
    assert_eq!(fields(limits().idle(hours(1) + MS)), ("idle", "absolute"));
}

#[test]
fn renewal_waits_for_the_windows_of_the_renewal_before() {
    let both = minutes(7) + Duration::from_secs(10);
    assert!(Limits::builder().renew_every(both).build().is_ok());
    assert_eq!(
        fields(Limits::builder().renew_every(both - MS)),
        ("repair plus grace plus twice max_skew", "renew_every")
    );
}

#[test]
fn the_touch_step_stays_below_half_of_the_idle_timeout() {
    let limits = || Limits::builder().idle(minutes(10));
    assert!(limits().touch_step(minutes(5)).build().is_ok());
    assert_eq!(
        fields(limits().touch_step(minutes(5) + MS)),
        ("touch_step", "half of idle")
    );
}

/// SES-08: there is no session without an overall timeout.
#[test]
fn no_timeout_is_zero() {
    for (builder, name) in [
        (Limits::builder().absolute(Duration::ZERO), "absolute"),
        (Limits::builder().idle(Duration::ZERO), "idle"),
        (
            Limits::builder()
                .renew_every(Duration::ZERO)
                .repair(Duration::ZERO)
                .grace(Duration::ZERO)
                .max_skew(Duration::ZERO),
            "renew_every",
        ),
    ] {
        assert!(
            matches!(builder.build(), Err(ConfigError::Zero { field }) if field == name),
            "{name}"
        );
    }
}
