//! What the signs of risk about a request lead to.

use std::sync::Arc;

use super::SessionManager;
use super::open::Examined;
use super::opened::Opened;
use super::sources::MANY;
use crate::client::ClientFacts;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::RefusedToken;
use crate::policy::touch_step;
use crate::ratchet::Verdict;
use crate::risk::Assessment;
use crate::risk::RiskAnswer;
use crate::risk::RiskSignals;
use crate::risk::RiskSigns;
use crate::time::Timestamp;

impl SessionManager {
    /// Assesses a request that was accepted into the session of a subject (SES-28).
    pub(super) fn assessed(
        &self,
        mut examined: Examined,
        client: &ClientFacts,
        now: Timestamp,
    ) -> Examined {
        let (Examined::Accepted(opened) | Examined::Expiring(opened, _)) = &mut examined else {
            return examined;
        };
        let record = &opened.record;
        let Some(subject) = record.subject() else {
            return examined;
        };
        let signs = self.signs(opened, client, now);
        let assessment = self.0.risk.assess(&RiskSignals {
            signs,
            subject,
            authentication: opened.authentication(),
            recorded: record.client(),
            present: client,
        });
        self.tell_risk(opened, client, signs, assessment, now);
        match assessment.answer() {
            RiskAnswer::Allow => {}
            RiskAnswer::End => return Examined::Risky(Arc::clone(record)),
            RiskAnswer::StepUp => Arc::make_mut(opened).demands_step_up = true,
        }
        examined
    }

    /// Counts a wrong token, and tells when there are many from one source.
    pub(super) fn count_wrong(&self, client: &ClientFacts, now: Timestamp) {
        if self.0.sources.note(client.network(), now) {
            let kind = EventKind::ManyUnknown { count: MANY };
            self.emit(&Event::new(now, kind).by_client(client));
        }
    }

    fn signs(&self, opened: &Opened, client: &ClientFacts, now: Timestamp) -> RiskSigns {
        let recorded = opened.record.client();
        RiskSigns {
            agent_changed: recorded.is_another_agent(client),
            late_outranked: opened.verdict == Verdict::Outranked { late: true },
            late_repair: opened.verdict == Verdict::Repaired { late: true },
            network_changed: recorded.is_another_network(client),
            unknown_tokens: self.0.sources.recent(client.network(), now),
        }
    }

    /// Tells what changes anything always, and what was allowed once in a touch step.
    fn tell_risk(
        &self,
        opened: &Opened,
        client: &ClientFacts,
        signs: RiskSigns,
        assessment: Assessment,
        now: Timestamp,
    ) {
        let (score, answer) = (assessment.score(), assessment.answer());
        let record = &opened.record;
        let is_told = match answer {
            RiskAnswer::Allow => {
                let step = touch_step(record, &opened.limits);
                score > 0 && self.0.reported.is_due(record.handle(), score, step, now)
            }
            RiskAnswer::End | RiskAnswer::StepUp => true,
        };
        if is_told {
            let kind = EventKind::Risk {
                signs,
                score,
                answer,
            };
            self.emit_of(record, client, kind);
        }
    }
}

impl RefusedToken {
    /// Returns whether it is a sign of somebody who tries tokens. Plain http is none.
    pub(super) const fn is_wrong(self) -> bool {
        match self {
            Self::Ambiguous | Self::Malformed | Self::Oversized => true,
            Self::Insecure | Self::NoAccount => false,
        }
    }
}
