//! The sessions of the subject: a page, and the same for programs.

use askama::Template;
use hallpass::Revoked;
use hallpass::Session;
use hallpass::SessionError;
use hallpass::SessionHandle;
use hallpass::SessionInfo;
use http::StatusCode;
use serde::Serialize;
use serde_json::json;

use crate::answer::Answer;
use crate::answer::json;
use crate::answer::page;
use crate::answer::see_other;
use crate::pages::Frame;
use crate::pages::Message;
use crate::pages::sign_in_first;
use crate::site::Site;
use crate::times::for_people;
use crate::times::rfc3339;

#[derive(Debug, Serialize)]
pub(crate) struct Device {
    handle: SessionHandle,
    created: String,
    last_seen: String,
    client: String,
    current: bool,
}

impl Device {
    pub(crate) fn of(info: &SessionInfo, current: Option<SessionHandle>) -> Self {
        Self {
            handle: info.handle,
            created: rfc3339(info.created_at),
            last_seen: rfc3339(info.last_seen),
            client: info.client.to_string(),
            current: current == Some(info.handle),
        }
    }
}

#[derive(Debug, Template)]
#[template(path = "devices.html")]
struct Devices {
    frame: Frame,
    user: String,
    devices: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    handle: String,
    created: String,
    last_seen: String,
    client: String,
    current: bool,
    remembered: bool,
}

impl Row {
    fn of(info: &SessionInfo, current: Option<SessionHandle>) -> Self {
        Self {
            handle: info.handle.to_string(),
            created: for_people(info.created_at),
            last_seen: for_people(info.last_seen),
            client: info.client.to_string(),
            current: current == Some(info.handle),
            remembered: info.remembered,
        }
    }
}

/// The list, for programs.
pub async fn list(session: &Session) -> Result<Answer, SessionError> {
    let current = session.handle();
    let sessions = session.sessions().await?;
    let devices: Vec<Device> = sessions
        .iter()
        .map(|info| Device::of(info, current))
        .collect();
    Ok(json(StatusCode::OK, &json!({ "devices": devices })))
}

/// The page. It begins with this device.
pub async fn show(session: &Session, site: Site) -> Result<Answer, SessionError> {
    let Some(subject) = session.subject() else {
        return Ok(sign_in_first(session));
    };
    let current = session.handle();
    let sessions = session.sessions().await?;
    let mut devices: Vec<_> = sessions.iter().map(|info| Row::of(info, current)).collect();
    devices.sort_by_key(|device| !device.current);
    let devices = Devices {
        frame: Frame::of(session, "/devices", site).await?,
        user: subject.id().to_owned(),
        devices,
    };
    Ok(page(StatusCode::OK, &devices))
}

/// Ends one session of the list. Ending the present one is a logout.
pub async fn end(session: &Session, handle: &str, site: Site) -> Result<Answer, SessionError> {
    if session.subject().is_none() {
        return Ok(sign_in_first(session));
    }
    let Ok(handle) = handle.parse() else {
        return no_such_device(session, site).await;
    };
    if session.handle() == Some(handle) {
        session.logout().await?;
        return Ok(see_other("/"));
    }
    match session.revoke(handle).await? {
        Revoked::Ended | Revoked::AlreadyEnded => Ok(see_other("/devices")),
        Revoked::Missing => no_such_device(session, site).await,
    }
}

/// Ends every session of the list but the present one.
pub async fn end_others(session: &Session) -> Result<Answer, SessionError> {
    if session.subject().is_none() {
        return Ok(sign_in_first(session));
    }
    let ended = session.revoke_others().await?;
    session.flash("info", &format!("Other sessions ended: {ended}."))?;
    Ok(see_other("/devices"))
}

async fn no_such_device(session: &Session, site: Site) -> Result<Answer, SessionError> {
    let message = Message {
        frame: Frame::quiet(session, "/devices", site).await?,
        title: "No such device",
        text: "None of your sessions has this name.",
        link: ("/devices", "Your devices"),
    };
    Ok(page(StatusCode::NOT_FOUND, &message))
}
