//! The tables and functions, step by step.

use std::fmt::Write as _;

use crate::names::Names;
use crate::names::literal;

/// Each step once, in this order. A step only adds, and never changes once it is released.
const STEPS: [&str; 2] = [
    include_str!("../migrations/0001_tables.sql"),
    include_str!("../migrations/0002_functions.sql"),
];

/// Returns the steps as a script for people: it is run once.
pub(crate) fn script(names: &Names) -> String {
    let mut script = names.fill(LIST);
    for (version, step) in (1..).zip(STEPS) {
        let step = names.fill(step);
        let noted = names.fill("insert into {migrations} (version) values");
        let _infallible = write!(script, "\n{step}\n{noted} ({version});\n");
    }
    script
}

/// Returns one statement that takes the steps which are missing, one process after the other.
///
/// One statement is one transaction, whatever is between here and the server, and whoever else uses
/// the connection.
pub(crate) fn program(names: &Names) -> String {
    let table = names.fill("{migrations}");
    let mut program = format!(
        "do $hallpass_migration$ begin\n\
         perform pg_advisory_xact_lock({lock});\n\
         if to_regnamespace({schema}) is null then {make_schema} end if;\n\
         if to_regclass({list}) is null then {make_list} end if;\n",
        lock = names.migration_lock(),
        schema = literal(&names.fill("{schema}")),
        make_schema = names.fill("create schema {schema};"),
        list = literal(&table),
        make_list = names.fill(LIST),
    );
    for (version, step) in (1..).zip(STEPS) {
        let _infallible = write!(
            program,
            "if not exists (select from {table} where version = {version}) then\n\
             {step}\n\
             insert into {table} (version) values ({version});\n\
             end if;\n",
            step = names.fill(step),
        );
    }
    program.push_str("end $hallpass_migration$");
    program
}

const LIST: &str = "create table {migrations} (version integer primary key);";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_takes_each_step_and_notes_it() {
        let script = script(&Names::new("auth", "x_").unwrap());
        assert!(script.starts_with("create table \"auth\".\"x_migrations\""));
        for version in 1..=STEPS.len() {
            let noted = format!("into \"auth\".\"x_migrations\" (version) values ({version});");
            assert!(script.contains(&noted), "{version}");
        }
    }

    /// A place that is not filled would be sent to the server as it is.
    #[test]
    fn nothing_is_left_to_fill() {
        let names = Names::new("public", "hallpass_").unwrap();
        for text in [script(&names), program(&names)] {
            assert!(!text.contains(['{', '}']));
        }
    }
}
