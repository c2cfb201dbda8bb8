//! Several accounts in one browser.

use http::HeaderMap;
use http::HeaderName;

use super::TransportError;

/// Lets one browser be signed in to several accounts at once, chosen for each request, as mail
/// providers do.
///
/// Each account has a session cookie of its own: the first is `__Host-session`, those after it
/// `__Host-session-1`, `__Host-session-2`, and so on. There is one cookie for anonymous sessions.
/// A login, a logout and a renewal reach the cookie of the chosen account and no other.
///
/// A request that chooses none is for the first account. One that chooses an account that there is
/// not (a number that is too large, `01`, `x`, nothing at all after the prefix, two headers) is for
/// nobody: no token is taken from it, and none goes out with its answer. Deliberately not the first
/// account: a link that names one account must not act on another.
///
/// # Security
///
/// The accounts are kept apart on the server; in the browser they share an origin. A script in a
/// page of one account can send requests for all of them. Whoever can choose the path of a
/// request, by a link, chooses the account; what changes something needs its own protection from
/// forged requests in any case.
///
/// # Example: `/u/1/inbox` is the inbox of the second account
///
/// ```
/// use hallpass_http::{Accounts, TransportConfig};
///
/// let transport = TransportConfig::default().accounts(Accounts::by_path(5, "/u")).build()?;
/// # drop(transport);
/// # Ok::<(), hallpass_http::TransportError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct Accounts {
    max: u8,
    choice: Choice,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Choice {
    Header(HeaderName),
    Path(String),
}

/// The account that a request is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Account {
    pub(super) number: u8,
    /// The browser has no cookie of another account that `Clear-Site-Data` would take.
    pub(super) is_alone: bool,
}

impl Account {
    /// Returns its number, from 0 on.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.number
    }
}

impl Accounts {
    /// At most `max` accounts, from 2 to 10, chosen by the segment of the path after this prefix:
    /// with `/u`, the path `/u/1/inbox` is for the second account, and `/inbox` for the first.
    ///
    /// The path is that of the request line. Where a router takes a prefix off before the session
    /// is opened, the adapter has to hand over the original one.
    pub fn by_path(max: u8, prefix: &str) -> Self {
        Self {
            max,
            choice: Choice::Path(prefix.to_owned()),
        }
    }

    /// At most `max` accounts, from 2 to 10, chosen by the number in this header, for applications
    /// whose pages send their requests by script. A page of another site cannot set it without
    /// asking first (CORS).
    pub fn by_header(max: u8, name: HeaderName) -> Self {
        Self {
            max,
            choice: Choice::Header(name),
        }
    }

    pub(super) const fn max(&self) -> u8 {
        self.max
    }

    pub(super) const fn reads_paths(&self) -> bool {
        matches!(self.choice, Choice::Path(_))
    }

    /// Returns the header that answers depend on.
    pub(super) const fn header(&self) -> Option<&HeaderName> {
        match &self.choice {
            Choice::Header(name) => Some(name),
            Choice::Path(_) => None,
        }
    }

    pub(super) fn check(&self) -> Result<(), TransportError> {
        if !(2..=10).contains(&self.max) {
            return Err(TransportError::AccountCount);
        }
        match &self.choice {
            Choice::Header(_) => Ok(()),
            Choice::Path(prefix) if is_plain(prefix) => Ok(()),
            Choice::Path(_) => Err(TransportError::InvalidPage { field: "accounts" }),
        }
    }

    /// Returns the number of the account that a request is for; `None` if there is no such one.
    pub(super) fn chosen(&self, path: &str, headers: &HeaderMap) -> Option<u8> {
        match &self.choice {
            Choice::Header(name) => {
                let mut values = headers.get_all(name).iter();
                match (values.next(), values.next()) {
                    (None, _) => Some(0),
                    (Some(value), None) => self.number(value.as_bytes()),
                    (Some(_), Some(_)) => None,
                }
            }
            // Without a path, as in `OPTIONS *` or of an adapter that tells none, nothing is chosen.
            Choice::Path(_) if !path.starts_with('/') => None,
            Choice::Path(prefix) => {
                // As a router would see it that merges slashes: it must not find an account in a
                // path in which this finds none.
                let mut segments = path.split('/').filter(|segment| !segment.is_empty());
                let is_below =
                    prefix
                        .split('/')
                        .filter(|segment| !segment.is_empty())
                        .all(|part| {
                            segments
                                .next()
                                .is_some_and(|segment| is_same(segment, part))
                        });
                if is_below {
                    self.number(segments.next().unwrap_or_default().as_bytes())
                } else {
                    Some(0)
                }
            }
        }
    }

    /// One text for each number.
    fn number(&self, text: &[u8]) -> Option<u8> {
        match text {
            [digit @ b'0'..=b'9'] => Some(digit - b'0').filter(|number| *number < self.max),
            _ => None,
        }
    }
}

/// Returns whether the prefix is made of segments that nobody escapes.
fn is_plain(prefix: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~');
    prefix.strip_prefix('/').is_some_and(|segments| {
        segments
            .split('/')
            .all(|segment| !segment.is_empty() && segment.bytes().all(is_plain))
    })
}

/// Returns whether a segment of a path is this one, be it escaped or not: some routers take the
/// escapes off.
fn is_same(segment: &str, plain: &str) -> bool {
    let mut rest = segment.as_bytes();
    plain.bytes().all(|expected| {
        let (byte, after) = match rest {
            [b'%', high, low, after @ ..] => (unescaped(*high, *low), after),
            [byte, after @ ..] => (Some(*byte), after),
            [] => return false,
        };
        rest = after;
        byte == Some(expected)
    }) && rest.is_empty()
}

fn unescaped(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn by_path(path: &str) -> Option<u8> {
        Accounts::by_path(3, "/u").chosen(path, &HeaderMap::new())
    }

    #[test]
    fn a_path_chooses_one_account_or_none_that_there_is() {
        let table = [
            ("/", Some(0)),
            ("/inbox", Some(0)),
            ("/user/1", Some(0)),
            ("/x/u/1", Some(0)),
            ("/U/1/", Some(0)),
            ("/u/0/inbox", Some(0)),
            ("/u/1", Some(1)),
            ("/u/2/inbox", Some(2)),
            ("/u/3/inbox", None),
            ("/u/10/inbox", None),
            ("/u/01/inbox", None),
            ("/u/+1/inbox", None),
            ("/u/-1/inbox", None),
            ("/u/1x/inbox", None),
            ("/u/%31/inbox", None),
            ("/u/1%2Finbox", None),
            ("/u/\u{661}/inbox", None),
            ("/u/x/1/inbox", None),
            ("/u", None),
            ("", None),
            ("*", None),
            ("u/1", None),
            ("/u/", None),
        ];
        for (path, expected) in table {
            assert_eq!(by_path(path), expected, "{path}");
        }
    }

    /// What a router may take for the prefix is the prefix, however it is written.
    #[test]
    fn no_spelling_of_the_prefix_falls_back_to_the_first_account() {
        for path in ["/%75/1/", "//u/1/", "/u//1/", "//%75///1"] {
            assert_eq!(by_path(path), Some(1), "{path}");
        }
        for path in ["/%55/1", "/%u/1", "/%7/1", "/u%/1", "/u%00/1", "/%2575/1"] {
            assert_eq!(by_path(path), Some(0), "{path}");
        }
    }

    #[test]
    fn a_header_chooses_one_account_or_none_that_there_is() {
        let name = HeaderName::from_static("x-account");
        let accounts = Accounts::by_header(10, name.clone());
        let chosen = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(name.clone(), HeaderValue::from_static(value));
            }
            accounts.chosen("/u/5/", &headers)
        };
        let table: [(&[&str], Option<u8>); 8] = [
            (&[], Some(0)),
            (&["0"], Some(0)),
            (&["9"], Some(9)),
            (&["10"], None),
            (&[""], None),
            (&["1 "], None),
            (&["1,2"], None),
            (&["1", "1"], None),
        ];
        for (values, expected) in table {
            assert_eq!(chosen(values), expected, "{values:?}");
        }
    }

    #[test]
    fn a_count_or_a_prefix_that_makes_no_sense_is_refused() {
        for max in [0, 1, 11, 255] {
            let error = Accounts::by_path(max, "/u").check();
            assert_eq!(error, Err(TransportError::AccountCount), "{max}");
        }
        for prefix in [
            "", "/", "u", "/u/", "//u", "/u//v", "/%75", "/u?", "/a.b", "/\u{fc}",
        ] {
            let error = Accounts::by_path(2, prefix).check();
            assert_eq!(
                error,
                Err(TransportError::InvalidPage { field: "accounts" }),
                "{prefix}"
            );
        }
        assert_eq!(Accounts::by_path(10, "/mail/u").check(), Ok(()));
    }

    proptest! {
        /// Whatever the path is, an account other than the first is chosen by its number alone.
        #[test]
        fn a_hostile_path_chooses_no_account_by_accident(path in "[/u%0-9a-f.;1-]{0,12}") {
            if let Some(number @ 1..) = by_path(&path) {
                let has_segment = path.split('/').any(|segment| segment == number.to_string());
                prop_assert!(has_segment, "{}", path);
            }
        }
    }
}
