//! A scenario that is wrong fails, and says where.

use crate::adapter::Axum;
use crate::format::Scenario;
use crate::stores::Kind;

async fn played(steps: &str) -> Result<(), String> {
    let scenario = Scenario::parse(&format!("ids = []\n{steps}")).unwrap();
    scenario.play(&Axum, Kind::Memory).await
}

#[tokio::test]
async fn a_wrong_expectation_fails_with_its_line_and_what_was_seen() {
    let told = played(
        "[[step]]\nwho = 'alice'\nrequest = 'POST /login'\n\n\
         [[step]]\nwho = 'alice'\nrequest = 'GET /read'\nexpect.status = 200\n\
         expect.body = 'bob'\nexpect.vary = 'cookie'\nexpect.store = ['load']\n",
    )
    .await;
    assert_eq!(
        told,
        Err("line 6: not as expected\n\
             \x20 status                       200\n\
             ! cache-control, expected      (nothing)\n\
             ! cache-control, seen          private\n\
             \x20 vary                         cookie\n\
             ! body, expected               bob\n\
             ! body, seen                   alice\n\
             \x20 store                        load\n"
            .to_owned())
    );
}

#[tokio::test]
async fn an_error_that_nobody_expects_fails() {
    let told = played("[[step]]\nrequest = 'GET /auth'\n[[step]]\nsay = 'a'\nexpect.store = []\n");
    let told = told.await.unwrap_err();
    assert!(told.starts_with("line 2: not as expected"), "{told}");
    assert!(
        told.contains("! status, seen                 401"),
        "{told}"
    );
}

#[tokio::test]
async fn a_fault_that_does_not_come_fails() {
    let told = played(
        "[[step]]\nfaults = [{ call = 'load', fault = 'fail' }]\nrequest = 'GET /ignore'\n\
         expect.status = 200\nexpect.body = 'ignored'\n",
    );
    assert_eq!(
        told.await,
        Err("1 scripted faults have not come".to_owned())
    );
}

#[tokio::test]
async fn a_name_that_nothing_has_fails() {
    for (step, expected) in [
        ("deliver = 'a'", "nothing has the name `a`"),
        ("send = 'a'", "nothing has the name `a`"),
        ("resume = 'a'", "nothing has the name `a`"),
        ("hear = 'a'", "no stream has the name `a`"),
        ("say = 'a'", "no stream is open"),
        (
            "request = 'GET /read'\nheaders.cookie = '{a}'",
            "nothing has the name `a` yet",
        ),
    ] {
        let told = played(&format!("[[step]]\n{step}\nexpect.status = 200\n")).await;
        assert_eq!(told, Err(format!("line 2: {expected}")));
    }
}
