//! Requirements, one by one and together.

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);
const AGE: Duration = Duration::from_secs(300);

fn authenticated(level: AssuranceLevel, age: Duration) -> Authentication {
    let at = Timestamp::from_millis(NOW.as_millis().saturating_sub(millis(age)));
    Authentication::new(level).at(at)
}

fn millis(age: Duration) -> u64 {
    u64::try_from(age.as_millis()).unwrap()
}

fn shown(authentication: &Authentication) -> Shown<'_> {
    Shown {
        authentication: Some(authentication),
        rights: &[],
        is_impersonated: false,
        demands_step_up: false,
        now: NOW,
    }
}

/// SES-19, SU-03: at the age itself it is met, a millisecond later it is not.
#[test]
fn an_authentication_is_recent_up_to_its_age_and_not_beyond() {
    let requirement = Requirement::login().max_age(AGE);
    let just = authenticated(AssuranceLevel::Aal1, AGE);
    assert_eq!(requirement.check(&shown(&just)), Ok(()));
    let late = authenticated(AssuranceLevel::Aal1, AGE + Duration::from_millis(1));
    let step_up = Unmet::StepUp {
        level: None,
        max_age: Some(AGE),
    };
    assert_eq!(requirement.check(&shown(&late)), Err(step_up.clone()));
    let unknown = Authentication::password();
    assert_eq!(requirement.check(&shown(&unknown)), Err(step_up));
}

/// SU-08: levels have an order, and a higher one is enough.
#[test]
fn a_higher_assurance_is_enough_and_a_lower_one_is_not() {
    let levels = [
        AssuranceLevel::Aal1,
        AssuranceLevel::Aal2,
        AssuranceLevel::Aal3,
    ];
    let requirement = Requirement::login().level(AssuranceLevel::Aal2);
    let met = levels.map(|level| {
        let authentication = authenticated(level, Duration::ZERO);
        requirement.check(&shown(&authentication)).is_ok()
    });
    assert_eq!(met, [false, true, true]);
}

/// SU-07.
#[test]
fn a_right_is_met_by_an_elevation_that_gives_it() {
    let authentication = authenticated(AssuranceLevel::Aal1, Duration::ZERO);
    let requirement = Requirement::login().right("admin");
    let rights = ["audit".to_owned(), "admin".to_owned()];
    let elevated = Shown {
        rights: &rights,
        ..shown(&authentication)
    };
    assert_eq!(requirement.check(&elevated), Ok(()));
    let other = Shown {
        rights: &rights[..1],
        ..shown(&authentication)
    };
    let unmet = Unmet::Right { right: "admin" };
    assert_eq!(requirement.check(&other), Err(unmet.clone()));
    let both = Requirement::login().right("admin").right("audit");
    assert_eq!(both.check(&elevated), Ok(()));
    assert_eq!(both.check(&other), Err(unmet));
}

/// SES-28: after a sign of risk nothing beyond a login is met.
#[test]
fn a_sign_of_risk_asks_for_another_authentication() {
    let authentication = authenticated(AssuranceLevel::Aal3, Duration::ZERO);
    let rights = ["admin".to_owned()];
    let risky = || Shown {
        rights: &rights,
        demands_step_up: true,
        ..shown(&authentication)
    };
    assert_eq!(Requirement::login().in_person().check(&risky()), Ok(()));
    for requirement in [
        Requirement::login().level(AssuranceLevel::Aal1),
        Requirement::login().max_age(AGE),
        Requirement::login().right("admin"),
    ] {
        let refused = requirement.check(&risky());
        let max_age = Some(Duration::ZERO);
        assert!(
            matches!(refused, Err(Unmet::StepUp { max_age: asked, .. }) if asked == max_age),
            "{refused:?}"
        );
    }
}

/// Race 13: whoever acts for somebody gets no step-up of theirs, and no page that asks for one.
#[test]
fn nothing_beyond_a_login_is_met_while_impersonating() {
    let authentication = authenticated(AssuranceLevel::Aal3, Duration::ZERO);
    let rights = ["admin".to_owned()];
    let impersonated = || Shown {
        rights: &rights,
        is_impersonated: true,
        ..shown(&authentication)
    };
    assert_eq!(Requirement::login().check(&impersonated()), Ok(()));
    for requirement in [
        Requirement::login().in_person(),
        Requirement::login().level(AssuranceLevel::Aal1),
        Requirement::login().max_age(AGE),
        Requirement::login().right("admin"),
    ] {
        let refused = requirement.check(&impersonated());
        assert_eq!(refused, Err(Unmet::Impersonated), "{requirement:?}");
    }
}
