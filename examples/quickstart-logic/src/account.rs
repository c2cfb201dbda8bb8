//! What somebody does with an account: two things that are better guarded than the rest.

use askama::Template;
use hallpass::Requirement;
use hallpass::Session;
use hallpass::SessionError;
use hallpass::Unmet;
use http::StatusCode;
use serde::Deserialize;

use crate::answer::Answer;
use crate::answer::page;
use crate::answer::see_other;
use crate::pages::Frame;
use crate::pages::forbidden;
use crate::pages::sign_in_first;
use crate::site::Site;

/// A new password. This demonstration takes it and throws it away.
#[derive(Deserialize)]
#[expect(
    missing_debug_implementations,
    reason = "a password stays out of every log"
)]
pub struct NewPassword {
    password: String,
}

#[derive(Debug, Template)]
#[template(path = "account.html")]
struct Account {
    frame: Frame,
    is_too_short: bool,
}

/// The page.
pub async fn show(session: &Session, site: Site) -> Result<Answer, SessionError> {
    if session.subject().is_none() {
        return Ok(sign_in_first(session));
    }
    let account = Account {
        frame: Frame::of(session, "/account", site).await?,
        is_too_short: false,
    };
    Ok(page(StatusCode::OK, &account))
}

/// Only says that it would delete the account. Whoever calls this has seen to it that the user
/// authenticated a moment ago.
pub fn delete(session: &Session) -> Result<Answer, SessionError> {
    session.flash("info", "Your account would be deleted now. This is a demo.")?;
    Ok(see_other("/account"))
}

/// Only says that it would change the password. Nobody does that for somebody else.
pub async fn change_password(
    session: &Session,
    NewPassword { password }: NewPassword,
    site: Site,
) -> Result<Answer, SessionError> {
    match session.check(&IN_PERSON) {
        Ok(()) => {}
        Err(Unmet::Impersonated) => {
            let frame = Frame::quiet(session, "/account", site).await?;
            return Ok(forbidden(frame, "Only the user changes the password."));
        }
        Err(_) => return Ok(sign_in_first(session)),
    }
    if password.chars().count() < SHORTEST {
        let account = Account {
            frame: Frame::of(session, "/account", site).await?,
            is_too_short: true,
        };
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &account));
    }
    session.flash(
        "info",
        "Your password would be changed now. This is a demo.",
    )?;
    Ok(see_other("/account"))
}

const IN_PERSON: Requirement = Requirement::login().in_person();

/// NIST SP 800-63B-4, 3.1.1.2: at least 15 characters where a password is all there is.
const SHORTEST: usize = 15;
