//! What is expected, held against what was seen.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;

use crate::format::Expect;
use crate::names::Names;

/// What came back, and what happened meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Or why there is no answer.
    pub(crate) status: Result<u16, String>,
    /// In the order of the fields of each name, names in lower case.
    pub(crate) headers: BTreeMap<String, Vec<String>>,
    pub(crate) body: String,
    pub(crate) store: Vec<String>,
    pub(crate) events: Vec<String>,
}

impl Seen {
    /// Nothing, because of this.
    pub(crate) fn nothing(why: &str) -> Self {
        Self {
            status: Err(why.to_owned()),
            headers: BTreeMap::new(),
            body: String::new(),
            store: Vec::new(),
            events: Vec::new(),
        }
    }
}

/// Where the two differ: every row that was compared, those that differ marked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Difference(Vec<Row>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct Row {
    name: String,
    expected: String,
    seen: String,
    is_met: bool,
}

/// Compares. Placeholders get their values where everything is as expected, and nowhere else.
pub(crate) fn compare(expect: &Expect, seen: &Seen, names: &mut Names) -> Result<(), Difference> {
    let mut found = names.clone();
    let mut rows = vec![Row::of_status(expect.status, &seen.status)];
    let all: BTreeSet<&String> = expect
        .headers
        .keys()
        .chain(seen.headers.keys().filter(|name| !is_of_server(name)))
        .collect();
    for name in all {
        let expected = expect.headers.get(name);
        let expected = expected.map(|values| values.values()).unwrap_or_default();
        let seen = seen
            .headers
            .get(name)
            .map(Vec::as_slice)
            .unwrap_or_default();
        rows.push(Row::of_list(name, expected, seen, &mut found));
    }
    rows.push(match &expect.body_contains {
        Some(part) => Row::of_part(part, &seen.body, &found),
        None => Row::of_text("body", &expect.body, &seen.body, &mut found),
    });
    for (name, expected, seen) in [
        ("store", &expect.store, &seen.store),
        ("events", &expect.events, &seen.events),
    ] {
        if let Some(expected) = expected {
            rows.push(Row::of_list(name, expected, seen, &mut found));
        }
    }
    if rows.iter().all(|row| row.is_met) {
        *names = found;
        Ok(())
    } else {
        Err(Difference(rows))
    }
}

/// Returns whether servers add the field on their own, each its own way.
fn is_of_server(name: &str) -> bool {
    [
        "connection",
        "content-length",
        "content-type",
        "date",
        "transfer-encoding",
    ]
    .contains(&name)
}

impl Row {
    fn of_status(expected: Option<u16>, seen: &Result<u16, String>) -> Self {
        Self {
            name: "status".to_owned(),
            expected: expected.map_or_else(|| NOTHING.to_owned(), |status| status.to_string()),
            seen: match seen {
                Ok(status) => status.to_string(),
                Err(why) => format!("(nothing: {why})"),
            },
            is_met: expected == seen.as_ref().ok().copied(),
        }
    }

    fn of_text(name: &str, expected: &str, seen: &str, names: &mut Names) -> Self {
        let is_met = names.matches(expected, seen);
        Self {
            name: name.to_owned(),
            expected: shown(expected),
            seen: shown(&names.shown(seen)),
            is_met,
        }
    }

    fn of_part(part: &str, seen: &str, names: &Names) -> Self {
        Self {
            name: "body".to_owned(),
            expected: format!("..{part}.."),
            seen: shown(&names.shown(seen)),
            is_met: seen.contains(part),
        }
    }

    fn of_list(name: &str, expected: &[String], seen: &[String], names: &mut Names) -> Self {
        let is_met = expected.len() == seen.len()
            && expected
                .iter()
                .zip(seen)
                .all(|(pattern, text)| names.matches(pattern, text));
        let seen: Vec<_> = seen.iter().map(|text| names.shown(text)).collect();
        Self {
            name: name.to_owned(),
            expected: listed(expected),
            seen: listed(&seen),
            is_met,
        }
    }
}

fn shown(text: &str) -> String {
    if text.is_empty() {
        NOTHING.to_owned()
    } else {
        text.to_owned()
    }
}

fn listed(values: &[String]) -> String {
    shown(&values.join("\n"))
}

impl fmt::Display for Difference {
    /// One block for each row, expected above seen, so that long values stand below each other.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.0 {
            let mut write = |mark: char, title: &str, text: &str| {
                let mut title = title;
                for line in text.lines() {
                    writeln!(f, "{mark} {title:<28} {line}")?;
                    title = "";
                }
                Ok(())
            };
            if row.is_met {
                write(' ', &row.name, &row.seen)?;
            } else {
                write('!', &format!("{}, expected", row.name), &row.expected)?;
                write('!', &format!("{}, seen", row.name), &row.seen)?;
            }
        }
        Ok(())
    }
}

const NOTHING: &str = "(nothing)";

#[cfg(test)]
mod tests {
    use super::*;

    fn expect(text: &str) -> Expect {
        toml::from_str(text).unwrap()
    }

    fn seen(status: u16, headers: &[(&str, &str)], body: &str) -> Seen {
        let mut seen = Seen {
            status: Ok(status),
            body: body.to_owned(),
            ..Seen::nothing("")
        };
        for (name, value) in headers {
            let values = seen.headers.entry((*name).to_owned()).or_default();
            values.push((*value).to_owned());
        }
        seen
    }

    fn difference(text: &str, seen: &Seen) -> String {
        let difference = compare(&expect(text), seen, &mut Names::default());
        difference.map_or_else(|difference| difference.to_string(), |()| String::new())
    }

    const COOKIE: &str = "__Host-session={new alice}; Path=/; Secure";

    #[test]
    fn what_is_as_expected_is_fine_and_names_its_values() {
        let expect = expect(&format!(
            "status = 200\nset-cookie = '{COOKIE}'\nbody = 'alice'\nstore = ['load', 'update']"
        ));
        let mut answer = seen(
            200,
            &[
                ("set-cookie", "__Host-session=x1; Path=/; Secure"),
                ("date", "today"),
            ],
            "alice",
        );
        answer.store = vec!["load".to_owned(), "update".to_owned()];
        let mut names = Names::default();
        assert_eq!(compare(&expect, &answer, &mut names), Ok(()));
        assert_eq!(names.fill("{alice}"), Ok("x1".to_owned()));
    }

    #[test]
    fn expected_and_seen_stand_below_each_other() {
        let answer = seen(
            503,
            &[("vary", "cookie"), ("cache-control", "private")],
            "sorry",
        );
        assert_eq!(
            difference(
                "status = 200\nbody = 'alice'\nvary = 'cookie'\ncache-control = 'no-store'",
                &answer
            ),
            "! status, expected             200\n\
             ! status, seen                 503\n\
             ! cache-control, expected      no-store\n\
             ! cache-control, seen          private\n\
             \x20 vary                         cookie\n\
             ! body, expected               alice\n\
             ! body, seen                   sorry\n"
        );
    }

    #[test]
    fn an_answer_that_does_not_come_is_told_with_its_reason() {
        let nothing = Seen::nothing("the connection was closed");
        assert_eq!(difference("", &nothing), "");
        let told = difference("status = 200", &nothing);
        assert!(
            told.contains("! status, seen                 (nothing: the connection was closed)"),
            "{told}"
        );
    }

    #[test]
    fn a_field_that_nobody_expects_is_a_difference() {
        let answer = seen(200, &[("location", "/login")], "");
        assert_eq!(
            difference("status = 200", &answer),
            "\x20 status                       200\n\
             ! location, expected           (nothing)\n\
             ! location, seen               /login\n\
             \x20 body                         (nothing)\n"
        );
    }

    #[test]
    fn an_attribute_more_or_less_or_elsewhere_is_a_difference() {
        for cookie in [
            "__Host-session=x1; Path=/",
            "__Host-session=x1; Path=/; Secure; HttpOnly",
            "__Host-session=x1; Secure; Path=/",
            "__Host-anon=x1; Path=/; Secure",
            "__Host-session=; Path=/; Secure",
        ] {
            let answer = seen(200, &[("set-cookie", cookie)], "");
            let told = difference(&format!("status = 200\nset-cookie = '{COOKIE}'"), &answer);
            assert!(told.contains("! set-cookie, expected"), "{told}");
        }
    }

    #[test]
    fn fields_of_one_name_are_compared_in_their_order() {
        let fields = [("set-cookie", "a=1"), ("set-cookie", "b=2")];
        let answer = seen(200, &fields, "");
        assert_eq!(
            difference("status = 200\nset-cookie = ['a=1', 'b=2']", &answer),
            ""
        );
        assert_eq!(
            difference("status = 200\nset-cookie = ['b=2', 'a=1']", &answer),
            "\x20 status                       200\n\
             ! set-cookie, expected         b=2\n\
             !                              a=1\n\
             ! set-cookie, seen             a=1\n\
             !                              b=2\n\
             \x20 body                         (nothing)\n"
        );
    }

    #[test]
    fn the_store_counts_where_something_is_said_about_it() {
        let mut answer = seen(200, &[], "");
        answer.store = vec!["load".to_owned()];
        assert_eq!(difference("status = 200\nstore = ['load']", &answer), "");
        assert_eq!(difference("status = 200", &answer), "");
        let told = difference("status = 200\nstore = []", &answer);
        assert!(
            told.contains("! store, seen                  load"),
            "{told}"
        );
    }

    #[test]
    fn no_difference_shows_a_token() {
        let token = "x".repeat(64);
        let cookie = format!("__Host-session={token}; Path=/");
        let answer = seen(200, &[("set-cookie", cookie.as_str())], &token);
        let told = difference("status = 200", &answer);
        assert!(!told.contains("xxx"), "{told}");
    }

    #[test]
    fn what_differs_names_nothing() {
        let expect = expect(&format!("status = 201\nset-cookie = '{COOKIE}'"));
        let answer = seen(
            200,
            &[("set-cookie", "__Host-session=x1; Path=/; Secure")],
            "",
        );
        let mut names = Names::default();
        assert!(compare(&expect, &answer, &mut names).is_err());
        assert_eq!(names.values().next(), None);
    }

    #[test]
    fn a_part_of_a_body_may_be_enough() {
        let answer = seen(500, &[], "add `.layer(..)` to the router");
        assert_eq!(
            difference("status = 500\nbody-contains = '.layer('", &answer),
            ""
        );
        let told = difference("status = 500\nbody-contains = '.wrap('", &answer);
        assert!(
            told.contains("! body, expected               ...wrap(.."),
            "{told}"
        );
    }
}
