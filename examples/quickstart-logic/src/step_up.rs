//! The password again: for what is dangerous, and to unlock a session that nobody used.

use askama::Template;
use hallpass::Authentication;
use hallpass::Session;
use hallpass::SessionError;
use hallpass::Subject;
use hallpass::http::ReturnTo;
use http::StatusCode;
use serde::Deserialize;

use crate::accounts;
use crate::answer::Answer;
use crate::answer::page;
use crate::answer::see_other;
use crate::pages::Frame;
use crate::pages::sign_in_first;
use crate::site::Site;

/// Where somebody came from.
#[derive(Debug, Default, Deserialize)]
pub struct From {
    return_to: Option<String>,
}

impl From {
    pub(crate) fn back(&self) -> ReturnTo {
        back_to(self.return_to.as_deref())
    }
}

/// A password, and where to go then.
#[derive(Deserialize)]
#[expect(
    missing_debug_implementations,
    reason = "a password stays out of every log"
)]
pub struct Password {
    password: String,
    return_to: Option<String>,
}

impl Password {
    pub(crate) fn text(&self) -> &str {
        &self.password
    }
}

#[derive(Debug, Template)]
#[template(path = "step-up.html")]
struct StepUp {
    frame: Frame,
    subject: Subject,
    is_locked: bool,
    is_wrong: bool,
    return_to: ReturnTo,
}

/// The form.
pub async fn show(session: &Session, from: From, site: Site) -> Result<Answer, SessionError> {
    let Some(subject) = session.subject().or_else(|| session.locked()) else {
        return Ok(sign_in_first(session));
    };
    let step_up = StepUp {
        is_locked: session.locked().is_some(),
        frame: Frame::quiet(session, "/step-up", site).await?,
        subject,
        is_wrong: false,
        return_to: from.back(),
    };
    Ok(page(StatusCode::OK, &step_up))
}

/// Takes the password, and leads back to where it was asked for. What was to be done there is done
/// by pressing the button again: the body of that request is gone.
pub async fn confirm(
    session: &Session,
    form: Password,
    site: Site,
) -> Result<Answer, SessionError> {
    let Some(subject) = session.subject().or_else(|| session.locked()) else {
        return Ok(sign_in_first(session));
    };
    let return_to = back_to(form.return_to.as_deref());
    if !accounts::confirms(&subject, form.text()) {
        let step_up = StepUp {
            is_locked: session.locked().is_some(),
            frame: Frame::quiet(session, "/step-up", site).await?,
            subject,
            is_wrong: true,
            return_to,
        };
        return Ok(page(StatusCode::UNAUTHORIZED, &step_up));
    }
    session.raise(Authentication::password()).await?;
    Ok(see_other(return_to.or("/")))
}

/// Where to go back to. It comes from the client, and leads nowhere else than into this site.
pub(crate) fn back_to(text: Option<&str>) -> ReturnTo {
    text.map_or_else(ReturnTo::nowhere, ReturnTo::parse)
}
