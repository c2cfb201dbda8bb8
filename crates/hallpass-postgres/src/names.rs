//! The names of tables and functions, quoted.

use std::fmt::Write as _;

use crate::error::ConnectError;

/// Where the tables are, and how their names begin.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    schema: String,
    prefix: String,
}

impl Names {
    pub(crate) fn new(schema: &str, prefix: &str) -> Result<Self, ConnectError> {
        let is_fit = |name: &str, most: usize| {
            name.len() <= most && !name.chars().any(char::is_control) && !name.contains(BODY)
        };
        if schema.is_empty() || !is_fit(schema, LONGEST_NAME) || !is_fit(prefix, LONGEST_PREFIX) {
            return Err(ConnectError::InvalidName);
        }
        Ok(Self {
            schema: schema.to_owned(),
            prefix: prefix.to_owned(),
        })
    }

    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the name of the channel that endings are told on. Names of channels are cut like any
    /// other, so one that would be too long is made of a hash.
    pub(crate) fn channel(&self) -> String {
        let plain = format!("{}.{}endings", self.schema, self.prefix);
        if plain.len() <= LONGEST_NAME {
            plain
        } else {
            format!("hallpass_endings_{:016x}", hash(plain.as_bytes()))
        }
    }

    /// Returns the key of the lock that migrations of these tables take.
    pub(crate) fn migration_lock(&self) -> i64 {
        let name = format!("hallpass migration\0{}\0{}", self.schema, self.prefix);
        i64::from_be_bytes(hash(name.as_bytes()).to_be_bytes())
    }

    /// Puts the names into a text, in one pass: a name that looks like a place to fill stays as it
    /// is.
    pub(crate) fn fill(&self, template: &str) -> String {
        let mut filled = String::with_capacity(2 * template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let Some((place, after)) = after.split_once('}') else {
                filled.push('{');
                rest = after;
                continue;
            };
            match place {
                "schema" => filled.push_str(&quoted(&self.schema)),
                // An index is in the schema of its table, and named without it.
                "sessions_of_subject" | "sessions_by_sweep" | "subjects_by_end" => {
                    filled.push_str(&quoted(&format!("{}{place}", self.prefix)));
                }
                "bind" | "end" | "end_subject" | "ending" | "tombstone" => {
                    self.qualified(&format!("{place}_v1"), &mut filled);
                }
                _ => self.qualified(place, &mut filled),
            }
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    fn qualified(&self, name: &str, into: &mut String) {
        let name = quoted(&format!("{}{name}", self.prefix));
        let _infallible = write!(into, "{}.{name}", quoted(&self.schema));
    }
}

/// Returns an identifier in quotation marks, which keep every character of it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Returns a text in quotation marks.
pub(crate) fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// FNV-1a: the same on every node and in every version, which is all that is asked of it.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// What the bodies of the functions begin and end with: no name may close one.
const BODY: &str = "$hallpass";

/// PostgreSQL cuts longer ones.
const LONGEST_NAME: usize = 63;

/// Leaves room for the longest name behind it.
const LONGEST_PREFIX: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_wherever_they_stand() {
        let names = Names::new("odd\"name", "a b_").unwrap();
        assert_eq!(
            names.fill("create index {sessions_by_sweep} on {sessions}; {bind}($1, '{}')"),
            "create index \"a b_sessions_by_sweep\" on \"odd\"\"name\".\"a b_sessions\"; \
             \"odd\"\"name\".\"a b_bind_v1\"($1, '\"odd\"\"name\".\"a b_\"')"
        );
    }

    #[test]
    fn a_name_that_looks_like_a_place_is_not_filled() {
        let names = Names::new("{sessions}", "{schema}").unwrap();
        assert_eq!(names.fill("{epochs}"), "\"{sessions}\".\"{schema}epochs\"");
    }

    #[test]
    fn names_that_cannot_be_told_apart_or_leave_a_function_are_refused() {
        let long = "a".repeat(64);
        for (schema, prefix) in [
            ("", "hallpass_"),
            ("a\0b", "hallpass_"),
            ("public", "$hallpass$"),
            (long.as_str(), ""),
            ("public", &long[..41]),
        ] {
            assert!(Names::new(schema, prefix).is_err(), "{schema} {prefix}");
        }
        assert!(Names::new("public", "").is_ok());
    }

    #[test]
    fn the_name_of_a_channel_is_never_cut() {
        let channel = |schema: &str, prefix: &str| Names::new(schema, prefix).unwrap().channel();
        assert_eq!(channel("public", "hallpass_"), "public.hallpass_endings");
        let [one, other] = ["a", "b"].map(|end| channel(&format!("{}{end}", "s".repeat(62)), "p"));
        assert!(one.len() <= 63 && one != other, "{one} {other}");
    }

    #[test]
    fn a_literal_keeps_quotation_marks_and_backslashes() {
        assert_eq!(literal(r"a'b\c"), r"E'a\'b\\c'");
    }
}
