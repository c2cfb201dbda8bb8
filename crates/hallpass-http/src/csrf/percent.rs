//! Percent-encoding (RFC 3986, section 2.1), of paths and of form fields.

/// Decodes leniently: a percent sign that begins no escape stands for itself.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    bytes(text).map(|(byte, _)| byte).collect()
}

/// Returns each byte, and whether it was written as it is, encoded, or as a percent sign that
/// begins no escape.
pub(super) fn bytes(text: &[u8]) -> impl Iterator<Item = (u8, Written)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (&first, after) = rest.split_first()?;
        if first != b'%' {
            rest = after;
            return Some((first, Written::Plainly));
        }
        let Some((&[high, low], after_escape)) = after.split_first_chunk() else {
            rest = after;
            return Some((first, Written::Wrongly));
        };
        let Some(byte) = hex(high).zip(hex(low)).map(|(high, low)| high << 4 | low) else {
            rest = after;
            return Some((first, Written::Wrongly));
        };
        rest = after_escape;
        Some((byte, Written::Encoded))
    })
}

/// How a byte stands in a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Written {
    Encoded,
    Plainly,
    Wrongly,
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_once_and_anything_else_stays() {
        let table: [(&str, &[u8]); 8] = [
            ("", b""),
            ("plain", b"plain"),
            ("%65xport", b"export"),
            ("%2F%2f", b"//"),
            ("%2565", b"%65"),
            ("%", b"%"),
            ("%4", b"%4"),
            ("%zz%ff", b"%zz\xff"),
        ];
        for (text, expected) in table {
            assert_eq!(decode(text.as_bytes()), expected, "{text}");
        }
    }
}
