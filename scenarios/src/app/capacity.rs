//! Handlers about what a session stands for beyond its login.

use std::time::Duration;

use hallpass::AssuranceLevel;
use hallpass::Elevation;
use hallpass::Impersonation;
use hallpass::Requirement;
use hallpass::Session;
use hallpass::Subject;
use hallpass::http::Refusal;

use super::Call;
use super::Reply;
use super::data::summary;
use super::identity::authentication;

/// Gives the right `admin` for five minutes. Field: `level`.
pub(super) async fn elevate(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    let elevation = Elevation::new(authentication(&call, AssuranceLevel::Aal2))
        .right("admin")
        .lasting(Duration::from_secs(300));
    session.elevate(elevation).await?;
    Ok(Reply::text(summary(&session)?))
}

pub(super) async fn end_elevation(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    session.end_elevation().await?;
    Ok(Reply::text(summary(&session)?))
}

/// Field: `subject`.
pub(super) async fn impersonate(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    let Ok(subject) = Subject::new(call.field("subject").unwrap_or("alice")) else {
        return Ok(Reply::text("nobody has such a name").with_status(400));
    };
    session
        .impersonate(Impersonation::of(subject, "a ticket"))
        .await?;
    Ok(Reply::text(summary(&session)?))
}

pub(super) async fn end_impersonation(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    session.end_impersonation().await?;
    Ok(Reply::text(summary(&session)?))
}

/// Asks for the right `admin`.
pub(super) async fn admin(call: Call, session: Session) -> Result<Reply, Refusal> {
    checked(&call, &session, &Requirement::login().right("admin")).await
}

/// Only the subject itself may use it.
pub(super) async fn in_person(call: Call, session: Session) -> Result<Reply, Refusal> {
    checked(&call, &session, &Requirement::login().in_person()).await
}

/// Asks for the second level.
pub(super) async fn pay(call: Call, session: Session) -> Result<Reply, Refusal> {
    let requirement = Requirement::login().level(AssuranceLevel::Aal2);
    checked(&call, &session, &requirement).await
}

async fn checked(
    call: &Call,
    session: &Session,
    requirement: &Requirement,
) -> Result<Reply, Refusal> {
    call.pause().await;
    session.check(requirement)?;
    Ok(Reply::text(summary(session)?))
}
