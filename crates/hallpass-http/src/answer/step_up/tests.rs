use http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn headers(fields: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for field in fields {
        let value = HeaderValue::from_str(field).unwrap();
        headers.append(header::WWW_AUTHENTICATE, value);
    }
    headers
}

fn parsed(fields: &[&str]) -> Option<StepUpChallenge> {
    StepUpChallenge::parse(&headers(fields))
}

/// The example of RFC 9470, section 3, figure 2, and what else a server may write.
#[test]
fn a_challenge_is_found_among_others() {
    let plain = StepUpChallenge::default();
    let aged = StepUpChallenge {
        max_age: Some(Duration::from_secs(5)),
        ..plain.clone()
    };
    let described = StepUpChallenge {
        acr_values: Some("myACR".to_owned()),
        description: Some("A different authentication level is required".to_owned()),
        ..plain.clone()
    };
    let full = StepUpChallenge {
        acr_values: Some("a b".to_owned()),
        scope: Some("x \"y\"".to_owned()),
        realm: Some("r, s".to_owned()),
        ..aged.clone()
    };
    let table: [(&[&str], Option<StepUpChallenge>); 18] = [
        (
            &[
                "Bearer error=\"insufficient_user_authentication\", error_description=\"A \
                 different authentication level is required\", acr_values=\"myACR\"",
            ],
            Some(described),
        ),
        (
            &["bearer ERROR=insufficient_user_authentication,MAX_AGE=5"],
            Some(aged.clone()),
        ),
        (
            &["DPoP error = \"insufficient_user_authentication\" , max_age = \"5\""],
            Some(aged.clone()),
        ),
        (
            &["Basic realm=\"x\", Bearer max_age=\"5\", \
                 error=\"insufficient_user_authentication\", DPoP algs=\"ES256\""],
            Some(aged.clone()),
        ),
        (
            &[
                "Negotiate",
                "Negotiate abc==, Bearer error=insufficient_user_authentication, max_age=5",
            ],
            Some(aged),
        ),
        (
            &[
                "Bearer realm=\"r, s\", error=\"insufficient_user_authentication\", \
                 acr_values=\"a b\", max_age=\"5\", scope=\"x \\\"y\\\"\"",
            ],
            Some(full),
        ),
        (
            &["Bearer error=insufficient_user_authentication, max_age=-1"],
            Some(plain.clone()),
        ),
        (
            &["Bearer error=insufficient_user_authentication, max_age=\"\""],
            Some(plain.clone()),
        ),
        (
            &["Bearer error=insufficient_user_authentication, max_age=5, max_age=6"],
            Some(plain.clone()),
        ),
        (
            &["Bearer error=insufficient_user_authentication, max_age=99999999999999999999"],
            Some(plain),
        ),
        (&[], None),
        (&["Bearer"], None),
        (&["Bearer error=\"invalid_token\""], None),
        (&["Basic error=\"insufficient_user_authentication\""], None),
        (
            &["Bearer, Basic error=\"insufficient_user_authentication\""],
            None,
        ),
        (&["error=\"insufficient_user_authentication\""], None),
        (
            &["Bearer error=\"insufficient_user_authentication\", \
                 error=\"insufficient_user_authentication\""],
            None,
        ),
        (
            &["Bearer error=\"insufficient_user_authentication\", realm=\"open"],
            None,
        ),
    ];
    for (fields, expected) in table {
        assert_eq!(parsed(fields), expected, "{fields:?}");
    }
}

#[test]
fn acr_values_come_in_the_order_of_preference() {
    let challenge = parsed(&["Bearer error=insufficient_user_authentication, acr_values=\"b  a\""]);
    let challenge = challenge.unwrap();
    assert!(challenge.acr_values().eq(["b", "a"]));
    let challenge = parsed(&["Bearer error=insufficient_user_authentication"]).unwrap();
    assert_eq!(challenge.acr_values().count(), 0);
}

/// SU-05.
#[test]
fn a_client_steps_up_once_and_no_more() {
    let asked = headers(&["Bearer error=insufficient_user_authentication, max_age=5"]);
    let challenge = StepUpChallenge::parse(&asked).unwrap();
    let mut guard = StepUpGuard::default();
    let unauthorized = StatusCode::UNAUTHORIZED;
    assert_eq!(
        guard.judge(unauthorized, &headers(&["Bearer"])),
        StepUp::NotAsked
    );
    assert_eq!(guard.judge(StatusCode::OK, &asked), StepUp::NotAsked);
    let needed = StepUp::Needed(challenge.clone());
    assert_eq!(guard.judge(unauthorized, &asked), needed);
    assert_eq!(
        guard.judge(StatusCode::SERVICE_UNAVAILABLE, &headers(&[])),
        StepUp::NotAsked
    );
    for _ in 0..2 {
        let in_vain = StepUp::InVain(challenge.clone());
        assert_eq!(guard.judge(unauthorized, &asked), in_vain);
    }
}

proptest! {
    #[test]
    fn any_field_is_read_without_a_panic(
        field in "(Bearer|DPoP| |,|=|\"|\\\\|error|insufficient_user_authentication|max_age|[ -~]){0,20}",
    ) {
        let _any = parsed(&[&field]);
    }
}
