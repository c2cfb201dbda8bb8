//! `Clear-Site-Data`: asking the browser to forget what it keeps for a site.

use http::{HeaderMap, HeaderName, HeaderValue};

/// What the browser forgets when it receives the response to a logout.
///
/// Sending it is a choice, made on top of removing the cookie. Browsers honor it over HTTPS only.
///
/// # Example: forget stored data, leave the cookies alone
///
/// ```
/// use hallpass_http::ClearSiteData;
/// use http::HeaderMap;
///
/// let mut headers = HeaderMap::new();
/// ClearSiteData::default().cache().storage().insert_into(&mut headers);
/// assert_eq!(headers["clear-site-data"], r#""cache", "storage""#);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[must_use]
pub struct ClearSiteData {
    cache: bool,
    cookies: bool,
    storage: bool,
}

impl ClearSiteData {
    /// Returns what OWASP recommends for a logout: all of cache, cookies and storage.
    ///
    /// See [`cookies`](Self::cookies) for why you might want less.
    pub fn on_logout() -> Self {
        Self::default().cache().cookies().storage()
    }

    /// Clears responses that the browser stored for this origin. Default: kept.
    ///
    /// Clearing a large cache can delay the response by seconds.
    pub fn cache(mut self) -> Self {
        self.cache = true;
        self
    }

    /// Clears all cookies of the registrable domain. Default: kept.
    ///
    /// This reaches further than the session: the cookies of every other host under the domain go
    /// too, and when the answer to a logout arrives late, it takes the cookie of a login that has
    /// happened in another tab meanwhile. Leave it out if hosts of your domain belong to others or
    /// have logins of their own.
    pub fn cookies(mut self) -> Self {
        self.cookies = true;
        self
    }

    /// Clears what scripts stored for this origin, and its service workers. Default: kept.
    pub fn storage(mut self) -> Self {
        self.storage = true;
        self
    }

    /// Returns whether the cookies are cleared.
    pub(crate) const fn clears_cookies(self) -> bool {
        self.cookies
    }

    pub(crate) const fn without_cookies(mut self) -> Self {
        self.cookies = false;
        self
    }

    /// Returns the value of the field, or `None` if nothing is to be cleared.
    #[must_use]
    pub fn header_value(self) -> Option<HeaderValue> {
        let value = match (self.cache, self.cookies, self.storage) {
            (false, false, false) => return None,
            (false, false, true) => r#""storage""#,
            (false, true, false) => r#""cookies""#,
            (false, true, true) => r#""cookies", "storage""#,
            (true, false, false) => r#""cache""#,
            (true, false, true) => r#""cache", "storage""#,
            (true, true, false) => r#""cache", "cookies""#,
            (true, true, true) => r#""cache", "cookies", "storage""#,
        };
        Some(HeaderValue::from_static(value))
    }

    /// Sets the field in the headers of a response, unless nothing is to be cleared.
    pub fn insert_into(self, headers: &mut HeaderMap) {
        if let Some(value) = self.header_value() {
            headers.insert(HeaderName::from_static("clear-site-data"), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SES-26.
    #[test]
    fn a_logout_clears_cache_cookies_and_storage() {
        let value = ClearSiteData::on_logout().header_value().unwrap();
        assert_eq!(value, r#""cache", "cookies", "storage""#);
    }

    #[test]
    fn the_value_lists_exactly_what_was_chosen() {
        for choice in 0_u8..8 {
            let [cache, cookies, storage] = [1, 2, 4].map(|bit| choice & bit != 0);
            let chosen = [
                (cache, r#""cache""#),
                (cookies, r#""cookies""#),
                (storage, r#""storage""#),
            ];
            let names: Vec<_> = chosen
                .into_iter()
                .filter(|(on, _)| *on)
                .map(|(_, name)| name)
                .collect();
            let set = ClearSiteData {
                cache,
                cookies,
                storage,
            };
            let value = set
                .header_value()
                .map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(value.unwrap_or_default(), names.join(", "));
        }
    }

    #[test]
    fn an_empty_set_leaves_the_headers_alone() {
        let mut headers = HeaderMap::new();
        ClearSiteData::default().insert_into(&mut headers);
        assert!(headers.is_empty());
    }
}
