//! Placeholders: names for what nobody knows in advance.
//!
//! `{new alice}` stands for a value that no name has had so far, and gives it this name; `{alice}`
//! for the value that has it. A value is a run of base64url characters, as tokens are.

use std::collections::BTreeMap;

/// The values that have a name, and those that had one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    current: BTreeMap<String, String>,
    /// Every value that ever had a name, with the last name that it had.
    all: BTreeMap<String, String>,
}

/// A part of a pattern.
#[derive(Debug, Eq, PartialEq)]
enum Part<'a> {
    Known(&'a str),
    New(&'a str),
    Text(&'a str),
}

impl Names {
    /// Returns the text with the values in place of their names.
    pub(crate) fn fill(&self, text: &str) -> Result<String, String> {
        let parts = parts(text).into_iter().map(|part| match part {
            Part::Text(text) => Ok(text),
            Part::Known(name) => self.value(name),
            Part::New(name) => Err(format!("`{{new {name}}}` in a request")),
        });
        parts.collect()
    }

    /// Returns whether the text is as the pattern says, and remembers what it names.
    pub(crate) fn matches(&mut self, pattern: &str, text: &str) -> bool {
        let mut names = self.clone();
        let mut rest = text;
        for part in parts(pattern) {
            let matched = match part {
                Part::Text(text) => rest.strip_prefix(text),
                Part::Known(name) => match names.value(name) {
                    Ok(value) => rest.strip_prefix(value),
                    Err(_) => None,
                },
                Part::New(name) => {
                    let after = rest.trim_start_matches(is_of_value);
                    let value = rest.strip_suffix(after).unwrap_or_default();
                    names.give(name, value).then_some(after)
                }
            };
            let Some(after) = matched else { return false };
            rest = after;
        }
        let matches = rest.is_empty();
        if matches {
            *self = names;
        }
        matches
    }

    /// Returns the text with names in place of values, for people.
    pub(crate) fn shown(&self, text: &str) -> String {
        let mut shown = String::new();
        let mut rest = text;
        while let Some(start) = rest.find(is_of_value) {
            let (before, from) = rest.split_at(start);
            let after = from.trim_start_matches(is_of_value);
            let run = from.strip_suffix(after).unwrap_or_default();
            shown.push_str(before);
            match self.all.get(run) {
                Some(name) if self.current.get(name).is_some_and(|value| value == run) => {
                    shown.push_str(&format!("{{{name}}}"));
                }
                Some(name) => shown.push_str(&format!("{{an earlier {name}}}")),
                None if run.len() == TOKEN => shown.push_str("{a value without a name}"),
                None => shown.push_str(run),
            }
            rest = after;
        }
        shown.push_str(rest);
        shown
    }

    /// Returns every value that ever had a name.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.all.keys().map(String::as_str)
    }

    fn value(&self, name: &str) -> Result<&str, String> {
        self.current
            .get(name)
            .map(String::as_str)
            .ok_or_else(|| format!("nothing has the name `{name}` yet"))
    }

    fn give(&mut self, name: &str, value: &str) -> bool {
        if value.is_empty() || self.all.contains_key(value) {
            return false;
        }
        self.current.insert(name.to_owned(), value.to_owned());
        self.all.insert(value.to_owned(), name.to_owned());
        true
    }
}

const fn is_of_value(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// Braces around anything but a name are text, as in JSON.
fn parts(pattern: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some((text, from)) = rest.split_once('{') {
        let name = from.split_once('}').filter(|(name, _)| is_name(name));
        match name {
            Some((name, after)) => {
                parts.push(Part::Text(text));
                parts.push(match name.strip_prefix("new ") {
                    Some(name) => Part::New(name),
                    None => Part::Known(name),
                });
                rest = after;
            }
            None => {
                let (text, after) = rest.split_at(text.len() + 1);
                parts.push(Part::Text(text));
                rest = after;
            }
        }
    }
    parts.push(Part::Text(rest));
    parts
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || " -.".contains(c))
}

/// The length of a token of hallpass.
const TOKEN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_the_value_that_it_was_given() {
        let mut names = Names::default();
        assert!(!names.matches("a={alice}", "a=x1"), "nothing has the name");
        assert!(names.matches("a={new alice}; Path=/", "a=x1; Path=/"));
        assert!(names.matches("a={alice}", "a=x1"));
        assert!(!names.matches("a={alice}", "a=x2"));
        assert_eq!(names.fill("b={alice}"), Ok("b=x1".to_owned()));
        assert_eq!(
            names.fill("b={bob}"),
            Err("nothing has the name `bob` yet".to_owned())
        );
    }

    #[test]
    fn a_new_value_is_one_that_no_name_has_had() {
        let mut names = Names::default();
        assert!(names.matches("{new alice}", "x1"));
        assert!(!names.matches("{new alice}", "x1"));
        assert!(!names.matches("{new bob}", "x1"));
        assert!(names.matches("{new alice}", "x2"));
        assert!(!names.matches("{new alice}", "x1"), "it had one once");
        assert!(!names.matches("{new alice}", ""));
        assert_eq!(names.values().collect::<Vec<_>>(), ["x1", "x2"]);
    }

    #[test]
    fn what_does_not_match_names_nothing() {
        let mut names = Names::default();
        assert!(!names.matches("{new alice}; Secure", "x1; Path=/"));
        assert!(names.matches("{new alice}", "x1"));
    }

    #[test]
    fn braces_around_anything_but_a_name_are_text() {
        let names = Names::default();
        for text in [r#"{"a":{"b":1}}"#, "{}", "{", "a } b", "{a_b}"] {
            assert_eq!(names.fill(text), Ok(text.to_owned()));
        }
    }

    #[test]
    fn people_see_names_and_no_values() {
        let mut names = Names::default();
        assert!(names.matches("{new alice}", "x1") && names.matches("{new alice}", "x2"));
        let other = "A".repeat(TOKEN);
        let text = format!("a=x1; b=x2; c={other}; d=x3");
        assert_eq!(
            names.shown(&text),
            "a={an earlier alice}; b={alice}; c={a value without a name}; d=x3"
        );
    }
}
