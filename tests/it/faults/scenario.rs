//! A whole request, with faults at one call of the store.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hallpass::AssuranceLevel;
use hallpass::AtLimit;
use hallpass::CarryOver;
use hallpass::Clock;
use hallpass::DynStore;
use hallpass::EventKind;
use hallpass::Finished;
use hallpass::Load;
use hallpass::LoginOutcome;
use hallpass::Revocation;
use hallpass::Session;
use hallpass::SessionError;
use hallpass::SessionHandle;
use hallpass::SessionManager;
use hallpass::SessionRecord;
use hallpass::SessionStore;
use hallpass::StandardPolicy;
use hallpass::StandardPolicyBuilder;
use hallpass::StoreOperation;
use hallpass::SubjectIndex;
use hallpass_testkit::Fault;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::SpyStore;
use hallpass_testkit::schedule::Explorer;
use hallpass_testkit::schedule::alone;

use crate::world::Client;
use crate::world::World;
use crate::world::login;
use crate::world::minutes;
use crate::world::otp;
use crate::world::subject;

/// What a request does. All that can count `n` first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Call {
    Finish,
    Login,
    LoginWithoutIndex,
    Logout,
    Raise,
    Read,
    Renew,
    Revoke,
    RevokeOthers,
    Save,
    Take,
    UpdateNow,
}

/// A session of alice in a browser, and one on another device.
pub(super) struct Scenario {
    pub(super) call: Call,
    world: World,
    client: Client,
    handle: SessionHandle,
    other: Option<SessionHandle>,
}

/// What the request was told.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Whether it was accepted into its session.
    pub(super) opened: Result<bool, SessionError>,
    pub(super) answer: Result<(), SessionError>,
    pub(super) finished: Finished,
    /// The session that the request holds in the end.
    holds: Option<SessionHandle>,
}

impl Outcome {
    /// Returns the first error that the request was told.
    pub(super) fn error(&self) -> Option<&SessionError> {
        self.answer
            .as_ref()
            .err()
            .or(self.finished.refusal.as_ref())
    }

    /// Returns whether the call failed, and what it had left was committed with the request.
    pub(super) const fn is_committed_later(&self) -> bool {
        self.answer.is_err() && self.finished.refusal.is_none()
    }
}

/// What is stored of what the request did.
#[derive(Debug)]
pub(super) struct Effect {
    /// How often the call itself was applied; `None` where it is nothing but the count.
    pub(super) acted: Option<u32>,
    /// How often `n` was counted; `None` where no session is left to look at.
    pub(super) counted: Option<u32>,
}

/// Returns the operations that the call makes of a store that works.
pub(super) fn operations(call: Call) -> Vec<StoreOperation> {
    let scenario = Scenario::new(call, AtLimit::EvictLeastRecentlyUsed);
    scenario.world.operations();
    let outcome = scenario.request();
    assert!(outcome.error().is_none(), "{call:?}: {outcome:?}");
    scenario.world.operations()
}

impl Scenario {
    pub(super) fn new(call: Call, at_limit: AtLimit) -> Self {
        let has_other = call == Call::RevokeOthers;
        let max = if has_other { 2 } else { 1 };
        let mut world = World::limited(max, at_limit);
        if call == Call::LoginWithoutIndex {
            world = without_index(&world);
        }
        let (client, handle, other) = alone(begin(&world, has_other));
        world.clock.advance(minutes(8));
        world.events.take();
        Self {
            call,
            world,
            client,
            handle,
            other,
        }
    }

    /// Carries out the request. The faults come at that call of the operation.
    pub(super) fn run(
        &self,
        operation: StoreOperation,
        skipped: usize,
        faults: &[Fault],
    ) -> Outcome {
        for _ in 0..skipped {
            self.world.faults.script(operation, Fault::Pass);
        }
        for fault in faults {
            self.world.faults.script(operation, *fault);
        }
        self.request()
    }

    fn request(&self) -> Outcome {
        self.patiently(async {
            let session = match self.client.try_open(&self.world).await {
                Ok(session) => session,
                Err(error) => {
                    return Outcome {
                        opened: Err(error),
                        answer: Ok(()),
                        finished: Finished::default(),
                        holds: None,
                    };
                }
            };
            let has_session = session.handle() == Some(self.handle);
            let answer = match has_session {
                true => self.act(&session).await,
                false => Ok(()),
            };
            let finished = session.finish(false).await;
            Outcome {
                opened: Ok(has_session),
                answer,
                finished,
                holds: session.handle(),
            }
        })
    }

    async fn act(&self, session: &Session) -> Result<(), SessionError> {
        if !matches!(self.call, Call::Read | Call::Revoke) {
            session.update("n", |n: &mut u32| *n += 1)?;
        }
        match self.call {
            Call::Finish | Call::Read => {}
            Call::Login | Call::LoginWithoutIndex => {
                let login = login("alice").carry_over(CarryOver::DangerAll);
                let outcome = session.login(login).await?;
                assert!(
                    matches!(outcome, LoginOutcome::LoggedIn { .. }),
                    "{outcome:?}"
                );
            }
            Call::Logout => session.logout().await?,
            Call::Raise => session.raise(otp()).await?,
            Call::Renew => drop(session.renew()?),
            Call::Revoke => {
                let by = Revocation::by("operator");
                let _outcome = session.manager().revoke(self.handle, by).await?;
            }
            Call::RevokeOthers => drop(session.revoke_others().await?),
            Call::Save => session.save().await?,
            Call::Take => drop(session.take::<u32>("once").await?),
            Call::UpdateNow => session.update_now("m", |m: &mut u32| *m += 1).await?,
        }
        Ok(())
    }

    /// Looks into the store.
    pub(super) fn effect(&self) -> Effect {
        let ended = |handle| u32::from(self.record(handle).is_none());
        let begun = || {
            alone(self.live())
                .iter()
                .filter(|handle| !self.knows(**handle))
                .count()
        };
        let record = self.record(self.handle);
        let number = |record: &SessionRecord, name: &str| {
            let entry = record.data().get(name)?;
            std::str::from_utf8(entry.bytes())
                .unwrap()
                .parse::<u32>()
                .ok()
        };
        let acted = match self.call {
            Call::Finish | Call::Read | Call::Save => None,
            Call::Login | Call::LoginWithoutIndex => Some(u32::try_from(begun()).unwrap()),
            Call::Logout | Call::Revoke => Some(ended(self.handle)),
            Call::Raise => record.as_ref().and_then(|record| {
                let is_raised = record.authentication()?.level() == AssuranceLevel::Aal2;
                Some(u32::from(is_raised))
            }),
            Call::Renew => record
                .as_ref()
                .map(|record| record.credential().generation()),
            Call::RevokeOthers => self.other.map(ended),
            Call::Take => record
                .as_ref()
                .map(|record| u32::from(number(record, "once").is_none())),
            Call::UpdateNow => record
                .as_ref()
                .and_then(|record| Some(number(record, "m")? - 20)),
        };
        // Where the data are that the request has counted in.
        let living = alone(self.live());
        let place = living.iter().find(|handle| Some(**handle) != self.other);
        let counted = place
            .filter(|_| !matches!(self.call, Call::Read | Call::Revoke))
            .and_then(|handle| number(&*self.record(*handle)?, "n"))
            .map(|n| n - 10);
        Effect { acted, counted }
    }

    fn knows(&self, handle: SessionHandle) -> bool {
        handle == self.handle || Some(handle) == self.other
    }

    fn record(&self, handle: SessionHandle) -> Option<Arc<SessionRecord>> {
        let now = self.world.clock.now();
        match alone(self.world.faults.inner().load(handle, now)).unwrap() {
            Load::Live(record) => Some(record),
            Load::Ended(_) | Load::Missing => None,
        }
    }

    async fn live(&self) -> Vec<SessionHandle> {
        let now = self.world.clock.now();
        let memory = self.world.faults.inner();
        let records = memory.list(&subject("alice"), now).await.unwrap();
        records.iter().map(|record| record.handle()).collect()
    }

    /// Whoever was told that a session has ended, or that nothing went wrong, finds it in the
    /// events.
    pub(super) fn check_told(&self, outcome: &Outcome, context: &str) {
        let events = self.world.events.take();
        assert!(
            !events.contains(&EventKind::Replayed),
            "{events:?}, {context}"
        );
        let ends = matches!(self.call, Call::Logout | Call::Revoke | Call::RevokeOthers);
        if ends && matches!(outcome.opened, Ok(true)) && outcome.error().is_none() {
            let told = events
                .iter()
                .filter(|kind| matches!(kind, EventKind::Ended(_)));
            assert_eq!(told.count(), 1, "{events:?}, {context}");
        }
    }

    /// The client goes on, unless its own request has ended the session.
    pub(super) fn check_client(&self, outcome: &Outcome, context: &str) {
        let world = self.working();
        let mut client = self.client.clone();
        client.take(&outcome.finished);
        let session = alone(client.open(&world));
        let lives = self.record(self.handle).is_some();
        let ends = matches!(
            self.call,
            Call::Login | Call::LoginWithoutIndex | Call::Logout | Call::Revoke
        );
        assert!(lives || ends, "{context}");
        let is_login = matches!(self.call, Call::Login | Call::LoginWithoutIndex);
        if is_login && outcome.error().is_none() && matches!(outcome.opened, Ok(true)) {
            assert_eq!(session.handle(), outcome.holds, "{context}");
        } else {
            let expected = lives.then_some(self.handle);
            assert_eq!(session.handle(), expected, "{context}");
        }
        session.update("later", |n: &mut u32| *n += 1).unwrap();
        let refusal = alone(client.answer(&session)).refusal;
        assert!(refusal.is_none(), "{refusal:?}, {context}");
        let was_raised = self.call == Call::Raise && outcome.error().is_some();
        if session.subject().is_some() && !was_raised {
            world.clock.advance(minutes(8));
            let again = alone(client.visit(&world));
            assert_eq!(again.handle(), session.handle(), "{context}");
        }
    }

    /// The client logs in again, and is not denied.
    pub(super) fn check_login_again(&self, outcome: &Outcome, context: &str) {
        let world = self.working();
        let mut client = self.client.clone();
        client.take(&outcome.finished);
        let session = alone(client.open(&world));
        let outcome = alone(session.login(login("alice"))).unwrap();
        let is_in = matches!(outcome, LoginOutcome::LoggedIn { .. });
        assert!(is_in, "{outcome:?}, {context}");
    }

    /// Returns the same node if no fault is left over, and one on the same data otherwise.
    fn working(&self) -> World {
        if self.world.faults.outstanding() == 0 {
            return self.world.clone();
        }
        let memory = self.world.faults.inner().clone();
        let store = DynStore::builder(memory).with_index().build();
        with_store(&self.world, store, StandardPolicy::builder())
    }

    /// Runs a future, and turns the clock where it waits for nothing else.
    fn patiently<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = Some(Box::pin(future));
        let mut answer = None;
        Explorer::new().explore(|schedule| {
            let clock = self.world.clock.clone();
            schedule.when_stuck(move || {
                clock.advance(Duration::from_secs(2));
                true
            });
            answer = schedule.all(future.take()).pop();
        });
        answer.unwrap()
    }
}

/// Begins the session in the browser, and one on another device.
async fn begin(world: &World, has_other: bool) -> (Client, SessionHandle, Option<SessionHandle>) {
    let mut client = Client::logged_in(world, "alice").await;
    let session = client.open(world).await;
    for (name, value) in [("n", 10), ("m", 20), ("once", 1)] {
        session.insert(name, value).unwrap();
    }
    client.close(&session).await;
    let mut other = None;
    if has_other {
        let device = Client::logged_in(world, "alice").await;
        other = device.open(world).await.handle();
    }
    (client, session.handle().unwrap(), other)
}

/// The same on a store that knows no subjects.
fn without_index(world: &World) -> World {
    let spy = SpyStore::new(world.faults.clone());
    let log = spy.log();
    let store = DynStore::builder(spy).with_feed().build();
    let policy = StandardPolicy::builder().no_concurrency_limit();
    World {
        spy: log,
        ..with_store(world, store, policy)
    }
}

fn with_store(world: &World, store: DynStore, policy: StandardPolicyBuilder) -> World {
    let manager = SessionManager::builder_with_clock(store.clone(), world.clock.clone())
        .policy(policy.build().unwrap())
        .random(SeededRandom::new(9))
        .events(world.events.clone())
        .build()
        .unwrap();
    World {
        manager,
        store,
        ..world.clone()
    }
}
