//! Writing one cookie: everything but value and lifetime is text that was made once.

use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue};
use httpdate::HttpDate;

use super::{CookieError, Found, find_cookie};

/// One cookie with all its attributes decided, made by [`CookieConfig::build`].
///
/// Every header that it makes repeats the same attributes, so that a removal always reaches the
/// cookie that was set.
///
/// [`CookieConfig::build`]: crate::CookieConfig::build
#[derive(Clone, Debug)]
pub struct CookieTemplate {
    /// # Invariant
    ///
    /// A token followed by `=`.
    start: Box<str>,
    /// # Invariant
    ///
    /// `Path` and `Domain`, each after `; `, in visible ASCII.
    scope: Box<str>,
    /// # Invariant
    ///
    /// The attributes after the lifetime, each after `; `, in visible ASCII.
    flags: Box<str>,
    removal: HeaderValue,
}

impl CookieTemplate {
    pub(super) fn new(name: &str, scope: &str, flags: &str) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "`CookieConfig::build` has checked that all three are visible ASCII"
        )]
        let removal = HeaderValue::try_from(format!("{name}={scope}{REMOVED}{flags}"))
            .expect("the parts of a checked cookie make a header value");
        Self {
            start: format!("{name}=").into(),
            scope: scope.into(),
            flags: flags.into(),
            removal,
        }
    }

    /// Returns the name of the cookie.
    #[must_use]
    pub fn name(&self) -> &str {
        self.start.strip_suffix('=').unwrap_or(&self.start)
    }

    /// Returns the `Set-Cookie` value that stores `value` in the browser.
    ///
    /// Without `max_age` the cookie ends with the browser's session. With it, the browser keeps the
    /// cookie for that long from `now` on, in whole seconds, at least one and at most 400 days,
    /// which is where browsers cap it. Neither ends the session on the server, which keeps its own
    /// time.
    ///
    /// The header is marked as sensitive: its `Debug` output hides the value, and HTTP/2 keeps it
    /// out of the compression table.
    ///
    /// # Errors
    ///
    /// [`CookieError::ValueInvalid`] if the value is empty or holds an octet that a cookie cannot,
    /// and [`CookieError::TooLong`] if name and value have more than 4096 octets together.
    ///
    /// # Example: a cookie that survives the browser
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use hallpass_http::CookieConfig;
    ///
    /// let cookies = CookieConfig::default().build()?;
    /// let hour = Duration::from_secs(3600);
    /// assert_eq!(
    ///     cookies.anonymous().set("opaque", Some(hour), SystemTime::UNIX_EPOCH)?,
    ///     "__Host-anon=opaque; Path=/; Max-Age=3600; Expires=Thu, 01 Jan 1970 01:00:00 GMT; \
    ///      Secure; HttpOnly; SameSite=Lax",
    /// );
    /// # Ok::<(), hallpass_http::CookieError>(())
    /// ```
    pub fn set(
        &self,
        value: &str,
        max_age: Option<Duration>,
        now: SystemTime,
    ) -> Result<HeaderValue, CookieError> {
        if value.is_empty() || !value.bytes().all(is_cookie_octet) {
            return Err(CookieError::ValueInvalid);
        }
        let length = self.name().len() + value.len();
        if length > MAX_PAIR {
            return Err(CookieError::TooLong { length });
        }
        let lifetime = if max_age.is_some() {
            LIFETIME_LENGTH
        } else {
            0
        };
        // Exact without a lifetime, so that the text becomes the header value as it is.
        let mut cookie = String::with_capacity(
            self.start.len() + value.len() + self.scope.len() + lifetime + self.flags.len(),
        );
        cookie.push_str(&self.start);
        cookie.push_str(value);
        cookie.push_str(&self.scope);
        if let Some(max_age) = max_age {
            push_lifetime(&mut cookie, max_age, now);
        }
        cookie.push_str(&self.flags);
        let mut header = HeaderValue::try_from(cookie).map_err(|_| CookieError::ValueInvalid)?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// Returns the `Set-Cookie` value that removes the cookie from the browser.
    #[must_use]
    pub fn remove(&self) -> HeaderValue {
        self.removal.clone()
    }

    /// Looks for the cookie in the headers of a request. See [`find_cookie`].
    #[must_use]
    pub fn find<'h>(&self, headers: &'h HeaderMap) -> Found<'h> {
        find_cookie(headers, self.name())
    }
}

/// Returns whether the byte is a `cookie-octet` (rfc6265bis, section 4.1.1).
fn is_cookie_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

/// Writes the lifetime twice: `Max-Age` for a client whose clock is wrong, `Expires` for one that
/// knows nothing else.
fn push_lifetime(cookie: &mut String, max_age: Duration, now: SystemTime) {
    let seconds = max_age.as_secs().clamp(1, MAX_AGE);
    let since_epoch = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |age| age.as_secs());
    // `HttpDate` panics outside of 1970 to 9999.
    let expires = since_epoch.saturating_add(seconds).min(LAST_SECOND);
    let expires = HttpDate::from(UNIX_EPOCH + Duration::from_secs(expires));
    let written = write!(cookie, "; Max-Age={seconds}; Expires={expires}");
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

const REMOVED: &str = "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

const LIFETIME_LENGTH: usize = "; Max-Age=34560000; Expires=Thu, 01 Jan 1970 00:00:00 GMT".len();

/// Browsers drop a cookie whose name and value are longer together (rfc6265bis, section 5.7).
pub(super) const MAX_PAIR: usize = 4096;

/// Browsers cap the lifetime at 400 days (rfc6265bis, section 5.5).
const MAX_AGE: u64 = 34_560_000;

/// 9999-12-31 23:59:59, the last second that a date in HTTP can name.
const LAST_SECOND: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{CookieConfig, SameSite};

    const DAY: Duration = Duration::from_secs(86_400);

    fn template() -> CookieTemplate {
        CookieConfig::default().build().unwrap().session
    }

    fn lifetime(max_age: Duration, now: SystemTime) -> String {
        let header = template().set("v", Some(max_age), now).unwrap();
        let text = header.to_str().unwrap();
        let text = text.strip_prefix("__Host-session=v; Path=/; ").unwrap();
        text.strip_suffix("; Secure; HttpOnly; SameSite=Lax")
            .unwrap()
            .to_owned()
    }

    /// CK-10, CK-21.
    #[test]
    fn the_lifetime_is_whole_seconds_within_what_browsers_keep() {
        let table = [
            (
                Duration::ZERO,
                "Max-Age=1; Expires=Thu, 01 Jan 1970 00:00:01 GMT",
            ),
            (
                Duration::from_millis(1),
                "Max-Age=1; Expires=Thu, 01 Jan 1970 00:00:01 GMT",
            ),
            (
                Duration::from_millis(1999),
                "Max-Age=1; Expires=Thu, 01 Jan 1970 00:00:01 GMT",
            ),
            (
                Duration::from_secs(2),
                "Max-Age=2; Expires=Thu, 01 Jan 1970 00:00:02 GMT",
            ),
            (
                400 * DAY,
                "Max-Age=34560000; Expires=Fri, 05 Feb 1971 00:00:00 GMT",
            ),
            (
                500 * DAY,
                "Max-Age=34560000; Expires=Fri, 05 Feb 1971 00:00:00 GMT",
            ),
            (
                Duration::MAX,
                "Max-Age=34560000; Expires=Fri, 05 Feb 1971 00:00:00 GMT",
            ),
        ];
        for (max_age, expected) in table {
            assert_eq!(lifetime(max_age, UNIX_EPOCH), expected, "{max_age:?}");
        }
    }

    /// CK-21.
    #[test]
    fn a_clock_outside_of_what_a_date_can_say_saturates() {
        let last = UNIX_EPOCH + Duration::from_secs(LAST_SECOND);
        let table = [
            (
                UNIX_EPOCH - DAY,
                "Max-Age=60; Expires=Thu, 01 Jan 1970 00:01:00 GMT",
            ),
            (
                last - DAY,
                "Max-Age=60; Expires=Fri, 31 Dec 9999 00:00:59 GMT",
            ),
            (last, "Max-Age=60; Expires=Fri, 31 Dec 9999 23:59:59 GMT"),
            (
                last + 10_000 * DAY,
                "Max-Age=60; Expires=Fri, 31 Dec 9999 23:59:59 GMT",
            ),
        ];
        for (now, expected) in table {
            assert_eq!(lifetime(Duration::from_secs(60), now), expected);
        }
    }

    /// CK-18.
    #[test]
    fn a_removal_repeats_every_attribute() {
        let config = CookieConfig::default()
            .session_name("__Secure-s")
            .anonymous_name("__Secure-a")
            .path("/app")
            .domain("example.org")
            .same_site(SameSite::None)
            .partitioned(true);
        let cookies = config.build().unwrap();
        assert_eq!(
            cookies.session().remove(),
            "__Secure-s=; Path=/app; Domain=example.org; Max-Age=0; \
             Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=None; Partitioned",
        );
        for cookie in [cookies.session(), cookies.anonymous()] {
            let set = cookie.set("v", Some(DAY), UNIX_EPOCH).unwrap();
            let removal = cookie.remove();
            let attributes = |header: &HeaderValue| -> Vec<String> {
                let parts = header.to_str().unwrap().split("; ").skip(1);
                let stable =
                    |part: &&str| !part.starts_with("Max-Age=") && !part.starts_with("Exp");
                parts.filter(stable).map(str::to_owned).collect()
            };
            assert_eq!(attributes(&set), attributes(&removal));
        }
    }

    /// CK-08.
    #[test]
    fn name_and_value_together_have_at_most_4096_octets() {
        let longest = 4096 - "__Host-session".len();
        assert!(
            template()
                .set(&"v".repeat(longest), None, UNIX_EPOCH)
                .is_ok()
        );
        assert_eq!(
            template().set(&"v".repeat(longest + 1), None, UNIX_EPOCH),
            Err(CookieError::TooLong { length: 4097 }),
        );
    }

    /// CK-11.
    #[test]
    fn a_value_outside_of_the_grammar_is_refused() {
        let table = [
            "",
            " ",
            "a b",
            "a\t",
            "\"a\"",
            "a,b",
            "a;b",
            "a; Domain=evil",
            "a\\b",
            "a\r\nb",
            "a\0",
            "\u{7f}",
            "\u{e9}",
        ];
        for value in table {
            let answer = template().set(value, None, UNIX_EPOCH);
            assert_eq!(answer, Err(CookieError::ValueInvalid), "{value:?}");
        }
    }

    /// SES-23.
    #[test]
    fn debug_output_hides_the_value() {
        let header = template().set("topsecret", None, UNIX_EPOCH).unwrap();
        assert!(header.is_sensitive());
        assert!(!format!("{header:?}").contains("topsecret"));
    }

    #[test]
    fn the_text_of_a_cookie_is_allocated_once() {
        let longest = lifetime(400 * DAY, UNIX_EPOCH);
        assert_eq!("; ".len() + longest.len(), LIFETIME_LENGTH);
    }

    proptest! {
        /// CK-21: IMF-fixdate (RFC 9110, section 5.6.7), and the instant that was meant.
        #[test]
        fn the_date_has_one_form_and_reads_back(
            seconds in 1..=MAX_AGE,
            now in 0..=LAST_SECOND,
        ) {
            let start = UNIX_EPOCH + Duration::from_secs(now);
            let text = lifetime(Duration::from_secs(seconds), start);
            let (_max_age, date) = text.split_once("; Expires=").unwrap();
            let form = |character: char| match character {
                'A'..='Z' => 'A',
                'a'..='z' => 'a',
                '0'..='9' => '0',
                other => other,
            };
            let shape: String = date.chars().map(form).collect();
            prop_assert_eq!(shape, "Aaa, 00 Aaa 0000 00:00:00 AAA");
            prop_assert!(date.ends_with(" GMT"));
            let meant = UNIX_EPOCH + Duration::from_secs((now + seconds).min(LAST_SECOND));
            prop_assert_eq!(httpdate::parse_http_date(date).unwrap(), meant);
        }

        /// CK-11.
        #[test]
        fn what_is_written_is_found_again_and_nothing_else_is_written(
            value in "[ -~]{0,12}|.{0,12}",
            seconds in proptest::option::of(any::<u64>()),
            now in any::<u32>(),
        ) {
            let now = UNIX_EPOCH + Duration::from_secs(now.into());
            if let Ok(header) = template().set(&value, seconds.map(Duration::from_secs), now) {
                let text = header.to_str().unwrap();
                prop_assert_eq!(text.matches(';').count(), if seconds.is_some() { 6 } else { 4 });
                let mut headers = HeaderMap::new();
                let pair = text.split(';').next().unwrap();
                headers.insert(http::header::COOKIE, HeaderValue::from_str(pair).unwrap());
                let found = template().find(&headers);
                prop_assert!(matches!(found, Found::One(bytes) if bytes == value.as_bytes()));
            }
        }
    }
}
