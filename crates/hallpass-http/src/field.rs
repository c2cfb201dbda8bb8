//! The pieces of the field grammar of RFC 9110 that several modules need.
//!
//! All of them work on bytes: a field may carry octets that are not ASCII, and one such octet must
//! neither hide what follows it nor cause a panic.

use std::borrow::Cow;

/// Splits a field at a separator that stands outside of quoted strings.
///
/// Elements come without the white space around them, and empty elements are left out (RFC 9110,
/// section 5.6.1.2). A quoted string that does not end makes the last element an error.
pub(crate) fn split(field: &[u8], separator: u8) -> Split<'_> {
    Split {
        rest: field,
        separator,
    }
}

/// The iterator that [`split`] returns.
#[derive(Clone, Debug)]
pub(crate) struct Split<'f> {
    rest: &'f [u8],
    separator: u8,
}

impl<'f> Iterator for Split<'f> {
    type Item = Result<&'f [u8], Unterminated>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let Ok(end) = element_end(self.rest, self.separator) else {
                self.rest = &[];
                return Some(Err(Unterminated));
            };
            let (element, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, &[]));
            self.rest = rest.split_first().map_or(&[], |(_separator, rest)| rest);
            let element = trim(element);
            if !element.is_empty() {
                return Some(Ok(element));
            }
        }
        None
    }
}

/// A quoted string that does not end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Unterminated;

/// Splits at the first occurrence of a separator, which belongs to neither side.
pub(crate) fn split_once(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|&byte| byte == separator)?;
    let (before, after) = bytes.split_at_checked(at)?;
    Some((before, after.split_first()?.1))
}

/// Returns the text of a quoted string, or any other value as it is.
///
/// `None` if the value starts like a quoted string and is not exactly one, or has a quote inside.
pub(crate) fn unquote(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    let Some(quoted) = value.strip_prefix(b"\"") else {
        return (!value.contains(&b'"')).then_some(Cow::Borrowed(value));
    };
    let inner = quoted.strip_suffix(b"\"")?;
    if !inner.iter().any(|byte| matches!(byte, b'"' | b'\\')) {
        return Some(Cow::Borrowed(inner));
    }
    let mut text = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        text.push(match byte {
            b'"' => return None,
            b'\\' => *bytes.next()?,
            _ => byte,
        });
    }
    Some(Cow::Owned(text))
}

/// Returns whether the bytes are a `token` of RFC 9110, section 5.6.2.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_tchar)
}

/// Removes optional white space, which is spaces and tabs and nothing else, from both ends.
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn element_end(bytes: &[u8], separator: u8) -> Result<usize, Unterminated> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if byte == separator && !quoted => return Ok(at),
            _ => {}
        }
    }
    if quoted {
        return Err(Unterminated);
    }
    Ok(bytes.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_separator_inside_a_quoted_string_does_not_split() {
        let table: [(&str, &[&str]); 6] = [
            ("", &[]),
            (" , ,", &[]),
            ("a", &["a"]),
            (" a ,\tb", &["a", "b"]),
            (r#"a="x,y", b"#, &[r#"a="x,y""#, "b"]),
            (r#"a="x\",y", b"#, &[r#"a="x\",y""#, "b"]),
        ];
        for (field, expected) in table {
            let parts: Vec<_> = split(field.as_bytes(), b',').collect();
            let expected: Vec<_> = expected.iter().map(|part| Ok(part.as_bytes())).collect();
            assert_eq!(parts, expected, "{field}");
        }
    }

    #[test]
    fn an_open_quoted_string_is_an_error_and_the_last_element() {
        for field in [r#"a, b="x, c"#, r#"a, b="x\", c"#] {
            let parts: Vec<_> = split(field.as_bytes(), b',').collect();
            assert_eq!(parts, [Ok(&b"a"[..]), Err(Unterminated)], "{field}");
        }
    }

    #[test]
    fn only_one_whole_quoted_string_is_unquoted() {
        let table: [(&str, Option<&str>); 9] = [
            ("plain", Some("plain")),
            ("", Some("")),
            (r#""""#, Some("")),
            (r#""a b""#, Some("a b")),
            (r#""a\"b\\""#, Some(r#"a"b\"#)),
            (r#"""#, None),
            (r#""a"b""#, None),
            (r#""a\""#, None),
            (r#"a"b"#, None),
        ];
        for (value, expected) in table {
            let text = unquote(value.as_bytes());
            assert_eq!(text.as_deref(), expected.map(str::as_bytes), "{value}");
        }
    }

    #[test]
    fn white_space_is_spaces_and_tabs_only() {
        assert_eq!(trim(b" \t a b\t "), b"a b");
        assert_eq!(
            trim("\u{2000}a\u{a0}".as_bytes()),
            "\u{2000}a\u{a0}".as_bytes()
        );
        assert_eq!(trim(b"\x0ba\x0c"), b"\x0ba\x0c");
        assert_eq!(trim(b" \t"), b"");
    }

    proptest! {
        #[test]
        fn any_bytes_split_without_a_panic(field in proptest::collection::vec(any::<u8>(), 0..64)) {
            for part in split(&field, b',').flatten() {
                prop_assert!(!part.is_empty());
                let _ = unquote(part);
            }
        }
    }
}
