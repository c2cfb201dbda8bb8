//! The answers to requests that go no further, and how an application replaces them.

use std::future::Future;
use std::pin::Pin;

use actix_web::App;
use actix_web::Error;
use actix_web::FromRequest;
use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::dev::Payload;
use actix_web::dev::Service;
use actix_web::dev::ServiceResponse;
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use actix_web::test::init_service;
use actix_web::test::read_body;
use actix_web::web;
use hallpass_actix::Authenticated;
use hallpass_actix::SessionRejection;
use hallpass_core::AcrMap;
use hallpass_core::AssuranceLevel;
use hallpass_core::Unmet;
use hallpass_http::Refusal;

use crate::site::Site;
use crate::site::World;
use crate::site::field;
use crate::site::pages;
use crate::site::routes;
use crate::site::run;

/// A handler knows nothing of realms and pages; the middleware does.
#[test]
fn a_refusal_of_a_handler_is_completed_by_the_middleware() {
    run(async {
        let world = World::new();
        let acr = AcrMap::new([("gold", AssuranceLevel::Aal2)]);
        let transport = pages().realm("bank").acr(acr);
        let site = Site::with(world.middleware(transport));
        let cookie = site.log_in().await;
        let fields = [
            ("cookie", &*cookie),
            ("origin", "https://app.example"),
            ("accept", "text/html"),
        ];
        for path in ["/checked", "/assured"] {
            let response = site.send("GET", path, &fields[..2]).await;
            assert_eq!(response.status(), 401);
            let challenge = "Bearer realm=\"bank\", error=\"insufficient_user_authentication\", \
                error_description=\"A stronger authentication is required\", acr_values=\"gold\"";
            assert_eq!(field(&response, "www-authenticate"), Some(challenge));
            let exposed = field(&response, "access-control-expose-headers");
            assert_eq!(exposed, Some("WWW-Authenticate"));
            let response = site.send("GET", path, &fields).await;
            assert_eq!(response.status(), 303);
            let location = format!("/confirm?return_to={path}&reason=step_up&acr_values=gold");
            assert_eq!(field(&response, "location"), Some(&*location));
            assert_eq!(field(&response, "www-authenticate"), None);
        }
        site.stop().await;
    });
}

/// An extractor of the application, with an answer of its own.
struct User;

impl FromRequest for User {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let user = Authenticated::from_request(request, payload);
        Box::pin(async {
            let user = user.await;
            user.map(|_user| Self).map_err(|rejection| {
                let text = format!("{}: {rejection}", rejection.status());
                InternalError::new(text, StatusCode::IM_A_TEAPOT).into()
            })
        })
    }
}

#[test]
fn an_application_answers_in_an_extractor_of_its_own() {
    run(async {
        let world = World::new();
        for (accept, text) in [
            ("*/*", "401 Unauthorized: nobody is logged in"),
            ("text/html", "303 See Other: nobody is logged in"),
        ] {
            let app = App::new()
                .route("/own", web::get().to(async |_user: User| ""))
                .wrap(world.middleware(pages()));
            let app = init_service(app).await;
            let request = TestRequest::get().uri("/own");
            let request = request.append_header(("accept", accept)).to_request();
            let response = app.call(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
            assert_eq!(read_body(response).await, text);
        }
    });
}

/// Turns what lacks a login into an answer of the application.
fn teapot<B: MessageBody + 'static>(response: ServiceResponse<B>) -> ServiceResponse {
    let error = response.response().error();
    let rejection = error.and_then(Error::as_error::<SessionRejection>);
    let lacks_login = rejection.is_some_and(|rejection| {
        let nobody = Unmet::NotLoggedIn { locked: false };
        matches!(rejection.reason(), Refusal::Unmet(unmet) if *unmet == nobody)
    });
    if lacks_login {
        response.into_response(HttpResponse::ImATeapot().finish())
    } else {
        response.map_into_boxed_body()
    }
}

#[test]
fn an_application_answers_in_a_middleware_for_all_routes() {
    run(async {
        let world = World::new();
        for path in ["/user", "/checked", "/admin/users"] {
            let app = App::new()
                .configure(routes)
                .wrap_fn(|request, service| {
                    let answer = service.call(request);
                    async { Ok(teapot(answer.await?)) }
                })
                .wrap(world.middleware(pages()));
            let app = init_service(app).await;
            let request = TestRequest::get().uri(path);
            let page = request.append_header(("accept", "text/html")).to_request();
            let response = app.call(page).await.unwrap();
            assert_eq!(response.status(), StatusCode::IM_A_TEAPOT, "{path}");
            assert_eq!(response.headers().get("location"), None);
        }
    });
}

/// Of a middleware outside, the error of the response says why.
#[test]
fn a_middleware_outside_sees_why_a_request_was_refused() {
    run(async {
        let world = World::new();
        let app = App::new().configure(routes).wrap(world.middleware(pages()));
        let app = init_service(app).await;
        let request = TestRequest::get().uri("/user").to_request();
        let response = app.call(request).await.unwrap();
        assert_eq!(teapot(response).status(), StatusCode::IM_A_TEAPOT);
    });
}
