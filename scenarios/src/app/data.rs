//! Handlers about the data of a session.

use hallpass::AssuranceLevel;
use hallpass::Session;
use hallpass::SessionData;
use hallpass::SessionError;
use hallpass::http::Refusal;
use serde::Deserialize;
use serde::Serialize;

use super::Call;
use super::Reply;

/// What comes along at a login, because its type says so.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Cart(u32);

impl SessionData for Cart {
    const KEY: &'static str = "cart";
    const PORTABLE: bool = true;
}

pub(super) async fn read(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    Ok(Reply::text(summary(&session)?))
}

pub(super) async fn public(call: Call, session: Session) -> Result<Reply, Refusal> {
    let reply = read(call, session).await?;
    Ok(reply
        .with_header("cache-control", "public, max-age=60")
        .with_header("vary", "accept-language"))
}

pub(super) async fn secret(call: Call, session: Session) -> Result<Reply, Refusal> {
    let reply = read(call, session).await?;
    Ok(reply
        .with_header("cache-control", "no-store")
        .with_header("vary", "*"))
}

pub(super) async fn write(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    session.update(N, |n: &mut u32| *n += 1)?;
    Ok(Reply::text(summary(&session)?))
}

pub(super) async fn remove(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    session.remove(N)?;
    Ok(Reply::text(summary(&session)?))
}

pub(super) async fn clear(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    session.clear()?;
    Ok(Reply::text(summary(&session)?))
}

/// Changes what comes along at a login.
pub(super) async fn cart(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    session.update(Cart::key(), |cart: &mut Cart| cart.0 += 1)?;
    Ok(Reply::text(summary(&session)?))
}

/// Puts in as many bytes as the request says.
pub(super) async fn big(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    let bytes = call.field("bytes").and_then(|bytes| bytes.parse().ok());
    session.insert("big", "x".repeat(bytes.unwrap_or_default()))?;
    Ok(Reply::text(summary(&session)?))
}

/// Commits at once.
pub(super) async fn count(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    let counted = session.update_now(N, |n: &mut u32| {
        *n += 1;
        *n
    });
    Ok(Reply::text(counted.await?.to_string()))
}

/// Takes the value out at once.
pub(super) async fn take(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    let taken: Option<u32> = session.take(N).await?;
    Ok(Reply::text(
        taken.map_or_else(|| "none".to_owned(), |n| n.to_string()),
    ))
}

pub(super) async fn fail(call: Call, session: Session) -> Result<Reply, Refusal> {
    Ok(write(call, session).await?.with_status(500))
}

pub(super) async fn fail_now(call: Call, session: Session) -> Result<Reply, Refusal> {
    Ok(count(call, session).await?.with_status(500))
}

/// A mistake in the handler, after a change.
#[expect(clippy::panic, reason = "it is what the route is for")]
pub(super) async fn panic(call: Call, session: Session) -> Result<Reply, Refusal> {
    let reply = write(call, session).await?;
    panic!("as the scenario wants it, instead of {reply:?}")
}

/// Who it is, how sure that is, and what is stored.
pub(super) fn summary(session: &Session) -> Result<String, SessionError> {
    let mut words = vec![
        match (session.subject(), session.locked(), session.handle()) {
            (Some(subject), _, _) => subject.id().to_owned(),
            (None, Some(locked), _) => format!("locked {}", locked.id()),
            (None, None, Some(_)) => "anonymous".to_owned(),
            (None, None, None) => "nobody".to_owned(),
        },
    ];
    let level = session
        .authentication()
        .map(|authentication| authentication.level());
    if level == Some(AssuranceLevel::Aal2) {
        words.push("aal2".to_owned());
    }
    let actor = session.actor();
    words.extend(actor.map(|actor| format!("by={}", actor.id())));
    let elevation = session.elevation();
    words.extend(elevation.map(|elevation| format!("rights={}", elevation.rights().join(","))));
    let n: Option<u32> = session.get(N)?;
    words.extend(n.map(|n| format!("n={n}")));
    let cart: Option<Cart> = session.get(Cart::key())?;
    words.extend(cart.map(|cart| format!("cart={}", cart.0)));
    Ok(words.join(" "))
}

/// The key of the counter, which is not portable.
pub(super) const N: &str = "n";
