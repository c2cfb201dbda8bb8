//! What a request brings beside its session.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use serde_json::Value;
use tokio::sync::Notify;

use super::App;

/// What a request brings beside its session.
#[derive(Debug)]
pub struct Call {
    pub(super) app: App,
    fields: BTreeMap<String, String>,
    pause: Option<String>,
}

impl Call {
    /// The header that makes a handler wait with its session open.
    pub const PAUSE: &'static str = "scenario-pause";

    /// Reads the request: the values of the headers `Scenario-Pause` and `Content-Type`, and the
    /// whole body.
    #[must_use]
    pub fn new(app: &App, pause: Option<&str>, content_type: Option<&str>, body: &[u8]) -> Self {
        let fields = match content_type {
            Some("application/x-www-form-urlencoded") => {
                form_urlencoded::parse(body).into_owned().collect()
            }
            Some("application/json") => json(body),
            _ => BTreeMap::new(),
        };
        Self {
            app: app.clone(),
            fields,
            pause: pause.map(str::to_owned),
        }
    }

    /// Waits where the request asks for it.
    pub(super) async fn pause(&self) {
        if let Some(pause) = &self.pause {
            self.app.0.gates.get(pause).pass().await;
        }
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

fn json(body: &[u8]) -> BTreeMap<String, String> {
    let fields: BTreeMap<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    let texts = fields.into_iter().map(|(name, value)| match value {
        Value::String(text) => (name, text),
        other => (name, other.to_string()),
    });
    texts.collect()
}

/// The places where requests wait, by name.
#[derive(Debug, Default)]
pub(super) struct Gates(Mutex<BTreeMap<String, Arc<Gate>>>);

#[derive(Debug, Default)]
pub(super) struct Gate {
    reached: Notify,
    resumed: Notify,
}

impl Gates {
    pub(super) fn get(&self, name: &str) -> Arc<Gate> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry(name.to_owned()).or_default())
    }
}

impl Gate {
    async fn pass(&self) {
        self.reached.notify_one();
        self.resumed.notified().await;
    }

    pub(super) async fn reached(&self) {
        self.reached.notified().await;
    }

    pub(super) fn resume(&self) {
        self.resumed.notify_one();
    }
}
