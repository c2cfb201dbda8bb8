//! The page of requirements names tests that exist, and each requirement once; and a scenario that
//! proves a requirement is named there.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::tidy::Finding;
use crate::tidy::tree::TextFile;
use crate::tidy::tree::Tree;

/// Checks the tables of the page, if there is one.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(page) = tree.texts.iter().find(|file| file.path == PAGE) else {
        return Vec::new();
    };
    let tests = tests(tree);
    let mut findings = Vec::new();
    let mut seen = BTreeMap::new();
    let mut named: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut previous: Option<Id<'_>> = None;
    let mut place = None;
    for (number, line) in page.lines() {
        if !line.starts_with('|') {
            (place, previous) = (None, None);
            continue;
        }
        let cells = cells(line);
        let Some(column) = place else {
            // The first row of a table names its columns.
            place = Some(cells.iter().position(|cell| *cell == TESTS));
            continue;
        };
        if cells
            .iter()
            .all(|cell| cell.trim_matches(['-', ':']).is_empty())
        {
            continue;
        }
        let Some(column) = column else { continue };
        let mut report = |message: String| findings.push(Finding::error(PAGE, number, message));
        let id = Id::of(cells.first().copied().unwrap_or_default());
        if let Some(first) = seen.insert(id.text, number) {
            report(format!("`{}` stands in line {first} already", id.text));
        }
        if let Some(before) = previous.filter(|before| before.rank >= id.rank) {
            report(format!("`{}` comes after `{}`", id.text, before.text));
        }
        let cell = cells.get(column).copied().unwrap_or_default();
        if cell.is_empty() {
            report(format!("`{}` names no test and no reason", id.text));
        }
        for name in names(cell) {
            if !tests.contains(name) {
                report(format!("there is no test `{name}`"));
            }
            named.insert((id.text, name));
        }
        previous = Some(id);
    }
    for (file, scenario) in scenarios(tree) {
        for (number, id) in proven(file) {
            let message = if !seen.contains_key(id) {
                format!("{PAGE} has no `{id}`")
            } else if !named.contains(&(id, scenario)) {
                format!("`{id}` does not name this scenario in {PAGE}")
            } else {
                continue;
            };
            findings.push(Finding::error(&file.path, number, message));
        }
    }
    findings
}

/// The name of a requirement, such as `SES-07`, and its place in the order.
struct Id<'a> {
    text: &'a str,
    rank: (&'a str, u32),
}

impl<'a> Id<'a> {
    fn of(text: &'a str) -> Self {
        let word = text.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = text.get(word.len()..).unwrap_or_default();
        Self {
            text,
            rank: (word, number.parse().unwrap_or_default()),
        }
    }
}

/// The cells of a row. A bar inside of code does not end a cell.
fn cells(row: &str) -> Vec<&str> {
    let mut is_code = false;
    row.trim()
        .trim_matches('|')
        .split(|c: char| {
            is_code ^= c == '`';
            c == '|' && !is_code
        })
        .map(str::trim)
        .collect()
}

/// What stands in backticks. Of a path only the last name counts.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(|path| path.rsplit("::").next().unwrap_or(path))
}

/// The names of all tests of the repository.
fn tests(tree: &Tree) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for file in tree.texts.iter().filter(|file| file.is_rust()) {
        found.extend(functions(file));
        if file.path == SUITE {
            found.extend(clauses(file));
        }
    }
    found.extend(scenarios(tree).map(|(_, name)| name));
    found
}

/// The scenarios of the table, which are named after their files.
fn scenarios(tree: &Tree) -> impl Iterator<Item = (&TextFile, &str)> {
    tree.texts.iter().filter_map(|file| {
        let name = file.path.strip_prefix(SCENARIOS)?.strip_suffix(".toml")?;
        Some((file, name))
    })
}

/// The requirements that a scenario proves, each with its line.
fn proven(scenario: &TextFile) -> impl Iterator<Item = (usize, &str)> {
    let lines = scenario
        .lines()
        .filter(|(_, line)| line.starts_with("ids = "));
    lines.flat_map(|(number, line)| {
        let ids = line.split('"').skip(1).step_by(2);
        ids.map(move |id| (number, id))
    })
}

/// The functions of a file that have a test attribute above them.
fn functions(file: &TextFile) -> Vec<&str> {
    let mut is_test = false;
    let mut found = Vec::new();
    for (_, line) in file.lines() {
        let line = line.trim();
        is_test |= ATTRIBUTES.iter().any(|start| line.starts_with(start));
        if let Some(name) = function(line) {
            found.extend(is_test.then_some(name));
            is_test = false;
        } else if line.is_empty() || line == "}" {
            is_test = false;
        }
    }
    found
}

/// The name of the function that begins in a line.
fn function(line: &str) -> Option<&str> {
    let line = line.strip_prefix("async ").unwrap_or(line);
    line.strip_prefix("fn ")?.split(['(', '<']).next()
}

/// The clauses that the macro of the conformance suite makes into tests.
fn clauses(suite: &TextFile) -> Vec<&str> {
    let mut is_list = false;
    let mut found = Vec::new();
    for (_, line) in suite.lines() {
        let line = line.trim();
        if line.starts_with("$crate::__tests! {") {
            is_list = line.ends_with(':');
        } else if line == "}" {
            is_list = false;
        } else if is_list {
            found.push(line);
        }
    }
    found
}

const PAGE: &str = "docs/CONFORMANCE.md";
/// The column with the names of tests. A table without it is about something else.
const TESTS: &str = "Test";
/// Where the conformance suite lists its tests. That it lists all of them is a test of its own.
const SUITE: &str = "crates/hallpass-testkit/src/conformance/suite.rs";
/// Where the scenarios of the table are.
const SCENARIOS: &str = "tests/scenarios/";
const ATTRIBUTES: &[&str] = &["#[test]", "#[tokio::test]", "#[tokio::test("];

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "
#[test]
fn one_holds() {}

/// Why.
#[tokio::test(flavor = \"current_thread\")]
#[should_panic]
async fn two_holds() {
    one();
}

fn helper() {}
";

    fn findings(rows: &str) -> Vec<(usize, String)> {
        let suite = "$crate::__tests! { touch:\n    three_holds\n}\nfour_holds";
        let page = format!("| ID | Asks | Test |\n|---|:-:|---|\n{rows}");
        let tree = Tree::from_texts(vec![
            TextFile::new(PAGE, &page),
            TextFile::new("tests/it/all.rs", SOURCE),
            TextFile::new(SUITE, suite),
        ]);
        check(&tree)
            .into_iter()
            .map(|finding| (finding.line, finding.message))
            .collect()
    }

    #[test]
    fn a_name_of_a_test_or_of_a_clause_is_fine() {
        let rows = "| A-09 | `x | y` | `one_holds`, `all::two_holds` |\n\
                    | A-10 | z | `three_holds` |\n\
                    | B-01 | z | None: the design has no such thing. |";

        assert_eq!(findings(rows), []);
    }

    #[test]
    fn a_name_of_anything_else_is_reported() {
        let rows = "| A-01 | x | `helper`, `one` and `four_holds` |\n| A-02 | x | |";

        let expected = [
            (3, "there is no test `helper`"),
            (3, "there is no test `one`"),
            (3, "there is no test `four_holds`"),
            (4, "`A-02` names no test and no reason"),
        ];
        let expected = expected.map(|(line, message)| (line, message.to_owned()));
        assert_eq!(findings(rows), expected);
    }

    #[test]
    fn requirements_stand_in_their_order_and_once() {
        let rows = "| A-02 | x | y |\n| A-01 | x | y |\n\n\
                    | ID | Asks | Test |\n|---|---|---|\n| A-01 | x | y |";

        assert_eq!(
            findings(rows),
            [
                (4, "`A-01` comes after `A-02`".to_owned()),
                (8, "`A-01` stands in line 4 already".to_owned()),
            ]
        );
    }

    #[test]
    fn a_scenario_is_a_test_and_is_named_where_it_proves_something() {
        let page = "| ID | Test |\n|---|---|\n| A-01 | `five_holds` |\n| A-02 | `six_holds` |";
        let scenario = "ids = [\"A-01\", \"A-02\", \"A-03\"]";
        let tree = Tree::from_texts(vec![
            TextFile::new(PAGE, page),
            TextFile::new("tests/scenarios/five_holds.toml", scenario),
            TextFile::new("tests/six_holds.toml", ""),
        ]);

        let findings: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();

        assert_eq!(
            findings,
            [
                "docs/CONFORMANCE.md:4: there is no test `six_holds`",
                "tests/scenarios/five_holds.toml:1: `A-02` does not name this scenario in \
                 docs/CONFORMANCE.md",
                "tests/scenarios/five_holds.toml:1: docs/CONFORMANCE.md has no `A-03`",
            ]
        );
    }

    #[test]
    fn a_table_about_something_else_and_a_missing_page_are_left_alone() {
        let table = "\n| ID | Meaning |\n|---|---|\n| SES | `sessions` |";
        let tree = Tree::from_texts(vec![TextFile::new(PAGE, table)]);

        assert_eq!(check(&tree), []);
        assert_eq!(check(&Tree::from_texts(Vec::new())), []);
    }
}
