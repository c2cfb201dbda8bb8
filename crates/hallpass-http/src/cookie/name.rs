//! Cookie names and what their prefixes promise.

/// What the name of a cookie promises to the server that reads it.
///
/// A browser matches prefixes in any case (rfc6265bis, section 5.7), older ones in one case only.
/// `__Http-` and `__Host-Http-` also promise `HttpOnly`, which is always on, so that they need no
/// variants of their own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Prefix {
    /// `__Host-` or `__Host-Http-`: `Secure`, `Path=/`, no `Domain`.
    Host,
    /// A prefix in a case that some browsers honor and some do not.
    Misspelled,
    /// No prefix and no promise.
    None,
    /// `__Secure-` or `__Http-`: `Secure`.
    Secure,
}

impl Prefix {
    pub(super) fn of(name: &str) -> Self {
        for (prefix, promise) in PREFIXES {
            match name.split_at_checked(prefix.len()) {
                Some((start, _)) if start == prefix => return promise,
                Some((start, _)) if start.eq_ignore_ascii_case(prefix) => return Self::Misspelled,
                _ => {}
            }
        }
        Self::None
    }
}

const PREFIXES: [(&str, Prefix); 3] = [
    ("__Host-", Prefix::Host),
    ("__Secure-", Prefix::Secure),
    ("__Http-", Prefix::Secure),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// CK-01, CK-03, CK-04.
    #[test]
    fn a_prefix_is_recognized_in_any_case_and_accepted_in_one() {
        let table = [
            ("__Host-session", Prefix::Host),
            ("__Host-Http-session", Prefix::Host),
            ("__Secure-session", Prefix::Secure),
            ("__Http-session", Prefix::Secure),
            ("__host-session", Prefix::Misspelled),
            ("__HOST-HTTP-session", Prefix::Misspelled),
            ("__sEcure-session", Prefix::Misspelled),
            ("__http-session", Prefix::Misspelled),
            ("session", Prefix::None),
            ("_Host-session", Prefix::None),
            ("__Hostsession", Prefix::None),
            ("x__Host-session", Prefix::None),
            ("__Hos\u{17f}-session", Prefix::None),
            ("", Prefix::None),
        ];
        for (name, expected) in table {
            assert_eq!(Prefix::of(name), expected, "{name}");
        }
    }
}
