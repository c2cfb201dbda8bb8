//! How long sessions live, how many there may be, and when a token is renewed.

mod judge;
mod limits;
mod standard;

use std::fmt;

use crate::authentication::Authentication;
use crate::client::ClientFacts;
use crate::subject::Subject;

pub use self::judge::Standing;
pub use self::judge::judge_record;
pub(crate) use self::judge::parent_is_over;
pub(crate) use self::judge::touch_step;
pub use self::limits::AtLimit;
pub use self::limits::Concurrency;
pub use self::limits::Limits;
pub use self::limits::LimitsBuilder;
pub use self::limits::OnReplay;
pub use self::standard::StandardPolicy;
pub use self::standard::StandardPolicyBuilder;

/// Decides the limits of sessions.
///
/// The engine asks when a session begins, and notes the timeouts in its record, where they stay;
/// it asks again on each request for what concerns that request: renewal, windows, touch step.
/// [`StandardPolicy`] is what nearly everybody uses; write your own where limits depend on tenant,
/// role or risk.
///
/// # Example: shorter sessions for one tenant
///
/// ```
/// use std::time::Duration;
/// use hallpass_core::{ConfigError, Limits, Policy, PolicyFacts, StandardPolicy};
///
/// #[derive(Debug)]
/// struct PerTenant {
///     usual: StandardPolicy,
///     bank: Limits,
/// }
///
/// impl Policy for PerTenant {
///     fn limits(&self, facts: &PolicyFacts<'_>) -> Limits {
///         match facts.subject() {
///             Some(subject) if subject.tenant() == Some("bank") => self.bank.clone(),
///             _ => self.usual.limits(facts),
///         }
///     }
///
///     fn needs_index(&self) -> bool {
///         true
///     }
/// }
///
/// let policy = PerTenant {
///     usual: StandardPolicy::builder().build()?,
///     bank: Limits::builder().idle(Duration::from_secs(120)).build()?,
/// };
/// # drop(policy);
/// # Ok::<(), ConfigError>(())
/// ```
pub trait Policy: fmt::Debug + Send + Sync + 'static {
    /// Returns the limits of a session. Must be quick: it is asked on each request.
    fn limits(&self, facts: &PolicyFacts<'_>) -> Limits;

    /// Returns whether any limits it gives bound the sessions of a subject, or end all of them
    /// after a replay: such a policy needs a store that is a
    /// [`SubjectIndex`](crate::SubjectIndex), and the manager refuses another when it is built.
    fn needs_index(&self) -> bool;
}

/// What a policy may base its decision on.
#[derive(Clone, Copy, Debug)]
pub struct PolicyFacts<'a> {
    pub(crate) subject: Option<&'a Subject>,
    pub(crate) authentication: Option<&'a Authentication>,
    pub(crate) remembered: bool,
    pub(crate) client: &'a ClientFacts,
}

impl<'a> PolicyFacts<'a> {
    /// Returns whose session it is; `None` for an anonymous one.
    #[must_use]
    pub const fn subject(&self) -> Option<&'a Subject> {
        self.subject
    }

    /// Returns how the subject authenticated.
    #[must_use]
    pub const fn authentication(&self) -> Option<&'a Authentication> {
        self.authentication
    }

    /// Returns whether the user asked to be remembered on this device.
    #[must_use]
    pub const fn is_remembered(&self) -> bool {
        self.remembered
    }

    /// Returns what is known of the client.
    #[must_use]
    pub const fn client(&self) -> &'a ClientFacts {
        self.client
    }
}
