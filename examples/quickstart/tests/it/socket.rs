//! `GET /api/ws`: a WebSocket that is closed with its session.

use futures_util::StreamExt;
use reqwest::StatusCode;
use reqwest::header;
use tokio::net::TcpStream;
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::client::Browser;
use crate::server::Server;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

#[tokio::test]
async fn the_socket_ticks() {
    let server = Server::start();
    let browser = Browser::signed_in(&server, "user1").await;
    let mut socket = open(&browser, browser.origin()).await.unwrap();
    let ticks = [next(&mut socket).await, next(&mut socket).await];
    assert_eq!(ticks, ["tick", "tick"]);
}

#[tokio::test]
async fn the_socket_is_closed_when_its_session_is_ended_from_another_device() {
    let server = Server::start();
    let mut laptop = Browser::signed_in(&server, "user1").await;
    let mut phone = Browser::signed_in(&server, "user1").await;
    let mut socket = open(&laptop, laptop.origin()).await.unwrap();
    assert_eq!(next(&mut socket).await, "tick");
    phone
        .post(&format!("/devices/{}/end", laptop.handle().await))
        .await;
    assert_eq!(the_end_of(socket).await, "closed with 1008: revoked");
}

#[tokio::test]
async fn the_socket_is_closed_when_another_tab_signs_out() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let socket = open(&browser, browser.origin()).await.unwrap();
    browser.logout().await;
    assert_eq!(the_end_of(socket).await, "closed with 1008: logout");
}

#[tokio::test]
async fn a_visitor_gets_no_socket() {
    let server = Server::start();
    let refused = open(&Browser::new(&server), server.origin()).await;
    assert_eq!(refused.err(), Some(StatusCode::UNAUTHORIZED));
}

/// CSRF-01: browsers let every page open a socket, with the cookies.
#[tokio::test]
async fn another_site_gets_no_socket() {
    let server = Server::start();
    let browser = Browser::signed_in(&server, "user1").await;
    for origin in ["https://evil.example", "http://127.0.0.1:1", "null"] {
        let refused = open(&browser, origin).await;
        assert_eq!(refused.err(), Some(StatusCode::FORBIDDEN), "{origin}");
    }
}

/// Opens a socket from a page of this origin. Over plain http no browser says more of the source.
async fn open(browser: &Browser, origin: &str) -> Result<Socket, StatusCode> {
    let address = browser.origin().replace("http://", "ws://");
    let mut request = format!("{address}/api/ws").into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert(header::ORIGIN, origin.parse().unwrap());
    for field in browser.cookie_fields() {
        headers.append(header::COOKIE, field.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(answer.status()),
        Err(error) => panic!("no socket and no answer: {error}"),
    }
}

/// What comes next, in words.
async fn next(socket: &mut Socket) -> String {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return text.as_str().to_owned(),
            Some(Ok(Message::Close(Some(frame)))) => {
                return format!("closed with {}: {}", u16::from(frame.code), frame.reason);
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("not expected: {other:?}"),
        }
    }
}

/// What comes after all ticks.
async fn the_end_of(mut socket: Socket) -> String {
    loop {
        let last = next(&mut socket).await;
        if last != "tick" {
            return last;
        }
    }
}
