//! From what a request presents to what it may do.

use std::sync::Arc;

use super::Found;
use super::OnOutage;
use super::Opened;
use super::SessionManager;
use super::join;
use crate::client::ClientFacts;
use crate::end::EndReason;
use crate::error::SessionError;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::RefusedToken;
use crate::policy::Limits;
use crate::policy::OnReplay;
use crate::policy::Standing;
use crate::policy::judge_record;
use crate::policy::touch_step;
use crate::ratchet::Verdict;
use crate::ratchet::judge_token;
use crate::record::SessionRecord;
use crate::session::Session;
use crate::store::EndOutcome;
use crate::store::Load;
use crate::store::StoreError;
use crate::store::StoreErrorKind;
use crate::time::Timestamp;
use crate::token::SessionToken;

/// What a request presents. The carrier fills it in.
///
/// A session of a subject and an anonymous one travel apart, and a token counts only in the place
/// that it was made for (CK-15). If both are presented, that of a subject comes first.
#[derive(Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "every carrier fills in every field"
)]
pub struct Presented {
    /// The token in the place of subjects' sessions.
    pub session: Option<SessionToken>,
    /// The token in the place of anonymous sessions.
    pub anonymous: Option<SessionToken>,
    /// The token in a place that holds both kinds. Nothing else is looked at then.
    pub either: Option<SessionToken>,
    /// The place of subjects' sessions held something, be it a token or not. A logout removes it.
    pub held_session: bool,
    /// The place of anonymous sessions held something, be it a token or not.
    pub held_anonymous: bool,
    /// What was refused unseen.
    pub refused: Vec<RefusedToken>,
}

/// Where a token was presented.
#[derive(Clone, Copy)]
enum Place {
    Anonymous,
    Either,
    Subjects,
}

impl Place {
    /// Returns whether the tokens of this record belong here (CK-15).
    const fn is_for(self, record: &SessionRecord) -> bool {
        match self {
            Self::Anonymous => record.subject().is_none(),
            Self::Either => true,
            Self::Subjects => record.subject().is_some(),
        }
    }
}

/// What became of one presented token.
enum Examined {
    Accepted(Box<Opened>),
    Ended(EndReason),
    Locked(Box<Opened>),
    Nothing,
}

impl SessionManager {
    /// Opens the session of a request.
    ///
    /// At most one round trip to the store: none where nothing is presented. Only a replay, which
    /// ends the session, and a request within the last touch step before the idle timeout, which
    /// is noted at once, take another. What does not verify is as if nothing had been presented;
    /// the reason goes to the events.
    ///
    /// # Errors
    ///
    /// [`SessionError::Unavailable`] where the store does not answer, unless the manager was told
    /// to serve anonymously then.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time.
    pub async fn open(
        &self,
        presented: Presented,
        client: ClientFacts,
    ) -> Result<Session, SessionError> {
        for refused in &presented.refused {
            self.emit(&Event::new(self.now(), EventKind::Refused(*refused)).by_client(&client));
        }
        let either = presented.either.is_some();
        let sent = (
            either || presented.session.is_some() || presented.held_session,
            either || presented.anonymous.is_some() || presented.held_anonymous,
        );
        let mut found = Found {
            sent,
            ..Found::default()
        };
        match self.examine_all(presented, &client).await {
            Ok(examined) => {
                for examined in examined {
                    match examined {
                        Examined::Accepted(opened) => {
                            found.opened = found.opened.or(Some(*opened));
                        }
                        Examined::Ended(reason) => found.ended = found.ended.or(Some(reason)),
                        Examined::Locked(opened) => found.locked = Some(*opened),
                        Examined::Nothing => {}
                    }
                }
            }
            Err(error) if self.0.on_outage == OnOutage::ServeAnonymously => {
                found.outage = Some(error);
            }
            Err(error) => return Err(SessionError::Unavailable(error)),
        }
        Ok(Session::new(self, client, found))
    }

    async fn examine_all(
        &self,
        presented: Presented,
        client: &ClientFacts,
    ) -> Result<[Examined; 2], StoreError> {
        let nothing = Examined::Nothing;
        if let Some(token) = presented.either {
            return Ok([self.examine(token, Place::Either, client).await?, nothing]);
        }
        match (presented.session, presented.anonymous) {
            (None, None) => Ok([Examined::Nothing, nothing]),
            (Some(token), None) => {
                Ok([self.examine(token, Place::Subjects, client).await?, nothing])
            }
            (None, Some(token)) => Ok([
                nothing,
                self.examine(token, Place::Anonymous, client).await?,
            ]),
            (Some(session), Some(anonymous)) => {
                // Side by side: still one round trip.
                let first = self.examine(session, Place::Subjects, client);
                let second = self.examine(anonymous, Place::Anonymous, client);
                let (first, second) = join(first, second).await;
                match first? {
                    // What was accepted first is not lost to a fault beside it.
                    first @ Examined::Accepted(_) => Ok([first, Examined::Nothing]),
                    first => Ok([first, second?]),
                }
            }
        }
    }

    async fn examine(
        &self,
        token: SessionToken,
        place: Place,
        client: &ClientFacts,
    ) -> Result<Examined, StoreError> {
        let loaded = match self.store_load(token.handle()).await {
            // What nobody can read is lost, which is safe: the user signs in again.
            Err(error) if error.kind() == StoreErrorKind::Corrupt => return Ok(Examined::Nothing),
            loaded => loaded?,
        };
        // Judged by the time of the answer: the store may have taken its own.
        let now = self.now();
        let record = match loaded {
            Load::Live(record) => record,
            Load::Ended(tombstone) if tombstone.verifies(&token) => {
                let reason = tombstone.reason().clone();
                self.emit(
                    &Event::new(now, EventKind::PresentedEnded(reason.clone()))
                        .of(token.handle())
                        .whose(tombstone.subject())
                        .by_client(client),
                );
                return Ok(Examined::Ended(reason));
            }
            Load::Ended(_) | Load::Missing => {
                return Ok(self.unknown(&token, client, now));
            }
        };
        if !place.is_for(&record) {
            return Ok(self.unknown(&token, client, now));
        }
        let limits = self.limits_of(&record);
        let verdict = self.judge(&record, &token, &limits, client, now);
        match verdict {
            Verdict::Unknown => return Ok(self.unknown(&token, client, now)),
            Verdict::Replayed => {
                return self.replayed(&record, &limits, client).await;
            }
            Verdict::Repaired { late } => {
                self.emit_of(&record, client, EventKind::Repaired { late });
            }
            Verdict::Outranked { late: true } => {
                self.emit_of(&record, client, EventKind::OutrankedLate);
            }
            Verdict::Current { .. } | Verdict::Grace | Verdict::Outranked { late: false } => {}
        }
        let mut examined = self.standing(record, limits, verdict, token, client, now);
        if let Examined::Accepted(opened) = &mut examined
            && opened.touch
            && ends_within_a_step(opened, now)
        {
            // A handler that takes its time must not outlive a session that is in use.
            let touched = self.store_touch(&opened.activity(now)).await;
            opened.touch = touched.is_err();
            opened.noted = !opened.touch;
        }
        Ok(examined)
    }

    /// Judges the record for a token that verifies.
    fn standing(
        &self,
        record: Arc<SessionRecord>,
        limits: Limits,
        verdict: Verdict,
        token: SessionToken,
        client: &ClientFacts,
        now: Timestamp,
    ) -> Examined {
        let standing = judge_record(&record, &limits, now);
        let previous = record.previous_credential();
        let outranked = previous
            .filter(|_| matches!(verdict, Verdict::Outranked { .. }))
            .map(|previous| previous.authentication().clone());
        let mut opened = Opened {
            record,
            limits,
            outranked,
            verdict,
            presented: Some(token),
            touch: false,
            renew: false,
            noted: false,
        };
        match standing {
            Standing::Live { touch, renew, .. } => {
                opened.touch = touch;
                opened.renew = renew && verdict == Verdict::Current { confirm: false };
                Examined::Accepted(Box::new(opened))
            }
            Standing::Locked { .. } => Examined::Locked(Box::new(opened)),
            Standing::Ended(reason) => {
                let kind = EventKind::PresentedEnded(reason.clone());
                self.emit_of(&opened.record, client, kind);
                Examined::Ended(reason)
            }
        }
    }

    fn judge(
        &self,
        record: &SessionRecord,
        token: &SessionToken,
        limits: &Limits,
        client: &ClientFacts,
        now: Timestamp,
    ) -> Verdict {
        let credential = record.credential();
        let is_old = token.generation() < credential.generation();
        // The current token, which is what nearly every request brings, needs none of this.
        let (kind, bound) = if is_old {
            (client.kind(), self.0.walks.bound(token.handle(), now))
        } else {
            Default::default()
        };
        let previous = record.previous_credential();
        let verdict = judge_token(
            credential,
            previous,
            token,
            &kind,
            limits.windows(),
            bound,
            now,
        );
        if is_old && verdict == Verdict::Unknown {
            self.0.walks.failed(token.handle(), now);
        }
        verdict
    }

    fn unknown(&self, token: &SessionToken, client: &ClientFacts, now: Timestamp) -> Examined {
        self.emit(
            &Event::new(now, EventKind::Unknown)
                .of(token.handle())
                .by_client(client),
        );
        Examined::Nothing
    }

    /// Somebody has a copy of an old token: ends what the policy says.
    async fn replayed(
        &self,
        record: &SessionRecord,
        limits: &Limits,
        client: &ClientFacts,
    ) -> Result<Examined, StoreError> {
        self.emit_of(record, client, EventKind::Replayed);
        match (limits.on_replay(), record.subject()) {
            (OnReplay::Report, _) => return Ok(Examined::Nothing),
            (OnReplay::EndSubject, Some(subject)) => {
                self.end_subject(subject, None, &EndReason::Replayed)
                    .await?;
            }
            (OnReplay::EndSubject | OnReplay::EndSession, _) => {
                let _outcome: EndOutcome = self.end(record.handle(), EndReason::Replayed).await?;
            }
        }
        Ok(Examined::Ended(EndReason::Replayed))
    }
}

/// Returns whether the session would end within a touch step if this request were no activity.
fn ends_within_a_step(opened: &Opened, now: Timestamp) -> bool {
    let step = touch_step(&opened.record, &opened.limits);
    opened
        .record
        .idle_deadline()
        .is_some_and(|deadline| deadline.since(now) <= step)
}
