//! Every scenario, through every adapter, on every store.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::adapter;
use crate::adapter::Adapter;
use crate::format::Scenario;
use crate::stores::Kind;

/// One scenario through one adapter on one store.
#[derive(Clone)]
pub struct Row {
    adapter: &'static dyn Adapter,
    store: Kind,
    /// The name of the scenario: that of its file.
    name: String,
    path: PathBuf,
}

/// Returns all rows, in the order of their names.
#[must_use]
pub fn table() -> Vec<Row> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    files.sort();
    let mut rows = Vec::new();
    for adapter in adapter::all() {
        for store in Kind::ALL {
            rows.extend(files.iter().map(|path| Row {
                adapter,
                store,
                name: path.file_stem().unwrap().to_string_lossy().into_owned(),
                path: path.clone(),
            }));
        }
    }
    rows
}

impl Row {
    /// Returns the name of the test: adapter, store and scenario.
    #[must_use]
    pub fn name(&self) -> String {
        let Self {
            adapter,
            store,
            name,
            ..
        } = self;
        format!("{}::{}::{name}", adapter.name(), store.as_str())
    }

    /// Plays the row.
    ///
    /// # Errors
    ///
    /// What is different from what is expected, and where.
    pub fn run(&self) -> Result<(), String> {
        let text = fs::read_to_string(&self.path).map_err(|error| error.to_string())?;
        let scenario = Scenario::parse(&text).map_err(|error| self.at(&error))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        runtime
            .block_on(scenario.play(self.adapter, self.store))
            .map_err(|error| self.at(&error))
    }

    fn at(&self, error: &str) -> String {
        format!("tests/scenarios/{}.toml: {error}", self.name)
    }
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Row").field(&self.name()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_reads_well_and_proves_something() {
        for row in table() {
            let text = fs::read_to_string(&row.path).unwrap();
            let scenario =
                Scenario::parse(&text).unwrap_or_else(|error| panic!("{row:?}: {error}"));
            assert!(!scenario.ids().is_empty(), "{row:?} proves nothing");
        }
    }

    #[test]
    fn every_adapter_plays_every_scenario_on_every_store() {
        let rows = table();
        let first = rows.first().unwrap();
        let count = |is: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| is(row)).count();
        let scenarios = count(&|row| row.adapter.name() == "actix" && row.store == Kind::Memory);
        assert_eq!(
            rows.len(),
            scenarios * adapter::all().len() * Kind::ALL.len()
        );
        assert_eq!(first.name(), format!("actix::memory::{}", first.name));
    }
}
