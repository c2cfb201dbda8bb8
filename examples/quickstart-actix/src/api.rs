//! What programs call, and streams that live as long as their session.

use std::convert::Infallible;

use actix_web::Error;
use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::rt;
use actix_web::web::Bytes;
use actix_web::web::Json;
use actix_web::web::Payload;
use actix_web::web::Query;
use actix_ws::CloseCode;
use actix_ws::CloseReason;
use actix_ws::Message;
use actix_ws::MessageStream;
use futures_util::Stream;
use futures_util::StreamExt;
use futures_util::future::Either;
use futures_util::future::select;
use hallpass::actix::Authenticated;
use hallpass::actix::RecentAuthentication;
use hallpass::actix::Session;
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

use crate::answer::Reply;
use crate::answer::Sent;

pub(crate) async fn me(session: Session) -> Sent {
    Sent(api::me(&session))
}

pub(crate) async fn devices(user: Authenticated) -> Reply {
    Ok(Sent(devices::list(&user).await?))
}

/// Needs an authentication that is at most a minute old.
pub(crate) async fn sensitive(_user: RecentAuthentication<60>) -> HttpResponse {
    HttpResponse::NoContent().finish()
}

pub(crate) async fn cart(session: Session) -> Reply {
    Ok(Sent(data::cart(&session)?))
}

pub(crate) async fn add_to_cart(session: Session, item: Json<Item>) -> Reply {
    Ok(Sent(data::add_to_cart(&session, item.into_inner())?))
}

pub(crate) async fn counter(session: Session) -> Reply {
    Ok(Sent(data::counter(&session)?))
}

pub(crate) async fn count(session: Session, count: Query<Count>) -> Reply {
    Ok(Sent(data::count(&session, count.into_inner()).await?))
}

pub(crate) async fn guess(session: Session, delay: Query<Delay>) -> Reply {
    Ok(Sent(data::guess(&session, delay.into_inner()).await?))
}

pub(crate) async fn get(session: Session, name: Query<Name>) -> Reply {
    Ok(Sent(data::get(&session, name.into_inner())?))
}

pub(crate) async fn set(session: Session, assignment: Json<Assignment>) -> Reply {
    Ok(Sent(data::set(&session, assignment.into_inner()).await?))
}

pub(crate) async fn events(session: Session) -> HttpResponse {
    let news = events::follow(&session).map(|news| {
        let (name, data) = (news.name(), news.data());
        Ok::<_, Infallible>(Bytes::from(format!("event: {name}\ndata: {data}\n\n")))
    });
    HttpResponse::Ok()
        .insert_header(("cache-control", "no-cache"))
        .content_type("text/event-stream")
        .streaming(news)
}

/// The same on a WebSocket, which is closed with the session.
pub(crate) async fn socket(
    user: Authenticated,
    request: HttpRequest,
    body: Payload,
) -> Result<HttpResponse, Error> {
    let news = events::follow(&user);
    let (response, socket, received) = actix_ws::handle(&request, body)?;
    rt::spawn(tell(socket, received, news));
    Ok(response)
}

async fn tell(
    mut socket: actix_ws::Session,
    mut received: MessageStream,
    mut news: impl Stream<Item = News> + Unpin,
) {
    loop {
        match select(news.next(), received.next()).await {
            Either::Left((Some(News::Tick), _)) => {
                if socket.text(News::Tick.name()).await.is_err() {
                    return;
                }
            }
            Either::Left((Some(News::Ended(reason)), _)) => {
                let reason = CloseReason {
                    code: CloseCode::Policy,
                    description: Some(reason.as_str().to_owned()),
                };
                // Fails where the client is gone, which is as well.
                let _ = socket.close(Some(reason)).await;
                return;
            }
            Either::Right((Some(Ok(Message::Ping(bytes))), _)) => {
                if socket.pong(&bytes).await.is_err() {
                    return;
                }
            }
            Either::Right((Some(Ok(message)), _)) if !matches!(message, Message::Close(_)) => {}
            // The client is gone, or wants to be.
            Either::Left((None, _)) | Either::Right(_) => return,
        }
    }
}
