//! One step of a scenario.

use std::collections::BTreeMap;

use hallpass::StoreErrorKind;
use hallpass::StoreOperation;
use hallpass_testkit::Fault;
use hallpass_tests::jar::Cause;
use serde::Deserialize;

use super::span::Span;

/// One step, as it is written. [`Step::action`] says what it does.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Step {
    /// The clock moves on, before anything else.
    pub(crate) advance: Option<Span>,
    /// What the store does to its next calls.
    pub(crate) faults: Vec<ScriptedFault>,

    request: Option<String>,
    prepare: Option<String>,
    send: Option<String>,
    resume: Option<String>,
    deliver: Option<String>,
    say: Option<String>,
    hear: Option<String>,
    close: Option<String>,
    jar: Option<String>,
    operator: Option<Operator>,

    /// Whose browser sends the request. Without one it comes from a client without cookies.
    who: Option<String>,
    from: From,
    headers: BTreeMap<String, OneOrMore>,
    form: Option<BTreeMap<String, String>>,
    json: Option<BTreeMap<String, serde_json::Value>>,

    /// The handler waits, with its session open, until a step resumes it.
    pause: Option<String>,
    /// The answer does not reach the browser before a step delivers it.
    hold: Option<String>,
    /// The body is a stream, which goes on under this name.
    stream: Option<String>,
    /// How far the clock moves while the store hangs.
    hangs: Option<Span>,
    /// The client goes away while the store hangs.
    disconnect: bool,

    cookies: Vec<String>,
    text: Option<String>,
    ends: bool,
    /// The clock moves on by this, again and again, until the stream brings the text.
    advancing: Option<Span>,
    pub(crate) expect: Option<Expect>,
}

/// What happens to one call of the store.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScriptedFault {
    call: Call,
    fault: How,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Call {
    Advance,
    Bind,
    Create,
    End,
    EndSubject,
    List,
    Load,
    Publish,
    Sweep,
    Touch,
    Update,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum How {
    Corrupt,
    Fail,
    FailAfter,
    Hang,
    HangAfter,
    Pass,
    Reject,
}

/// What somebody does without the application, on another node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum Operator {
    EndEverybody,
    EndSubject(String),
    Sweep,
}

/// Who caused the request of a browser.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum From {
    CrossSiteLink,
    CrossSitePost,
    #[default]
    SameSite,
}

/// The values of a field: one, or several in their order.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// What must come back. Exact, but for what is said otherwise.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct Expect {
    pub(crate) status: Option<u16>,
    /// The whole body; empty where nothing is said.
    pub(crate) body: String,
    /// Instead of `body`: a part of it.
    pub(crate) body_contains: Option<String>,
    /// The calls of the store, where something is said about them.
    pub(crate) store: Option<Vec<String>>,
    /// What the events tell, where something is said about it.
    pub(crate) events: Option<Vec<String>>,
    /// Every other header field, but for those that the server adds to every answer.
    #[serde(flatten)]
    pub(crate) headers: BTreeMap<String, OneOrMore>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Nothing but moving the clock and scripting faults.
    Nothing,
    /// A request is sent.
    Request(Box<Request>),
    /// A request is made with the cookies of this moment, and is sent later.
    Prepare { name: String, request: Box<Request> },
    /// A request that was prepared is sent.
    Send { name: String, then: Then },
    /// A handler that paused goes on, and its answer comes.
    Resume { name: String, then: Then },
    /// An answer that was held reaches its browser.
    Deliver(String),
    /// The application writes a line to every open stream.
    Say(String),
    /// A stream brings this text, and ends or goes on.
    Hear {
        name: String,
        text: String,
        ends: bool,
        advancing: Option<Span>,
    },
    /// A user closes the browser.
    Close(String),
    /// The cookies that a browser would send are these.
    Jar { who: String, cookies: Vec<String> },
    /// An operator does something.
    Operate(Operator),
}

/// A request, with placeholders.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) who: Option<String>,
    pub(crate) cause: Cause,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, OneOrMore>,
    pub(crate) content: Option<(&'static str, String)>,
    pub(crate) pause: Option<String>,
    pub(crate) then: Then,
}

/// What becomes of a request that is under way, and of its answer.
#[derive(Clone, Debug)]
pub(crate) struct Then {
    pub(crate) hold: Option<String>,
    pub(crate) stream: Option<String>,
    pub(crate) hangs: Option<Span>,
    pub(crate) disconnect: bool,
}

impl Step {
    /// Returns what the step does, or what is wrong with it.
    pub(crate) fn action(&self) -> Result<Action, String> {
        let verbs = [
            ("request", self.request.is_some() && self.prepare.is_none()),
            ("prepare", self.prepare.is_some()),
            ("send", self.send.is_some()),
            ("resume", self.resume.is_some()),
            ("deliver", self.deliver.is_some()),
            ("say", self.say.is_some()),
            ("hear", self.hear.is_some()),
            ("close", self.close.is_some()),
            ("jar", self.jar.is_some()),
            ("operator", self.operator.is_some()),
        ];
        let verbs: Vec<_> = verbs
            .iter()
            .filter(|(_, is)| *is)
            .map(|(name, _)| *name)
            .collect();
        let name = |name: &Option<String>| name.clone().unwrap_or_default();
        match verbs[..] {
            [] if self.advance.is_some() || !self.faults.is_empty() => Ok(Action::Nothing),
            [] => Err("a step does nothing".to_owned()),
            ["request"] => Ok(Action::Request(Box::new(self.to_request()?))),
            ["prepare"] => Ok(Action::Prepare {
                name: name(&self.prepare),
                request: Box::new(self.to_request()?),
            }),
            ["send"] => Ok(Action::Send {
                name: name(&self.send),
                then: self.then(),
            }),
            ["resume"] => Ok(Action::Resume {
                name: name(&self.resume),
                then: self.then(),
            }),
            ["deliver"] => Ok(Action::Deliver(name(&self.deliver))),
            ["say"] => Ok(Action::Say(name(&self.say))),
            ["hear"] => Ok(Action::Hear {
                name: name(&self.hear),
                text: name(&self.text),
                ends: self.ends,
                advancing: self.advancing,
            }),
            ["close"] => Ok(Action::Close(name(&self.close))),
            ["jar"] => Ok(Action::Jar {
                who: name(&self.jar),
                cookies: self.cookies.clone(),
            }),
            ["operator"] => match &self.operator {
                Some(operator) => Ok(Action::Operate(operator.clone())),
                None => Err("no operator".to_owned()),
            },
            _ => Err(format!("a step does several things: {}", verbs.join(", "))),
        }
    }

    fn then(&self) -> Then {
        Then {
            hold: self.hold.clone(),
            stream: self.stream.clone(),
            hangs: self.hangs,
            disconnect: self.disconnect,
        }
    }

    fn to_request(&self) -> Result<Request, String> {
        let line = self.request.as_deref().unwrap_or_default();
        let (method, target) = line
            .split_once(' ')
            .filter(|(_, target)| target.starts_with('/'))
            .ok_or_else(|| format!("`{line}` is no request such as `GET /read`"))?;
        let content = match (&self.form, &self.json) {
            (None, None) => None,
            (Some(fields), None) => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(fields);
                Some(("application/x-www-form-urlencoded", form.finish()))
            }
            (None, Some(fields)) => {
                let text = serde_json::to_string(fields).map_err(|error| error.to_string())?;
                Some(("application/json", text))
            }
            (Some(_), Some(_)) => return Err("a form and json".to_owned()),
        };
        Ok(Request {
            who: self.who.clone(),
            cause: match self.from {
                From::CrossSiteLink => Cause::CrossSiteLink,
                From::CrossSitePost => Cause::CrossSitePost,
                From::SameSite => Cause::SameSite,
            },
            method: method.to_owned(),
            target: target.to_owned(),
            headers: self.headers.clone(),
            content,
            pause: self.pause.clone(),
            then: self.then(),
        })
    }
}

impl ScriptedFault {
    pub(crate) const fn script(self) -> (StoreOperation, Fault) {
        let operation = match self.call {
            Call::Advance => StoreOperation::Advance,
            Call::Bind => StoreOperation::Bind,
            Call::Create => StoreOperation::Create,
            Call::End => StoreOperation::End,
            Call::EndSubject => StoreOperation::EndSubject,
            Call::List => StoreOperation::List,
            Call::Load => StoreOperation::Load,
            Call::Publish => StoreOperation::Publish,
            Call::Sweep => StoreOperation::Sweep,
            Call::Touch => StoreOperation::Touch,
            Call::Update => StoreOperation::Update,
        };
        let fault = match self.fault {
            How::Corrupt => Fault::Fail(StoreErrorKind::Corrupt),
            How::Fail => Fault::Fail(StoreErrorKind::Unavailable),
            How::FailAfter => Fault::FailAfter,
            How::Hang => Fault::Hang,
            How::HangAfter => Fault::HangAfter,
            How::Pass => Fault::Pass,
            How::Reject => Fault::Fail(StoreErrorKind::Rejected),
        };
        (operation, fault)
    }
}

impl OneOrMore {
    pub(crate) fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::More(values) => values,
        }
    }
}
