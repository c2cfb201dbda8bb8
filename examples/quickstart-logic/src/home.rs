//! The home page, the login and the logout.

use askama::Template;
use hallpass::Login;
use hallpass::LoginOutcome;
use hallpass::Session;
use hallpass::SessionData;
use hallpass::SessionError;
use hallpass::http::ReturnTo;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::accounts;
use crate::answer::Answer;
use crate::answer::json;
use crate::answer::page;
use crate::answer::see_other;
use crate::data::Cart;
use crate::devices::Device;
use crate::pages::Frame;
use crate::pages::sentence;
use crate::site::Site;
use crate::step_up;
use crate::step_up::From;
use crate::step_up::back_to;
use crate::times::for_people;

/// What somebody signs in with.
#[derive(Deserialize)]
#[expect(
    missing_debug_implementations,
    reason = "a password stays out of every log"
)]
pub struct Credentials {
    username: String,
    password: String,
    remember: Option<String>,
    return_to: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    ended: Option<&'static str>,
    authenticated_at: Option<String>,
    cart: Vec<String>,
    return_to: ReturnTo,
    refused: Option<Refused>,
}

/// A login that did not work, to be tried again.
#[derive(Debug)]
struct Refused {
    username: String,
    remember: bool,
}

impl Home {
    async fn of(session: &Session, return_to: ReturnTo, site: Site) -> Result<Self, SessionError> {
        let authentication = session.authentication();
        Ok(Self {
            // Before the frame, which may begin another session.
            ended: session.end_reason().map(|reason| sentence(&reason)),
            frame: Frame::of(session, "/", site).await?,
            authenticated_at: authentication
                .and_then(|authentication| authentication.authenticated_at())
                .map(for_people),
            cart: session.get(Cart::key())?.unwrap_or_default().items,
            return_to,
            refused: None,
        })
    }
}

/// The page: the session of who is signed in, or the form to sign in, or the form to unlock.
pub async fn show(session: &Session, from: From, site: Site) -> Result<Answer, SessionError> {
    if session.locked().is_some() {
        return step_up::show(session, from, site).await;
    }
    let home = Home::of(session, from.back(), site).await?;
    Ok(page(StatusCode::OK, &home))
}

/// The form is on the home page; its address may have been typed in, or kept as a bookmark.
pub fn form() -> Answer {
    see_other("/")
}

/// Signs in.
pub async fn login(
    session: &Session,
    credentials: Credentials,
    site: Site,
) -> Result<Answer, SessionError> {
    let remember = credentials.remember.as_deref() == Some("on");
    let return_to = back_to(credentials.return_to.as_deref());
    let checked = accounts::check(&credentials.username, &credentials.password);
    let Ok(Some(subject)) = checked else {
        let mut home = Home::of(session, return_to, site).await?;
        home.refused = Some(Refused {
            username: credentials.username,
            remember,
        });
        return Ok(page(StatusCode::UNAUTHORIZED, &home));
    };
    match session
        .login(Login::new(subject).remember(remember))
        .await?
    {
        LoginOutcome::LoggedIn { .. } => Ok(see_other(return_to.or("/"))),
        LoginOutcome::Denied { active } => {
            let active: Vec<Device> = active.iter().map(|info| Device::of(info, None)).collect();
            Ok(json(StatusCode::CONFLICT, &json!({ "active": active })))
        }
    }
}

/// Signs out.
pub async fn logout(session: &Session) -> Result<Answer, SessionError> {
    session.logout().await?;
    Ok(see_other("/"))
}
