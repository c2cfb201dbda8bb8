//! The home page, the login and the logout.

use axum::extract::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Json;
use axum::response::Redirect;
use axum::response::Response;
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
use crate::pages::page;
use crate::pages::sentence;
use crate::times::Countdown;
use crate::times::for_people;

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
    let mut home = home(&session, warn_before)?;
    home.flashes = session.take_flashes().await?;
    Ok(page(StatusCode::OK, &home))
}

/// The form is on the home page; its address may have been typed in, or kept as a bookmark.
pub(crate) async fn form() -> Redirect {
    Redirect::to("/")
}

pub(crate) async fn login(
    session: Session,
    State(warn_before): State<u64>,
    Form(credentials): Form<Credentials>,
) -> Result<Response, SessionRejection> {
    let remember = credentials.remember.as_deref() == Some("on");
    let checked = accounts::check(&credentials.username, &credentials.password);
    let Ok(Some(subject)) = checked else {
        let mut home = home(&session, warn_before)?;
        home.error = Some("User name or password is wrong.".to_owned());
        home.username = credentials.username;
        home.remember = remember;
        return Ok(page(StatusCode::UNAUTHORIZED, &home));
    };
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
    let authentication = session.authentication();
    let subject = session.subject();
    Ok(Home {
        ended: session
            .end_reason()
            .map(|reason| sentence(&reason).to_owned()),
        countdown: Countdown::of(session, warn_before),
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
