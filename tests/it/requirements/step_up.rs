//! Step-up for sessions in cookies.

use axum::http::StatusCode;
use hallpass::Authentication;
use hallpass::http::TransportConfig;

use super::site::field;
use super::site::send;
use super::site::site;
use super::site::text;
use crate::world::Client;
use crate::world::World;

fn cookie(client: &Client) -> Vec<u8> {
    let token = client.session.as_ref().unwrap().expose_secret();
    format!("__Host-session={}", token.as_str()).into_bytes()
}

/// SU-01 and SES-19: the challenge of RFC 9470, section 3, from one millisecond past the age.
#[tokio::test]
async fn an_authentication_is_challenged_from_a_millisecond_past_its_age() {
    for (age, status) in [
        (4_999, StatusCode::OK),
        (5_000, StatusCode::OK),
        (5_001, StatusCode::UNAUTHORIZED),
    ] {
        let world = World::new();
        let client = Client::logged_in(&world, "alice").await;
        world.clock.advance(std::time::Duration::from_millis(age));
        let site = site(&world, TransportConfig::default());
        let fields = [("cookie", &*cookie(&client))];
        let response = send(&site, "POST", "/delete", &fields, "all").await;
        assert_eq!(response.status(), status, "{age} ms");
        let challenge = (status == StatusCode::UNAUTHORIZED).then_some(
            "Bearer error=\"insufficient_user_authentication\", error_description=\"A more \
             recent authentication is required\", max_age=\"5\"",
        );
        assert_eq!(field(&response, "www-authenticate"), challenge);
    }
}

/// SU-06: a page is redirected to where the user authenticates again, by a redirect that becomes
/// a GET: the handler has not run, the body is not sent again, and nothing of it is in the URL,
/// which leads back to the page with the form. Once the assurance is recent, the user sends the request anew.
#[tokio::test]
async fn a_page_is_redirected_without_sending_its_body_again() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(std::time::Duration::from_secs(6));
    let transport = TransportConfig::default().step_up_page("/confirm");
    let site = site(&world, transport);
    let page = ("accept", b"text/html".as_slice());
    let form = [
        ("host", b"here.example".as_slice()),
        ("referer", b"https://here.example/account?tab=2"),
    ];
    let fields = [("cookie", &*cookie(&client)), page, form[0], form[1]];
    let response = send(&site, "POST", "/delete", &fields, "all").await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let confirm = "/confirm?return_to=/account%3Ftab%3D2&reason=step_up&max_age=5";
    assert_eq!(field(&response, "location"), Some(confirm));
    assert_eq!(text(response).await, "");
    let session = client.open(&world).await;
    assert_eq!(session.get::<String>("deleted").unwrap(), None);
    session.raise(Authentication::password()).await.unwrap();
    client.close(&session).await;
    let fields = [("cookie", &*cookie(&client)), page];
    let response = send(&site, "POST", "/delete", &fields, "all").await;
    assert_eq!(text(response).await, "deleted");
}
