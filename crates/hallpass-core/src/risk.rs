//! Signs that a session may be in other hands, and who decides what follows from them.

mod standard;

use std::fmt;

use crate::authentication::Authentication;
use crate::client::ClientFacts;
use crate::subject::Subject;

pub use self::standard::StandardRisk;
pub use self::standard::StandardRiskBuilder;

/// What is odd about a request whose token verifies.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct RiskSigns {
    /// The family of the user agent is not that of the login or of the last raise: another browser
    /// or another platform, or none is told any more. A newer version is no change.
    pub agent_changed: bool,
    /// The token is from before a raise, and came long after it
    /// ([`EventKind::OutrankedLate`](crate::EventKind::OutrankedLate)).
    pub late_outranked: bool,
    /// The token is the parent of one that was lost, and came long after the renewal.
    pub late_repair: bool,
    /// The network is not that of the login or of the last raise. Honest clients change theirs:
    /// phones all day long, and who has both IPv4 and IPv6 with any connection.
    pub network_changed: bool,
    /// How many wrong tokens came from this network within a minute. Others may have sent them:
    /// a network has many users.
    pub unknown_tokens: u32,
}

impl RiskSigns {
    /// Returns whether nothing but the address speaks against the request.
    #[must_use]
    pub const fn are_of_address_only(&self) -> bool {
        !(self.agent_changed || self.late_outranked || self.late_repair)
    }
}

/// What an assessment is based on.
#[derive(Clone, Copy, Debug)]
pub struct RiskSignals<'a> {
    pub(crate) signs: RiskSigns,
    pub(crate) subject: &'a Subject,
    pub(crate) authentication: Option<&'a Authentication>,
    pub(crate) recorded: &'a ClientFacts,
    pub(crate) present: &'a ClientFacts,
}

impl<'a> RiskSignals<'a> {
    /// Returns what is odd about the request.
    #[must_use]
    pub const fn signs(&self) -> RiskSigns {
        self.signs
    }

    /// Returns who logged in.
    #[must_use]
    pub const fn subject(&self) -> &'a Subject {
        self.subject
    }

    /// Returns how the subject authenticated.
    #[must_use]
    pub const fn authentication(&self) -> Option<&'a Authentication> {
        self.authentication
    }

    /// Returns the client that logged in, or that raised the assurance last.
    #[must_use]
    pub const fn recorded(&self) -> &'a ClientFacts {
        self.recorded
    }

    /// Returns the client of this request.
    #[must_use]
    pub const fn present(&self) -> &'a ClientFacts {
        self.present
    }
}

/// What follows from an assessment.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the engine carries out each of them"
)]
pub enum RiskAnswer {
    /// The request goes on; a score above 0 is told in the events.
    #[default]
    Allow,
    /// The session ends before the handler sees it, with
    /// [`EndReason::Risk`](crate::EndReason::Risk).
    End,
    /// The session opens, and no authentication of it counts as recent: see
    /// [`Session::demands_step_up`](crate::Session::demands_step_up).
    StepUp,
}

impl RiskAnswer {
    /// Returns the answer as one lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::End => "end",
            Self::StepUp => "step_up",
        }
    }
}

/// How risky a request is, and what follows from it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Assessment {
    score: u8,
    answer: RiskAnswer,
}

impl Assessment {
    /// The highest score.
    pub const MAX_SCORE: u8 = 100;

    /// Returns an assessment. A score above 100 counts as 100.
    #[must_use]
    pub const fn new(score: u8, answer: RiskAnswer) -> Self {
        let score = if score > Self::MAX_SCORE {
            Self::MAX_SCORE
        } else {
            score
        };
        Self { score, answer }
    }

    /// Returns the score: 0 for nothing odd, 100 for the worst.
    #[must_use]
    pub const fn score(self) -> u8 {
        self.score
    }

    /// Returns what follows.
    #[must_use]
    pub const fn answer(self) -> RiskAnswer {
        self.answer
    }
}

/// Decides how risky a request with the session of a subject is (SES-28).
///
/// The engine asks on each request whose token verifies and whose session is live, before the
/// handler sees it. [`StandardRisk`] allows everything and scores; write your own to ask what
/// the library does not know, for instance how far apart two networks are.
///
/// # Security
///
/// A network is shared, and it changes under honest clients. Do not end a session for its address
/// alone: users would be locked out by moving, or by what their neighbors send. No assessment is a
/// defense by itself; a thief sends whatever user agent the victim has.
///
/// # Example: another browser has to authenticate again
///
/// ```
/// use hallpass_core::{Assessment, RiskAnswer, RiskAssessor, RiskSignals};
///
/// #[derive(Debug)]
/// struct SameBrowser;
///
/// impl RiskAssessor for SameBrowser {
///     fn assess(&self, signals: &RiskSignals<'_>) -> Assessment {
///         if signals.signs().agent_changed {
///             Assessment::new(70, RiskAnswer::StepUp)
///         } else {
///             Assessment::default()
///         }
///     }
/// }
/// ```
pub trait RiskAssessor: fmt::Debug + Send + Sync {
    /// Assesses a request. Must be quick, and must not block: it is asked on each one.
    fn assess(&self, signals: &RiskSignals<'_>) -> Assessment;
}
