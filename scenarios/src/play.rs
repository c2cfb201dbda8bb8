//! Plays a scenario: sends its requests, and holds what comes back against what is expected.

mod promises;

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::Either;
use futures_util::future::select;
use hallpass_tests::jar::Cause;
use hallpass_tests::jar::HOME;
use hallpass_tests::jar::Jar;
use hallpass_tests::jar::Place;

use crate::adapter::Adapter;
use crate::adapter::Server;
use crate::adapter::Sessions;
use crate::app::App;
use crate::app::Call;
use crate::client::Answer;
use crate::client::UnderWay;
use crate::client::Wire;
use crate::compare::Seen;
use crate::compare::compare;
use crate::format::Action;
use crate::format::Expect;
use crate::format::Request;
use crate::format::Scenario;
use crate::format::Span;
use crate::format::Step;
use crate::format::Then;
use crate::names::Names;
use crate::stores::Kind;
use crate::world::World;

impl Scenario {
    /// Plays the scenario through an adapter on an empty store.
    ///
    /// # Errors
    ///
    /// What is different from what is expected, and in which line of the file its step begins.
    pub async fn play(&self, adapter: &dyn Adapter, kind: Kind) -> Result<(), String> {
        let world = World::of(self, kind).await;
        let app = App::new();
        let sessions = (!self.layer.missing).then(|| Sessions {
            manager: world.manager.clone(),
            transport: self.transport.config(),
            keep_changes_on_failure: self.layer.keep_changes_on_failure,
        });
        let server = adapter.serve(app.clone(), sessions).await;
        let mut play = Play {
            world,
            app,
            server,
            names: Names::default(),
            jars: BTreeMap::new(),
            prepared: BTreeMap::new(),
            paused: BTreeMap::new(),
            held: BTreeMap::new(),
            streams: BTreeMap::new(),
        };
        for (line, step, action) in &self.steps {
            play.step_in_time(step, action)
                .await
                .map_err(|error| format!("line {line}: {error}"))?;
        }
        match play.world.faults.outstanding() {
            0 => promises::nothing_stored_is_a_token(&play.world.spy, &play.names),
            left => Err(format!("{left} scripted faults have not come")),
        }
    }
}

struct Play {
    world: World,
    app: App,
    server: Server,
    names: Names,
    /// The browsers, by the names of their users.
    jars: BTreeMap<String, Jar>,
    prepared: BTreeMap<String, (Option<String>, Wire)>,
    paused: BTreeMap<String, (Option<String>, UnderWay)>,
    /// Cookies on their way to a browser.
    held: BTreeMap<String, (String, Vec<String>)>,
    streams: BTreeMap<String, Answer>,
}

impl Play {
    #[expect(
        clippy::disallowed_methods,
        reason = "a server that does not answer fails the test, whatever its clock tells"
    )]
    async fn step_in_time(&mut self, step: &Step, action: &Action) -> Result<(), String> {
        let step = self.step(step, action);
        match tokio::time::timeout(PATIENCE, step).await {
            Ok(done) => done,
            Err(_elapsed) => Err(format!("nothing came within {PATIENCE:?}")),
        }
    }

    async fn step(&mut self, step: &Step, action: &Action) -> Result<(), String> {
        if let Some(Span(span)) = step.advance {
            self.world.clock.advance(span);
        }
        for fault in &step.faults {
            let (operation, fault) = fault.script();
            self.world.faults.script(operation, fault);
        }
        // What happened between the steps belongs to none.
        let _between = (self.world.spy.take(), self.world.events.take());
        let seen = self.act(action).await?;
        match (&step.expect, seen) {
            (Some(expect), Some(seen)) => self.check(expect, seen),
            (Some(expect), None) if expect.status.is_none() => {
                self.check(expect, Seen::nothing("none is asked for"))
            }
            (Some(_), None) => Err("no answer comes with this step".to_owned()),
            // An answer that nobody looks at: all that is asked of it is that it went well.
            (None, Some(seen)) if seen.status.as_ref().is_ok_and(|status| *status < 400) => Ok(()),
            (None, Some(seen)) => self.check(&Expect::default(), seen),
            (None, None) => Ok(()),
        }
    }

    fn check(&mut self, expect: &Expect, mut seen: Seen) -> Result<(), String> {
        let operations = self.world.spy.take();
        seen.store = operations
            .iter()
            .map(|call| call.as_str().to_owned())
            .collect();
        seen.events = self.world.events.take();
        compare(expect, &seen, &mut self.names)
            .map_err(|difference| format!("not as expected\n{difference}"))?;
        promises::no_answer_tells_a_token(&seen, &self.names)
    }

    /// Does what the step does, and returns the answer, if one comes with it.
    async fn act(&mut self, action: &Action) -> Result<Option<Seen>, String> {
        match action {
            Action::Nothing => {}
            Action::Request(request) => {
                let wire = self.wire(request)?;
                let who = request.who.clone();
                if let Some(pause) = &request.pause {
                    let under_way = wire.send(self.server.address).await?;
                    self.app.reached(pause).await;
                    self.paused.insert(pause.clone(), (who, under_way));
                    return Ok(None);
                }
                return self.send(who, wire, &request.then).await;
            }
            Action::Prepare { name, request } => {
                let wire = self.wire(request)?;
                let prepared = (request.who.clone(), wire);
                self.prepared.insert(name.clone(), prepared);
            }
            Action::Send { name, then } => {
                let (who, wire) = taken(&mut self.prepared, name)?;
                return self.send(who, wire, then).await;
            }
            Action::Resume { name, then } => {
                let (who, under_way) = taken(&mut self.paused, name)?;
                let sleepers = self.world.clock.sleepers();
                self.app.resume(name);
                return self.follow(who, under_way, then, sleepers).await;
            }
            Action::Deliver(name) => {
                let (who, cookies) = taken(&mut self.held, name)?;
                self.receive(&who, &cookies)?;
            }
            Action::Say(line) => self.app.say(line)?,
            Action::Hear {
                name,
                text,
                ends,
                advancing,
            } => self.hear(name, text, *ends, *advancing).await?,
            Action::Close(who) => self.jars.entry(who.clone()).or_default().close(),
            Action::Jar { who, cookies } => {
                let sent = self.cookies(Some(who), HOME.path, Cause::SameSite);
                let expected = cookies.join("; ");
                if !self
                    .names
                    .matches(&expected, &sent.clone().unwrap_or_default())
                {
                    let sent = self.names.shown(&sent.unwrap_or_default());
                    return Err(format!("{who} would send `{sent}` and not `{expected}`"));
                }
            }
            Action::Operate(operator) => self.world.operate(operator).await?,
        }
        Ok(None)
    }

    /// The request as it goes over the wire, with the cookies of this moment.
    fn wire(&self, request: &Request) -> Result<Wire, String> {
        let mut headers = vec![("host".to_owned(), HOME.host.to_owned())];
        for (name, values) in &request.headers {
            for value in values.values() {
                headers.push((name.clone(), self.names.fill(value)?));
            }
        }
        let path = request.target.split('?').next().unwrap_or_default();
        let cookies = self.cookies(request.who.as_deref(), path, request.cause);
        headers.extend(cookies.map(|cookies| ("cookie".to_owned(), cookies)));
        if let Some(pause) = &request.pause {
            headers.push((Call::PAUSE.to_owned(), pause.clone()));
        }
        let body = match &request.content {
            Some((kind, content)) => {
                headers.push(("content-type".to_owned(), (*kind).to_owned()));
                self.names.fill(content)?
            }
            None => String::new(),
        };
        Ok(Wire {
            method: request.method.clone(),
            target: self.names.fill(&request.target)?,
            headers,
            body,
        })
    }

    fn cookies(&self, who: Option<&str>, path: &str, cause: Cause) -> Option<String> {
        let jar = self.jars.get(who?)?;
        jar.field(Place { path, ..HOME }, cause, self.world.manager.now())
    }

    async fn send(
        &mut self,
        who: Option<String>,
        wire: Wire,
        then: &Then,
    ) -> Result<Option<Seen>, String> {
        let sleepers = self.world.clock.sleepers();
        let under_way = wire.send(self.server.address).await?;
        self.follow(who, under_way, then, sleepers).await
    }

    /// Follows a request to its end.
    async fn follow(
        &mut self,
        who: Option<String>,
        under_way: UnderWay,
        then: &Then,
        sleepers: usize,
    ) -> Result<Option<Seen>, String> {
        if then.disconnect {
            self.world.hangs(sleepers).await;
            drop(under_way);
            self.world.is_given_up().await;
            return Ok(None);
        }
        if let Some(Span(span)) = then.hangs {
            self.world.hangs(sleepers).await;
            self.world.clock.advance(span);
        }
        let mut answer = match under_way.head().await {
            Ok(answer) => answer,
            Err(why) => return Ok(Some(Seen::nothing(&why))),
        };
        let mut seen = Seen {
            status: Ok(answer.status),
            headers: answer.headers.clone(),
            ..Seen::nothing("")
        };
        match &then.stream {
            Some(name) => {
                seen.body = answer.piece().await?.unwrap_or_default();
                self.streams.insert(name.clone(), answer);
            }
            None => seen.body = answer.rest().await?,
        }
        let cookies = seen.headers.get("set-cookie").cloned().unwrap_or_default();
        match (who, &then.hold) {
            (Some(who), Some(name)) => {
                self.held.insert(name.clone(), (who, cookies));
            }
            (Some(who), None) => self.receive(&who, &cookies)?,
            (None, _) => {}
        }
        Ok(Some(seen))
    }

    /// Cookies reach a browser, which must not ignore any.
    fn receive(&mut self, who: &str, cookies: &[String]) -> Result<(), String> {
        let jar = self.jars.entry(who.to_owned()).or_default();
        for cookie in cookies {
            jar.take(cookie, HOME, self.world.manager.now())
                .map_err(|reason| {
                    let cookie = self.names.shown(cookie);
                    format!("the browser of {who} ignores `{cookie}`: {reason}")
                })?;
        }
        Ok(())
    }

    /// A stream brings this text, and then ends or goes on. Where the step says so, the clock moves
    /// on until it does: a stream that looks at the store at that moment goes by the time before.
    async fn hear(
        &mut self,
        name: &str,
        text: &str,
        ends: bool,
        advancing: Option<Span>,
    ) -> Result<(), String> {
        let stream = self
            .streams
            .get_mut(name)
            .ok_or_else(|| format!("no stream has the name `{name}`"))?;
        let heard = async {
            if ends {
                stream.rest().await
            } else {
                Ok(stream.piece().await?.unwrap_or_default())
            }
        };
        let clock = &self.world.clock;
        let time_goes_by = async {
            let Some(Span(span)) = advancing else {
                return std::future::pending().await;
            };
            loop {
                for _ in 0..YIELDS {
                    tokio::task::yield_now().await;
                }
                clock.advance(span);
            }
        };
        let heard = match select(pin!(heard), pin!(time_goes_by)).await {
            Either::Left((heard, _)) => heard?,
            Either::Right((never, _)) => never,
        };
        if heard == text {
            Ok(())
        } else {
            let heard = self.names.shown(&heard);
            Err(format!("the stream brings {heard:?} and not {text:?}"))
        }
    }
}

fn taken<T>(from: &mut BTreeMap<String, T>, name: &str) -> Result<T, String> {
    from.remove(name)
        .ok_or_else(|| format!("nothing has the name `{name}`"))
}

/// How often others may go on before the clock moves.
const YIELDS: usize = 1_000;

/// How long a step may take.
const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
