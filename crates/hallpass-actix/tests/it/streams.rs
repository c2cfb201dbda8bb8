//! Bodies, and services that stay on their thread.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;

use actix_web::App;
use actix_web::HttpResponse;
use actix_web::HttpServer;
use actix_web::test::TestRequest;
use actix_web::test::call_and_read_body;
use actix_web::test::init_service;
use actix_web::web;
use actix_web::web::Bytes;
use actix_web::web::Data;
use futures_util::StreamExt;
use futures_util::stream;
use hallpass_actix::Session;
use hallpass_actix::SessionMiddleware;
use hallpass_actix::SessionRejection;

use crate::site::World;
use crate::site::run;

/// Race 37: the head and the body go out while the stream is still being written.
#[test]
fn bodies_pass_through_unbuffered() {
    async fn endless(session: Session) -> Result<HttpResponse, SessionRejection> {
        session.insert("n", 1)?;
        let ticks = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(b"tick")));
        Ok(HttpResponse::Ok().streaming(ticks))
    }
    run(async {
        let middleware = SessionMiddleware::new(World::new().manager);
        let app = move || {
            let app = App::new().wrap(middleware.clone());
            app.route("/", web::get().to(endless))
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        let server = server.bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/", server.addrs().first().unwrap());
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let response = client.get(url).send().await.unwrap();
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.starts_with("__Host-anon="), "{cookie}");
        let first = response.bytes_stream().next().await.unwrap().unwrap();
        assert!(first.starts_with(b"tick"));
        handle.stop(false).await;
    });
}

/// The counter can be shared on one thread only, and the handler keeps it while it waits.
#[test]
fn what_a_handler_holds_need_not_be_send() {
    async fn count(
        session: Session,
        counter: Data<Rc<Cell<u32>>>,
    ) -> Result<String, SessionRejection> {
        let counter = Rc::clone(&counter);
        let count = session.update_now("n", |n: &mut u32| *n += 1).await;
        count?;
        counter.set(counter.get() + 1);
        Ok(counter.get().to_string())
    }
    run(async {
        let counter = Data::new(Rc::new(Cell::new(6_u32)));
        let app = App::new()
            .app_data(counter)
            .wrap(SessionMiddleware::new(World::new().manager))
            .route("/", web::get().to(count));
        let app = init_service(app).await;
        let request = TestRequest::get().uri("/").to_request();
        assert_eq!(call_and_read_body(&app, request).await, "7");
    });
}
