//! What a hammer is told.

use std::path::PathBuf;
use std::time::Duration;

use crate::Failure;
use crate::cast::Mode;

/// How long a store may take for one call where nothing fails: the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What one process of a run is told. The arguments of the binary `hammer` say the same.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The number of this process.
    pub process: u32,
    /// How many processes there are.
    pub processes: u32,
    /// The store.
    pub url: String,
    /// What separates this run from others on the same server.
    pub prefix: String,
    /// What the choices of the clients follow from.
    pub seed: u64,
    /// How long it takes.
    pub duration: Duration,
    /// How many clients the process plays.
    pub clients: u32,
    /// About how many operations the process begins per second.
    pub rate: u32,
    /// What happens to logins beyond the limit.
    pub mode: Mode,
    /// How long the store may take for one call.
    pub timeout: Duration,
    /// Where the history goes.
    pub history: PathBuf,
}

impl Settings {
    /// Returns the settings of a usual run, of three processes with eight clients each.
    #[must_use]
    pub fn new(url: &str, prefix: &str, seed: u64, duration: Duration) -> Self {
        Self {
            process: 0,
            processes: 3,
            url: url.to_owned(),
            prefix: prefix.to_owned(),
            seed,
            duration,
            clients: 8,
            rate: 900,
            mode: Mode::Mixed,
            timeout: PATIENCE,
            history: PathBuf::new(),
        }
    }

    /// Returns the settings of one of the processes, whose history goes to a file in `folder`.
    pub(crate) fn of_process(&self, process: u32, folder: &std::path::Path) -> Self {
        Self {
            process,
            history: folder.join(format!("process-{process}.jsonl")),
            ..self.clone()
        }
    }

    pub(crate) fn to_arguments(&self) -> Vec<String> {
        [
            ("process", self.process.to_string()),
            ("processes", self.processes.to_string()),
            ("url", self.url.clone()),
            ("prefix", self.prefix.clone()),
            ("seed", self.seed.to_string()),
            ("milliseconds", self.duration.as_millis().to_string()),
            ("clients", self.clients.to_string()),
            ("rate", self.rate.to_string()),
            ("mode", self.mode.as_str().to_owned()),
            ("timeout", self.timeout.as_millis().to_string()),
            ("history", self.history.display().to_string()),
        ]
        .map(|(name, value)| format!("{name}={value}"))
        .into()
    }

    pub(crate) fn from_arguments(
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<Self, Failure> {
        let mut settings = Self::new("", "", 0, Duration::ZERO);
        for argument in arguments {
            let Some((name, value)) = argument.split_once('=') else {
                return Err(format!("not `name=value`: {argument}").into());
            };
            match name {
                "process" => settings.process = value.parse()?,
                "processes" => settings.processes = value.parse()?,
                "url" => settings.url = value.to_owned(),
                "prefix" => settings.prefix = value.to_owned(),
                "seed" => settings.seed = value.parse()?,
                "milliseconds" => settings.duration = Duration::from_millis(value.parse()?),
                "clients" => settings.clients = value.parse()?,
                "rate" => settings.rate = value.parse()?,
                "mode" => {
                    let mode = Mode::named(value);
                    settings.mode = mode.ok_or_else(|| format!("not a mode: {value}"))?;
                }
                "timeout" => settings.timeout = Duration::from_millis(value.parse()?),
                "history" => settings.history = value.into(),
                _ => return Err(format!("not a setting: {name}").into()),
            }
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_say_what_settings_say() {
        let settings = Settings {
            mode: Mode::Reject,
            history: "a/b.jsonl".into(),
            ..Settings::new("memory:", "p", 7, Duration::from_millis(1500))
        };
        let read = Settings::from_arguments(settings.to_arguments()).unwrap();
        assert_eq!(format!("{read:?}"), format!("{settings:?}"));
    }

    #[test]
    fn a_setting_that_nobody_knows_is_refused() {
        for wrong in ["speed=9", "seed", "mode=kind", "seed=x"] {
            assert!(
                Settings::from_arguments([wrong.to_owned()]).is_err(),
                "{wrong}"
            );
        }
    }
}
