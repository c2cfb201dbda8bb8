//! Handlers about whose session it is.

use hallpass::AssuranceLevel;
use hallpass::Authentication;
use hallpass::CarryOver;
use hallpass::Login;
use hallpass::LoginOutcome;
use hallpass::Renewal;
use hallpass::Session;
use hallpass::Subject;
use hallpass::http::Refusal;

use super::Call;
use super::Reply;
use super::data::N;
use super::data::summary;

/// Why the session ended whose token was sent.
pub(super) async fn why(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    let reason = session.end_reason();
    Ok(Reply::text(
        reason.map_or("no reason", |reason| reason.as_str()),
    ))
}

/// Fields: `subject`, `remember`, `level`, `carry` (`all` or `nothing`).
pub(super) async fn log_in(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    let id = call.field("subject").unwrap_or("alice");
    let Ok(subject) = Subject::new(id) else {
        return Ok(Reply::text("nobody has such a name").with_status(400));
    };
    let login = Login::new(subject)
        .authentication(authentication(&call, AssuranceLevel::Aal1))
        .remember(call.field("remember").is_some())
        .carry_over(match call.field("carry") {
            Some("all") => CarryOver::DangerAll,
            Some("nothing") => CarryOver::Nothing,
            _ => CarryOver::Portable,
        });
    match session.login(login).await? {
        LoginOutcome::LoggedIn { .. } => Ok(Reply::text(summary(&session)?)),
        LoginOutcome::Denied { active } => {
            Ok(Reply::text(format!("denied: {} sessions", active.len())).with_status(409))
        }
    }
}

pub(super) async fn log_in_and_fail(call: Call, session: Session) -> Result<Reply, Refusal> {
    Ok(log_in(call, session).await?.with_status(500))
}

/// A change before a login travels in its write.
pub(super) async fn write_and_log_in(call: Call, session: Session) -> Result<Reply, Refusal> {
    session.update(N, |n: &mut u32| *n += 1)?;
    log_in(call, session).await
}

pub(super) async fn log_out(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    session.logout().await?;
    Ok(Reply::text(summary(&session)?))
}

/// A change after a logout begins an anonymous session.
pub(super) async fn log_out_and_write(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    session.logout().await?;
    session.update(N, |n: &mut u32| *n += 1)?;
    Ok(Reply::text(summary(&session)?))
}

/// Field: `level`.
pub(super) async fn raise(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    session
        .raise(authentication(&call, AssuranceLevel::Aal2))
        .await?;
    Ok(Reply::text(summary(&session)?))
}

pub(super) async fn lower(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    session.lower(AssuranceLevel::Aal1).await?;
    Ok(Reply::text(summary(&session)?))
}

pub(super) async fn renew(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    Ok(Reply::text(match session.renew()? {
        Renewal::Scheduled => "scheduled",
        Renewal::TooSoon => "too soon",
    }))
}

/// Ends the other sessions of the same subject.
pub(super) async fn end_others(call: Call, session: Session) -> Result<Reply, Refusal> {
    call.pause().await;
    let ended = session.revoke_others().await?;
    Ok(Reply::text(format!("ended {ended}")))
}

pub(super) fn authentication(call: &Call, otherwise: AssuranceLevel) -> Authentication {
    let level = match call.field("level") {
        Some("aal1") => AssuranceLevel::Aal1,
        Some("aal2") => AssuranceLevel::Aal2,
        _ => otherwise,
    };
    match level {
        AssuranceLevel::Aal1 => Authentication::password(),
        level => Authentication::new(level).with_method("otp"),
    }
}
