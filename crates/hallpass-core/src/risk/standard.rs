//! The assessor that nearly everybody uses.

use super::Assessment;
use super::RiskAnswer;
use super::RiskAssessor;
use super::RiskSignals;
use super::RiskSigns;
use crate::error::ConfigError;

/// Adds up what is odd about a request. By default it allows everything: the score goes to the
/// events.
///
/// | Sign | Score |
/// | --- | --- |
/// | another family of user agent | 40 |
/// | another network | 20 |
/// | a late repair, or a late token from before a raise | 20 |
/// | 10 wrong tokens from the network within a minute | 10 |
/// | 100 of them | 20 |
///
/// # Security
///
/// Whatever the thresholds, signs that are about the address alone (another network, wrong tokens
/// from it) never end a session: they demand a step-up at the most.
///
/// # Example: another browser in another network authenticates again
///
/// ```
/// use hallpass_core::StandardRisk;
///
/// let risk = StandardRisk::builder().step_up_from(60).end_from(100).build()?;
/// # drop(risk);
/// # Ok::<(), hallpass_core::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StandardRisk {
    step_up_from: Option<u8>,
    end_from: Option<u8>,
}

impl StandardRisk {
    /// Returns a builder that starts with the defaults: everything is allowed.
    pub const fn builder() -> StandardRiskBuilder {
        StandardRiskBuilder {
            step_up_from: None,
            end_from: None,
        }
    }

    fn answer(&self, score: u8, signs: RiskSigns) -> RiskAnswer {
        let reaches = |threshold: Option<u8>| threshold.is_some_and(|from| score >= from);
        if reaches(self.end_from) && !signs.are_of_address_only() {
            RiskAnswer::End
        } else if reaches(self.step_up_from) || reaches(self.end_from) {
            RiskAnswer::StepUp
        } else {
            RiskAnswer::Allow
        }
    }
}

impl RiskAssessor for StandardRisk {
    fn assess(&self, signals: &RiskSignals<'_>) -> Assessment {
        let signs = signals.signs();
        let score = score_of(signs);
        Assessment::new(score, self.answer(score, signs))
    }
}

/// Builds a [`StandardRisk`].
#[derive(Clone, Debug)]
#[must_use]
pub struct StandardRiskBuilder {
    step_up_from: Option<u8>,
    end_from: Option<u8>,
}

impl StandardRiskBuilder {
    /// From which score on the subject has to authenticate again before something that asks for a
    /// recent authentication. Lower asks more often. Default: never.
    pub const fn step_up_from(mut self, score: u8) -> Self {
        self.step_up_from = Some(score);
        self
    }

    /// From which score on a session ends, unless only the address is odd. Default: never, since
    /// honest users pay for each session that ends by mistake.
    pub const fn end_from(mut self, score: u8) -> Self {
        self.end_from = Some(score);
        self
    }

    /// Checks the thresholds together.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], which names the thresholds that do not go together: each is from 1 to 100,
    /// and a session ends at a score no lower than that which demands a step-up.
    pub fn build(self) -> Result<StandardRisk, ConfigError> {
        let Self {
            step_up_from,
            end_from,
        } = self;
        check("step_up_from", step_up_from)?;
        check("end_from", end_from)?;
        if let (Some(step_up), Some(end)) = (step_up_from, end_from)
            && step_up > end
        {
            return Err(ConfigError::Order {
                smaller: "step_up_from",
                larger: "end_from",
            });
        }
        Ok(StandardRisk {
            step_up_from,
            end_from,
        })
    }
}

fn check(field: &'static str, score: Option<u8>) -> Result<(), ConfigError> {
    match score {
        Some(0) => Err(ConfigError::Zero { field }),
        Some(score) if score > Assessment::MAX_SCORE => Err(ConfigError::Order {
            smaller: field,
            larger: "the highest score of 100",
        }),
        _ => Ok(()),
    }
}

fn score_of(signs: RiskSigns) -> u8 {
    let of = |sign: bool, score: u8| if sign { score } else { 0 };
    let wrong = match signs.unknown_tokens {
        0..10 => 0,
        10..100 => 10,
        100.. => 20,
    };
    [
        of(signs.agent_changed, 40),
        of(signs.network_changed, 20),
        of(signs.late_repair || signs.late_outranked, 20),
        wrong,
    ]
    .into_iter()
    .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ClientFacts;
    use crate::subject::Subject;

    fn signs(agent: bool, network: bool, late: bool, unknown: u32) -> RiskSigns {
        RiskSigns {
            agent_changed: agent,
            late_outranked: false,
            late_repair: late,
            network_changed: network,
            unknown_tokens: unknown,
        }
    }

    fn assess(risk: &StandardRisk, signs: RiskSigns) -> (u8, RiskAnswer) {
        let (subject, client) = (Subject::new("alice").unwrap(), ClientFacts::default());
        let assessment = risk.assess(&RiskSignals {
            signs,
            subject: &subject,
            authentication: None,
            recorded: &client,
            present: &client,
        });
        (assessment.score(), assessment.answer())
    }

    /// SES-28: soft unless it is told otherwise.
    #[test]
    fn the_default_scores_and_allows_everything() {
        let table = [
            (signs(false, false, false, 0), 0),
            (signs(false, false, false, 9), 0),
            (signs(false, false, false, 10), 10),
            (signs(false, false, false, 99), 10),
            (signs(false, false, false, 100), 20),
            (signs(false, true, false, 0), 20),
            (signs(true, false, false, 0), 40),
            (signs(false, false, true, 0), 20),
            (signs(true, true, true, u32::MAX), 100),
        ];
        for (signs, score) in table {
            let assessed = assess(&StandardRisk::default(), signs);
            assert_eq!(assessed, (score, RiskAnswer::Allow), "{signs:?}");
        }
    }

    #[test]
    fn a_threshold_belongs_to_what_it_demands() {
        let risk = StandardRisk::builder().step_up_from(40).end_from(60);
        let risk = risk.build().unwrap();
        let table = [
            (signs(false, true, false, 10), 30, RiskAnswer::Allow),
            (signs(true, false, false, 0), 40, RiskAnswer::StepUp),
            (signs(true, false, false, 10), 50, RiskAnswer::StepUp),
            (signs(true, true, false, 0), 60, RiskAnswer::End),
        ];
        for (signs, score, answer) in table {
            assert_eq!(assess(&risk, signs), (score, answer), "{signs:?}");
        }
    }

    /// No lockout by address alone, however low the threshold is.
    #[test]
    fn the_address_alone_never_ends_a_session() {
        let risk = StandardRisk::builder().end_from(1).build().unwrap();
        for (network, unknown) in [(true, 0), (false, 100), (true, u32::MAX)] {
            let (_, answer) = assess(&risk, signs(false, network, false, unknown));
            assert_eq!(answer, RiskAnswer::StepUp, "{network} {unknown}");
        }
        let (_, answer) = assess(&risk, signs(false, false, true, 0));
        assert_eq!(answer, RiskAnswer::End);
    }

    #[test]
    fn thresholds_that_make_no_sense_are_refused() {
        let builder = StandardRisk::builder;
        assert!(matches!(
            builder().step_up_from(0).build(),
            Err(ConfigError::Zero {
                field: "step_up_from"
            })
        ));
        assert!(matches!(
            builder().end_from(101).build(),
            Err(ConfigError::Order {
                smaller: "end_from",
                ..
            })
        ));
        assert!(matches!(
            builder().step_up_from(61).end_from(60).build(),
            Err(ConfigError::Order {
                smaller: "step_up_from",
                larger: "end_from"
            })
        ));
        assert!(builder().step_up_from(100).end_from(100).build().is_ok());
    }
}
