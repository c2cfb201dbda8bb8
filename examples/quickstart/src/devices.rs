//! The sessions of the subject: a page, and the same for programs.

use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Json;
use axum::response::Redirect;
use axum::response::Response;
use hallpass::Revoked;
use hallpass::SessionHandle;
use hallpass::SessionInfo;
use hallpass::axum::Authenticated;
use hallpass::axum::MaybeAuthenticated;
use hallpass::axum::SessionRejection;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::pages::DeviceRow;
use crate::pages::Devices;
use crate::pages::Message;
use crate::pages::page;
use crate::pages::sign_in_first;
use crate::times::Countdown;
use crate::times::for_people;
use crate::times::rfc3339;

#[derive(Serialize)]
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

pub(crate) async fn list(user: Authenticated) -> Result<Json<Value>, SessionRejection> {
    let current = user.handle();
    let sessions = user.sessions().await?;
    let devices: Vec<Device> = sessions
        .iter()
        .map(|info| Device::of(info, current))
        .collect();
    Ok(Json(json!({ "devices": devices })))
}

pub(crate) async fn show(
    user: MaybeAuthenticated,
    State(warn_before): State<u64>,
) -> Result<Response, SessionRejection> {
    let Some(subject) = user.subject() else {
        return Ok(sign_in_first(user.end_reason().as_ref()));
    };
    let current = user.handle();
    let row = |info: &SessionInfo| DeviceRow {
        handle: info.handle.to_string(),
        created: for_people(info.created_at),
        last_seen: for_people(info.last_seen),
        client: info.client.to_string(),
        current: current == Some(info.handle),
    };
    let mut devices: Vec<_> = user.sessions().await?.iter().map(row).collect();
    devices.sort_by_key(|device| !device.current);
    Ok(page(
        StatusCode::OK,
        &Devices {
            user: subject.id().to_owned(),
            handle: current.map(|handle| handle.to_string()),
            countdown: Countdown::of(&user, warn_before),
            flashes: user.take_flashes().await?,
            devices,
        },
    ))
}

pub(crate) async fn end(
    user: MaybeAuthenticated,
    Path(handle): Path<String>,
) -> Result<Response, SessionRejection> {
    if user.subject().is_none() {
        return Ok(sign_in_first(user.end_reason().as_ref()));
    }
    let Ok(handle) = handle.parse() else {
        return Ok(no_such_device());
    };
    if user.handle() == Some(handle) {
        user.logout().await?;
        return Ok(Redirect::to("/").into_response());
    }
    match user.revoke(handle).await? {
        Revoked::Ended | Revoked::AlreadyEnded => Ok(Redirect::to("/devices").into_response()),
        Revoked::Missing => Ok(no_such_device()),
    }
}

pub(crate) async fn end_others(user: MaybeAuthenticated) -> Result<Response, SessionRejection> {
    if user.subject().is_none() {
        return Ok(sign_in_first(user.end_reason().as_ref()));
    }
    let ended = user.revoke_others().await?;
    user.flash("info", &format!("Other sessions ended: {ended}."))?;
    Ok(Redirect::to("/devices").into_response())
}

fn no_such_device() -> Response {
    let message = Message {
        title: "No such device",
        text: "None of your sessions has this name.",
        link: Some(("/devices", "Your devices")),
    };
    page(StatusCode::NOT_FOUND, &message)
}
