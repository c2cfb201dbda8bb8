//! What the middleware answers when it cannot decide, and what it leaves alone. In process.

use std::net::SocketAddr;

use actix_web::App;
use actix_web::Error;
use actix_web::HttpMessage;
use actix_web::HttpResponse;
use actix_web::Result;
use actix_web::dev::Payload;
use actix_web::dev::Service;
use actix_web::dev::ServiceResponse;
use actix_web::error::ErrorImATeapot;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::middleware::ErrorHandlerResponse;
use actix_web::middleware::ErrorHandlers;
use actix_web::test::TestRequest;
use actix_web::test::init_service;
use actix_web::test::read_body;
use actix_web::web;
use actix_web::web::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use hallpass_actix::CsrfMiddleware;
use hallpass_actix::CsrfRefused;
use hallpass_core::ClientFacts;
use hallpass_core::StoreErrorKind;
use hallpass_core::StoreOperation;
use hallpass_http::Csrf;
use hallpass_http::CsrfConfig;
use hallpass_http::CsrfRule;
use hallpass_http::NoTouch;
use hallpass_http::TransportConfig;
use hallpass_testkit::Fault;

use super::FORM;
use super::LIMIT;
use super::OTHER_SITE;
use super::OWN_PAGE;
use super::checked;
use super::logged_in;
use super::site;
use super::told;
use crate::site::World;
use crate::site::minutes;
use crate::site::routes;
use crate::site::run;

fn checks() -> CsrfMiddleware {
    CsrfMiddleware::new(Csrf::default()).forms(LIMIT)
}

type Pieces = Vec<Result<Bytes, PayloadError>>;

/// A body of these pieces, which does not end.
fn endless(pieces: Pieces) -> Payload {
    let payload = stream::iter(pieces).chain(stream::pending());
    Payload::Stream {
        payload: Box::pin(payload),
    }
}

/// Answers with the first piece of the body, and leaves the rest where it is.
async fn first(mut body: web::Payload) -> Result<Bytes> {
    Ok(body.next().await.unwrap()?)
}

/// Race 37.
#[test]
fn a_body_is_held_back_only_for_the_token_of_a_form() {
    run(async {
        let world = World::new();
        let app = App::new()
            .route("/", web::post().to(first))
            .wrap(checks())
            .wrap(world.middleware(TransportConfig::default()));
        let app = init_service(app).await;
        let piece = Bytes::from_static(b"a=b");
        let long = Bytes::from(vec![b'a'; LIMIT + 1]);
        let length = ("content-length", "257");
        let table: [(&[_], Pieces, u16); 5] = [
            (&[FORM, OWN_PAGE], vec![Ok(piece.clone())], 200),
            (
                &[("x-csrf-token", "wrong"), FORM],
                vec![Ok(piece.clone())],
                403,
            ),
            (&[FORM], vec![Ok(piece.clone()), Ok(long)], 413),
            (&[FORM, length], vec![Ok(piece.clone())], 413),
            (
                &[FORM],
                vec![Ok(piece), Err(PayloadError::Incomplete(None))],
                400,
            ),
        ];
        for (fields, pieces, status) in table {
            let mut request = TestRequest::post().uri("/");
            for field in fields {
                request = request.append_header(*field);
            }
            let (request, _none) = request.to_request().replace_payload(endless(pieces));
            let response = app.call(request).await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{fields:?}");
        }
    });
}

/// An outage does not let a request in whose token nobody can check.
#[test]
fn an_outage_is_no_proof_in_actix_and_no_obstacle_to_a_trial() {
    run(async {
        let trial = CsrfConfig::default().danger().report_only();
        for (config, status) in [(CsrfConfig::default(), 503), (trial, 200)] {
            let world = World::new();
            let site = site(&world, config);
            let (cookie, token) = logged_in(&site).await;
            let down = Fault::Fail(StoreErrorKind::Unavailable);
            world.faults.script(StoreOperation::Load, down);
            let fields = [("cookie", &*cookie), ("x-csrf-token", &token)];
            let response = site.send_with("POST", "/pay", &fields, "a").await;
            assert_eq!(response.status(), status);
            let later = crate::site::field(&response, "retry-after");
            assert_eq!(later, (status == 503).then_some("5"));
            site.stop().await;
        }
    });
}

/// Race 36.
#[test]
fn without_the_session_middleware_the_checks_say_what_to_add() {
    run(async {
        let app = App::new().configure(routes).configure(checked);
        let app = init_service(app.wrap(checks())).await;
        let request = TestRequest::post().uri("/pay").append_header(OWN_PAGE);
        let response = app.call(request.to_request()).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let text = read_body(response).await;
        let hint: &[u8] = b"`.wrap(SessionMiddleware::new(manager))`";
        assert!(
            text.windows(hint.len()).any(|part| part == hint),
            "{text:?}"
        );
    });
}

fn page<B>(response: ServiceResponse<B>) -> Result<ErrorHandlerResponse<B>> {
    let refused: Option<CsrfRefused> = response.response().extensions().get().copied();
    let rule = refused.map(|refused| refused.rule);
    assert_eq!(rule, Some(CsrfRule::CrossSite));
    let page = HttpResponse::Forbidden().body("not from there");
    let page = response.into_response(page.map_into_right_body());
    Ok(ErrorHandlerResponse::Response(page))
}

#[test]
fn the_application_puts_its_own_page_in_place_of_the_refusal_of_actix() {
    run(async {
        let world = World::new();
        let app = App::new()
            .configure(checked)
            .wrap(checks())
            .wrap(world.middleware(TransportConfig::default()))
            .wrap(ErrorHandlers::new().handler(StatusCode::FORBIDDEN, page));
        let app = init_service(app).await;
        let request = TestRequest::post().uri("/pay").append_header(OTHER_SITE);
        let response = app.call(request.to_request()).await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(read_body(response).await, "not from there");
    });
}

/// CSRF-12: what a service inside fails with is an answer, too.
#[test]
fn an_error_that_depends_on_the_source_says_so() {
    run(async {
        let world = World::new();
        let app = App::new()
            .configure(checked)
            .wrap_fn(|request, service| {
                let answer = service.call(request);
                async {
                    let _response: ServiceResponse = answer.await?;
                    Err::<ServiceResponse, Error>(ErrorImATeapot("tea"))
                }
            })
            .wrap(checks())
            .wrap(world.middleware(TransportConfig::default()));
        let app = init_service(app).await;
        let request = TestRequest::post().uri("/pay").append_header(OWN_PAGE);
        let error = app.call(request.to_request()).await.err().unwrap();
        let response = error.error_response();
        assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
        let vary: Vec<_> = response.headers().get_all("vary").collect();
        assert_eq!(vary, ["Sec-Fetch-Site, Origin"]);
    });
}

/// Events tell the network of the client, and only a trusted proxy says the scheme of our origin.
#[test]
fn the_address_of_the_connection_is_that_of_the_client_of_a_check() {
    run(async {
        let world = World::new();
        let transport = TransportConfig::default();
        let transport = transport.trusted_proxies("10.0.0.1".parse().unwrap());
        let app = App::new()
            .configure(checked)
            .wrap(checks())
            .wrap(world.middleware(transport));
        let app = init_service(app).await;
        let table = [
            ("10.0.0.1:1", "http", "http://example.org", 200),
            ("10.0.0.1:1", "http", "https://example.org", 403),
            ("10.0.0.1:1", "https", "https://example.org", 200),
            ("203.0.113.7:1", "http", "https://example.org", 200),
            ("203.0.113.7:1", "http", "http://example.org", 403),
        ];
        for (peer, scheme, origin, status) in table {
            let peer: SocketAddr = peer.parse().unwrap();
            let request = TestRequest::post()
                .uri("/pay")
                .peer_addr(peer)
                .append_header(("host", "example.org"))
                .append_header(("origin", origin))
                .append_header(("x-forwarded-proto", scheme));
            let response = app.call(request.to_request()).await.unwrap();
            assert_eq!(
                response.status().as_u16(),
                status,
                "{peer} {scheme} {origin}"
            );
        }
        let clients = world.events.take().into_iter().map(|event| event.client);
        let direct = ClientFacts::new("203.0.113.7".parse().ok(), None);
        assert_eq!(clients.last(), Some(Some(direct)));
    });
}

/// A poll whose token is checked is no activity either.
#[test]
fn the_check_of_a_poll_does_not_keep_the_session_alive() {
    run(async {
        for polls in [false, true] {
            let world = World::new();
            let site = site(&world, CsrfConfig::default());
            let (cookie, token) = logged_in(&site).await;
            let app = App::new()
                .configure(checked)
                .wrap(checks())
                .wrap_fn(move |request, service| {
                    if polls {
                        request.extensions_mut().insert(NoTouch);
                    }
                    service.call(request)
                })
                .wrap(world.middleware(TransportConfig::default()));
            let app = init_service(app).await;
            world.clock.advance(minutes(6));
            let _before = (world.spy.take(), told(&world));
            let request = TestRequest::post()
                .uri("/pay")
                .append_header(("cookie", cookie))
                .append_header(("x-csrf-token", token));
            let response = app.call(request.to_request()).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            let writes = world.spy.take().len() > 1;
            assert_eq!(writes, !polls);
            site.stop().await;
        }
    });
}
