//! A visitor is counted below hyper, salvo and poem.

use std::net::SocketAddr;

use poem::listener::TcpAcceptor;
use salvo::conn::Listener;
use salvo::conn::TcpListener as SalvoListener;
use tokio::net::TcpListener;

use crate::manager;

/// Race 36: one cookie with the first answer, none with the next, and both keep shared caches away.
async fn assert_counts(address: SocketAddr) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{address}/");
    let answer = client.get(&url).send().await.unwrap();
    let headers = answer.headers().clone();
    assert_eq!(answer.text().await.unwrap(), "visit 1");
    assert_eq!(headers["cache-control"], "no-store");
    let cookie = headers["set-cookie"].to_str().unwrap();
    let (cookie, attributes) = cookie.split_once(';').unwrap();
    assert!(cookie.starts_with("__Host-anon="), "{cookie}");
    assert_eq!(attributes, " Path=/; Secure; HttpOnly; SameSite=Lax");
    let again = client.get(&url).header("cookie", cookie);
    let answer = again.send().await.unwrap();
    let headers = answer.headers().clone();
    assert_eq!(answer.text().await.unwrap(), "visit 2");
    assert_eq!(headers.get("set-cookie"), None);
    assert_eq!(headers["cache-control"], "private");
    assert_eq!(headers["vary"], "cookie");
}

#[tokio::test]
async fn a_service_of_ones_own_on_plain_hyper_has_sessions() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(hallpass_frameworks::hyper::serve(listener, manager()));
    assert_counts(address).await;
    serving.abort();
}

#[tokio::test]
async fn a_router_of_salvo_has_sessions() {
    let acceptor = SalvoListener::new("127.0.0.1:0").bind().await;
    let address = salvo::conn::Acceptor::holdings(&acceptor)[0]
        .local_addr
        .clone();
    let app = hallpass_frameworks::salvo::app(manager());
    let serving = tokio::spawn(salvo::Server::new(acceptor).serve(app));
    assert_counts(address.into_std().unwrap()).await;
    serving.abort();
}

#[tokio::test]
async fn a_tower_service_below_poem_has_sessions() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TcpAcceptor::from_tokio(listener).unwrap();
    let app = hallpass_frameworks::poem::app(manager());
    let serving = tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(app));
    assert_counts(address).await;
    serving.abort();
}
