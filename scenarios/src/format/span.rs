//! Spans of time as people write them: `90s`, `16m`, `12h`, `30d`, `1500ms`.

use std::time::Duration;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error;

/// A span of time. Several parts add up: `5m 5s`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Span(pub(crate) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        span(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("`{text}` is no span such as `5m 5s`")))
    }
}

fn span(text: &str) -> Option<Duration> {
    let parts: Option<Vec<_>> = text.split_whitespace().map(part).collect();
    let parts = parts.filter(|parts| !parts.is_empty())?;
    Some(parts.into_iter().sum())
}

fn part(text: &str) -> Option<Duration> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(count * milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_with_a_unit_or_several() {
        let table = [
            ("0s", Some(0)),
            ("1500ms", Some(1_500)),
            ("90s", Some(90_000)),
            ("5m 5s", Some(305_000)),
            ("12h", Some(43_200_000)),
            ("400d", Some(34_560_000_000)),
            ("", None),
            ("5", None),
            ("m", None),
            ("5 m", None),
            ("-5m", None),
            ("5w", None),
        ];
        for (text, milliseconds) in table {
            let expected = milliseconds.map(Duration::from_millis);
            assert_eq!(span(text), expected, "{text}");
        }
    }
}
