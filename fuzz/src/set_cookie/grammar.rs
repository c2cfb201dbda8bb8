//! The grammar of `Set-Cookie` (RFC 6265bis, section 4.1.1), as strict as a server must write it.

/// One `Set-Cookie` field, taken apart.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct SetCookie {
    pub(super) name: String,
    pub(super) value: String,
    /// Name and value of each attribute, in their order. A flag has no value.
    pub(super) attributes: Vec<(String, Option<String>)>,
}

impl SetCookie {
    /// Reads a field, and says what is wrong with it.
    pub(super) fn parse(field: &[u8]) -> Result<Self, String> {
        let field = str::from_utf8(field).map_err(|_error| "not ASCII".to_owned())?;
        if !field.chars().all(|c| (' '..='~').contains(&c)) {
            return Err("a control character, or one that is not ASCII".to_owned());
        }
        let mut parts = field.split("; ");
        let (name, value) = parts
            .next()
            .and_then(|pair| pair.split_once('='))
            .ok_or("no pair")?;
        check(
            name.chars().all(is_token_char) && !name.is_empty(),
            "the name",
        )?;
        check(value.chars().all(is_cookie_octet), "the value")?;
        check(name.len() + value.len() <= 4096, "the length of the pair")?;
        let attributes = parts.map(attribute).collect::<Result<Vec<_>, _>>()?;
        let cookie = Self {
            name: name.to_owned(),
            value: value.to_owned(),
            attributes,
        };
        cookie.check_attributes()?;
        cookie.check_prefix()?;
        Ok(cookie)
    }

    /// Returns the value of an attribute, empty for a flag.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(known, _)| known == name)?;
        Some(value.as_deref().unwrap_or_default())
    }

    /// Returns all attributes but those that tell the lifetime.
    pub(super) fn scope(&self) -> Vec<&(String, Option<String>)> {
        self.attributes
            .iter()
            .filter(|(name, _)| name != "Max-Age" && name != "Expires")
            .collect()
    }

    fn check_attributes(&self) -> Result<(), String> {
        for (place, (name, value)) in self.attributes.iter().enumerate() {
            let before = self.attributes.iter().take(place);
            check(
                !before.map(|(known, _)| known).any(|known| known == name),
                "repeated",
            )?;
            check(
                value.as_deref().unwrap_or_default().len() <= 1024,
                "a long attribute",
            )?;
        }
        let secure = self.get("Secure").is_some();
        check(
            secure || self.get("SameSite") != Some("None"),
            "None without Secure",
        )?;
        check(
            secure || self.get("Partitioned").is_none(),
            "Partitioned without Secure",
        )
    }

    /// RFC 6265bis, section 4.1.3. A browser compares prefixes in any case.
    fn check_prefix(&self) -> Result<(), String> {
        let name = self.name.to_ascii_lowercase();
        let has = |attribute| self.get(attribute).is_some();
        let at_root = self.get("Path") == Some("/") && !has("Domain");
        check(
            has("Secure") || !name.starts_with("__secure-"),
            "`__Secure-`",
        )?;
        check(
            has("Secure") && at_root || !name.starts_with("__host-"),
            "`__Host-`",
        )?;
        check(
            has("Secure") && has("HttpOnly") || !name.starts_with("__http-"),
            "`__Http-`",
        )?;
        check(
            has("HttpOnly") || !name.starts_with("__host-http-"),
            "`__Host-Http-`",
        )
    }
}

fn attribute(text: &str) -> Result<(String, Option<String>), String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    let fits = match (name, value) {
        ("Path", Some(path)) => path.starts_with('/') && !path.contains(';') && is_trimmed(path),
        ("Domain", Some(domain)) => domain.split('.').all(is_label) && domain.len() <= 253,
        ("Max-Age", Some(seconds)) => is_number(seconds),
        // The one who calls compares it with a date of its own.
        ("Expires", Some(date)) => date.len() == "Thu, 01 Jan 1970 00:00:00 GMT".len(),
        ("SameSite", Some(value)) => ["Lax", "None", "Strict"].contains(&value),
        ("HttpOnly" | "Partitioned" | "Secure", None) => true,
        _ => false,
    };
    check(fits, text)?;
    Ok((name.to_owned(), value.map(str::to_owned)))
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?={}".contains(c)
}

fn is_cookie_octet(c: char) -> bool {
    matches!(c, '\x21' | '\x23'..='\x2b' | '\x2d'..='\x3a' | '\x3c'..='\x5b' | '\x5d'..='\x7e')
}

fn is_trimmed(text: &str) -> bool {
    text.trim() == text
}

/// RFC 1034, section 3.5, with digits in front (RFC 1123, section 2.1).
fn is_label(label: &str) -> bool {
    let is_middle = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (1..=63).contains(&label.len())
        && label.starts_with(|c: char| c.is_ascii_alphanumeric())
        && label.ends_with(|c: char| c.is_ascii_alphanumeric())
        && label.chars().all(is_middle)
}

/// Digits without a zero in front. Zero itself is outside of the grammar and what every browser
/// takes as a removal.
fn is_number(text: &str) -> bool {
    let canonical = text.parse().map(|number: u64| number.to_string());
    canonical.as_deref() == Ok(text) && text.parse().is_ok_and(|seconds: u64| seconds <= 34_560_000)
}

fn check(holds: bool, what: &str) -> Result<(), String> {
    holds.then_some(()).ok_or_else(|| what.to_owned())
}
