//! One request, on the engine and on the model.

use hallpass::AssuranceLevel;
use hallpass::Authentication;
use hallpass::Login;
use hallpass::LoginOutcome;
use hallpass::SessionError;

use super::*;
use crate::operations::model::Data;

/// What the model knows of a request under way.
struct Request<'a> {
    player: &'a mut Player,
    session: Session,
    /// The session that it was accepted into, or has begun.
    account: Option<usize>,
    /// The data as the request sees them.
    view: Data,
}

impl Player {
    pub(super) fn request(&mut self, client: usize, acts: &[Act], failed: bool, lost: bool) {
        let jar = self.jars[client].clone();
        let facts = ClientFacts::new("192.0.2.1".parse().ok(), Some("curl/8"));
        let session = alone(self.manager.open(jar.presented(), facts)).unwrap();
        let account = self.accepted(&jar, &session);
        let mut request = Request {
            view: account.map_or_else(Data::new, |place| self.model.accounts[place].data.clone()),
            player: self,
            session,
            account,
        };
        for act in acts {
            request.act(*act);
        }
        let finished = request.finish(failed);
        // Whoever loses the answer to a raise goes on with less; that is the ratchet's business.
        let is_raised = acts.iter().any(|act| matches!(act, Act::Raise));
        if !lost || is_raised {
            self.jars[client].obey(&finished);
        }
    }

    /// Returns the session that a request must have been accepted into.
    fn accepted(&mut self, jar: &Jar, session: &Session) -> Option<usize> {
        for token in [&jar.session, &jar.anonymous].into_iter().flatten() {
            let Some(place) = self.model.find(token.handle()) else {
                continue;
            };
            let account = &mut self.model.accounts[place];
            match account.life(self.model.now) {
                Life::Live => {}
                Life::Either if session.handle() == Some(account.handle) => {}
                Life::Either | Life::Over => continue,
            }
            account.used = self.model.now;
            assert_eq!(session.handle(), Some(account.handle));
            assert_eq!(session.subject(), account.subject.map(who));
            let level = session.authentication().map(|it| it.level());
            let expected = match (account.subject, account.is_raised) {
                (None, _) => None,
                (Some(_), false) => Some(AssuranceLevel::Aal1),
                (Some(_), true) => Some(AssuranceLevel::Aal2),
            };
            assert_eq!(level, expected);
            return Some(place);
        }
        assert_eq!(session.handle(), None);
        assert_eq!(session.subject(), None);
        None
    }
}

impl Request<'_> {
    fn act(&mut self, act: Act) {
        match act {
            Act::Clear => {
                self.session.clear().unwrap();
                self.view.clear();
            }
            Act::Get(key) => {
                let value: Option<i64> = self.session.get(KEYS[key]).unwrap();
                assert_eq!(value, self.view.get(KEYS[key]).copied());
            }
            Act::Insert(key, value) => {
                self.session.insert(KEYS[key], value).unwrap();
                self.view.insert(KEYS[key], value.into());
            }
            Act::Remove(key) => {
                self.session.remove(KEYS[key]).unwrap();
                self.view.remove(KEYS[key]);
            }
            Act::Update(key, by) => {
                let change = move |value: &mut i64| *value += i64::from(by);
                self.session.update(KEYS[key], change).unwrap();
                let _sum = self.add(key, by);
            }
            Act::UpdateNow(key, by) => {
                let change = move |value: &mut i64| {
                    *value += i64::from(by);
                    *value
                };
                let sum = alone(self.session.update_now(KEYS[key], change)).unwrap();
                assert_eq!(sum, self.add(key, by));
                self.commit();
            }
            Act::Take(key) => {
                let value: Option<i64> = alone(self.session.take(KEYS[key])).unwrap();
                let expected = self.view.remove(KEYS[key]);
                assert_eq!(value, expected);
                if expected.is_some() {
                    self.commit();
                }
            }
            Act::Renew => {
                let _too_soon_or_not = self.session.renew().unwrap();
            }
            Act::Login(subject) => self.log_in(subject),
            Act::Logout => {
                alone(self.session.logout()).unwrap();
                self.leave("logout");
            }
            Act::Lower => {
                let lowered = alone(self.session.lower(AssuranceLevel::Aal1));
                if self.is_subject(&lowered) {
                    self.set_level(false);
                }
            }
            Act::Raise => {
                let otp = Authentication::new(AssuranceLevel::Aal2);
                let raised = alone(self.session.raise(otp));
                if self.is_subject(&raised) {
                    self.set_level(true);
                }
            }
            Act::RevokeOthers => {
                let ended = alone(self.session.revoke_others());
                if self.is_subject(&ended)
                    && let Some(subject) = self.subject()
                {
                    self.player.end_of(subject, self.account, ended.unwrap());
                }
            }
        }
        let seen: Option<i64> = self.session.get(KEYS[0]).unwrap();
        assert_eq!(seen, self.view.get(KEYS[0]).copied(), "{act:?}");
    }

    fn log_in(&mut self, subject: usize) {
        let active = self.player.model.of(subject, self.account);
        let surely = active
            .iter()
            .filter(|(_, life)| *life == Life::Live)
            .count();
        let over = |count: usize| (count + 1).saturating_sub(self.player.limit);
        let outcome = alone(self.session.login(Login::new(who(subject)))).unwrap();
        match outcome {
            LoginOutcome::Denied { active: told } => {
                assert_eq!(self.player.at_limit, AtLimit::Reject);
                assert!(over(active.len()) > 0, "denied below the limit");
                assert!(told.len() >= self.player.limit);
            }
            LoginOutcome::LoggedIn { evicted } => {
                let expected = over(surely)..=over(active.len());
                match self.player.at_limit {
                    AtLimit::Reject => assert_eq!((over(surely), evicted.len()), (0, 0)),
                    _ => assert!(expected.contains(&evicted.len()), "{evicted:?}"),
                }
                self.evict(&active, &evicted);
                self.leave("superseded");
                let handle = self.session.handle().unwrap();
                let begun = self.player.model.begin(handle, Some(subject), Data::new());
                self.account = Some(begun);
            }
        }
    }

    fn evict(&mut self, active: &[(usize, Life)], evicted: &[SessionHandle]) {
        let accounts = &mut self.player.model.accounts;
        let is_evicted = |handle: SessionHandle| evicted.contains(&handle);
        for (gone, _) in active
            .iter()
            .filter(|(it, _)| is_evicted(accounts[*it].handle))
        {
            for (kept, life) in active
                .iter()
                .filter(|(it, _)| !is_evicted(accounts[*it].handle))
            {
                let (gone, kept) = (&accounts[*gone], &accounts[*kept]);
                let by_use = gone.used <= kept.used + OF_SUBJECTS.step;
                let by_age = gone.created <= kept.created;
                let is_right = match self.player.at_limit {
                    AtLimit::EvictLeastRecentlyUsed => by_use,
                    _ => by_age || *life == Life::Either,
                };
                assert!(is_right, "{gone:?} had to go, not {kept:?}");
            }
        }
        for handle in evicted {
            let gone = accounts
                .iter_mut()
                .find(|account| account.handle == *handle);
            gone.unwrap().end("evicted");
        }
    }

    /// The request leaves its session, with all that was not committed.
    fn leave(&mut self, word: &str) {
        if let Some(place) = self.account.take() {
            self.player.model.accounts[place].end(word);
        }
        self.view.clear();
    }

    fn is_subject<T>(&self, result: &Result<T, SessionError>) -> bool {
        let is_subject = self.subject().is_some();
        match result {
            Ok(_) => assert!(is_subject),
            Err(error) => assert!(
                !is_subject && matches!(error, SessionError::NotLoggedIn),
                "{error:?}"
            ),
        }
        is_subject
    }

    fn subject(&self) -> Option<usize> {
        self.account
            .and_then(|place| self.player.model.accounts[place].subject)
    }

    fn set_level(&mut self, is_raised: bool) {
        self.commit();
        let deadline = self.player.model.now + OF_SUBJECTS.absolute;
        if let Some(place) = self.account {
            let account = &mut self.player.model.accounts[place];
            account.is_raised = is_raised;
            if is_raised {
                account.deadline = deadline;
            }
        }
    }

    /// Adds to a value. Nothing is stored where that leaves the value alone.
    fn add(&mut self, key: usize, by: u8) -> i64 {
        let before = self.view.get(KEYS[key]).copied().unwrap_or_default();
        let sum = before + i64::from(by);
        if by > 0 {
            self.view.insert(KEYS[key], sum);
        }
        sum
    }

    fn commit(&mut self) {
        match self.account {
            Some(place) => self.player.model.accounts[place]
                .data
                .clone_from(&self.view),
            None if self.view.is_empty() => {}
            None => {
                let handle = self.session.handle().unwrap();
                let view = self.view.clone();
                self.account = Some(self.player.model.begin(handle, None, view));
            }
        }
    }

    fn finish(mut self, failed: bool) -> Finished {
        let finished = alone(self.session.finish(failed));
        assert!(finished.refusal.is_none(), "{:?}", finished.refusal);
        if !failed {
            self.commit();
        }
        finished
    }
}
