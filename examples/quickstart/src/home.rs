//! The home page, the login and the logout.

use axum::extract::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Json;
use axum::response::Redirect;
use axum::response::Response;
use hallpass::EndReason;
use hallpass::Login;
use hallpass::LoginOutcome;
use hallpass::SessionData;
use hallpass::axum::Session;
use hallpass::axum::SessionRejection;
use serde::Deserialize;
use serde_json::json;

use crate::accounts;
use crate::data::Cart;
use crate::devices::Device;
use crate::pages::Home;
use crate::pages::for_people;
use crate::pages::page;

#[derive(Deserialize)]
pub(crate) struct Credentials {
    username: String,
    password: String,
    remember: Option<String>,
}

pub(crate) async fn show(
    session: Session,
    State(warn_before): State<u64>,
) -> Result<Response, SessionRejection> {
    let flashes = session.take_flashes().await?;
    let mut home = home(&session, warn_before)?;
    home.flashes = flashes.into_iter().map(|flash| flash.message).collect();
    Ok(page(StatusCode::OK, &home))
}

pub(crate) async fn login(
    session: Session,
    State(warn_before): State<u64>,
    Form(credentials): Form<Credentials>,
) -> Result<Response, SessionRejection> {
    let checked = accounts::check(&credentials.username, &credentials.password);
    let Ok(Some(subject)) = checked else {
        let mut home = home(&session, warn_before)?;
        home.error = Some("User name or password is wrong.".to_owned());
        return Ok(page(StatusCode::UNAUTHORIZED, &home));
    };
    let remember = credentials.remember.as_deref() == Some("on");
    match session
        .login(Login::new(subject).remember(remember))
        .await?
    {
        LoginOutcome::LoggedIn { .. } => Ok(Redirect::to("/").into_response()),
        LoginOutcome::Denied { active } => {
            let active: Vec<Device> = active.iter().map(|info| Device::of(info, None)).collect();
            Ok((StatusCode::CONFLICT, Json(json!({ "active": active }))).into_response())
        }
    }
}

pub(crate) async fn logout(session: Session) -> Result<Redirect, SessionRejection> {
    session.logout().await?;
    Ok(Redirect::to("/"))
}

fn home(session: &Session, warn_before: u64) -> Result<Home, SessionRejection> {
    let expires_in = session.expires_in();
    let authentication = session.authentication();
    let subject = session.subject();
    Ok(Home {
        ended: session
            .end_reason()
            .map(|reason| sentence(&reason).to_owned()),
        idle_expires_in: expires_in
            .and_then(|left| left.idle)
            .map(|idle| idle.as_secs()),
        absolute_expires_in: expires_in.map(|left| left.absolute.as_secs()),
        warn_before,
        authenticated_at: authentication
            .and_then(|authentication| authentication.authenticated_at())
            .map(for_people),
        cart: session.get(Cart::key())?.unwrap_or_default().items,
        handle: session
            .handle()
            .filter(|_| subject.is_some())
            .map(|handle| handle.to_string()),
        user: subject.map(|subject| subject.id().to_owned()),
        ..Home::default()
    })
}

/// Says to people why their session is gone.
const fn sentence(reason: &EndReason) -> &'static str {
    match reason {
        EndReason::Absolute => "Your session reached its longest duration.",
        EndReason::Evicted => "Your session ended because you signed in on too many devices.",
        EndReason::Idle => "Your session ended because nothing happened for a while.",
        EndReason::Logout => "You signed out.",
        EndReason::Replayed => "Your session ended because an old copy of its cookie was used.",
        EndReason::Revoked(_) => "Your session was ended from another device.",
        EndReason::Superseded => "Your session was replaced by a newer sign-in.",
        _ => "Your session has ended.",
    }
}
