//! One operation, as an application would do it.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::time::Duration;

use hallpass::Clock;
use hallpass::EpochScope;
use hallpass::LoginOutcome;
use hallpass::Revocation;
use hallpass::Revoked;
use hallpass::Session;
use hallpass::SessionError;
use hallpass::SessionHandle;
use hallpass::SessionInfo;
use hallpass::StoreErrorKind;
use hallpass::Subject;
use hallpass::SystemClock;
use hallpass::http::Carrier;
use hallpass::http::SESSION_TOKEN;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;

use super::node::Node;
use super::pool::Held;
use super::seen;
use crate::history::Answered;
use crate::history::Asked;
use crate::history::Found;
use crate::history::Opened;
use crate::history::Operation;
use crate::wall;

/// What a client asks, and how it behaves.
pub(crate) struct Ask {
    pub(crate) asked: Asked,
    pub(crate) held: Option<Held>,
    /// It goes away when it had to wait more often than this.
    pub(crate) patience: Option<u32>,
    /// How long the handler takes.
    delay: Option<Duration>,
}

impl Ask {
    pub(crate) const fn new(
        asked: Asked,
        held: Option<Held>,
        patience: Option<u32>,
        delay: Option<Duration>,
    ) -> Self {
        Self {
            asked,
            held,
            patience,
            delay,
        }
    }
}

impl Node {
    /// Does what is asked, notes in `operation` what comes of it, step by step, and returns the
    /// token that the answer brings.
    pub(super) async fn play_one(&self, ask: &Ask, operation: &mut Operation) -> Option<Held> {
        match self.administer(&ask.asked).await {
            Some(answered) => {
                operation.answered = answered.unwrap_or_else(|error| told(&error));
                None
            }
            None => self.request(ask, operation).await,
        }
    }

    /// Does what needs no session; `None` where it is a request that does.
    async fn administer(&self, asked: &Asked) -> Option<Result<Answered, SessionError>> {
        let hammer = Revocation::by("hammer");
        let outcome = match asked {
            Asked::Advance { subject } => {
                let scope = EpochScope::Subject(named(subject)?);
                let advanced = self.manager.revoke_all(scope, hammer).await;
                advanced.map(|()| Answered::Done)
            }
            Asked::EndAll { subject } => {
                let subject = named(subject)?;
                let ended = self.manager.revoke_subject(&subject, hammer).await;
                ended.map(|_count| Answered::Done)
            }
            Asked::List { subject } => {
                let listed = self.manager.list(&named(subject)?).await;
                listed.map(|sessions| Answered::Listed(handles(&sessions)))
            }
            Asked::Revoke { handle } => {
                let revoked = self.manager.revoke(*handle, hammer).await;
                // Also where nothing was known of it: its tombstone is there now.
                revoked.map(|_: Revoked| Answered::Done)
            }
            Asked::Insert { .. }
            | Asked::Login { .. }
            | Asked::Logout
            | Asked::Read
            | Asked::Update
            | Asked::UpdateNow => return None,
        };
        Some(outcome)
    }

    async fn request(&self, ask: &Ask, operation: &mut Operation) -> Option<Held> {
        let incoming = self.transport.read(
            Some(PEER),
            &Method::GET,
            "/",
            &headers_of(ask.held.as_ref()),
        );
        let opened = self.manager.open(incoming.presented, incoming.client).await;
        let at = wall::now();
        let session = match opened {
            Ok(session) => session,
            Err(error) => {
                let found = Found::Failed;
                operation.opened = Some(Opened { at, found });
                operation.answered = told(&error);
                return None;
            }
        };
        let found = match self.found(&session) {
            Ok(found) => found,
            Err(error) => {
                operation.answered = told(&error);
                return None;
            }
        };
        if let (Found::Live { handle, .. }, Asked::Insert { .. }) = (&found, &ask.asked) {
            // Where there is no room for more, it counts instead.
            let number = self.next_number(*handle);
            operation.asked = number.map_or(Asked::Update, |number| Asked::Insert { number });
        }
        let is_live = matches!(found, Found::Live { .. });
        operation.opened = Some(Opened { at, found });
        match ask.delay {
            Some(delay) => SystemClock.sleep(delay).await,
            // Others get their turn, and a client may go away, also where the store never waits.
            None => tokio::task::yield_now().await,
        }
        operation.acting = wall::now();
        let asked = operation.asked.clone();
        let handled = self.handle(&asked, &session, is_live).await;
        let mut answered = handled.unwrap_or_else(|error| told(&error));
        tokio::task::yield_now().await;
        let finished = session.finish(false).await;
        if let Some(error) = finished.refusal {
            answered = told(&error);
        }
        let mut headers = HeaderMap::new();
        let now = self.manager.now();
        let delivered =
            self.transport
                .deliver(Carrier::Header, &finished.delivery, now, &mut headers);
        if let Err(error) = delivered {
            answered = Answered::Wrong(error.to_string());
        }
        operation.answered = answered;
        let text = headers.get(SESSION_TOKEN)?.to_str().ok()?;
        let subject = match (&asked, &ask.held) {
            (Asked::Login { subject }, _) => subject,
            (_, Some(held)) => &*held.subject,
            (_, None) => return None,
        };
        let brought = Held::read(subject, text)?;
        operation.delivered = Some(brought.token);
        Some(brought)
    }

    fn found(&self, session: &Session) -> Result<Found, SessionError> {
        let Some(handle) = session.handle() else {
            let ended = session.end_reason();
            return Ok(ended.map_or(Found::Nothing, |reason| {
                Found::Ended(reason.as_str().to_owned())
            }));
        };
        let subject = session.subject();
        Ok(Found::Live {
            handle,
            subject: subject.map_or_else(String::new, |subject| subject.id().to_owned()),
            seen: seen::look(session, self.settings.processes)?,
        })
    }

    /// The handler.
    async fn handle(
        &self,
        asked: &Asked,
        session: &Session,
        is_live: bool,
    ) -> Result<Answered, SessionError> {
        match asked {
            Asked::Login { subject } => {
                let Some(subject) = named(subject) else {
                    return Ok(Answered::Nothing);
                };
                let outcome = session.login(subject).await?;
                return Ok(match (outcome, session.handle()) {
                    (LoginOutcome::Denied { active }, _) => Answered::Denied(handles(&active)),
                    (LoginOutcome::LoggedIn { evicted }, Some(handle)) => {
                        Answered::Begun { handle, evicted }
                    }
                    (LoginOutcome::LoggedIn { .. }, None) => {
                        Answered::Wrong("logged in, and no session".to_owned())
                    }
                });
            }
            // A change of a visitor would begin an anonymous session, which nobody shares.
            _ if !is_live => return Ok(Answered::Nothing),
            Asked::Insert { number } => {
                session.insert(seen::key(self.settings.process, *number).as_str(), number)?;
            }
            Asked::Logout => session.logout().await?,
            Asked::Update => session.update(seen::UPDATED, |count: &mut u64| *count += 1)?,
            Asked::UpdateNow => {
                let count = |count: &mut u64| {
                    *count += 1;
                    *count
                };
                let decided = session.update_now(seen::DECIDED, count).await?;
                return Ok(Answered::Decided(decided));
            }
            Asked::Advance { .. }
            | Asked::EndAll { .. }
            | Asked::List { .. }
            | Asked::Read
            | Asked::Revoke { .. } => {}
        }
        Ok(Answered::Done)
    }
}

fn headers_of(held: Option<&Held>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::USER_AGENT, AGENT);
    // A client without a token says that it keeps no cookies.
    headers.insert(SESSION_TOKEN, HeaderValue::from_static("none"));
    let bearer = held.and_then(|held| HeaderValue::try_from(format!("Bearer {}", held.text)).ok());
    if let Some(bearer) = bearer {
        headers.insert(header::AUTHORIZATION, bearer);
    }
    headers
}

fn told(error: &SessionError) -> Answered {
    match error {
        SessionError::Contended => Answered::Contended,
        SessionError::Ended => Answered::Ended,
        SessionError::InDoubt(source) if source.kind() != StoreErrorKind::Corrupt => {
            Answered::InDoubt
        }
        SessionError::Unavailable(source) if source.kind() != StoreErrorKind::Corrupt => {
            Answered::Unavailable
        }
        wrong => Answered::Wrong(wrong.to_string()),
    }
}

fn named(subject: &str) -> Option<Subject> {
    Subject::new(subject).ok()
}

fn handles(sessions: &[SessionInfo]) -> Vec<SessionHandle> {
    sessions.iter().map(|session| session.handle).collect()
}

/// All clients look alike, so that a lost answer is repaired for each of them.
const AGENT: HeaderValue = HeaderValue::from_static("curl/8");
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
