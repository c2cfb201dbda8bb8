//! The account `support` sees what a user sees.

use askama::Template;
use hallpass::Impersonation;
use hallpass::Session;
use hallpass::SessionError;
use http::StatusCode;
use serde::Deserialize;

use crate::accounts;
use crate::answer::Answer;
use crate::answer::page;
use crate::answer::see_other;
use crate::pages::Frame;
use crate::pages::forbidden;
use crate::pages::sign_in_first;
use crate::site::Site;

/// For whom to act, and why.
#[derive(Debug, Default, Deserialize)]
pub struct Case {
    username: String,
    reason: String,
}

#[derive(Debug, Template)]
#[template(path = "support.html")]
struct Support {
    frame: Frame,
    case: Case,
    lasting: u64,
    error: Option<&'static str>,
}

impl Support {
    async fn of(session: &Session, case: Case, site: Site) -> Result<Self, SessionError> {
        Ok(Self {
            frame: Frame::of(session, "/support", site).await?,
            case,
            lasting: site.impersonation.as_secs(),
            error: None,
        })
    }
}

/// The form.
pub async fn show(session: &Session, site: Site) -> Result<Answer, SessionError> {
    if let Some(refusal) = refuse_others(session, site).await? {
        return Ok(refusal);
    }
    let support = Support::of(session, Case::default(), site).await?;
    Ok(page(StatusCode::OK, &support))
}

/// Begins to act for a user.
pub async fn impersonate(
    session: &Session,
    case: Case,
    site: Site,
) -> Result<Answer, SessionError> {
    if let Some(refusal) = refuse_others(session, site).await? {
        return Ok(refusal);
    }
    let subject = accounts::find(case.username.trim()).ok().flatten();
    let reason = case.reason.trim();
    let error = match subject {
        Some(subject) if !accounts::is_support(&subject) && !reason.is_empty() => {
            let impersonation = Impersonation::of(subject, reason).lasting(site.impersonation);
            session.impersonate(impersonation).await?;
            return Ok(see_other("/"));
        }
        Some(subject) if accounts::is_support(&subject) => "Support does not act for itself.",
        Some(_) => "Nobody acts for a user without a reason.",
        None => "There is no such user.",
    };
    let mut support = Support::of(session, case, site).await?;
    support.error = Some(error);
    Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &support))
}

/// Is oneself again.
pub async fn end(session: &Session) -> Result<Answer, SessionError> {
    if session.subject().is_none() {
        return Ok(sign_in_first(session));
    }
    session.end_impersonation().await?;
    Ok(see_other("/support"))
}

/// Who may act for others is for the application to decide, before it asks the session.
async fn refuse_others(session: &Session, site: Site) -> Result<Option<Answer>, SessionError> {
    let Some(subject) = session.subject() else {
        return Ok(Some(sign_in_first(session)));
    };
    if session.actor().is_none() && accounts::is_support(&subject) {
        return Ok(None);
    }
    let frame = Frame::quiet(session, "/support", site).await?;
    let text = "Only support acts for others, and for one at a time.";
    Ok(Some(forbidden(frame, text)))
}
