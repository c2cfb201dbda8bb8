//! What holds for every answer of every scenario, without being written there (race 47, SES-24).

use hallpass_testkit::SpyLog;

use crate::compare::Seen;
use crate::names::Names;

/// A token goes out in the field that is made for it, and nowhere else.
pub(super) fn no_answer_tells_a_token(seen: &Seen, names: &Names) -> Result<(), String> {
    let fields = seen
        .headers
        .iter()
        .filter(|(name, _)| !["session-token", "set-cookie"].contains(&name.as_str()));
    let fields =
        fields.flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value)));
    for (place, text) in fields.chain([("the body", &seen.body)]) {
        if names.values().any(|value| text.contains(value)) {
            return Err(format!("a token is in {place}: {}", names.shown(text)));
        }
    }
    Ok(())
}

/// No store was given a token to keep.
pub(super) fn nothing_stored_is_a_token(spy: &SpyLog, names: &Names) -> Result<(), String> {
    let bytes = spy.bytes();
    let is_stored = |value: &str| {
        bytes
            .windows(value.len())
            .any(|window| window == value.as_bytes())
    };
    match names.values().find(|value| is_stored(value)) {
        Some(value) => Err(format!("{} was stored", names.shown(value))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named() -> Names {
        let mut names = Names::default();
        assert!(names.matches("{new alice}", "x1"));
        names
    }

    #[test]
    fn a_token_may_stand_in_its_own_field_only() {
        let mut seen = Seen::nothing("");
        let headers = &mut seen.headers;
        headers.insert("set-cookie".to_owned(), vec!["a=x1; Path=/".to_owned()]);
        headers.insert("session-token".to_owned(), vec!["x1".to_owned()]);
        assert_eq!(no_answer_tells_a_token(&seen, &named()), Ok(()));
        seen.headers
            .insert("location".to_owned(), vec!["/?t=x1".to_owned()]);
        assert_eq!(
            no_answer_tells_a_token(&seen, &named()),
            Err("a token is in location: /?t={alice}".to_owned())
        );
        let seen = Seen {
            body: "you are x1".to_owned(),
            ..Seen::nothing("")
        };
        assert_eq!(
            no_answer_tells_a_token(&seen, &named()),
            Err("a token is in the body: you are {alice}".to_owned())
        );
    }
}
