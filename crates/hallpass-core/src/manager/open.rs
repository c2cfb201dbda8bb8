//! From what a request presents to what it may do.

use std::future::Future;
use std::sync::Arc;

use super::Found;
use super::Manner;
use super::OnOutage;
use super::Opened;
use super::Presented;
use super::SessionManager;
use super::join;
use super::presented::Asked;
use super::presented::Place;
use crate::client::ClientFacts;
use crate::end::EndReason;
use crate::error::SessionError;
use crate::event::Event;
use crate::event::EventKind;
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
use crate::store::StoreErrorKind;
use crate::time::Timestamp;
use crate::token::SessionToken;

/// What a store answered, and when.
type Loaded = (Result<Load, StoreError>, Timestamp);

/// What became of one presented token.
pub(super) enum Examined {
    Accepted(Arc<Opened>),
    Ended(EndReason),
    /// Accepted at this time, which is so late that it has to be noted at once.
    Expiring(Arc<Opened>, Timestamp),
    Locked(Arc<Opened>),
    Nothing,
    /// Somebody has a copy of an old token.
    Replayed(Arc<SessionRecord>, OnReplay),
    /// The token verifies, and the session may be in other hands.
    Risky(Arc<SessionRecord>),
}

/// What became of a token that was not presented.
const NOTHING: Result<Examined, StoreError> = Ok(Examined::Nothing);

impl Found {
    fn take(
        &mut self,
        [first, second]: [Result<Examined, StoreError>; 2],
    ) -> Result<(), StoreError> {
        match first? {
            // What was accepted first is not lost to a fault beside it.
            first @ Examined::Accepted(_) => self.take_one(first),
            first => {
                let second = second?;
                self.take_one(first);
                self.take_one(second);
            }
        }
        Ok(())
    }

    fn take_one(&mut self, examined: Examined) {
        match examined {
            Examined::Accepted(opened) => self.opened = Some(opened),
            Examined::Ended(reason) => self.ended = self.ended.take().or(Some(reason)),
            Examined::Locked(opened) => self.locked = Some(opened),
            // All but the first were settled before.
            Examined::Nothing
            | Examined::Expiring(..)
            | Examined::Replayed(..)
            | Examined::Risky(_) => {}
        }
    }
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
    // Deliberately not an `async fn`, which keeps a second copy of each argument: this future is a
    // part of that of every handler, and frameworks move those as a whole.
    pub fn open(
        &self,
        mut presented: Presented,
        client: ClientFacts,
    ) -> impl Future<Output = Result<Session, SessionError>> + Send {
        let manner = presented.manner();
        let refused = std::mem::take(&mut presented.refused);
        let asked = Asked::from(presented);
        async move {
            for refused in &refused {
                let event = Event::new(self.now(), EventKind::Refused(*refused));
                self.emit(&event.by_client(&client));
                if refused.is_wrong() {
                    self.count_wrong(&client, self.now());
                }
            }
            let loaded = match &asked {
                Asked::Both(tokens) => {
                    let both = Box::pin(self.examine_both(tokens, &client, manner)).await;
                    return self.session(client, self.now(), manner, both);
                }
                Asked::Nothing => {
                    return self.session(client, self.now(), manner, [NOTHING, NOTHING]);
                }
                Asked::One(token, _) => self.store_load(token.handle()).await,
            };
            // Judged by the time of the answer: the store may have taken its own.
            let now = self.now();
            let loaded = (loaded, now);
            let examined = match asked {
                Asked::One(token, place) => self.examine(token, place, loaded, &client),
                Asked::Both(_) | Asked::Nothing => NOTHING,
            };
            let examined = match examined.map(|examined| examined.of(manner)) {
                examined @ Ok(
                    Examined::Expiring(..) | Examined::Replayed(..) | Examined::Risky(_),
                ) => Box::pin(self.settle(examined, &client)).await,
                examined => examined,
            };
            self.session(client, now, manner, [examined, NOTHING])
        }
    }

    /// Looks at two tokens side by side: still one round trip.
    async fn examine_both(
        &self,
        tokens: &[SessionToken; 2],
        client: &ClientFacts,
        manner: Manner,
    ) -> [Result<Examined, StoreError>; 2] {
        let [session, anonymous] = tokens;
        let (first, second) = join(self.load(session), self.load(anonymous)).await;
        let first = self.examine(session.clone(), Place::Subjects, first, client);
        let second = self.examine(anonymous.clone(), Place::Anonymous, second, client);
        let [first, second] =
            [first, second].map(|examined| examined.map(|examined| examined.of(manner)));
        let settled = join(self.settle(first, client), self.settle(second, client)).await;
        settled.into()
    }

    async fn load(&self, token: &SessionToken) -> Loaded {
        let loaded = self.store_load(token.handle()).await;
        (loaded, self.now())
    }

    /// Makes a session of what became of the tokens. That of a subject comes first.
    fn session(
        &self,
        client: ClientFacts,
        now: Timestamp,
        manner: Manner,
        examined: [Result<Examined, StoreError>; 2],
    ) -> Result<Session, SessionError> {
        let mut found = Found {
            manner,
            ..Found::default()
        };
        match found.take(examined) {
            Ok(()) => {}
            Err(error) if self.0.on_outage == OnOutage::ServeAnonymously => {
                found.outage = Some(error);
            }
            Err(error) => return Err(SessionError::Unavailable(error)),
        }
        Ok(Session::new(self, client, now, found))
    }

    fn examine(
        &self,
        token: SessionToken,
        place: Place,
        (loaded, now): Loaded,
        client: &ClientFacts,
    ) -> Result<Examined, StoreError> {
        let record = match loaded {
            // What nobody can read is lost, which is safe: the user signs in again.
            Err(error) if error.kind() == StoreErrorKind::Corrupt => return Ok(Examined::Nothing),
            Err(error) => return Err(error),
            Ok(Load::Live(record)) => record,
            Ok(Load::Ended(tombstone)) if tombstone.verifies(&token) => {
                let reason = tombstone.reason().clone();
                self.emit(
                    &Event::new(now, EventKind::PresentedEnded(reason.clone()))
                        .of(token.handle())
                        .whose(tombstone.subject())
                        .by_client(client),
                );
                return Ok(Examined::Ended(reason));
            }
            Ok(Load::Ended(_) | Load::Missing) => return Ok(self.unknown(&token, client, now)),
        };
        if !place.is_for(&record) {
            return Ok(self.unknown(&token, client, now));
        }
        let limits = self.limits_of(&record);
        let verdict = self.judge(&record, &token, &limits, client, now);
        match verdict {
            Verdict::Unknown => return Ok(self.unknown(&token, client, now)),
            Verdict::Replayed => return Ok(Examined::Replayed(record, limits.on_replay())),
            Verdict::Repaired { late } => {
                self.emit_of(&record, client, EventKind::Repaired { late });
            }
            Verdict::Outranked { late: true } => {
                self.emit_of(&record, client, EventKind::OutrankedLate);
            }
            Verdict::Current { .. } | Verdict::Grace | Verdict::Outranked { late: false } => {}
        }
        let examined = self.standing(record, limits, verdict, token, client, now);
        Ok(self.assessed(examined, client, now))
    }

    /// Writes what has to be written before the request goes on.
    async fn settle(
        &self,
        examined: Result<Examined, StoreError>,
        client: &ClientFacts,
    ) -> Result<Examined, StoreError> {
        match examined? {
            // A handler that takes its time must not outlive a session that is in use.
            Examined::Expiring(mut opened, now) => {
                let touched = self.store_touch(&opened.activity(now)).await;
                let noting = Arc::make_mut(&mut opened);
                noting.touch = touched.is_err();
                noting.noted = touched.is_ok();
                Ok(Examined::Accepted(opened))
            }
            Examined::Replayed(record, on_replay) => {
                self.replayed(&record, on_replay, client).await
            }
            Examined::Risky(record) => {
                let _outcome: EndOutcome = self.end(record.handle(), EndReason::Risk).await?;
                Ok(Examined::Ended(EndReason::Risk))
            }
            examined => Ok(examined),
        }
    }

    /// Judges the record for a token that verifies.
    fn standing(
        &self,
        mut record: Arc<SessionRecord>,
        limits: Limits,
        verdict: Verdict,
        token: SessionToken,
        client: &ClientFacts,
        now: Timestamp,
    ) -> Examined {
        let standing = judge_record(&record, &limits, now);
        if record.elevation.is_some() || record.impersonation.is_some() {
            Arc::make_mut(&mut record).settle(now);
        }
        let previous = record.previous_credential();
        let outranked = previous
            .filter(|_| matches!(verdict, Verdict::Outranked { .. }))
            .map(|previous| previous.authentication().clone());
        let mut opened = Opened {
            impersonates: record.impersonation.is_some() && outranked.is_none(),
            record,
            limits,
            outranked,
            demands_step_up: false,
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
                let is_expiring = touch && opened.ends_within_a_step(now);
                let opened = Arc::new(opened);
                if is_expiring {
                    Examined::Expiring(opened, now)
                } else {
                    Examined::Accepted(opened)
                }
            }
            Standing::Locked { .. } => {
                opened.impersonates = false;
                Examined::Locked(Arc::new(opened))
            }
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
        self.count_wrong(client, now);
        Examined::Nothing
    }

    /// Somebody has a copy of an old token: ends what the policy says.
    async fn replayed(
        &self,
        record: &SessionRecord,
        on_replay: OnReplay,
        client: &ClientFacts,
    ) -> Result<Examined, StoreError> {
        self.emit_of(record, client, EventKind::Replayed);
        match (on_replay, record.subject()) {
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
