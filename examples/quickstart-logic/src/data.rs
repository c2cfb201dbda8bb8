//! Data in the session: a cart, a counter, a limit, and plain keys.

use std::time::Duration;

use hallpass::Session;
use hallpass::SessionData;
use hallpass::SessionError;
use http::StatusCode;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::answer::Answer;
use crate::answer::bare;
use crate::answer::json;

/// Comes along at login.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Cart {
    pub(crate) items: Vec<String>,
}

impl SessionData for Cart {
    const KEY: &'static str = "cart";
    const PORTABLE: bool = true;
}

/// What goes into the cart.
#[derive(Debug, Deserialize)]
pub struct Item {
    item: String,
}

/// How far to count.
#[derive(Debug, Deserialize)]
pub struct Count {
    #[serde(default = "one")]
    by: i64,
    #[serde(default)]
    delay_ms: u64,
}

/// How long to take.
#[derive(Debug, Deserialize)]
pub struct Delay {
    #[serde(default)]
    delay_ms: u64,
}

/// What to keep under which key.
#[derive(Debug, Deserialize)]
pub struct Assignment {
    key: String,
    value: Value,
    #[serde(default)]
    delay_ms: u64,
}

/// Which key to look up.
#[derive(Debug, Deserialize)]
pub struct Name {
    key: String,
}

/// What is in the cart.
pub fn cart(session: &Session) -> Result<Answer, SessionError> {
    let cart = session.get(Cart::key())?.unwrap_or_default();
    Ok(json(StatusCode::OK, &cart))
}

/// Adds to the cart.
pub fn add_to_cart(session: &Session, Item { item }: Item) -> Result<Answer, SessionError> {
    session.update(Cart::key(), move |cart: &mut Cart| {
        cart.items.push(item.clone())
    })?;
    Ok(bare(StatusCode::NO_CONTENT))
}

/// What was counted.
pub fn counter(session: &Session) -> Result<Answer, SessionError> {
    let value: i64 = session.get("counter")?.unwrap_or_default();
    Ok(json(StatusCode::OK, &json!({ "value": value })))
}

/// Counts. Deferred: however many requests count at once, the commits add up.
pub async fn count(
    session: &Session,
    Count { by, delay_ms }: Count,
) -> Result<Answer, SessionError> {
    pause(delay_ms).await;
    session.update("counter", move |value: &mut i64| {
        *value = value.saturating_add(by)
    })?;
    Ok(bare(StatusCode::NO_CONTENT))
}

/// Allows five guesses. At once: it has to know whether this one is among the five.
pub async fn guess(session: &Session, Delay { delay_ms }: Delay) -> Result<Answer, SessionError> {
    pause(delay_ms).await;
    let (allowed, count) = session
        .update_now("guesses", |count: &mut u32| {
            let allowed = *count < 5;
            *count += u32::from(allowed);
            (allowed, *count)
        })
        .await?;
    if allowed {
        return Ok(bare(StatusCode::NO_CONTENT));
    }
    let refused = json!({ "count": count });
    Ok(json(StatusCode::TOO_MANY_REQUESTS, &refused))
}

/// What a key holds.
pub fn get(session: &Session, Name { key }: Name) -> Result<Answer, SessionError> {
    let value: Option<Value> = session.get(key.as_str())?;
    Ok(json(StatusCode::OK, &json!({ "value": value })))
}

/// Keeps a value under a key.
pub async fn set(session: &Session, assignment: Assignment) -> Result<Answer, SessionError> {
    let Assignment {
        key,
        value,
        delay_ms,
    } = assignment;
    pause(delay_ms).await;
    session.insert(key.as_str(), value)?;
    Ok(bare(StatusCode::NO_CONTENT))
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
