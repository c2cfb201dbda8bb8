//! Data in the session: a cart, a counter, a limit, and plain keys.

use std::time::Duration;

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Json;
use axum::response::Response;
use hallpass::SessionData;
use hallpass::axum::Session;
use hallpass::axum::SessionRejection;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

/// Comes along at login.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Cart {
    pub(crate) items: Vec<String>,
}

impl SessionData for Cart {
    const KEY: &'static str = "cart";
    const PORTABLE: bool = true;
}

#[derive(Deserialize)]
pub(crate) struct Item {
    item: String,
}

#[derive(Deserialize)]
pub(crate) struct Count {
    #[serde(default = "one")]
    by: i64,
    #[serde(default)]
    delay_ms: u64,
}

#[derive(Deserialize)]
pub(crate) struct Delay {
    #[serde(default)]
    delay_ms: u64,
}

#[derive(Deserialize)]
pub(crate) struct Assignment {
    key: String,
    value: Value,
    #[serde(default)]
    delay_ms: u64,
}

#[derive(Deserialize)]
pub(crate) struct Name {
    key: String,
}

pub(crate) async fn cart(session: Session) -> Result<Json<Cart>, SessionRejection> {
    Ok(Json(session.get(Cart::key())?.unwrap_or_default()))
}

pub(crate) async fn add_to_cart(
    session: Session,
    Json(Item { item }): Json<Item>,
) -> Result<StatusCode, SessionRejection> {
    session.update(Cart::key(), move |cart: &mut Cart| {
        cart.items.push(item.clone())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn counter(session: Session) -> Result<Json<Value>, SessionRejection> {
    let value: i64 = session.get("counter")?.unwrap_or_default();
    Ok(Json(json!({ "value": value })))
}

/// Deferred: however many requests count at once, the commits add up.
pub(crate) async fn count(
    session: Session,
    Query(Count { by, delay_ms }): Query<Count>,
) -> Result<StatusCode, SessionRejection> {
    pause(delay_ms).await;
    session.update("counter", move |value: &mut i64| {
        *value = value.saturating_add(by)
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// At once: it has to know whether this guess is one of the five.
pub(crate) async fn guess(
    session: Session,
    Query(Delay { delay_ms }): Query<Delay>,
) -> Result<Response, SessionRejection> {
    pause(delay_ms).await;
    let (allowed, count) = session
        .update_now("guesses", |count: &mut u32| {
            let allowed = *count < 5;
            *count += u32::from(allowed);
            (allowed, *count)
        })
        .await?;
    if allowed {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok((
        StatusCode::TOO_MANY_REQUESTS,
        Json(json!({ "count": count })),
    )
        .into_response())
}

pub(crate) async fn get(
    session: Session,
    Query(Name { key }): Query<Name>,
) -> Result<Json<Value>, SessionRejection> {
    let value: Option<Value> = session.get(key.as_str())?;
    Ok(Json(json!({ "value": value })))
}

pub(crate) async fn set(
    session: Session,
    Json(Assignment {
        key,
        value,
        delay_ms,
    }): Json<Assignment>,
) -> Result<StatusCode, SessionRejection> {
    pause(delay_ms).await;
    session.insert(key.as_str(), value)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes its time, as a slow handler would; ten seconds at the most.
#[expect(
    clippy::disallowed_methods,
    reason = "a slow handler is what this demonstrates"
)]
async fn pause(delay_ms: u64) {
    tokio::time::sleep(Duration::from_millis(delay_ms.min(10_000))).await;
}

const fn one() -> i64 {
    1
}
