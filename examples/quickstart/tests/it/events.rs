//! `GET /api/events`: a stream that is not buffered, and that ends with its session.

use reqwest::Method;
use reqwest::Response;
use reqwest::StatusCode;
use reqwest::header;

use crate::client::Browser;
use crate::server::Server;

/// An open stream of server-sent events.
#[derive(Debug)]
pub(crate) struct Events {
    response: Response,
    received: String,
}

impl Events {
    pub(crate) async fn open(browser: &Browser) -> Self {
        let response = browser
            .request(Method::GET, "/api/events")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Self {
            response,
            received: String::new(),
        }
    }

    /// The name of the next event, or nothing at the end of the stream.
    async fn next(&mut self) -> Option<String> {
        loop {
            while let Some((event, rest)) = self.received.split_once("\n\n") {
                let name = event.lines().find_map(|line| line.strip_prefix("event:"));
                let name = name.map(|name| name.trim().to_owned());
                self.received = rest.to_owned();
                // Comments keep a connection open and have no name.
                if name.is_some() {
                    return name;
                }
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.received.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The names of the events up to the end of the stream.
    pub(crate) async fn rest(mut self) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(name) = self.next().await {
            names.push(name);
        }
        names
    }
}

#[tokio::test]
async fn the_stream_says_that_it_is_one() {
    let server = Server::start();
    let browser = Browser::signed_in(&server, "user1").await;
    let stream = Events::open(&browser).await;
    let kind = stream.response.headers()[header::CONTENT_TYPE]
        .to_str()
        .unwrap();
    assert_eq!(kind.split(';').next(), Some("text/event-stream"));
}

#[tokio::test]
async fn the_stream_ticks_before_it_ends() {
    let server = Server::start();
    let browser = Browser::signed_in(&server, "user1").await;
    let mut stream = Events::open(&browser).await;
    let ticks = [stream.next().await, stream.next().await];
    assert_eq!(ticks.map(Option::unwrap), ["tick", "tick"]);
}

#[tokio::test]
async fn the_stream_ends_when_its_session_is_ended_from_another_device() {
    let server = Server::start();
    let mut laptop = Browser::signed_in(&server, "user1").await;
    let mut phone = Browser::signed_in(&server, "user1").await;
    let mut stream = Events::open(&laptop).await;
    assert_eq!(stream.next().await.as_deref(), Some("tick"));
    phone
        .post(&format!("/devices/{}/end", laptop.handle().await))
        .await;
    assert_eq!(
        stream.rest().await.last().map(String::as_str),
        Some("ended")
    );
}

#[tokio::test]
async fn the_stream_ends_when_another_tab_signs_out() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let stream = Events::open(&browser).await;
    browser.logout().await;
    assert_eq!(
        stream.rest().await.last().map(String::as_str),
        Some("ended")
    );
}

#[tokio::test]
async fn the_stream_of_another_device_goes_on() {
    let server = Server::start();
    let mut laptop = Browser::signed_in(&server, "user1").await;
    let phone = Browser::signed_in(&server, "user1").await;
    let mut stream = Events::open(&phone).await;
    laptop.logout().await;
    let ticks = [
        stream.next().await,
        stream.next().await,
        stream.next().await,
    ];
    assert_eq!(ticks.map(Option::unwrap), ["tick"; 3]);
}
