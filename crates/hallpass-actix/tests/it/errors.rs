//! Errors of what is inside of the middleware.

use std::fmt;

use actix_web::App;
use actix_web::Error;
use actix_web::ResponseError;
use actix_web::dev::Service;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use actix_web::test::init_service;
use hallpass_actix::SessionMiddleware;
use hallpass_actix::SessionRejection;
use hallpass_core::StoreErrorKind;
use hallpass_core::StoreOperation;
use hallpass_http::Refusal;
use hallpass_http::TransportConfig;
use hallpass_testkit::Fault;

use crate::site::Site;
use crate::site::World;
use crate::site::cookie;
use crate::site::field;
use crate::site::minutes;
use crate::site::routes;
use crate::site::run;

/// An error of the application.
#[derive(Debug)]
struct Teapot;

impl fmt::Display for Teapot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a teapot")
    }
}

impl ResponseError for Teapot {
    fn status_code(&self) -> StatusCode {
        StatusCode::IM_A_TEAPOT
    }
}

/// An extractor refuses the body after another one has found a token that is due.
#[test]
fn the_answer_of_an_extractor_that_refuses_carries_the_cookies() {
    run(async {
        let world = World::new();
        let site = Site::new(&world);
        let first = site.log_in().await;
        let _used = site.send("GET", "/who", &[("cookie", &first)]).await;
        world.clock.advance(minutes(16));
        let response = site.send("POST", "/json", &[("cookie", &first)]).await;
        assert_eq!(response.status(), 400);
        assert!(cookie(&response).starts_with("__Host-session="));
        assert_eq!(field(&response, "cache-control"), Some("no-store"));
        site.stop().await;
    });
}

/// A service inside answers with an error, after the handler has logged in.
#[test]
fn the_error_of_an_inner_service_carries_the_cookies_and_stays_what_it_is() {
    run(async {
        let world = World::new();
        let app = App::new()
            .configure(routes)
            .wrap_fn(|request, service| {
                let answer = service.call(request);
                async {
                    let _answered = answer.await?;
                    Err::<actix_web::dev::ServiceResponse, Error>(Teapot.into())
                }
            })
            .wrap(world.middleware(TransportConfig::default()));
        let app = init_service(app).await;
        let request = TestRequest::post().uri("/login").to_request();
        let error = app.call(request).await.unwrap_err();
        assert!(error.as_error::<Teapot>().is_some());
        for _ in 0..2 {
            let response = error.error_response();
            assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
            let cookies: Vec<_> = response.headers().get_all("set-cookie").collect();
            assert_eq!(cookies.len(), 1);
            assert_eq!(response.headers().get("cache-control").unwrap(), "no-store");
        }
    });
}

/// The changes were not committed, so the answer is that of the commit.
#[test]
fn an_error_gives_way_to_a_commit_that_fails() {
    run(async {
        let world = World::new();
        let app = App::new()
            .configure(routes)
            .wrap_fn(|request, service| {
                let answer = service.call(request);
                async {
                    let _answered = answer.await?;
                    Err::<actix_web::dev::ServiceResponse, Error>(Teapot.into())
                }
            })
            .wrap(SessionMiddleware::new(world.manager.clone()));
        let app = init_service(app).await;
        for _ in 0..2 {
            let down = Fault::Fail(StoreErrorKind::Unavailable);
            world.faults.script(StoreOperation::Create, down);
        }
        let request = TestRequest::post().uri("/change").to_request();
        let error = app.call(request).await.unwrap_err();
        let rejection = error.as_error::<SessionRejection>().unwrap();
        assert!(matches!(rejection.reason(), Refusal::Error(_)));
        let response = error.error_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers().get("retry-after").unwrap(), "5");
    });
}

#[test]
fn without_the_middleware_the_answer_says_what_to_add_where() {
    run(async {
        for path in ["/who", "/user", "/admin/users"] {
            let app = init_service(App::new().configure(routes)).await;
            let request = TestRequest::get().uri(path).to_request();
            let response = app.call(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            let text = actix_web::test::read_body(response).await;
            let text = str::from_utf8(&text).unwrap();
            let remedy = ".wrap(SessionMiddleware::new(manager))";
            assert!(text.contains(remedy), "{path}: {text}");
        }
    });
}
