//! Settings that make no sense stop the quickstart before it listens, with a reason.

use crate::server::Server;

#[test]
fn it_announces_the_address_that_it_listens_on() {
    let server = Server::start();
    assert!(
        server.origin().starts_with("http://127.0.0.1:"),
        "{}",
        server.origin()
    );
}

#[test]
fn an_idle_timeout_past_the_absolute_one_is_refused_with_both_names() {
    let refused = refusal(&[("HALLPASS_IDLE", "20"), ("HALLPASS_ABSOLUTE", "10")]);
    assert_eq!(
        ["idle", "absolute"].map(|name| refused.contains(name)),
        [true; 2]
    );
}

#[test]
fn a_renewal_that_is_due_within_the_grace_is_refused() {
    refusal(&[
        ("HALLPASS_RENEW", "1"),
        ("HALLPASS_REPAIR", "2"),
        ("HALLPASS_GRACE", "2"),
    ]);
}

#[test]
fn a_setting_that_is_no_number_is_refused_by_name() {
    assert!(refusal(&[("HALLPASS_IDLE", "soon")]).contains("hallpass_idle"));
}

#[test]
fn a_store_that_does_not_exist_is_refused_by_name() {
    assert!(refusal(&[("HALLPASS_STORE", "shoebox")]).contains("hallpass_store"));
}

#[test]
fn an_answer_to_the_limit_that_does_not_exist_is_refused_by_name() {
    assert!(refusal(&[("HALLPASS_ON_LIMIT", "shrug")]).contains("hallpass_on_limit"));
}

/// What the quickstart says in lower case when it does not start.
fn refusal(settings: &[(&str, &str)]) -> String {
    match Server::try_with(settings) {
        Ok(_) => panic!("the quickstart started with {settings:?}"),
        Err(output) => output.to_lowercase(),
    }
}
