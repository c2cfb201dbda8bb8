//! What can be wrong with a cookie.

/// Why a cookie configuration or a cookie was refused.
///
/// A message names the settings involved and what to do about them. It never contains the value of
/// a cookie.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CookieError {
    /// `path` or `domain` is longer than browsers accept.
    #[error(
        "`{field}` is {length} octets long, and browsers ignore an attribute of more than 1024: \
         shorten it"
    )]
    AttributeTooLong {
        /// The setting.
        field: &'static str,
        /// Its length in octets.
        length: usize,
    },

    /// `domain` is not a host name.
    #[error(
        "`domain` is not a host name: use labels of ASCII letters, digits and hyphens joined by \
         dots, without a dot in front"
    )]
    DomainInvalid,

    /// A name promises `Secure`, and `allow_insecure_http` takes it away.
    #[error(
        "`{field}` has a prefix that promises `Secure`, which `allow_insecure_http` switches off: \
         use a name without a prefix there"
    )]
    InsecurePrefix {
        /// The setting.
        field: &'static str,
    },

    /// A name is empty or not a token.
    #[error("`{field}` is not a token of RFC 9110: use ASCII letters, digits, `-` and `_`")]
    NameInvalid {
        /// The setting.
        field: &'static str,
    },

    /// A name is so long that browsers would drop the cookie with a token in it.
    #[error(
        "`{field}` is {length} octets long, and browsers drop a cookie whose name and value have \
         more than 4096 together: leave 64 for the token"
    )]
    NameTooLong {
        /// The setting.
        field: &'static str,
        /// Its length in octets.
        length: usize,
    },

    /// Both cookies have one name.
    #[error(
        "`session_name` and `anonymous_name` are the same but for upper and lower case: give each \
         cookie a name of its own"
    )]
    NamesEqual,

    /// `partitioned` needs `Secure`.
    #[error("`partitioned` requires `Secure`: leave it out, or leave out `allow_insecure_http`")]
    PartitionedInsecure,

    /// `path` cannot be written into a cookie.
    #[error(
        "`path` must start with `/`, hold visible ASCII without `;`, and not end with a space: \
         percent-encode anything else"
    )]
    PathInvalid,

    /// A name with the prefix `__Host-`, and a `domain`.
    #[error(
        "`{field}` starts with `__Host-`, which forbids `domain`: leave `domain` out, or use a \
         name that starts with `__Secure-`"
    )]
    PrefixForbidsDomain {
        /// The setting.
        field: &'static str,
    },

    /// A name without a prefix.
    #[error(
        "`{field}` has no prefix: start it with `__Host-`, or with `__Secure-` if you need \
         `domain` or `path`"
    )]
    PrefixMissing {
        /// The setting.
        field: &'static str,
    },

    /// A name with a prefix in other upper and lower case.
    #[error(
        "`{field}` has a prefix in other upper and lower case, which older browsers do not \
         honor: write `__Host-`, `__Secure-`, `__Http-` or `__Host-Http-`"
    )]
    PrefixMisspelled {
        /// The setting.
        field: &'static str,
    },

    /// A name with the prefix `__Host-`, and a `path` other than `/`.
    #[error(
        "`{field}` starts with `__Host-`, which requires `path` to be `/`: leave `path` out, or \
         use a name that starts with `__Secure-`"
    )]
    PrefixNeedsRootPath {
        /// The setting.
        field: &'static str,
    },

    /// `SameSite=None` needs `Secure`.
    #[error(
        "`same_site` is `None`, which requires `Secure`: use `Lax` or `Strict`, or leave out \
         `allow_insecure_http`"
    )]
    SameSiteNoneInsecure,

    /// Name and value together are longer than browsers store.
    #[error(
        "name and value of the cookie have {length} octets together, and browsers drop a cookie \
         of more than 4096: store less in it"
    )]
    TooLong {
        /// The length of both together, in octets.
        length: usize,
    },

    /// The value is empty or holds an octet that a cookie cannot.
    #[error(
        "the value of the cookie is empty or has an octet outside of the cookie grammar: encode \
         it, for example as base64url"
    )]
    ValueInvalid,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_lower_case_without_a_full_stop() {
        let field = "session_name";
        let all = [
            CookieError::AttributeTooLong { field, length: 1 },
            CookieError::DomainInvalid,
            CookieError::InsecurePrefix { field },
            CookieError::NameInvalid { field },
            CookieError::NamesEqual,
            CookieError::PartitionedInsecure,
            CookieError::PathInvalid,
            CookieError::PrefixForbidsDomain { field },
            CookieError::PrefixMissing { field },
            CookieError::PrefixMisspelled { field },
            CookieError::PrefixNeedsRootPath { field },
            CookieError::SameSiteNoneInsecure,
            CookieError::TooLong { length: 1 },
            CookieError::ValueInvalid,
        ];
        for error in all {
            let text = error.to_string();
            assert!(
                text.starts_with(|first: char| first == '`' || first.is_lowercase()),
                "{text}"
            );
            assert!(!text.ends_with('.'), "{text}");
            assert!(!text.contains("  "), "{text}");
        }
    }
}
