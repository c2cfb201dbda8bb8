//! A page that needs a right, which a session has for a few minutes after another password.

use askama::Template;
use hallpass::Authentication;
use hallpass::Elevation;
use hallpass::Requirement;
use hallpass::Session;
use hallpass::SessionError;
use hallpass::Unmet;
use http::StatusCode;

use crate::accounts;
use crate::answer::Answer;
use crate::answer::page;
use crate::answer::see_other;
use crate::pages::Frame;
use crate::pages::forbidden;
use crate::pages::sign_in_first;
use crate::site::Site;
use crate::step_up::Password;
use crate::times::for_people;

#[derive(Debug, Template)]
#[template(path = "admin.html")]
struct Admin {
    frame: Frame,
    lasting: u64,
    rights: Option<Rights>,
    is_wrong: bool,
}

#[derive(Debug)]
struct Rights {
    names: String,
    until: String,
}

/// The page, or the form that leads to it.
pub async fn show(session: &Session, site: Site) -> Result<Answer, SessionError> {
    let status = match session.check(&Requirement::login().right(RIGHT)) {
        Ok(()) => StatusCode::OK,
        Err(Unmet::Right { .. }) => StatusCode::FORBIDDEN,
        Err(Unmet::Impersonated) => {
            let frame = Frame::quiet(session, "/admin", site).await?;
            return Ok(forbidden(frame, "Nobody is an admin for somebody else."));
        }
        Err(_) => return Ok(sign_in_first(session)),
    };
    let admin = Admin::of(session, site).await?;
    Ok(page(status, &admin))
}

/// Takes the password, and gives the right for a while.
pub async fn elevate(
    session: &Session,
    password: Password,
    site: Site,
) -> Result<Answer, SessionError> {
    let Some(subject) = session.subject() else {
        return Ok(sign_in_first(session));
    };
    if !accounts::confirms(&subject, password.text()) {
        let mut admin = Admin::of(session, site).await?;
        admin.is_wrong = true;
        return Ok(page(StatusCode::UNAUTHORIZED, &admin));
    }
    let elevation = Elevation::new(Authentication::password())
        .lasting(site.elevation)
        .right(RIGHT);
    session.elevate(elevation).await?;
    Ok(see_other("/admin"))
}

/// Gives the right back before its time.
pub async fn end(session: &Session) -> Result<Answer, SessionError> {
    if session.subject().is_none() {
        return Ok(sign_in_first(session));
    }
    session.end_elevation().await?;
    Ok(see_other("/"))
}

impl Admin {
    async fn of(session: &Session, site: Site) -> Result<Self, SessionError> {
        Ok(Self {
            frame: Frame::of(session, "/admin", site).await?,
            lasting: site.elevation.as_secs(),
            rights: session.elevation().map(|elevated| Rights {
                names: elevated.rights().join(", "),
                until: for_people(elevated.until()),
            }),
            is_wrong: false,
        })
    }
}

const RIGHT: &str = "admin";
