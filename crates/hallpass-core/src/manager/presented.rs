//! What a request presents, and which tokens of it are looked at.

use std::sync::Arc;

use super::open::Examined;
use crate::event::RefusedToken;
use crate::record::SessionRecord;
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
    /// The request is no activity of the user, for instance a poll in the background: it does not
    /// keep the session alive, and renews no token. A token that nobody has used is confirmed all
    /// the same, and one that was lost is sent again. What is awaited in it is done as ever: a
    /// login begins a session, and a raise is an authentication, which is activity.
    pub no_touch: bool,
    /// The user has not asked for the page yet: the browser fetches it in advance. The request
    /// begins no anonymous session; nothing else is different (SES-21).
    pub prefetch: bool,
}

/// Where a token was presented.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Anonymous,
    Either,
    Subjects,
}

impl Place {
    /// Returns whether the tokens of this record belong here (CK-15).
    pub(super) const fn is_for(self, record: &SessionRecord) -> bool {
        match self {
            Self::Anonymous => record.subject().is_none(),
            Self::Either => true,
            Self::Subjects => record.subject().is_some(),
        }
    }
}

/// What is known of a request but its tokens.
#[derive(Clone, Copy, Default)]
pub(crate) struct Manner {
    /// Which places held something: that of subjects' sessions, that of anonymous ones.
    pub(crate) sent: (bool, bool),
    pub(crate) no_touch: bool,
    pub(crate) prefetch: bool,
}

impl Presented {
    pub(super) const fn manner(&self) -> Manner {
        let either = self.either.is_some();
        Manner {
            sent: (
                either || self.session.is_some() || self.held_session,
                either || self.anonymous.is_some() || self.held_anonymous,
            ),
            no_touch: self.no_touch,
            prefetch: self.prefetch,
        }
    }
}

impl Examined {
    /// A request that is no activity leaves the time of the last one as it is (race 22).
    pub(super) fn of(self, manner: Manner) -> Self {
        match self {
            Self::Accepted(mut opened) | Self::Expiring(mut opened, _) if manner.no_touch => {
                let idling = Arc::make_mut(&mut opened);
                (idling.touch, idling.renew) = (false, false);
                Self::Accepted(opened)
            }
            examined => examined,
        }
    }
}

/// The tokens that are looked at.
pub(super) enum Asked {
    /// The token of a subject's session and that of an anonymous one. In a box, like all that
    /// hardly any request does, so that the future of the others stays small.
    Both(Box<[SessionToken; 2]>),
    Nothing,
    One(SessionToken, Place),
}

impl From<Presented> for Asked {
    fn from(presented: Presented) -> Self {
        match (presented.either, presented.session, presented.anonymous) {
            (Some(token), ..) => Self::One(token, Place::Either),
            (None, Some(token), None) => Self::One(token, Place::Subjects),
            (None, None, Some(token)) => Self::One(token, Place::Anonymous),
            (None, Some(session), Some(anonymous)) => Self::Both(Box::new([session, anonymous])),
            (None, None, None) => Self::Nothing,
        }
    }
}
