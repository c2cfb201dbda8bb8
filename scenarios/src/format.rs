//! The format of a scenario. `docs/scenarios.md` tells it to those who write one.

mod settings;
mod span;
mod step;

use serde::Deserialize;
use toml::Spanned;

pub(crate) use self::settings::Layer;
pub(crate) use self::settings::Manager;
pub(crate) use self::settings::Policy;
pub(crate) use self::settings::Transport;
pub(crate) use self::span::Span;
pub(crate) use self::step::Action;
pub(crate) use self::step::Expect;
pub(crate) use self::step::Operator;
pub(crate) use self::step::Request;
pub(crate) use self::step::Step;
pub(crate) use self::step::Then;

/// One file.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub(crate) ids: Vec<String>,
    pub(crate) policy: Policy,
    pub(crate) manager: Manager,
    pub(crate) transport: Transport,
    pub(crate) layer: Layer,
    /// Each with the line in which it begins.
    pub(crate) steps: Vec<(usize, Step, Action)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    ids: Vec<String>,
    #[serde(default)]
    policy: Policy,
    #[serde(default)]
    manager: Manager,
    #[serde(default)]
    transport: Transport,
    #[serde(default)]
    layer: Layer,
    #[serde(default, rename = "step")]
    steps: Vec<Spanned<Step>>,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    ///
    /// What is wrong, with its line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let steps = file.steps.into_iter().map(|step| {
            let line = 1 + text
                .bytes()
                .take(step.span().start)
                .filter(|byte| *byte == b'\n')
                .count();
            let step = step.into_inner();
            let action = step
                .action()
                .map_err(|error| format!("line {line}: {error}"))?;
            Ok((line, step, action))
        });
        let steps: Vec<_> = steps.collect::<Result<_, String>>()?;
        if steps.iter().all(|(_, step, _)| step.expect.is_none()) {
            return Err("nothing is expected".to_owned());
        }
        Ok(Self {
            ids: file.ids,
            policy: file.policy,
            manager: file.manager,
            transport: file.transport,
            layer: file.layer,
            steps,
        })
    }

    /// Returns the requirements that it proves.
    #[must_use]
    pub fn ids(&self) -> &[String] {
        &self.ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Scenario::parse(text).unwrap_err()
    }

    #[test]
    fn a_step_knows_its_line_and_what_it_does() {
        let text = "ids = []\n\n[[step]]\nadvance = \"1m\"\n\n[[step]]\nwho = \"alice\"\n\
                    request = \"GET /read\"\nexpect.status = 200\n";
        let scenario = Scenario::parse(text).unwrap();
        let lines: Vec<_> = scenario.steps.iter().map(|(line, ..)| *line).collect();
        assert_eq!(lines, [3, 6]);
        assert!(matches!(scenario.steps[0].2, Action::Nothing));
        let Action::Request(request) = &scenario.steps[1].2 else {
            panic!("a request")
        };
        assert_eq!(
            (request.method.as_str(), request.target.as_str()),
            ("GET", "/read")
        );
    }

    /// The page is the first that who writes a scenario copies from.
    #[test]
    fn the_example_of_the_documentation_is_a_scenario() {
        let page = include_str!("../../docs/scenarios.md");
        let example = page.split("```toml\n").nth(1).unwrap();
        let example = example.split("```").next().unwrap();
        assert_eq!(Scenario::parse(example).unwrap().steps.len(), 2);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_line() {
        let step = |text: &str| error(&format!("ids = []\n[[step]]\n{text}\n"));
        assert_eq!(step(""), "line 2: a step does nothing");
        assert_eq!(
            step("request = 'read'"),
            "line 2: `read` is no request such as `GET /read`"
        );
        assert_eq!(
            step("say = 'a'\nclose = 'b'"),
            "line 2: a step does several things: say, close"
        );
        assert_eq!(step("request = 'GET /read'"), "nothing is expected");
        assert!(step("requets = 'GET /read'").contains("unknown field `requets`"));
        assert!(step("advance = '5'").contains("`5` is no span"));
        assert!(error("[[step]]\nadvance = '5s'").contains("missing field `ids`"));
    }
}
