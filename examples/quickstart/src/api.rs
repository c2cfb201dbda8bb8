//! What programs call, and a stream that lives as long as its session.

use std::convert::Infallible;

use axum::extract::Json;
use axum::extract::Query;
use axum::extract::ws::CloseFrame;
use axum::extract::ws::Message;
use axum::extract::ws::WebSocket;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::close_code;
use axum::http::StatusCode;
use axum::response::Response;
use axum::response::sse::Event;
use axum::response::sse::Sse;
use hallpass::axum::Authenticated;
use hallpass::axum::RecentAuthentication;
use hallpass::axum::Session;
use hallpass::axum::SessionRejection;
use quickstart_logic::Answer;
use quickstart_logic::api;
use quickstart_logic::data;
use quickstart_logic::data::Assignment;
use quickstart_logic::data::Count;
use quickstart_logic::data::Delay;
use quickstart_logic::data::Item;
use quickstart_logic::data::Name;
use quickstart_logic::devices;
use quickstart_logic::events;
use quickstart_logic::events::News;
use tokio_stream::Stream;
use tokio_stream::StreamExt;

type Reply = Result<Answer, SessionRejection>;

pub(crate) async fn me(session: Session) -> Answer {
    api::me(&session)
}

pub(crate) async fn devices(user: Authenticated) -> Reply {
    Ok(devices::list(&user).await?)
}

/// Needs an authentication that is at most a minute old.
pub(crate) async fn sensitive(_user: RecentAuthentication<60>) -> StatusCode {
    StatusCode::NO_CONTENT
}

pub(crate) async fn cart(session: Session) -> Reply {
    Ok(data::cart(&session)?)
}

pub(crate) async fn add_to_cart(session: Session, Json(item): Json<Item>) -> Reply {
    Ok(data::add_to_cart(&session, item)?)
}

pub(crate) async fn counter(session: Session) -> Reply {
    Ok(data::counter(&session)?)
}

pub(crate) async fn count(session: Session, Query(count): Query<Count>) -> Reply {
    Ok(data::count(&session, count).await?)
}

pub(crate) async fn guess(session: Session, Query(delay): Query<Delay>) -> Reply {
    Ok(data::guess(&session, delay).await?)
}

pub(crate) async fn get(session: Session, Query(name): Query<Name>) -> Reply {
    Ok(data::get(&session, name)?)
}

pub(crate) async fn set(session: Session, Json(assignment): Json<Assignment>) -> Reply {
    Ok(data::set(&session, assignment).await?)
}

pub(crate) async fn events(session: Session) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let news = events::follow(&session);
    Sse::new(news.map(|news| Ok(Event::default().event(news.name()).data(news.data()))))
}

/// The same on a WebSocket, which is closed with the session.
pub(crate) async fn socket(user: Authenticated, upgrade: WebSocketUpgrade) -> Response {
    let news = events::follow(&user);
    upgrade.on_upgrade(|socket| tell(socket, news))
}

async fn tell(mut socket: WebSocket, mut news: impl Stream<Item = News> + Unpin) {
    while let Some(news) = news.next().await {
        let message = match &news {
            News::Ended(reason) => Message::Close(Some(CloseFrame {
                code: close_code::POLICY,
                reason: reason.as_str().into(),
            })),
            News::Tick => Message::Text(news.name().into()),
        };
        // The client is gone.
        if socket.send(message).await.is_err() {
            return;
        }
    }
}
