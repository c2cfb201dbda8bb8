//! What pages have in common.

use askama::Template;
use hallpass::EndReason;
use hallpass::Flash;
use hallpass::Session;
use hallpass::SessionError;
use hallpass::http::csrf_token;
use http::HeaderValue;
use http::StatusCode;
use http::header;

use crate::accounts;
use crate::answer::Answer;
use crate::answer::bare;
use crate::answer::page;
use crate::site::Site;
use crate::times::Countdown;
use crate::times::whole_seconds;

/// What stands around the content of each page.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    pub(crate) user: Option<String>,
    pub(crate) handle: Option<String>,
    pub(crate) countdown: Countdown,
    pub(crate) flashes: Vec<Flash>,
    /// What each form of the page carries.
    pub(crate) csrf: String,
    /// How many seconds the rights of an administrator last.
    pub(crate) elevated: Option<u64>,
    pub(crate) acting: Option<Acting>,
    here: &'static str,
    is_support: bool,
}

/// Somebody acts for the user of the page.
#[derive(Debug)]
pub(crate) struct Acting {
    pub(crate) actor: String,
    pub(crate) reason: String,
    pub(crate) left: u64,
}

impl Frame {
    /// The frame of the page at this path, which shows what was left for the next page.
    pub(crate) async fn of(
        session: &Session,
        here: &'static str,
        site: Site,
    ) -> Result<Self, SessionError> {
        let flashes = session.take_flashes().await?;
        let frame = Self::quiet(session, here, site).await?;
        Ok(Self { flashes, ..frame })
    }

    /// The frame of a page that leaves the messages for the next one.
    ///
    /// The token of the forms is bound to a session. Where there is none, one begins: the form of a
    /// login is worth protecting, too.
    pub(crate) async fn quiet(
        session: &Session,
        here: &'static str,
        site: Site,
    ) -> Result<Self, SessionError> {
        let csrf = csrf_token(session).await?.as_str().to_owned();
        let Some(subject) = session.subject() else {
            return Ok(Self {
                csrf,
                here,
                ..Self::default()
            });
        };
        let now = session.manager().now();
        let acting = session.impersonation().zip(session.actor());
        let acting = acting.map(|(acting, actor)| Acting {
            actor: actor.id().to_owned(),
            reason: acting.reason().to_owned(),
            left: whole_seconds(acting.until().since(now)),
        });
        Ok(Self {
            user: Some(subject.id().to_owned()),
            handle: session.handle().map(|handle| handle.to_string()),
            countdown: Countdown::of(session, site),
            flashes: Vec::new(),
            csrf,
            elevated: session
                .elevation()
                .map(|elevated| whole_seconds(elevated.until().since(now))),
            is_support: acting.is_none() && accounts::is_support(&subject),
            acting,
            here,
        })
    }

    /// Where the head of the page leads, and whether that is here.
    pub(crate) fn links(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        LINKS
            .into_iter()
            .filter(|(path, _)| self.is_support || *path != "/support")
            .map(|(path, label)| (path, label, path == self.here))
    }
}

const LINKS: [(&str, &str); 4] = [
    ("/devices", "Devices"),
    ("/account", "Account"),
    ("/admin", "Admin"),
    ("/support", "Support"),
];

/// A page that says one thing.
#[derive(Debug, Template)]
#[template(path = "message.html")]
pub(crate) struct Message {
    pub(crate) frame: Frame,
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
    pub(crate) link: (&'static str, &'static str),
}

/// The page for who has to sign in first, and why: the session may have ended.
pub(crate) fn sign_in_first(session: &Session) -> Answer {
    let text = match session.end_reason() {
        Some(reason) => sentence(&reason),
        None if session.locked().is_some() => "Nothing happened for a while.",
        None => "This page is for people who are signed in.",
    };
    let message = Message {
        frame: Frame::default(),
        title: "Please sign in",
        text,
        link: ("/", "Sign in"),
    };
    let mut answer = page(StatusCode::UNAUTHORIZED, &message);
    // RFC 9110, 15.5.2: an answer of 401 has a challenge. Browsers do not act on this one.
    let challenge = HeaderValue::from_static("Bearer");
    answer
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    answer
}

/// The page for who may not do this.
pub(crate) fn forbidden(frame: Frame, text: &'static str) -> Answer {
    let message = Message {
        frame,
        title: "Not for you",
        text,
        link: ("/", "To the start page"),
    };
    page(StatusCode::FORBIDDEN, &message)
}

/// The page in place of an answer that is a status alone: people do not read those.
pub fn instead_of(status: StatusCode) -> Option<Answer> {
    let (title, text) = match status {
        StatusCode::FORBIDDEN => (
            "Refused",
            "Another site sent this form, or only the user may do this, and somebody acts for the \
             user.",
        ),
        StatusCode::SERVICE_UNAVAILABLE => (
            "Not now",
            "Sessions cannot be reached. Try again in a moment.",
        ),
        _ => return None,
    };
    let message = Message {
        frame: Frame::default(),
        title,
        text,
        link: ("/", "To the start page"),
    };
    Some(page(status, &message))
}

/// The answer to a path that nobody serves. People get a page, programs the status alone.
pub fn not_found(prefers_page: bool) -> Answer {
    if !prefers_page {
        return bare(StatusCode::NOT_FOUND);
    }
    let message = Message {
        frame: Frame::default(),
        title: "No such page",
        text: "There is nothing at this address.",
        link: ("/", "To the start page"),
    };
    page(StatusCode::NOT_FOUND, &message)
}

/// The answer to a method that a path does not take, as where a form's address is typed in.
pub fn not_allowed(prefers_page: bool) -> Answer {
    if !prefers_page {
        return bare(StatusCode::METHOD_NOT_ALLOWED);
    }
    let message = Message {
        frame: Frame::default(),
        title: "Not this way",
        text: "This address works from a form only.",
        link: ("/", "To the start page"),
    };
    page(StatusCode::METHOD_NOT_ALLOWED, &message)
}

/// Says to people why their session is gone.
pub(crate) const fn sentence(reason: &EndReason) -> &'static str {
    match reason {
        EndReason::Absolute => "Your session reached its longest duration.",
        EndReason::Evicted => "Your session ended because you signed in on too many devices.",
        EndReason::Idle => "Your session ended because nothing happened for a while.",
        EndReason::Logout => "You signed out.",
        EndReason::Replayed => "Your session ended because an old copy of its cookie was used.",
        EndReason::Risk => "Your session ended because it looked as if somebody else used it.",
        EndReason::Revoked(_) => "Your session was ended from another device.",
        EndReason::Superseded => "Your session was replaced by a newer sign-in.",
        _ => "Your session has ended.",
    }
}
