//! From what a request presents to what it may do.

use std::sync::Arc;

use super::OnOutage;
use super::SessionManager;
use super::join;
use crate::authentication::Authentication;
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
use crate::ratchet::Verdict;
use crate::ratchet::judge_token;
use crate::record::SessionRecord;
use crate::session::Session;
use crate::store::EndOutcome;
use crate::store::Load;
use crate::store::StoreError;
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
    /// What was refused unseen.
    pub refused: Vec<RefusedToken>,
}

/// A session that a request was accepted into.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) record: Arc<SessionRecord>,
    pub(crate) limits: Limits,
    /// What the request stands for where its token is outranked: less than the record says.
    pub(crate) outranked: Option<Authentication>,
    pub(crate) verdict: Verdict,
    /// The token that was presented; `None` for a session that this request began.
    pub(crate) presented: Option<SessionToken>,
    pub(crate) touch: bool,
    pub(crate) renew: bool,
}

impl Opened {
    /// Returns how the subject authenticated, as far as this request stands for it.
    pub(crate) fn authentication(&self) -> Option<&Authentication> {
        self.outranked
            .as_ref()
            .or_else(|| self.record.authentication())
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
    /// At most one round trip to the store: none where nothing is presented. What does not verify
    /// is as if nothing had been presented; the reason goes to the events.
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
            either || presented.session.is_some(),
            either || presented.anonymous.is_some(),
        );
        match self.examine_all(presented, &client).await {
            Ok(examined) => {
                let (mut locked, mut ended) = (None, None);
                for examined in examined {
                    match examined {
                        Examined::Accepted(opened) => {
                            return Ok(Session::of(self, client, *opened, sent));
                        }
                        Examined::Ended(reason) => ended = ended.or(Some(reason)),
                        Examined::Locked(opened) => locked = Some(*opened),
                        Examined::Nothing => {}
                    }
                }
                Ok(Session::anonymous(self, client, locked, ended, sent))
            }
            Err(_reported) if self.0.on_outage == OnOutage::ServeAnonymously => {
                Ok(Session::anonymous(self, client, None, None, sent))
            }
            Err(error) => Err(SessionError::Unavailable(error)),
        }
    }

    async fn examine_all(
        &self,
        presented: Presented,
        client: &ClientFacts,
    ) -> Result<[Examined; 2], StoreError> {
        const SUBJECTS: &[bool] = &[true];
        const ANONYMOUS: &[bool] = &[false];
        const BOTH: &[bool] = &[true, false];
        let nothing = Examined::Nothing;
        if let Some(token) = presented.either {
            return Ok([self.examine(token, BOTH, client).await?, nothing]);
        }
        match (presented.session, presented.anonymous) {
            (None, None) => Ok([Examined::Nothing, nothing]),
            (Some(token), None) => Ok([self.examine(token, SUBJECTS, client).await?, nothing]),
            (None, Some(token)) => Ok([nothing, self.examine(token, ANONYMOUS, client).await?]),
            (Some(session), Some(anonymous)) => {
                // Side by side: still one round trip.
                let first = self.examine(session, SUBJECTS, client);
                let second = self.examine(anonymous, ANONYMOUS, client);
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
        with_subject: &[bool],
        client: &ClientFacts,
    ) -> Result<Examined, StoreError> {
        let now = self.now();
        let record = match self.store_load(token.handle()).await? {
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
        if !with_subject.contains(&record.subject().is_some()) {
            return Ok(self.unknown(&token, client, now));
        }
        let limits = self.limits_of(&record);
        let verdict = self.judge(&record, &token, &limits, client, now);
        match verdict {
            Verdict::Unknown => return Ok(self.unknown(&token, client, now)),
            Verdict::Replayed => {
                return self
                    .replayed(&record, &limits, client)
                    .await
                    .map(Examined::Ended);
            }
            Verdict::Repaired { late } => {
                self.emit_of(&record, client, EventKind::Repaired { late });
            }
            Verdict::Current { .. } | Verdict::Grace | Verdict::Outranked => {}
        }
        Ok(self.standing(record, limits, verdict, token, client, now))
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
            .filter(|_| verdict == Verdict::Outranked)
            .map(|previous| previous.authentication().clone());
        let mut opened = Opened {
            record,
            limits,
            outranked,
            verdict,
            presented: Some(token),
            touch: false,
            renew: false,
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

    /// Somebody has a copy of an old token: ends what the policy says, and tells why.
    async fn replayed(
        &self,
        record: &SessionRecord,
        limits: &Limits,
        client: &ClientFacts,
    ) -> Result<EndReason, StoreError> {
        self.emit_of(record, client, EventKind::Replayed);
        match (limits.on_replay(), record.subject()) {
            (OnReplay::Report, _) => {}
            (OnReplay::EndSubject, Some(subject)) => {
                self.end_subject(subject, None, &EndReason::Replayed)
                    .await?;
            }
            (OnReplay::EndSubject | OnReplay::EndSession, _) => {
                let _outcome: EndOutcome = self.end(record.handle(), EndReason::Replayed).await?;
            }
        }
        Ok(EndReason::Replayed)
    }
}
